#include "direct.h"

#include <onnxruntime_c_api.h>

#include <cstdio>
#include <cstdlib>
#include <vector>

namespace nacre::bench {
namespace {

const OrtApi* api() {
  // A library may be older than its header.
  static const OrtApi* found = [] {
    const OrtApi* at = nullptr;
    for (std::uint32_t version = ORT_API_VERSION; at == nullptr && version > 0; --version) {
      at = OrtGetApiBase()->GetApi(version);
    }
    return at;
  }();
  return found;
}

void must(OrtStatus* status) {
  if (status == nullptr) return;
  std::fprintf(stderr, "ONNX Runtime, called directly: %s\n", api()->GetErrorMessage(status));
  std::exit(1);
}

class OnnxruntimeModel final : public DirectModel {
 public:
  OnnxruntimeModel(const std::string& path, int threads) : input_(3 * 224 * 224) {
    OrtThreadingOptions* pools = nullptr;
    OrtSessionOptions* options = nullptr;
    OrtAllocator* allocator = nullptr;
    // The process has one environment, which the backend must find as it wants it if this is first.
    must(api()->CreateThreadingOptions(&pools));
    must(api()->CreateEnvWithGlobalThreadPools(ORT_LOGGING_LEVEL_WARNING, "direct", pools, &env_));
    api()->ReleaseThreadingOptions(pools);
    must(api()->CreateSessionOptions(&options));
    if (threads == 0) {
      must(api()->DisablePerSessionThreads(options));
    } else {
      must(api()->SetIntraOpNumThreads(options, threads));
    }
    must(api()->SetInterOpNumThreads(options, 1));
    must(api()->CreateSession(env_, path.c_str(), options, &session_));
    must(api()->GetAllocatorWithDefaultOptions(&allocator));
    must(api()->SessionGetInputName(session_, 0, allocator, &input_name_));
    must(api()->SessionGetOutputName(session_, 0, allocator, &output_name_));
    must(api()->CreateCpuMemoryInfo(OrtArenaAllocator, OrtMemTypeDefault, &cpu_));
    set_input(input_);
    api()->ReleaseSessionOptions(options);
  }
  ~OnnxruntimeModel() override {
    api()->ReleaseValue(output_value_);
    api()->ReleaseValue(input_value_);
    api()->ReleaseMemoryInfo(cpu_);
    api()->ReleaseSession(session_);
    api()->ReleaseEnv(env_);
  }

  std::span<float> input() override { return input_; }

  void set_input(std::span<float> tensor) override {
    api()->ReleaseValue(input_value_);
    const std::int64_t dims[] = {1, 3, 224, 224};
    must(api()->CreateTensorWithDataAsOrtValue(cpu_, tensor.data(), tensor.size_bytes(), dims, 4,
                                               ONNX_TENSOR_ELEMENT_DATA_TYPE_FLOAT, &input_value_));
  }

  // The first run makes the output's tensor, the later ones write into it.
  void infer() override {
    must(api()->Run(session_, nullptr, &input_name_, &input_value_, 1, &output_name_, 1,
                    &output_value_));
  }

  std::span<const float> output() override {
    OrtTensorTypeAndShapeInfo* info = nullptr;
    std::size_t count = 0;
    void* data = nullptr;
    must(api()->GetTensorTypeAndShape(output_value_, &info));
    must(api()->GetTensorShapeElementCount(info, &count));
    api()->ReleaseTensorTypeAndShapeInfo(info);
    must(api()->GetTensorMutableData(output_value_, &data));
    return {static_cast<const float*>(data), count};
  }

 private:
  std::vector<float> input_;
  OrtEnv* env_ = nullptr;
  OrtSession* session_ = nullptr;
  char* input_name_ = nullptr;
  char* output_name_ = nullptr;
  OrtMemoryInfo* cpu_ = nullptr;
  OrtValue* input_value_ = nullptr;
  OrtValue* output_value_ = nullptr;
};

std::unique_ptr<DirectModel> open(const std::string& path, int threads) {
  return std::make_unique<OnnxruntimeModel>(path, threads);
}

}  // namespace

Runtime onnxruntime() {
  const std::string model = build_path("models/efficientnet-lite0.onnx");
  return {.name = "onnxruntime",
          .model = "EfficientNet-Lite0",
          .path = model,
          .dims = {1, 3, 224, 224},
          .encoding = "onnx",
          .files = {model},
          .open = open,
          .classifies = true};
}

}  // namespace nacre::bench
