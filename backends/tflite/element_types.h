// Which of TensorFlow Lite's element types Nacre carries.
#ifndef NACRE_BACKENDS_TFLITE_ELEMENT_TYPES_H_
#define NACRE_BACKENDS_TFLITE_ELEMENT_TYPES_H_

#include <nacre/tensor.h>

#include <string_view>

#include "c_api.h"

namespace nacre::tflite {

/// kUnknown for a type that no tensor of Nacre can hold.
[[nodiscard]] TensorType to_tensor_type(TfLiteType type) noexcept;

/// "complex64", "int4"…; for the types that to_tensor_type knows their usual names too.
[[nodiscard]] std::string_view name_of(TfLiteType type) noexcept;

/// For the property `element_types`.
inline constexpr std::string_view kElementTypes =
    "f16,f32,f64,bf16,u8,i8,i16,u16,i32,u32,i64,u64,bool,string";

}  // namespace nacre::tflite

#endif  // NACRE_BACKENDS_TFLITE_ELEMENT_TYPES_H_
