// Which of OpenVINO's element types Nacre carries, and what its CPU plug-in makes of them.
#ifndef NACRE_BACKENDS_OPENVINO_ELEMENT_TYPES_H_
#define NACRE_BACKENDS_OPENVINO_ELEMENT_TYPES_H_

#include <nacre/tensor.h>
#include <openvino/core/type/element_type.hpp>

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace nacre::openvino {

/// kUnknown for a dynamic type; nullopt for one that no tensor of Nacre can hold (u4, nf4,
/// f8e4m3…).
[[nodiscard]] std::optional<TensorType> to_tensor_type(ov::element::Type type) noexcept;

/// The inverse; dynamic for kUnknown and kString.
[[nodiscard]] ov::element::Type to_element_type(TensorType type) noexcept;

/// What TensorDescription::note says of the type on the CPU; empty when it is computed as it is.
[[nodiscard]] std::string_view cpu_note(TensorType type) noexcept;

/// The first value that the CPU plug-in would change without a word, with its index, as text:
/// i64, u64 and u32 are computed as i32, f64 as f32. nullopt when all values survive.
/// `data` is aligned for the type.
[[nodiscard]] std::optional<std::string> find_lossy_value(TensorType type, const void* data,
                                                          std::size_t count);

}  // namespace nacre::openvino

#endif  // NACRE_BACKENDS_OPENVINO_ELEMENT_TYPES_H_
