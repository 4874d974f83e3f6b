// A TFLite constant of which only the values that are not 0 stand in the file.
//
// DENSIFY writes each value where the indices say, and looks at none of them. So they are gone
// through here: level by level, as the library does, dense or as rows of indices (CSR), with blocks
// inside where the file has them.
//
// Threading: pure; any thread. Cost: one pass over the indices.
#ifndef NACRE_SRC_CORE_TFLITE_SPARSITY_H_
#define NACRE_SRC_CORE_TFLITE_SPARSITY_H_

#include <cstdint>
#include <expected>
#include <string>

#include "base/flatbuffer.h"

namespace nacre {

/// How many values the constant has to bring; else what is wrong, as the rest of a sentence about
/// it. `sparsity` is the schema's SparsityParameters.
[[nodiscard]] std::expected<std::uint64_t, std::string> sparse_tflite_values(
    const FlatTable& sparsity, const FlatVector<std::int32_t>& shape);

}  // namespace nacre

#endif  // NACRE_SRC_CORE_TFLITE_SPARSITY_H_
