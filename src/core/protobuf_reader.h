// Protobuf's wire format, read field by field without a schema and without copying.
//
//   message  = field*
//   field    = tag payload            tag = varint of (number << 3 | wire type)
//   payload  = varint                 wire type 0, at most 10 bytes
//            | 8 bytes                wire type 1
//            | length bytes           wire type 2, length a varint below 2^31
//            | group                  wire types 3 and 4; no format that Nacre reads has any
//            | 4 bytes                wire type 5
#ifndef NACRE_SRC_CORE_PROTOBUF_READER_H_
#define NACRE_SRC_CORE_PROTOBUF_READER_H_

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "base/checked_math.h"

namespace nacre {

enum ProtobufWire : std::uint8_t { kVarint = 0, kFixed64 = 1, kLength = 2, kFixed32 = 5 };

struct ProtobufField {
  std::uint32_t number = 0;
  std::uint8_t wire = 0;
  std::uint64_t value = 0;           ///< of a varint
  std::span<const std::byte> bytes;  ///< of any other; a view into the reader's bytes
};

/// The fields of one message. It is stricter than parsers: groups, the field number 0 and numbers
/// longer than they may be are wrong. No allocation; as thread-safe as the bytes.
class ProtobufReader {
 public:
  ProtobufReader() = default;
  explicit ProtobufReader(std::span<const std::byte> bytes) noexcept : rest_(bytes) {}

  /// False at the end and when the bytes are wrong; then problem() is not null.
  [[nodiscard]] bool next(ProtobufField& field) noexcept {
    if (rest_.empty() || problem_ != nullptr) return false;
    std::uint64_t tag = 0;
    if (!varint(tag, 5)) return false;
    if (tag > UINT32_MAX) return bad("a field number beyond 29 bits");
    field.number = static_cast<std::uint32_t>(tag >> 3);
    field.wire = static_cast<std::uint8_t>(tag & 7);
    field.value = 0;
    field.bytes = {};
    if (field.number == 0) return bad("a field with the number 0");
    switch (field.wire) {
      case kVarint:
        return varint(field.value, 10);
      case kFixed64:
        return take(8, field.bytes);
      case kFixed32:
        return take(4, field.bytes);
      case kLength: {
        std::uint64_t length = 0;
        if (!varint(length, 5)) return false;
        if (length > INT32_MAX) return bad("a field of 2 GiB or more");
        return take(length, field.bytes);
      }
      default:
        return bad("a wire type that is not in use");
    }
  }

  /// What is wrong with the bytes, as half a sentence; null as long as nothing is.
  [[nodiscard]] const char* problem() const noexcept { return problem_; }
  [[nodiscard]] std::span<const std::byte> rest() const noexcept { return rest_; }

  /// One number from the front, as packed fields hold them; false as next().
  [[nodiscard]] bool number(std::uint64_t& value) noexcept {
    return !rest_.empty() && problem_ == nullptr && varint(value, 10);
  }

 private:
  bool bad(const char* what) noexcept {
    problem_ = what;
    return false;
  }

  bool varint(std::uint64_t& value, std::size_t max_bytes) noexcept {
    value = 0;
    for (std::size_t i = 0; i < max_bytes; ++i) {
      if (i == rest_.size()) return bad("a number cut off by the end");
      const auto byte = std::to_integer<std::uint64_t>(rest_[i]);
      if (i == 9 && byte > 1) return bad("a number of more than 64 bits");
      value |= (byte & 0x7f) << (7 * i);
      if (byte < 0x80) {
        rest_ = rest_.subspan(i + 1);
        return true;
      }
    }
    return bad("a number of too many bytes");
  }

  bool take(std::uint64_t length, std::span<const std::byte>& out) noexcept {
    if (!range_fits(0, length, rest_.size())) return bad("a field longer than what holds it");
    out = rest_.first(static_cast<std::size_t>(length));
    rest_ = rest_.subspan(static_cast<std::size_t>(length));
    return true;
  }

  std::span<const std::byte> rest_;
  const char* problem_ = nullptr;
};

/// The bytes of a string field.
[[nodiscard]] inline std::string_view text_of(std::span<const std::byte> bytes) noexcept {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

/// A name out of a model, fit for a message: short, and nothing that a terminal would act on.
[[nodiscard]] inline std::string printable_name(std::string_view name) {
  constexpr std::size_t kLongest = 80;
  std::string out(name.substr(0, kLongest));
  std::ranges::replace_if(out, [](unsigned char c) { return c < 0x20 || c >= 0x7f; }, '?');
  if (name.size() > kLongest) out += "...";
  return out;
}

}  // namespace nacre

#endif  // NACRE_SRC_CORE_PROTOBUF_READER_H_
