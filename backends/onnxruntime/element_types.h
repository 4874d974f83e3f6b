// Element types: Nacre's and ONNX's.
#ifndef NACRE_BACKENDS_ONNXRUNTIME_ELEMENT_TYPES_H_
#define NACRE_BACKENDS_ONNXRUNTIME_ELEMENT_TYPES_H_

#include <nacre/tensor.h>
#include <onnxruntime_c_api.h>

#include <string>
#include <string_view>

namespace nacre::onnxruntime {

/// kUnknown for those that Nacre does not carry (complex numbers, 8-, 6-, 4- and 2-bit ones).
[[nodiscard]] TensorType to_tensor_type(ONNXTensorElementDataType type) noexcept;

/// Requires a type other than kUnknown.
[[nodiscard]] ONNXTensorElementDataType to_onnx_type(TensorType type) noexcept;

/// ONNX's own name, for messages; every type has one.
[[nodiscard]] std::string_view onnx_name(ONNXTensorElementDataType type) noexcept;

/// "f32,u8,…", all that Nacre carries.
[[nodiscard]] std::string all_element_types();

}  // namespace nacre::onnxruntime

#endif  // NACRE_BACKENDS_ONNXRUNTIME_ELEMENT_TYPES_H_
