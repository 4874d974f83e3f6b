// Reads what the ONNX operator tests are made of: tensors as protobuf files, and what a model says
// of its inputs and outputs. By hand, since a guest has no protobuf library and needs ten fields.
//
// Nothing here trusts the bytes: what is cut short or does not add up is an error.
#pragma once

#include <cstddef>
#include <cstdint>
#include <expected>
#include <span>
#include <string>
#include <vector>

namespace onnx_operators {

// ONNX's numbers, as in the files (TensorProto.DataType).
enum class ElementType : std::int32_t {
  kF32 = 1,
  kU8 = 2,
  kI8 = 3,
  kU16 = 4,
  kI16 = 5,
  kI32 = 6,
  kI64 = 7,
  kString = 8,
  kBool = 9,
  kF16 = 10,
  kF64 = 11,
  kU32 = 12,
  kU64 = 13,
  kBf16 = 16,
};

// Bytes of one element; 0 for strings, and for types that are none of the above.
std::size_t element_size(ElementType type);

// "f32", "string"; "type 14" for one that is none of the above.
std::string name_of(ElementType type);

// A tensor in row-major order, little-endian. Strings are rows of a u32 length and the bytes, as
// Nacre carries them.
struct Tensor {
  ElementType type = ElementType::kF32;
  std::vector<std::int64_t> dims;
  std::vector<std::byte> bytes;
};

// A TensorProto. The error is a sentence.
std::expected<Tensor, std::string> parse_tensor(std::span<const std::byte> file);

// One TensorProto, written; the inverse of parse_tensor.
std::vector<std::byte> write_tensor(const Tensor& tensor);

// What a model says of an input or output.
struct Port {
  std::string name;
  std::string kind;       // "tensor", "sequence", "map", "optional", "sparse tensor"
  ElementType type = {};  // of a tensor
};

// A model's inputs (without those that have an initial value) and outputs.
struct ModelPorts {
  std::vector<Port> inputs;
  std::vector<Port> outputs;
};
std::expected<ModelPorts, std::string> parse_ports(std::span<const std::byte> model);

}  // namespace onnx_operators
