#include "strings.h"

#include <bit>
#include <cstring>
#include <limits>
#include <string>

namespace nacre::openvino {

static_assert(std::endian::native == std::endian::little, "lengths are copied as they are");

Result<void> unpack_strings(std::span<const std::byte> bytes, ov::Tensor& out) {
  std::string* strings = out.data<std::string>();
  const std::size_t count = out.get_size();
  for (std::size_t i = 0; i < count; ++i) {
    std::uint32_t length = 0;
    if (bytes.size() < sizeof length) {
      return fail(ErrorCode::kInvalidArgument, "The bytes end before string " + std::to_string(i) +
                                                   " of " + std::to_string(count) + ".");
    }
    std::memcpy(&length, bytes.data(), sizeof length);
    bytes = bytes.subspan(sizeof length);
    if (bytes.size() < length) {
      return fail(ErrorCode::kInvalidArgument,
                  "String " + std::to_string(i) + " says that it has " + std::to_string(length) +
                      " bytes, and " + std::to_string(bytes.size()) + " are left.");
    }
    strings[i].assign(reinterpret_cast<const char*>(bytes.data()), length);
    bytes = bytes.subspan(length);
  }
  if (!bytes.empty()) {
    return fail(ErrorCode::kInvalidArgument, std::to_string(bytes.size()) +
                                                 " bytes are left over after the last of " +
                                                 std::to_string(count) + " strings.");
  }
  return {};
}

Result<std::uint64_t> packed_size(const ov::Tensor& strings) {
  const std::string* values = strings.data<const std::string>();
  std::uint64_t size = 0;
  for (std::size_t i = 0; i < strings.get_size(); ++i) {
    if (values[i].size() > std::numeric_limits<std::uint32_t>::max()) {
      return fail(ErrorCode::kTooLarge, "String " + std::to_string(i) + " of an output has " +
                                            std::to_string(values[i].size()) +
                                            " bytes; a u32 must hold its length.");
    }
    size += sizeof(std::uint32_t) + values[i].size();
  }
  return size;
}

void pack_strings(const ov::Tensor& strings, std::byte* out) noexcept {
  const std::string* values = strings.data<const std::string>();
  for (std::size_t i = 0; i < strings.get_size(); ++i) {
    const auto length = static_cast<std::uint32_t>(values[i].size());
    std::memcpy(out, &length, sizeof length);
    std::memcpy(out + sizeof length, values[i].data(), length);
    out += sizeof length + length;
  }
}

}  // namespace nacre::openvino
