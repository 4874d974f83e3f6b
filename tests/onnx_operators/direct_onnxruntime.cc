// The ONNX operator tests on ONNX Runtime's own C API, without Nacre: what it can do, and the bytes
// it gives. With the settings that Nacre chooses: every optimisation, one pool of threads.
#include <onnxruntime_c_api.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <thread>
#include <utility>

#include "onnx_operators/case.h"

namespace {

using namespace onnx_operators;

const OrtApi& api() {
  // A library may be older than its header.
  static const OrtApi* found = [] {
    const OrtApi* at = nullptr;
    for (std::uint32_t version = ORT_API_VERSION; at == nullptr && version > 0; --version)
      at = OrtGetApiBase()->GetApi(version);
    return at;
  }();
  return *found;
}

// What a call complained of; empty when it did not.
std::string complaint(OrtStatus* status) {
  if (status == nullptr) return {};
  std::string text = api().GetErrorMessage(status);
  api().ReleaseStatus(status);
  return text.empty() ? "an error without words" : text;
}

void must(OrtStatus* status) {
  if (const std::string text = complaint(status); !text.empty()) {
    std::fprintf(stderr, "ONNX Runtime, called directly: %s\n", text.c_str());
    std::exit(1);
  }
}

OrtEnv* environment() {
  static OrtEnv* made = [] {
    OrtThreadingOptions* threading = nullptr;
    OrtEnv* env = nullptr;
    must(api().CreateThreadingOptions(&threading));
    must(api().SetGlobalIntraOpNumThreads(threading,
                                          static_cast<int>(std::thread::hardware_concurrency())));
    must(api().SetGlobalInterOpNumThreads(threading, 1));
    must(api().CreateEnvWithGlobalThreadPools(ORT_LOGGING_LEVEL_FATAL, "direct", threading, &env));
    api().ReleaseThreadingOptions(threading);
    return env;
  }();
  return made;
}

// Handles of one case, given back together.
struct Session {
  OrtSession* session = nullptr;
  std::vector<OrtValue*> inputs;
  std::vector<OrtValue*> outputs;
  std::vector<std::string> input_names;
  std::vector<std::string> output_names;

