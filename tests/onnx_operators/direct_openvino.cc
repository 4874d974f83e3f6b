// The ONNX operator tests on OpenVINO's own API, without Nacre: what it can do, and the bytes it
// gives. With the settings that Nacre chooses: the model's own precision, one stream.
#include <openvino/openvino.hpp>

#include <algorithm>
#include <cstring>
#include <thread>
#include <utility>

#include "onnx_operators/case.h"

namespace {

using namespace onnx_operators;

const std::pair<ElementType, ov::element::Type> kTypes[] = {
    {ElementType::kF32, ov::element::f32},      {ElementType::kU8, ov::element::u8},
    {ElementType::kI8, ov::element::i8},        {ElementType::kU16, ov::element::u16},
    {ElementType::kI16, ov::element::i16},      {ElementType::kI32, ov::element::i32},
    {ElementType::kI64, ov::element::i64},      {ElementType::kString, ov::element::string},
    {ElementType::kBool, ov::element::boolean}, {ElementType::kF16, ov::element::f16},
    {ElementType::kF64, ov::element::f64},      {ElementType::kU32, ov::element::u32},
    {ElementType::kU64, ov::element::u64},      {ElementType::kBf16, ov::element::bf16}};

ov::element::Type to_openvino(ElementType type) {
  return std::ranges::find(kTypes, type, &std::pair<ElementType, ov::element::Type>::first)->second;
}

ov::Tensor make_input(const Tensor& tensor) {
  ov::Tensor made(to_openvino(tensor.type), ov::Shape(tensor.dims.begin(), tensor.dims.end()));
  if (tensor.type != ElementType::kString) {
    if (!tensor.bytes.empty()) std::memcpy(made.data(), tensor.bytes.data(), tensor.bytes.size());
    return made;
  }
  auto* row = made.data<std::string>();
  for (std::size_t at = 0; at < tensor.bytes.size(); ++row) {
    std::uint32_t length = 0;
    std::memcpy(&length, &tensor.bytes[at], sizeof length);
    at += sizeof length;
    row->assign(reinterpret_cast<const char*>(tensor.bytes.data() + at), length);
    at += length;
  }
  return made;
}

Output read_output(const ov::Tensor& tensor) {
  const auto known = std::ranges::find(kTypes, tensor.get_element_type(),
                                       &std::pair<ElementType, ov::element::Type>::second);
  const ov::Shape& shape = tensor.get_shape();
  Output output{.bytes = {},
                .has_shape = true,
                .type = known != std::end(kTypes) ? known->first : ElementType{},
                .dims = {shape.begin(), shape.end()}};
  if (output.type == ElementType::kString) {
    for (std::size_t i = 0; i < tensor.get_size(); ++i) {
      const std::string& text = tensor.data<std::string>()[i];
      const auto size = static_cast<std::uint32_t>(text.size());
      const auto head = std::as_bytes(std::span(&size, 1));
      const auto body = std::as_bytes(std::span(text));
      output.bytes.insert(output.bytes.end(), head.begin(), head.end());
      output.bytes.insert(output.bytes.end(), body.begin(), body.end());
    }
    return output;
  }
  output.bytes.resize(tensor.get_byte_size());
  if (!output.bytes.empty()) std::memcpy(output.bytes.data(), tensor.data(), output.bytes.size());
  return output;
}

Verdict infer(const Case& one) {
  if (!one.beyond_tensors.empty()) return unsupported("not tried: " + one.beyond_tensors);
  static ov::Core core;
  const char* step = "load: ";
  try {
    const std::string bytes(reinterpret_cast<const char*>(one.model.data()), one.model.size());
    auto compiled = core.compile_model(
        core.read_model(bytes, ov::Tensor()), "CPU", ov::num_streams(1),
        ov::hint::execution_mode(ov::hint::ExecutionMode::ACCURACY),
        ov::inference_num_threads(static_cast<std::int32_t>(std::thread::hardware_concurrency())));
    auto request = compiled.create_infer_request();
    if (compiled.inputs().size() != one.inputs.size())
      return unsupported("the test has " + std::to_string(one.inputs.size()) +
                         " inputs, the model " + std::to_string(compiled.inputs().size()));
    step = "input: ";
    for (std::size_t i = 0; i < one.inputs.size(); ++i)
      request.set_input_tensor(i, make_input(one.inputs[i]));
    step = "run: ";
    request.infer();
    std::vector<Output> outputs;
    for (std::size_t i = 0; i < compiled.outputs().size(); ++i)
      outputs.push_back(read_output(request.get_output_tensor(i)));
    return judge(one, outputs);
  } catch (const std::exception& e) {
    return unsupported(std::string(step) + e.what());
  }
}

}  // namespace

int main(int argc, char** argv) {
  return run_cases(argc, argv, infer);
}
