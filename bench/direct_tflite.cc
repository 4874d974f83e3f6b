#include "direct.h"

#include <tflite/library.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <vector>

namespace nacre::bench {
namespace {

void must(bool fine, const char* what) {
  if (fine) return;
  std::fprintf(stderr, "TensorFlow Lite, called directly, failed: %s\n", what);
  std::exit(1);
}

// The library is opened by name, and no header of it is to be had: the declarations are the
// backend's.
class TfliteModel final : public DirectModel {
 public:
  TfliteModel(const std::string& path, int threads) {
    std::ifstream file(path, std::ios::binary);
    bytes_.assign(std::istreambuf_iterator<char>(file), {});
    must(tflite::open_library().has_value(), "the library");
    model_.reset(tflite::api().model_create(bytes_.data(), bytes_.size()));
    must(model_ != nullptr, "the model");
    interpreter_ = tflite::make_interpreter(*model_, static_cast<std::uint32_t>(threads));
    must(interpreter_.handle != nullptr, "an interpreter");
    const int dims[] = {1, 43844, 1};
    must(tflite::api().resize_input(handle(), 0, dims, 3) == tflite::kTfLiteOk, "resizing");
    must(tflite::api().allocate_tensors(handle()) == tflite::kTfLiteOk, "allocating");
  }

  std::span<float> input() override { return floats(tflite::api().input_tensor(handle(), 0)); }
  // Its C API has no way without a copy.
  void set_input(std::span<float> tensor) override { std::ranges::copy(tensor, input().begin()); }
  void infer() override { must(tflite::api().invoke(handle()) == tflite::kTfLiteOk, "computing"); }
  std::span<const float> output() override {
    return floats(tflite::api().output_tensor(handle(), 0));
  }

 private:
  [[nodiscard]] tflite::TfLiteInterpreter* handle() const { return interpreter_.handle.get(); }
  [[nodiscard]] static std::span<float> floats(const tflite::TfLiteTensor* tensor) {
    return {static_cast<float*>(tflite::api().tensor_data(tensor)),
            tflite::api().tensor_bytes(tensor) / sizeof(float)};
  }

  std::string bytes_;
  tflite::ModelHandle model_;
  tflite::Interpreter interpreter_;
};

std::unique_ptr<DirectModel> open(const std::string& path, int threads) {
  // As the backend does: a pool belongs to each interpreter.
  return std::make_unique<TfliteModel>(path, threads == 0 ? 1 : threads);
}

}  // namespace

Runtime tflite() {
  const std::string model = NACRE_BENCH_BASIC_PITCH_DIR "/nmp.tflite";
  return {.name = "tflite",
          .model = "basic-pitch",
          .path = model,
          .dims = {1, 43844, 1},
          .encoding = "tensorflowlite",
          .files = {model},
          .open = open};
}

}  // namespace nacre::bench