  ~Session() {
    for (OrtValue* value : inputs)
      api().ReleaseValue(value);
    for (OrtValue* value : outputs)
      api().ReleaseValue(value);
    api().ReleaseSession(session);
  }
};

std::string open(const Case& one, Session& s) {
  OrtSessionOptions* options = nullptr;
  must(api().CreateSessionOptions(&options));
  must(api().SetSessionGraphOptimizationLevel(options, ORT_ENABLE_ALL));
  must(api().DisablePerSessionThreads(options));
  std::string wrong = complaint(api().CreateSessionFromArray(
      environment(), one.model.data(), one.model.size(), options, &s.session));
  api().ReleaseSessionOptions(options);
  if (!wrong.empty()) return wrong;

  OrtAllocator* allocator = nullptr;
  must(api().GetAllocatorWithDefaultOptions(&allocator));
  const auto take = [&](char* name, std::vector<std::string>& names) {
    names.emplace_back(name);
    allocator->Free(allocator, name);
  };
  std::size_t count = 0;
  char* name = nullptr;
  must(api().SessionGetInputCount(s.session, &count));
  for (std::size_t i = 0; i < count; ++i) {
    must(api().SessionGetInputName(s.session, i, allocator, &name));
    take(name, s.input_names);
  }
  must(api().SessionGetOutputCount(s.session, &count));
  for (std::size_t i = 0; i < count; ++i) {
    must(api().SessionGetOutputName(s.session, i, allocator, &name));
    take(name, s.output_names);
  }
  return {};
}

OrtValue* make_input(Tensor& tensor) {
  // Its numbers are those of the files.
  const auto type = static_cast<ONNXTensorElementDataType>(tensor.type);
  OrtValue* value = nullptr;
  if (tensor.type != ElementType::kString) {
    OrtMemoryInfo* cpu = nullptr;
    alignas(64) static std::byte nothing[64];
    void* data = tensor.bytes.empty() ? nothing : tensor.bytes.data();
    must(api().CreateCpuMemoryInfo(OrtDeviceAllocator, OrtMemTypeDefault, &cpu));
    must(api().CreateTensorWithDataAsOrtValue(cpu, data, tensor.bytes.size(), tensor.dims.data(),
                                              tensor.dims.size(), type, &value));
    api().ReleaseMemoryInfo(cpu);
    return value;
  }
  OrtAllocator* allocator = nullptr;
  must(api().GetAllocatorWithDefaultOptions(&allocator));
  must(api().CreateTensorAsOrtValue(allocator, tensor.dims.data(), tensor.dims.size(), type,
                                    &value));
  std::size_t row = 0;
  for (std::size_t at = 0; at < tensor.bytes.size(); ++row) {
    std::uint32_t length = 0;
    std::memcpy(&length, &tensor.bytes[at], sizeof length);
    at += sizeof length;
    const std::string text(reinterpret_cast<const char*>(tensor.bytes.data() + at), length);
    must(api().FillStringTensorElement(value, text.c_str(), row));
    at += length;
  }
  return value;
}

Output read_output(OrtValue* value) {
  Output output{.bytes = {}, .has_shape = true};
  OrtTensorTypeAndShapeInfo* info = nullptr;
  ONNXTensorElementDataType type = ONNX_TENSOR_ELEMENT_DATA_TYPE_UNDEFINED;
  std::size_t rank = 0;
  std::size_t count = 0;
  must(api().GetTensorTypeAndShape(value, &info));
  must(api().GetTensorElementType(info, &type));
  must(api().GetDimensionsCount(info, &rank));
  output.dims.resize(rank);
  must(api().GetDimensions(info, output.dims.data(), rank));
  must(api().GetTensorShapeElementCount(info, &count));
  api().ReleaseTensorTypeAndShapeInfo(info);
  output.type = static_cast<ElementType>(type);
  if (output.type == ElementType::kString) {
    for (std::size_t i = 0; i < count; ++i) {
      std::size_t length = 0;
      must(api().GetStringTensorElementLength(value, i, &length));
      std::string text(length, '\0');
      must(api().GetStringTensorElement(value, length, i, text.data()));
      const auto size = static_cast<std::uint32_t>(length);
      const auto head = std::as_bytes(std::span(&size, 1));
      const auto body = std::as_bytes(std::span(text));
      output.bytes.insert(output.bytes.end(), head.begin(), head.end());
      output.bytes.insert(output.bytes.end(), body.begin(), body.end());
    }
    return output;
  }
  void* data = nullptr;
  must(api().GetTensorMutableData(value, &data));
  output.bytes.resize(count * element_size(output.type));
  if (!output.bytes.empty()) std::memcpy(output.bytes.data(), data, output.bytes.size());
  return output;
}

Verdict infer(const Case& one) {
  if (!one.beyond_tensors.empty()) return unsupported("not tried: " + one.beyond_tensors);
  std::vector<Tensor> tensors = one.inputs;
  Session s;
  if (const auto wrong = open(one, s); !wrong.empty()) return unsupported("load: " + wrong);
  for (Tensor& tensor : tensors)
    s.inputs.push_back(make_input(tensor));
  if (s.input_names.size() != s.inputs.size())
    return unsupported("the test has " + std::to_string(s.inputs.size()) + " inputs, the model " +
                       std::to_string(s.input_names.size()));
  std::vector<const char*> input_names;
  std::vector<const char*> output_names;
  for (const auto& name : s.input_names)
    input_names.push_back(name.c_str());
  for (const auto& name : s.output_names)
    output_names.push_back(name.c_str());
  s.outputs.resize(output_names.size());
  const auto wrong =
      complaint(api().Run(s.session, nullptr, input_names.data(), s.inputs.data(), s.inputs.size(),
                          output_names.data(), output_names.size(), s.outputs.data()));
  if (!wrong.empty()) return unsupported("run: " + wrong);
  std::vector<Output> outputs;
  for (OrtValue* value : s.outputs)
    outputs.push_back(read_output(value));
  return judge(one, outputs);
}

}  // namespace

int main(int argc, char** argv) {
  return run_cases(argc, argv, infer);
}
