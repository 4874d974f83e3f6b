#include "suite_onnx.h"

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

const bool kRegistered = add_onnx_cases("openvino") && add_ir_case();

}  // namespace
}  // namespace nacre::test
