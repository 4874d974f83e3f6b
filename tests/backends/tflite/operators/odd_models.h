// Operators of TFLite with parameters, shapes and values that no converter writes: strides and
// blocks of 0, axes and indices far outside, constants of other shapes. What is made hangs together
// as a file, so that the walk passes it to the library.
#ifndef NACRE_TESTS_BACKENDS_TFLITE_OPERATORS_ODD_MODELS_H_
#define NACRE_TESTS_BACKENDS_TFLITE_OPERATORS_ODD_MODELS_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <ostream>
#include <random>
#include <string>
#include <vector>

#include "tflite_model.h"

namespace nacre::test {

using Random = std::mt19937;
using Ints = std::vector<std::int64_t>;

inline constexpr std::uint8_t kF32 = kTfliteF32;
inline constexpr std::uint8_t kI32 = kTfliteI32;
inline constexpr std::uint8_t kU8 = kTfliteU8;
inline constexpr std::uint8_t kI64 = kTfliteI64;
inline constexpr std::uint8_t kStr = kTfliteString;
inline constexpr std::uint8_t kBool = kTfliteBool;
inline constexpr std::uint8_t kI16 = kTfliteI16;
inline constexpr std::uint8_t kC64 = kTfliteComplex64;
inline constexpr std::uint8_t kI8 = kTfliteI8;
inline constexpr std::uint8_t kU32 = kTfliteU32;

/// A field of an operator's options: 'b' a byte, 'i' an i32, 'f' a float, 'q' an i64, 'v' a vector
/// of i32, 'l' one of i64.
struct Option {
  unsigned field;
  char kind;
  Ints values;
};
struct Input {
  std::uint8_t type;
  std::vector<std::int32_t> shape;
  std::optional<Ints> fixed = {};  ///< a constant of these
  bool variable = false;
};
struct Operation {
  std::string name;
  int code;
  std::uint8_t kind;  ///< of the options
  std::vector<Option> options;
  std::vector<Input> inputs;
  std::vector<std::uint8_t> outputs;
  bool second_union = false;
};
std::ostream& operator<<(std::ostream& out, const Operation& one);

/// One of each, as converters write them.
const std::vector<Operation>& operations();

/// Another shape, value, type, or other parameters, up to three of them.
void change(Operation& one, Random& random);
void change_shape(std::vector<std::int32_t>& shape, Random& random);

/// A model of that one operator; what is no constant is an input.
TfliteModel model_of(const Operation& one, Random& random);

/// As a guest's bytes, on odd inputs: kRefused, kLoaded or kComputed of child.h.
int load_and_compute(const std::string& bytes, Random& random);

std::size_t below(Random& random, std::size_t n);
bool once_in(Random& random, std::size_t n);
std::int64_t odd_number(Random& random);

}  // namespace nacre::test

#endif  // NACRE_TESTS_BACKENDS_TFLITE_OPERATORS_ODD_MODELS_H_
