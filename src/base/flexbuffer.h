// Reading a FlexBuffer map of plain numbers that nobody has verified; custom operators of TFLite
// have their options so.
//
//   end:    the root, at last but two; then its packed type, then its width in bytes
//   root:   a distance back to the map's first value
//   map:    before its values, each as wide as the map says: the distance back to the keys, the
//           width of the keys' distances, the count; after them one packed type per value
//   keys:   a count, then the distances back to the names, which end at a zero byte
//
// A packed type is kind << 2 | log2 of the width where that matters. What is not of that form, or
// leads out of the bytes, or is no number in place, is refused as a whole: the library reads it
// unchecked.
#ifndef NACRE_SRC_BASE_FLEXBUFFER_H_
#define NACRE_SRC_BASE_FLEXBUFFER_H_

#include <cstddef>
#include <optional>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

namespace nacre {

/// Names and values, in the order of the map; names lie in `bytes`. nullopt: see above. Each value
/// is what a double makes of it.
[[nodiscard]] std::optional<std::vector<std::pair<std::string_view, double>>> flex_numbers(
    std::span<const std::byte> bytes);

}  // namespace nacre

#endif  // NACRE_SRC_BASE_FLEXBUFFER_H_
