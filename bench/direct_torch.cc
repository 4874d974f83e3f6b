#include "direct.h"

#include <omp.h>
#include <torch/script.h>

#include <cstdio>
#include <cstdlib>
#include <vector>

namespace nacre::bench {
namespace {

class TorchModel final : public DirectModel {
 public:
  TorchModel(const std::string& path, int threads)
      : threads_(threads), module_(torch::jit::load(path)), input_(std::size_t{3} * 224 * 224) {
    module_.eval();
    set_input(input_);
  }

  std::span<float> input() override { return input_; }

  void set_input(std::span<float> tensor) override {
    const std::int64_t dims[] = {1, 3, 224, 224};
    inputs_.assign(1, torch::from_blob(tensor.data(), dims, torch::kFloat32));
  }

  void infer() override {
    const torch::InferenceMode guard;
    // OpenMP's number is the thread's own; the backend's stays as it is.
    const int before = omp_get_max_threads();
    if (threads_ != 0) omp_set_num_threads(threads_);
    output_ = module_.forward(inputs_).toTensor().contiguous();
    if (threads_ != 0) omp_set_num_threads(before);
  }

  std::span<const float> output() override {
    return {output_.data_ptr<float>(), static_cast<std::size_t>(output_.numel())};
  }

 private:
  const int threads_;
  torch::jit::Module module_;
  std::vector<float> input_;
  std::vector<torch::jit::IValue> inputs_;
  torch::Tensor output_;
};

std::unique_ptr<DirectModel> open(const std::string& path, int threads) {
  try {
    return std::make_unique<TorchModel>(path, threads);
  } catch (const std::exception& e) {
    std::fprintf(stderr, "libtorch, called directly: %s\n", e.what());
    std::exit(1);
  }
}

}  // namespace

Runtime torch() {
  const std::string model = build_path("models/efficientnet-lite0.pt");
  return {.name = "torch",
          .model = "EfficientNet-Lite0",
          .path = model,
          .dims = {1, 3, 224, 224},
          .encoding = "pytorch",
          .files = {model},
          .open = open};
}

}  // namespace nacre::bench
