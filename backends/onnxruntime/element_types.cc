#include "element_types.h"

#include <array>
#include <cstddef>

namespace nacre::onnxruntime {
namespace {

struct Row {
  std::string_view name;
  TensorType type;
};

// In the order of ONNXTensorElementDataType, which is that of onnx.proto.
constexpr std::array<Row, 26> kRows = {{
    {"undefined", TensorType::kUnknown},
    {"float", TensorType::kF32},
    {"uint8", TensorType::kU8},
    {"int8", TensorType::kI8},
    {"uint16", TensorType::kU16},
    {"int16", TensorType::kI16},
    {"int32", TensorType::kI32},
    {"int64", TensorType::kI64},
    {"string", TensorType::kString},
    {"bool", TensorType::kBool},
    {"float16", TensorType::kF16},
    {"double", TensorType::kF64},
    {"uint32", TensorType::kU32},
    {"uint64", TensorType::kU64},
    {"complex64", TensorType::kUnknown},
    {"complex128", TensorType::kUnknown},
    {"bfloat16", TensorType::kBf16},
    {"float8e4m3fn", TensorType::kUnknown},
    {"float8e4m3fnuz", TensorType::kUnknown},
    {"float8e5m2", TensorType::kUnknown},
    {"float8e5m2fnuz", TensorType::kUnknown},
    {"uint4", TensorType::kUnknown},
    {"int4", TensorType::kUnknown},
    {"float4e2m1", TensorType::kUnknown},
    {"uint2", TensorType::kUnknown},
    {"int2", TensorType::kUnknown},
}};
static_assert(kRows[ONNX_TENSOR_ELEMENT_DATA_TYPE_BFLOAT16].type == TensorType::kBf16);
static_assert(kRows[ONNX_TENSOR_ELEMENT_DATA_TYPE_STRING].type == TensorType::kString);
static_assert(kRows[ONNX_TENSOR_ELEMENT_DATA_TYPE_UINT64].type == TensorType::kU64);
static_assert(kRows[ONNX_TENSOR_ELEMENT_DATA_TYPE_INT4].name == "int4");

}  // namespace

TensorType to_tensor_type(ONNXTensorElementDataType type) noexcept {
  const auto i = static_cast<std::size_t>(type);
  return i < kRows.size() ? kRows[i].type : TensorType::kUnknown;
}

ONNXTensorElementDataType to_onnx_type(TensorType type) noexcept {
  for (std::size_t i = 1; i < kRows.size(); ++i) {
    if (kRows[i].type == type) return static_cast<ONNXTensorElementDataType>(i);
  }
  return ONNX_TENSOR_ELEMENT_DATA_TYPE_UNDEFINED;
}

std::string_view onnx_name(ONNXTensorElementDataType type) noexcept {
  const auto i = static_cast<std::size_t>(type);
  return i < kRows.size() ? kRows[i].name : "of a type newer than this module";
}

std::string all_element_types() {
  std::string out;
  for (const Row& row : kRows) {
    if (row.type == TensorType::kUnknown) continue;
    if (!out.empty()) out += ',';
    out += to_string(row.type);
  }
  return out;
}

}  // namespace nacre::onnxruntime
