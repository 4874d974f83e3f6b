// What an interpreter says of its model.
#ifndef NACRE_BACKENDS_TFLITE_DESCRIBE_H_
#define NACRE_BACKENDS_TFLITE_DESCRIBE_H_

#include <nacre/graph.h>

#include <cstdint>

#include "library.h"

namespace nacre::tflite {

/// Inputs and outputs in the model's order, under the names of its signature where it has one that
/// covers them, else under the tensors' own. To be asked once tensors are allocated.
/// kUnsupportedOperation for an element type or rank that Nacre does not carry.
[[nodiscard]] Result<GraphDescription> describe_interpreter(TfLiteInterpreter* interpreter);

/// Whether the size of some tensor is known only while computing.
[[nodiscard]] bool has_dynamic_tensors(const TfLiteInterpreter* interpreter);

/// Whether the library got no memory for its arena, which it does not notice: its tensors then lie
/// from address 0 on. (Single ones, which nothing uses, may have the address 0 at any time.) False
/// where it cannot be told.
[[nodiscard]] bool arena_is_missing(const TfLiteInterpreter* interpreter);

/// Bytes of all tensors that are not constants, as they are now; of subgraph 0.
[[nodiscard]] std::uint64_t bytes_of_tensors(const TfLiteInterpreter* interpreter);

/// The dimensions of a tensor as it is now; cut to kMaxRank.
[[nodiscard]] Shape shape_of(const TfLiteTensor* tensor);

}  // namespace nacre::tflite

#endif  // NACRE_BACKENDS_TFLITE_DESCRIBE_H_
