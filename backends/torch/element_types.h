// Element types: Nacre's and libtorch's.
#ifndef NACRE_BACKENDS_TORCH_ELEMENT_TYPES_H_
#define NACRE_BACKENDS_TORCH_ELEMENT_TYPES_H_

#include <c10/core/ScalarType.h>
#include <nacre/tensor.h>

#include <array>
#include <optional>
#include <string>
#include <utility>

namespace nacre::torch {

inline constexpr std::array<std::pair<TensorType, c10::ScalarType>, 10> kElementTypes = {{
    {TensorType::kF16, c10::ScalarType::Half},
    {TensorType::kF32, c10::ScalarType::Float},
    {TensorType::kF64, c10::ScalarType::Double},
    {TensorType::kBf16, c10::ScalarType::BFloat16},
    {TensorType::kU8, c10::ScalarType::Byte},
    {TensorType::kI8, c10::ScalarType::Char},
    {TensorType::kI16, c10::ScalarType::Short},
    {TensorType::kI32, c10::ScalarType::Int},
    {TensorType::kI64, c10::ScalarType::Long},
    {TensorType::kBool, c10::ScalarType::Bool},
}};

/// nullopt for u16, u32, u64 and strings, which libtorch does not have.
[[nodiscard]] constexpr std::optional<c10::ScalarType> to_scalar_type(TensorType type) noexcept {
  for (const auto& [ours, theirs] : kElementTypes) {
    if (ours == type) return theirs;
  }
  return std::nullopt;
}

/// kUnknown for what Nacre does not carry: complex and quantised numbers.
[[nodiscard]] constexpr TensorType to_tensor_type(c10::ScalarType type) noexcept {
  for (const auto& [ours, theirs] : kElementTypes) {
    if (theirs == type) return ours;
  }
  return TensorType::kUnknown;
}

/// "f16,f32,…", all that both have.
[[nodiscard]] inline std::string all_element_types() {
  std::string out;
  for (const auto& [ours, theirs] : kElementTypes) {
    if (!out.empty()) out += ',';
    out += to_string(ours);
  }
  return out;
}

}  // namespace nacre::torch

#endif  // NACRE_BACKENDS_TORCH_ELEMENT_TYPES_H_
