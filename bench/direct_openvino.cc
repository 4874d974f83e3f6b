#include "direct.h"

#include <openvino/openvino.hpp>

#include <cstdio>
#include <cstdlib>

namespace nacre::bench {
namespace {

class OpenvinoModel final : public DirectModel {
 public:
  OpenvinoModel(const std::string& path, int threads) {
    ov::AnyMap settings{ov::hint::execution_mode(ov::hint::ExecutionMode::ACCURACY),
                        ov::num_streams(1)};
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

}  // namespace

std::unique_ptr<DirectModel> open_openvino(const std::string& path, int threads) {
  try {
    return std::make_unique<OpenvinoModel>(path, threads);
  } catch (const std::exception& e) {
    std::fprintf(stderr, "OpenVINO, called directly: %s\n", e.what());
    std::exit(1);
  }
}

}  // namespace nacre::bench
