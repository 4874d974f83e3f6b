// onnx_operators ROOT CASE...: runs ONNX operator tests over wasi-nn, one line of answer each; see
// case.h. ROOT is a directory that the host lends. Models go in by bytes.
#include "../sdk/wasi_nn.hpp"
#include "case.h"

namespace {

using namespace onnx_operators;

// The types that wasi-nn names in every ABI; the others travel as u8, with the element's size as
// one more dimension (strings: as their rows).
nn::TensorType wire_type(ElementType type) {
  switch (type) {
    case ElementType::kF16:
      return nn::TensorType::kF16;
    case ElementType::kF32:
      return nn::TensorType::kF32;
    case ElementType::kF64:
      return nn::TensorType::kF64;
    case ElementType::kI32:
      return nn::TensorType::kI32;
    case ElementType::kI64:
      return nn::TensorType::kI64;
    default:
      return nn::TensorType::kU8;
  }
}

std::vector<std::uint32_t> wire_dims(const Tensor& tensor) {
  if (tensor.type == ElementType::kString) return {static_cast<std::uint32_t>(tensor.bytes.size())};
  std::vector<std::uint32_t> dims(tensor.dims.begin(), tensor.dims.end());
  const bool carried = wire_type(tensor.type) == nn::TensorType::kU8;
  const std::size_t size = element_size(tensor.type);
  if (carried && size > 1) dims.push_back(static_cast<std::uint32_t>(size));
  return dims;
}

// By position where the ABI has positions. In a component by name: some models call their outputs
// "1" and "2", which is not the same as the positions.
nn::IndexOrName which([[maybe_unused]] const std::vector<std::string>& names, std::size_t index) {
#ifdef WASI_NN_COMPONENT
  if (index < names.size()) return names[index];
#endif
  return static_cast<std::uint32_t>(index);
}

Verdict infer(const Case& one) {
  const std::span<const std::byte> part(one.model);
  auto graph = nn::Graph::load({&part, 1}, nn::GraphEncoding::kOnnx);
  if (!graph) return unsupported("load: " + graph.error().message);
  if (!one.beyond_tensors.empty())
    return {.status = "fail", .reason = one.beyond_tensors + ", and the host loads the model"};
  auto context = graph->init_execution_context();
  if (!context) return unsupported("context: " + context.error().message);
  for (std::size_t i = 0; i < one.inputs.size(); ++i) {
    const Tensor& tensor = one.inputs[i];
    const auto dims = wire_dims(tensor);
    const nn::TensorView view{wire_type(tensor.type), dims, tensor.bytes};
    if (auto set = context->set_input(which(one.input_names, i), view); !set)
      return unsupported("set_input: " + set.error().message);
  }
  if (auto computed = context->compute(); !computed)
    return unsupported("compute: " + computed.error().message);
  std::vector<Output> outputs;
  for (std::size_t i = 0; i < one.output_names.size(); ++i) {
    auto bytes = context->get_output(which(one.output_names, i));
    if (!bytes) return unsupported("get_output: " + bytes.error().message);
    outputs.push_back({.bytes = std::move(*bytes)});
  }
  return judge(one, outputs);
}

}  // namespace

int main(int argc, char** argv) {
  return run_cases(argc, argv, infer);
}
