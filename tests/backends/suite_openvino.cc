#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "paddle_program.h"
#include "suite_onnx.h"
#include "tf_graph.h"
#include "tflite_models.h"

namespace nacre::test {
namespace {

// y = x + weights, as the two parts of an OpenVINO IR; the weights are the four floats of the
// second.
constexpr const char* kAddWeights = R"(<?xml version="1.0"?>
<net name="add_weights" version="11">
  <layers>
    <layer id="0" name="x" type="Parameter" version="opset1">
      <data shape="?,4" element_type="f32"/>
      <output><port id="0" precision="FP32" names="x"><dim>-1</dim><dim>4</dim></port></output>
    </layer>
    <layer id="1" name="weights" type="Const" version="opset1">
      <data element_type="f32" shape="1,4" offset="0" size="16"/>
      <output><port id="0" precision="FP32"><dim>1</dim><dim>4</dim></port></output>
    </layer>
    <layer id="2" name="sum" type="Add" version="opset1">
      <data auto_broadcast="numpy"/>
      <input>
        <port id="0" precision="FP32"><dim>-1</dim><dim>4</dim></port>
        <port id="1" precision="FP32"><dim>1</dim><dim>4</dim></port>
      </input>
      <output><port id="2" precision="FP32" names="y"><dim>-1</dim><dim>4</dim></port></output>
    </layer>
    <layer id="3" name="result" type="Result" version="opset1">
      <input><port id="0" precision="FP32"><dim>-1</dim><dim>4</dim></port></input>
    </layer>
  </layers>
  <edges>
    <edge from-layer="0" from-port="0" to-layer="2" to-port="0"/>
    <edge from-layer="1" from-port="0" to-layer="2" to-port="1"/>
    <edge from-layer="2" from-port="2" to-layer="3" to-port="0"/>
  </edges>
</net>
)";

bool add_ir_case() {
  const std::string weights = plain<float>(TensorType::kF32, {4}, {10, 20, 30, 40}).bytes;
  return add_case(
      {.name = "openvino_ir",
       .backend = "openvino",
       .load = [weights] { return load_bytes({kAddWeights, weights}, GraphEncoding::kOpenvino); },
       .inputs = {plain<float>(TensorType::kF32, {2, 4}, {1, 2, 3, 4, 5, 6, 7, 8})},
       .outputs = {plain<float>(TensorType::kF32, {2, 4}, {11, 22, 33, 44, 15, 26, 37, 48})}});
}

// A file of this process under that name, by which OpenVINO knows its format.
std::string written(const std::string& name, const std::string& bytes) {
  const auto path =
      std::filesystem::temp_directory_path() / ("nacre-suite-" + std::to_string(getpid())) / name;
  std::filesystem::create_directories(path.parent_path());
  std::ofstream(path, std::ios::binary) << bytes;
  return path.string();
}

bool add_tensorflow_cases() {
  const Plain x = plain<float>(TensorType::kF32, {2, 3}, {1, 2, 3, 4, 5, 6});
  const Plain y = plain<float>(TensorType::kF32, {2, 3}, {10, 20, 30, 40, 50, 60});
  const Plain sum = plain<float>(TensorType::kF32, {2, 3}, {11, 22, 33, 44, 55, 66});
  const Plain twice = plain<float>(TensorType::kF32, {2, 3}, {2, 4, 6, 8, 10, 12});
  const auto load_saved = [] {
    const std::string file = written(
        "saved/saved_model.pb",
        tf_saved_model(tf_sum_graph(), {{"left", "x:0"}, {"right", "y:0"}}, {{"total", "sum:0"}}));
    return load_path(std::filesystem::path(file).parent_path().string());
  };
  return add_case({.name = "openvino_saved_model",
                   .backend = "openvino",
                   .load = load_saved,
                   .inputs = {x, y},
                   .outputs = {sum}}) &&
         add_case({.name = "openvino_frozen_graph",
                   .backend = "openvino",
                   .load = [] { return load_path(written("sum.pb", tf_sum_graph())); },
                   .inputs = {x, y},
                   .outputs = {sum}}) &&
         add_case({.name = "openvino_tflite",
                   .backend = "openvino",
                   .load =
                       [] {
                         return load_path(written("twice.tflite", tflite_twice().bytes()),
                                          "backend=openvino");
                       },
                   .inputs = {x},
                   .outputs = {twice}});
}

bool add_paddle_case() {
  const auto load = [] {
    const PaddleModel layer = paddle_layer();
    written("layer.pdiparams", layer.weights());
    return load_path(written("layer.pdmodel", layer.program()));
  };
  const Plain x = plain<float>(TensorType::kF32, {1, 3}, {1, 2, 4});
  return add_case({.name = "openvino_paddle",
                   .backend = "openvino",
                   .load = load,
                   .inputs = {x},
                   .outputs = {plain<float>(TensorType::kF32, {1, 4}, {1.5F, -1.5F, -2, -6}),
                               plain<float>(TensorType::kF32, {1, 4}, {1.5F, 0, 0, 0})}});
}

const bool kRegistered =
    add_onnx_cases("openvino") && add_ir_case() && add_tensorflow_cases() && add_paddle_case();

}  // namespace
}  // namespace nacre::test
