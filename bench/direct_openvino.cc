#include "direct.h"

#include <openvino/openvino.hpp>

#include <cstdio>
#include <cstdlib>

namespace nacre::bench {
namespace {

class OpenvinoModel final : public DirectModel {
 public:
  OpenvinoModel(const std::string& path, int threads, int streams) {
    ov::AnyMap settings{ov::hint::execution_mode(ov::hint::ExecutionMode::ACCURACY),
                        ov::num_streams(streams)};
    if (threads != 0) settings.emplace(ov::inference_num_threads(threads));
    request_ = core_.compile_model(path, "CPU", settings).create_infer_request();
    input_ = ov::Tensor(ov::element::f32, {1, 3, 224, 224});
    request_.set_input_tensor(input_);
  }

  std::span<float> input() override { return {input_.data<float>(), input_.get_size()}; }
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
  return std::make_unique<OpenvinoModel>(path, threads, 1);
}

// On one thread Nacre asks for no stream: infer() with one loses exceptions and cancels.
std::unique_ptr<DirectModel> open_as_nacre(const std::string& path, int threads) {
  return std::make_unique<OpenvinoModel>(path, threads, threads == 1 ? 0 : 1);
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
          .open_as_nacre = open_as_nacre,
          .classifies = true};
}

}  // namespace nacre::bench
