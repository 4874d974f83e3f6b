#include "fixture.h"

#include <sys/inotify.h>
#include <unistd.h>
#include <openvino/opsets/opset13.hpp>
#include <openvino/pass/serialize.hpp>

#include <array>
#include <cstdlib>
#include <fstream>
#include <map>
#include <random>
#include <sstream>
#include <utility>

namespace nacre::test {
namespace {

namespace op = ov::opset13;

std::vector<float> numbers(std::size_t count, float scale) {
  std::mt19937 random(7);
  std::normal_distribution<float> normal(0, scale);
  std::vector<float> out(count);
  for (float& v : out)
    v = normal(random);
  return out;
}

std::shared_ptr<ov::Model> named(const ov::Output<ov::Node>& output,
                                 const std::shared_ptr<op::Parameter>& input) {
  input->output(0).set_names({"x"});
  output.get_tensor().set_names({"y"});
  return std::make_shared<ov::Model>(ov::ResultVector{std::make_shared<op::Result>(output)},
                                     ov::ParameterVector{input}, "made");
}

const std::map<TensorType, ov::element::Type> kTypes = {
    {TensorType::kF16, ov::element::f16},      {TensorType::kF32, ov::element::f32},
    {TensorType::kF64, ov::element::f64},      {TensorType::kBf16, ov::element::bf16},
    {TensorType::kU8, ov::element::u8},        {TensorType::kI8, ov::element::i8},
    {TensorType::kU16, ov::element::u16},      {TensorType::kI16, ov::element::i16},
    {TensorType::kI32, ov::element::i32},      {TensorType::kU32, ov::element::u32},
    {TensorType::kI64, ov::element::i64},      {TensorType::kU64, ov::element::u64},
    {TensorType::kBool, ov::element::boolean},
};

TensorType from_ov(ov::element::Type type) {
  for (const auto& [ours, theirs] : kTypes) {
    if (theirs == type) return ours;
  }
  std::abort();
}

}  // namespace

Ir to_ir(const std::shared_ptr<ov::Model>& model) {
  std::stringstream xml;
  std::stringstream bin;
  ov::pass::Serialize(xml, bin).run_on_model(model);
  return {xml.str(), bin.str()};
}

std::shared_ptr<ov::Model> identity(ov::element::Type type, const ov::PartialShape& shape) {
  auto x = std::make_shared<op::Parameter>(type, shape);
  x->output(0).set_names({"x"});
  auto y = std::make_shared<op::Result>(x);
  return std::make_shared<ov::Model>(ov::ResultVector{y}, ov::ParameterVector{x}, "identity");
}

std::shared_ptr<ov::Model> small_net() {
  auto x = std::make_shared<op::Parameter>(ov::element::f32, ov::PartialShape{1, 3, 8, 8});
  auto w = op::Constant::create(ov::element::f32, {4, 3, 3, 3}, numbers(108, 0.3f));
  auto conv = std::make_shared<op::Convolution>(x, w, ov::Strides{1, 1}, ov::CoordinateDiff{1, 1},
                                                ov::CoordinateDiff{1, 1}, ov::Strides{1, 1});
  auto relu = std::make_shared<op::Relu>(conv);
  auto shape = op::Constant::create(ov::element::i64, {2}, {1, -1});
  return named(std::make_shared<op::Reshape>(relu, shape, true), x);
}

std::shared_ptr<ov::Model> slow_net() {
  auto x = std::make_shared<op::Parameter>(ov::element::f32, ov::PartialShape{512, 512});
  ov::Output<ov::Node> out = x;
  const auto w = op::Constant::create(ov::element::f32, {512, 512}, numbers(512 * 512, 0.05f));
  for (int i = 0; i < 300; ++i) {
    out = std::make_shared<op::Tanh>(std::make_shared<op::MatMul>(out, w));
  }
  return named(out, x);
}

Result<std::shared_ptr<Graph>> load_ir(const Ir& ir) {
  std::vector<std::string> parts{ir.xml};
  if (!ir.bin.empty()) parts.push_back(ir.bin);
  return load_bytes(parts, GraphEncoding::kOpenvino);
}

Result<std::shared_ptr<Graph>> load_onnx(std::string_view bytes) {
  auto opened = catalog().open("openvino");
  if (!opened) return std::unexpected(std::move(opened.error()));
  const std::span<const std::byte> part = std::as_bytes(std::span(bytes));
  auto graph = (*opened)->backend->load({.parts = {&part, 1}, .paths = {}}, LoadOptions{});
  if (!graph) return std::unexpected(std::move(graph.error()));
  return Graph::create(std::move(*graph), "openvino", GraphEncoding::kOnnx, ExecutionTarget::kCpu,
                       nullptr);
}

ScratchFolder::ScratchFolder() {
  std::string pattern = (std::filesystem::temp_directory_path() / "nacre-test-XXXXXX").string();
  path_ = mkdtemp(pattern.data());
}
ScratchFolder::~ScratchFolder() {
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}
std::string ScratchFolder::write(std::string_view name, std::string_view bytes) const {
  const auto path = path_ / name;
  std::ofstream(path, std::ios::binary) << bytes;
  return path.string();
}

Watch::Watch(const std::string& folder) : descriptor_(inotify_init1(IN_NONBLOCK | IN_CLOEXEC)) {
  inotify_add_watch(descriptor_, folder.c_str(), IN_OPEN | IN_ACCESS | IN_CREATE | IN_MODIFY);
}
Watch::~Watch() {
  close(descriptor_);
}
bool Watch::touched() {
  std::array<char, 4096> events;
  return read(descriptor_, events.data(), events.size()) > 0;
}

ov::Core& direct_core() {
  static ov::Core core;
  return core;
}

ov::CompiledModel direct_model(const std::shared_ptr<ov::Model>& model, int threads, bool fast) {
  ov::AnyMap settings{ov::num_streams(1), ov::inference_num_threads(threads)};
  if (!fast) settings.emplace(ov::hint::execution_mode(ov::hint::ExecutionMode::ACCURACY));
  return direct_core().compile_model(model, "CPU", settings);
}

std::vector<Plain> direct(ov::CompiledModel& model, const std::vector<Plain>& inputs) {
  ov::InferRequest request = model.create_infer_request();
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    ov::Tensor tensor(kTypes.at(inputs[i].type),
                      ov::Shape(inputs[i].dims.begin(), inputs[i].dims.end()));
    std::memcpy(tensor.data(), inputs[i].bytes.data(), inputs[i].bytes.size());
    request.set_input_tensor(i, tensor);
  }
  request.infer();
  std::vector<Plain> outputs;
  for (std::size_t i = 0; i < model.outputs().size(); ++i) {
    const ov::Tensor tensor = request.get_output_tensor(i);
    const ov::Shape shape = tensor.get_shape();  // asked twice, a dynamic one moves
    outputs.push_back({from_ov(tensor.get_element_type()),
                       {shape.begin(), shape.end()},
                       {static_cast<const char*>(tensor.data()), tensor.get_byte_size()}});
  }
  return outputs;
}

std::string efficientnet_path(std::string_view extension) {
  return std::string(NACRE_TEST_MODELS_DIR) + "/efficientnet-lite0." + std::string(extension);
}

}  // namespace nacre::test
