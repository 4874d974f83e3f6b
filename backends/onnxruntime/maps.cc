#include "maps.h"

#include <cstdint>
#include <cstring>
#include <string_view>
#include <utility>

#include "api.h"
#include "strings.h"

namespace nacre::onnxruntime {
namespace {

constexpr auto kCode = ErrorCode::kRuntimeError;
constexpr std::string_view kReading = "Reading an output of maps";

Result<Value> part_of(const OrtValue* whole, std::size_t index) {
  OrtAllocator* allocator = nullptr;
  OrtValue* part = nullptr;
  auto got = check(ort().GetAllocatorWithDefaultOptions(&allocator), kCode, kReading);
  if (got) {
    got = check(ort().GetValue(whole, static_cast<int>(index), allocator, &part), kCode, kReading);
  }
  if (!got) return std::unexpected(std::move(got.error()));
  return Value(part);
}

/// A tensor's elements: how many, of what type, and where.
struct Elements {
  std::size_t count = 0;
  ONNXTensorElementDataType type = ONNX_TENSOR_ELEMENT_DATA_TYPE_UNDEFINED;
  const void* data = nullptr;  // null for strings
};

Result<Elements> elements_of(OrtValue* tensor) {
  Elements elements;
  const std::int64_t* dims = nullptr;
  std::size_t rank = 0;
  auto got =
      check(ort().GetTensorElementTypeAndShapeDataReference(tensor, &elements.type, &dims, &rank),
            kCode, kReading);
  elements.count = 1;
  for (std::size_t i = 0; got && i < rank; ++i)
    elements.count *= static_cast<std::size_t>(dims[i]);
  if (got && elements.type != ONNX_TENSOR_ELEMENT_DATA_TYPE_STRING) {
    void* data = nullptr;
    got = check(ort().GetTensorMutableData(tensor, &data), kCode, kReading);
    elements.data = data;
  }
  if (!got) return std::unexpected(std::move(got.error()));
  return elements;
}

/// The keys of a map as bytes, to compare them with another's.
Result<std::vector<std::byte>> keys_of(const OrtValue* map) {
  auto keys = part_of(map, 0);
  if (!keys) return std::unexpected(std::move(keys.error()));
  const auto elements = elements_of(keys->get());
  if (!elements) return std::unexpected(elements.error());
  std::vector<std::byte> bytes;
  if (elements->data != nullptr) {
    bytes.resize(elements->count * sizeof(std::int64_t));
    if (!bytes.empty()) std::memcpy(bytes.data(), elements->data, bytes.size());
    return bytes;
  }
  StringPacker packer;
  const auto size = packer.read(keys->get(), elements->count);
  if (!size) return std::unexpected(size.error());
  bytes.resize(static_cast<std::size_t>(*size));
  packer.write(bytes.data());
  return bytes;
}

}  // namespace

std::optional<TensorDescription> describe_maps(const OrtTypeInfo* type, const std::string& name) {
  const OrtApi& api = ort();
  ONNXType kind = ONNX_TYPE_UNKNOWN;
  const OrtSequenceTypeInfo* sequence = nullptr;
  if (Status(api.GetOnnxTypeFromTypeInfo(type, &kind)) || kind != ONNX_TYPE_SEQUENCE ||
      Status(api.CastTypeInfoToSequenceTypeInfo(type, &sequence))) {
    return std::nullopt;
  }
  OrtTypeInfo* found = nullptr;
  if (Status(api.GetSequenceElementType(sequence, &found))) return std::nullopt;
  const TypeInfo element(found);
  const OrtMapTypeInfo* map = nullptr;
  if (Status(api.GetOnnxTypeFromTypeInfo(element.get(), &kind)) || kind != ONNX_TYPE_MAP ||
      Status(api.CastTypeInfoToMapTypeInfo(element.get(), &map))) {
    return std::nullopt;
  }
  ONNXTensorElementDataType key = ONNX_TENSOR_ELEMENT_DATA_TYPE_UNDEFINED;
  if (Status(api.GetMapKeyType(map, &key)) || Status(api.GetMapValueType(map, &found))) {
    return std::nullopt;
  }
  const TypeInfo value(found);
  const OrtTensorTypeAndShapeInfo* info = nullptr;
  ONNXTensorElementDataType number = ONNX_TENSOR_ELEMENT_DATA_TYPE_UNDEFINED;
  if (Status(api.CastTypeInfoToTensorInfo(value.get(), &info)) || info == nullptr ||
      Status(api.GetTensorElementType(info, &number))) {
    return std::nullopt;
  }
  const bool words = key == ONNX_TENSOR_ELEMENT_DATA_TYPE_STRING;
  if (number != ONNX_TENSOR_ELEMENT_DATA_TYPE_FLOAT ||
      (!words && key != ONNX_TENSOR_ELEMENT_DATA_TYPE_INT64)) {
    return std::nullopt;
  }
  return TensorDescription{.name = name,
                           .type = TensorType::kF32,
                           .shape = Shape({-1, -1}),
                           .note = std::string("a map from ") + (words ? "strings" : "i64") +
                                   " for each row; its values in the order of the keys"};
}

Result<MapRows> read_maps(const OrtValue* sequence) {
  MapRows table;
  if (auto got = check(ort().GetValueCount(sequence, &table.rows), kCode, kReading); !got) {
    return std::unexpected(std::move(got.error()));
  }
  std::vector<std::byte> first;
  for (std::size_t row = 0; row < table.rows; ++row) {
    const auto map = part_of(sequence, row);
    if (!map) return std::unexpected(map.error());
    auto keys = keys_of(map->get());
    if (!keys) return std::unexpected(std::move(keys.error()));
    const auto values = part_of(map->get(), 1);
    if (!values) return std::unexpected(values.error());
    const auto numbers = elements_of(values->get());
    if (!numbers) return std::unexpected(numbers.error());
    if (row == 0) {
      first = std::move(*keys);
      table.columns = numbers->count;
    } else if (*keys != first || numbers->count != table.columns) {
      return fail(kCode, "The maps of an output have other keys in row " + std::to_string(row) +
                             " than in row 0, and a tensor has one column for each key.");
    }
    const auto* data = static_cast<const float*>(numbers->data);
    if (data != nullptr) table.values.insert(table.values.end(), data, data + numbers->count);
  }
  return table;
}

}  // namespace nacre::onnxruntime
