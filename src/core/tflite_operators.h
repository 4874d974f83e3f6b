// The parameters of TFLite's operators, of which its kernels believe more than they should.
//
// TFLite's kernels check much of what they are given, and not all: a stride of 0 divides by zero, a
// filter of negative width or an axis that is not there is used as an address, a scale of 0 ends
// the process (tried with 2.17.1, one operator at a time; tests/backends/tflite/operators does it
// again). What stands in the file is looked at here: options, constants, declared types and ranks.
// Operators whose kernels use their inputs' values unchecked are refused, or have to get those
// inputs as constants, or as numbers that can be followed (tflite_numbers.h) and fit whatever the
// dimensions will be. What a tensor between two operators really is, only the library knows: that
// part is best effort.
//
// Threading: pure; any thread.
#ifndef NACRE_SRC_CORE_TFLITE_OPERATORS_H_
#define NACRE_SRC_CORE_TFLITE_OPERATORS_H_

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/flatbuffer.h"
#include "core/tflite_numbers.h"

namespace nacre {

/// A tensor as the file declares it.
struct TfliteOperand {
  bool absent = true;     ///< an optional input that is left out
  std::uint8_t type = 0;  ///< the schema's number
  FlatVector<std::int32_t> shape{};
  FlatVector<std::int32_t> signature{};  ///< the shape with -1 for what is not known
  bool constant = false;
  std::span<const std::byte> data{};  ///< of a constant
  bool has_scale = false;
  std::int32_t index = -1;                  ///< of the tensor in its subgraph
  std::span<const TfliteNumber> numbers{};  ///< that it will hold, where they could be followed
};

/// The number that tensor `size` holds has been taken as the size of the front of tensor `list` in
/// dimension `axis`, so it is -1 or at most that dimension, or the computation has ended there.
struct TfliteFront {
  std::int32_t list;
  std::uint32_t axis;
  std::int32_t size;
};

/// What an operator is given; `options` has no fields when they are of another operator's kind.
struct TfliteCall {
  std::int32_t code;
  std::string_view custom;  ///< the name of a custom operator
  FlatTable options;
  std::uint8_t options_kind;
  std::span<const TfliteOperand> inputs;
  std::span<const TfliteOperand> outputs;
  std::span<const std::byte> custom_options{};  ///< of a custom operator
  std::span<const TfliteFront> fronts{};        ///< of the operators before it
};

/// Those that the operator adds, which is not refused.
[[nodiscard]] std::vector<TfliteFront> tflite_fronts(const TfliteCall& call);

/// Why the library must not get it, as the rest of a sentence about the operator; "" when it may.
[[nodiscard]] std::string refuse_operator(const TfliteCall& call);

}  // namespace nacre

#endif  // NACRE_SRC_CORE_TFLITE_OPERATORS_H_
