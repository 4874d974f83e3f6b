#include "features.h"

#include <algorithm>
#include <string_view>

namespace magika {
namespace {

constexpr std::size_t kBlock = 4096;
constexpr std::size_t kHalf = 1024;
constexpr std::size_t kFewest = 8;
constexpr std::int32_t kPadding = 256;

bool is_space(std::byte byte) {
  return std::string_view(" \t\n\r\v\f").find(static_cast<char>(byte)) != std::string_view::npos;
}

}  // namespace

std::optional<Features> features(std::span<const std::byte> file) {
  if (file.size() < kFewest) return std::nullopt;
  auto begin = file.first(std::min(kBlock, file.size()));
  auto end = file.last(begin.size());
  while (!begin.empty() && is_space(begin.front()))
    begin = begin.subspan(1);
  while (!end.empty() && is_space(end.back()))
    end = end.first(end.size() - 1);
  begin = begin.first(std::min(kHalf, begin.size()));
  end = end.last(std::min(kHalf, end.size()));
  if (begin.size() < kFewest) return std::nullopt;

  Features all;
  all.fill(kPadding);
  const auto number = [](std::byte byte) { return std::to_integer<std::int32_t>(byte); };
  std::ranges::transform(begin, all.begin(), number);
  std::ranges::transform(end, all.end() - static_cast<std::ptrdiff_t>(end.size()), number);
  return all;
}

bool is_utf8(std::span<const std::byte> bytes) {
  for (std::size_t i = 0; i < bytes.size();) {
    const auto lead = std::to_integer<std::uint32_t>(bytes[i]);
    std::size_t more = 0;
    std::uint32_t code = lead;
    if (lead >= 0xf0 && lead <= 0xf4) {
      more = 3;
      code = lead & 7;
    } else if (lead >= 0xe0 && lead < 0xf0) {
      more = 2;
      code = lead & 15;
    } else if (lead >= 0xc2 && lead < 0xe0) {
      more = 1;
      code = lead & 31;
    } else if (lead >= 0x80) {
      return false;
    }
    if (bytes.size() - i <= more) return false;
    for (std::size_t k = 1; k <= more; ++k) {
      const auto next = std::to_integer<std::uint32_t>(bytes[i + k]);
      if ((next & 0xc0) != 0x80) return false;
      code = code << 6 | (next & 63);
    }
    const bool overlong = (more == 2 && code < 0x800) || (more == 3 && code < 0x10000);
    if (overlong || code > 0x10ffff || (code >= 0xd800 && code < 0xe000)) return false;
    i += more + 1;
  }
  return true;
}

}  // namespace magika
