// Strings between Nacre's rows (length and bytes, one after the other) and TFLite's (a count,
// offsets, then the texts).
#ifndef NACRE_BACKENDS_TFLITE_STRINGS_H_
#define NACRE_BACKENDS_TFLITE_STRINGS_H_

#include <nacre/backend.h>

#include <cstddef>

#include "c_api.h"

namespace nacre::tflite {

/// Fills `to`, a string tensor that has the shape already. Core has checked the row.
[[nodiscard]] Result<void> write_strings(const TensorView& from, TfLiteTensor* to);

/// Gives output `index`. kRuntimeError when the tensor does not hang together.
[[nodiscard]] Result<void> read_strings(const TfLiteTensor* from, std::size_t index,
                                        const Shape& shape, const OutputSink& sink);

}  // namespace nacre::tflite

#endif  // NACRE_BACKENDS_TFLITE_STRINGS_H_
