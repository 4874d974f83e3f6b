// The walk over an OpenVINO IR's XML on any bytes: it must answer, and what it lets pass is nested
// no deeper than it says, however one counts.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <span>

#include "core/ir_walk.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto xml = std::as_bytes(std::span(data, size));
  const auto checked = nacre::check_ir_depth(xml);
  if (!checked) {
    if (checked.error().message.empty()) std::abort();
    if (checked.error().code != nacre::ErrorCode::kInvalidEncoding) std::abort();
    return 0;
  }
  // Elements that begin one after the other, with nothing else between their tags.
  std::size_t depth = 0;
  std::size_t deepest = 0;
  for (std::size_t i = 0; i + 3 <= size; ++i) {
    if (data[i] != '<' || data[i + 1] != 'a' || data[i + 2] != '>') continue;
    const bool follows = i >= 3 && data[i - 3] == '<' && data[i - 2] == 'a' && data[i - 1] == '>';
    depth = follows ? depth + 1 : 1;
    deepest = std::max(deepest, depth);
  }
  // Inside of a comment, an instruction or a quoted value they are no elements.
  const bool plain = std::none_of(data, data + size, [](std::uint8_t c) {
    return c == '!' || c == '?' || c == '"' || c == '\'';
  });
  if (plain && deepest > nacre::kMaxIrDepth) std::abort();
  return 0;
}
