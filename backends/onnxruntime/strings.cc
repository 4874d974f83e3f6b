#include "strings.h"

#include <algorithm>
#include <bit>
#include <cstring>
#include <limits>
#include <string>

#include "api.h"

namespace nacre::onnxruntime {

static_assert(std::endian::native == std::endian::little, "lengths are copied as they are");

Result<void> unpack_strings(std::span<const std::byte> bytes, std::size_t count, OrtValue* out) {
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
    // The only setter that does not end at a zero byte.
    char* element = nullptr;
    if (auto set = check(ort().GetResizedStringTensorElementBuffer(out, i, length, &element),
                         ErrorCode::kRuntimeError, "Setting a string");
        !set) {
      return set;
    }
    if (length != 0) std::memcpy(element, bytes.data(), length);
    bytes = bytes.subspan(length);
  }
  if (!bytes.empty()) {
    return fail(ErrorCode::kInvalidArgument, std::to_string(bytes.size()) +
                                                 " bytes are left over after the last of " +
                                                 std::to_string(count) + " strings.");
  }
  return {};
}

Result<std::uint64_t> StringPacker::read(const OrtValue* strings, std::size_t count) {
  constexpr std::string_view kDoing = "Reading the strings of an output";
  std::size_t length = 0;
  if (auto got = check(ort().GetStringTensorDataLength(strings, &length), ErrorCode::kRuntimeError,
                       kDoing);
      !got) {
    return std::unexpected(std::move(got.error()));
  }
  bytes_.resize(std::max<std::size_t>(length, 1));  // the call wants pointers that are not null
  offsets_.resize(count + 1);
  if (count != 0) {
    if (auto got = check(
            ort().GetStringTensorContent(strings, bytes_.data(), length, offsets_.data(), count),
            ErrorCode::kRuntimeError, kDoing);
        !got) {
      return std::unexpected(std::move(got.error()));
    }
  }
  offsets_[count] = length;
  for (std::size_t i = 0; i < count; ++i) {
    if (offsets_[i + 1] - offsets_[i] > std::numeric_limits<std::uint32_t>::max()) {
      return fail(ErrorCode::kTooLarge, "String " + std::to_string(i) + " of an output has " +
                                            std::to_string(offsets_[i + 1] - offsets_[i]) +
                                            " bytes; a u32 must hold its length.");
    }
  }
  return count * sizeof(std::uint32_t) + length;
}

void StringPacker::write(std::byte* out) const noexcept {
  for (std::size_t i = 0; i + 1 < offsets_.size(); ++i) {
    const auto length = static_cast<std::uint32_t>(offsets_[i + 1] - offsets_[i]);
    std::memcpy(out, &length, sizeof length);
    std::memcpy(out + sizeof length, bytes_.data() + offsets_[i], length);
    out += sizeof length + length;
  }
}

}  // namespace nacre::onnxruntime
