#include "base/flexbuffer.h"

#include <cmath>
#include <cstdint>
#include <cstring>

namespace nacre {
namespace {

constexpr std::size_t kMostEntries = 64;

// Kinds of values.
constexpr unsigned kInt = 1;
constexpr unsigned kUint = 2;
constexpr unsigned kFloat = 3;
constexpr unsigned kMap = 9;
constexpr unsigned kBool = 26;

class Reader {
 public:
  explicit Reader(std::span<const std::byte> bytes) : bytes_(bytes) {}

  [[nodiscard]] std::size_t size() const { return bytes_.size(); }

  [[nodiscard]] std::uint64_t number(std::size_t at, std::size_t width) {
    std::uint64_t value = 0;
    if (width > 8 || at > bytes_.size() || bytes_.size() - at < width) {
      broken_ = true;
    } else {
      std::memcpy(&value, bytes_.data() + at, width);
    }
    return value;
  }
  /// Where the distance at `at` leads back to; 0 leads to itself, as the root of an empty map does.
  [[nodiscard]] std::size_t target(std::size_t at, std::size_t width) {
    const std::uint64_t distance = number(at, width);
    if (distance > at) broken_ = true;
    return broken_ ? 0 : at - static_cast<std::size_t>(distance);
  }
  [[nodiscard]] std::string_view text(std::size_t at) {
    const auto* begin = reinterpret_cast<const char*>(bytes_.data()) + at;
    const void* end = at < bytes_.size() ? std::memchr(begin, 0, bytes_.size() - at) : nullptr;
    if (end == nullptr) {
      broken_ = true;
      return {};
    }
    return {begin, static_cast<std::size_t>(static_cast<const char*>(end) - begin)};
  }
  [[nodiscard]] double value(std::size_t at, std::size_t width, unsigned kind) {
    const std::uint64_t bits = number(at, width);
    if (kind == kFloat && width == 4) {
      float narrow = 0;
      std::memcpy(&narrow, &bits, sizeof narrow);
      return double{narrow};
    }
    if (kind == kFloat && width == 8) {
      double wide = 0;
      std::memcpy(&wide, &bits, sizeof wide);
      return wide;
    }
    if (kind == kInt) {
      const unsigned shift = 64 - 8 * static_cast<unsigned>(width);
      return static_cast<double>(static_cast<std::int64_t>(bits << shift) >> shift);
    }
    if (kind != kUint && kind != kBool) broken_ = true;
    return static_cast<double>(bits);
  }
  void fail() { broken_ = true; }
  [[nodiscard]] bool broken() const { return broken_; }

 private:
  std::span<const std::byte> bytes_;
  bool broken_ = false;
};

bool is_width(std::uint64_t width) {
  return width == 1 || width == 2 || width == 4 || width == 8;
}

}  // namespace

std::optional<std::vector<std::pair<std::string_view, double>>> flex_numbers(
    std::span<const std::byte> bytes) {
  Reader in(bytes);
  if (bytes.size() < 3) return std::nullopt;
  const std::uint64_t root_width = in.number(bytes.size() - 1, 1);
  const auto root_type = static_cast<unsigned>(in.number(bytes.size() - 2, 1));
  if (!is_width(root_width) || root_type >> 2 != kMap || bytes.size() < 2 + root_width) {
    return std::nullopt;
  }
  const std::size_t width = std::size_t{1} << (root_type & 3U);
  const std::size_t values = in.target(bytes.size() - 2 - static_cast<std::size_t>(root_width),
                                       static_cast<std::size_t>(root_width));
  if (in.broken() || values < 3 * width) return std::nullopt;
  const std::uint64_t count = in.number(values - width, width);
  const std::uint64_t keys_width = in.number(values - 2 * width, width);
  const std::size_t keys = in.target(values - 3 * width, width);
  if (in.broken() || count > kMostEntries || !is_width(keys_width) || keys < keys_width ||
      in.number(keys - static_cast<std::size_t>(keys_width),
                static_cast<std::size_t>(keys_width)) != count) {
    return std::nullopt;
  }
  std::vector<std::pair<std::string_view, double>> all;
  for (std::size_t i = 0; i < count && !in.broken(); ++i) {
    const std::size_t name = in.target(keys + i * static_cast<std::size_t>(keys_width),
                                       static_cast<std::size_t>(keys_width));
    const auto kind =
        static_cast<unsigned>(in.number(values + static_cast<std::size_t>(count) * width + i, 1));
    const std::string_view text = in.text(name);
    const double value = in.value(values + i * width, width, kind >> 2);
    // The library looks for a name by halves, and would find another one.
    if (!all.empty() && !(all.back().first < text)) in.fail();
    all.emplace_back(text, value);
  }
  if (in.broken()) return std::nullopt;
  return all;
}

}  // namespace nacre
