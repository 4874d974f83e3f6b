#include "element_types.h"

#include <array>

namespace nacre::tflite {
namespace {

struct Row {
  TensorType type;
  std::string_view name;
};

// By TfLiteType.
constexpr std::array<Row, 20> kTypes = {
    {{TensorType::kUnknown, "no type"},    {TensorType::kF32, "float32"},
     {TensorType::kI32, "int32"},          {TensorType::kU8, "uint8"},
     {TensorType::kI64, "int64"},          {TensorType::kString, "string"},
     {TensorType::kBool, "bool"},          {TensorType::kI16, "int16"},
     {TensorType::kUnknown, "complex64"},  {TensorType::kI8, "int8"},
     {TensorType::kF16, "float16"},        {TensorType::kF64, "float64"},
     {TensorType::kUnknown, "complex128"}, {TensorType::kU64, "uint64"},
     {TensorType::kUnknown, "resource"},   {TensorType::kUnknown, "variant"},
     {TensorType::kU32, "uint32"},         {TensorType::kU16, "uint16"},
     {TensorType::kUnknown, "int4"},       {TensorType::kBf16, "bfloat16"}}};

Row row_of(TfLiteType type) noexcept {
  const auto index = static_cast<std::size_t>(type);
  return index < kTypes.size() ? kTypes[index] : Row{TensorType::kUnknown, "of an unknown type"};
}

}  // namespace

TensorType to_tensor_type(TfLiteType type) noexcept {
  return row_of(type).type;
}

std::string_view name_of(TfLiteType type) noexcept {
  return row_of(type).name;
}

}  // namespace nacre::tflite
