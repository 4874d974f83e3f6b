// Messages of protobuf, read as those who write them mean them: a field that is known comes as it
// is declared, and no more than once unless it repeats. For walks over files whose own readers are
// less strict; over protobuf_reader.h.
#ifndef NACRE_SRC_CORE_PROTOBUF_FIELDS_H_
#define NACRE_SRC_CORE_PROTOBUF_FIELDS_H_

#include <nacre/error.h>

#include <fmt/format.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "core/protobuf_reader.h"

namespace nacre {

/// A field that is read, and how it is written. Parsers put aside what has another wire type, and
/// of two let the last win; writers emit neither.
struct KnownField {
  std::uint32_t number;
  std::uint8_t wire;
  bool repeats = false;
};

/// Calls `on_field` for each known field of a message, whose error ends the walk; others are passed
/// over. `wrong` makes an error of half a sentence, in which the message is called `message`. As
/// thread-safe as the bytes.
template <std::size_t kCount, typename W, typename F>
Result<void> each_field(std::string_view message, std::span<const std::byte> bytes,
                        const std::array<KnownField, kCount>& known, W&& wrong, F&& on_field) {
  std::array<bool, kCount> seen{};
  ProtobufReader reader(bytes);
  ProtobufField field;
  while (reader.next(field)) {
    for (std::size_t i = 0; i < kCount; ++i) {
      if (known[i].number != field.number) continue;
      if (known[i].wire != field.wire || (seen[i] && !known[i].repeats)) {
        return wrong(
            fmt::format("field {} of its {} {}", field.number, message,
                        known[i].wire != field.wire ? "is of another kind" : "is there twice"));
      }
      seen[i] = true;
      if (auto ok = on_field(field); !ok) return ok;
      break;
    }
  }
  if (reader.problem() != nullptr) {
    return wrong(fmt::format("its {} has {}", message, reader.problem()));
  }
  return {};
}

}  // namespace nacre

#endif  // NACRE_SRC_CORE_PROTOBUF_FIELDS_H_
