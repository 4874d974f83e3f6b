// What a TFLite model's computed shapes hold.
//
// A converter that does not know the batch writes it down as a computation: the shape of a tensor,
// a number taken out of it, packed with others into the shape that an operator is to give. Kernels
// use such numbers unchecked, so what is not followed here has to be constant. Followed are SHAPE,
// single numbers as a loop counts them, and what picks, packs and scales them; each is then a
// constant, or a multiple of one dimension or value of one tensor, whatever that will be.
//
// Threading: pure; any thread. Nothing of what the file declares of a computed tensor is believed.
#ifndef NACRE_SRC_CORE_TFLITE_NUMBERS_H_
#define NACRE_SRC_CORE_TFLITE_NUMBERS_H_

#include <cstddef>
#include <cstdint>
#include <vector>

namespace nacre {

struct TfliteCall;
struct TfliteOperand;

/// factor × (dimension `axis` of tensor `tensor`) + offset; without a tensor the offset alone. With
/// kTfliteValue as the axis it is the tensor's one value instead of a dimension.
inline constexpr std::uint32_t kTfliteValue = UINT32_MAX;
struct TfliteNumber {
  bool known = false;
  std::int32_t tensor = -1;
  std::uint32_t axis = 0;
  std::int64_t factor = 0;
  std::int64_t offset = 0;

  [[nodiscard]] bool is_constant() const noexcept { return known && tensor < 0; }
  [[nodiscard]] bool is_dimension() const noexcept {
    return known && tensor >= 0 && axis != kTfliteValue && factor == 1 && offset == 0;
  }
  /// Of what a value is so far above, or it itself.
  [[nodiscard]] bool is_value(std::int64_t above = 0) const noexcept {
    return known && tensor >= 0 && axis == kTfliteValue && factor == 1 && offset == above;
  }
};

/// Longer rows than any shape are not followed.
inline constexpr std::size_t kMostTfliteNumbers = 16;

/// The whole numbers that a tensor holds: of a constant those in the file, else those that were
/// followed; empty when nothing is known.
[[nodiscard]] std::vector<TfliteNumber> tflite_numbers(const TfliteOperand& operand);

/// Those that the operator's first output holds; empty when it is none of the operators above.
[[nodiscard]] std::vector<TfliteNumber> follow_tflite_numbers(const TfliteCall& call);

}  // namespace nacre

#endif  // NACRE_SRC_CORE_TFLITE_NUMBERS_H_
