#include "direct.h"

#include <openvino/openvino.hpp>

#include <cstdio>
#include <cstdlib>

namespace nacre::bench {
namespace {

const ov::Shape kShape{1, 3, 224, 224};

class OpenvinoModel final : public DirectModel {
 public:
  OpenvinoModel(const std::string& path, int threads) {
    ov::AnyMap settings{ov::hint::execution_mode(ov::hint::ExecutionMode::ACCURACY),
                        ov::num_streams(1)};
    if (threads != 0) settings.emplace(ov::inference_num_threads(threads));
    request_ = core_.compile_model(path, "CPU", settings).create_infer_request();
    input_ = ov::Tensor(ov::element::f32, kShape);
    request_.set_input_tensor(input_);
  }

  std::span<float> input() override { return {input_.data<float>(), input_.get_size()}; }
  void set_input(std::span<float> tensor) override {
    request_.set_input_tensor(ov::Tensor(ov::element::f32, kShape, tensor.data()));
  }
  void infer() override { request_.infer(); }
  std::span<const float> output() override {
    const ov::Tensor output = request_.get_output_tensor();
    return {output.data<const float>(), output.get_size()};
  }

 private:
  ov::Core core_;
  ov::InferRequest request_;
  ov::Tensor input_;
};

std::unique_ptr<DirectModel> open(const std::string& path, int threads) {
  return std::make_unique<OpenvinoModel>(path, threads);
}

}  // namespace

Runtime openvino() {
  return {.name = "openvino",
          .model = "EfficientNet-Lite0",
          .path = build_path("models/efficientnet-lite0.onnx"),
          .dims = {1, 3, 224, 224},
          .encoding = "openvino",
          .files = {build_path("models/efficientnet-lite0.xml"),
                    build_path("models/efficientnet-lite0.bin")},
          .open = open,
          .classifies = true};
}

}  // namespace nacre::bench
