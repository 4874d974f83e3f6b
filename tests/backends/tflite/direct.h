// TensorFlow Lite's C API called directly, for comparing bit for bit.
#ifndef NACRE_TESTS_BACKENDS_TFLITE_DIRECT_H_
#define NACRE_TESTS_BACKENDS_TFLITE_DIRECT_H_

#include <cstddef>
#include <string>
#include <vector>

#include "backends/tensors.h"
#include "tflite/library.h"

namespace nacre::test {

/// One interpreter, with no memory of ours: the library copies in and out. Aborts on a failure.
class DirectTflite {
 public:
  explicit DirectTflite(std::string bytes, std::uint32_t threads = 1);
  /// Resizes where the dimensions are others than before. Types are those of `inputs`; of outputs
  /// only f32, i64, i8 and u8.
  std::vector<Plain> compute(const std::vector<Plain>& inputs);

 private:
  std::string bytes_;
  tflite::ModelHandle model_;
  tflite::Interpreter interpreter_;
};

}  // namespace nacre::test

#endif  // NACRE_TESTS_BACKENDS_TFLITE_DIRECT_H_
