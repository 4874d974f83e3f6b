#include "fixture.h"

#include <gtest/gtest.h>

#include <array>
#include <cstddef>
#include <cstdio>
#include <cstdlib>
#include <span>
#include <utility>

#include "core/loader.h"

namespace nacre::test {
namespace {

struct OnnxType {
  TensorType type;
  ONNXTensorElementDataType onnx;
};
constexpr std::array kTypes = {
    OnnxType{TensorType::kF16, ONNX_TENSOR_ELEMENT_DATA_TYPE_FLOAT16},
    OnnxType{TensorType::kF32, ONNX_TENSOR_ELEMENT_DATA_TYPE_FLOAT},
    OnnxType{TensorType::kF64, ONNX_TENSOR_ELEMENT_DATA_TYPE_DOUBLE},
    OnnxType{TensorType::kBf16, ONNX_TENSOR_ELEMENT_DATA_TYPE_BFLOAT16},
    OnnxType{TensorType::kU8, ONNX_TENSOR_ELEMENT_DATA_TYPE_UINT8},
    OnnxType{TensorType::kI8, ONNX_TENSOR_ELEMENT_DATA_TYPE_INT8},
    OnnxType{TensorType::kU16, ONNX_TENSOR_ELEMENT_DATA_TYPE_UINT16},
    OnnxType{TensorType::kI16, ONNX_TENSOR_ELEMENT_DATA_TYPE_INT16},
    OnnxType{TensorType::kI32, ONNX_TENSOR_ELEMENT_DATA_TYPE_INT32},
    OnnxType{TensorType::kU32, ONNX_TENSOR_ELEMENT_DATA_TYPE_UINT32},
    OnnxType{TensorType::kI64, ONNX_TENSOR_ELEMENT_DATA_TYPE_INT64},
    OnnxType{TensorType::kU64, ONNX_TENSOR_ELEMENT_DATA_TYPE_UINT64},
    OnnxType{TensorType::kBool, ONNX_TENSOR_ELEMENT_DATA_TYPE_BOOL},
};

ONNXTensorElementDataType to_onnx(TensorType type) {
  for (const OnnxType& t : kTypes) {
    if (t.type == type) return t.onnx;
  }
  std::abort();
}

TensorType from_onnx(ONNXTensorElementDataType type) {
  for (const OnnxType& t : kTypes) {
    if (t.onnx == type) return t.type;
  }
  std::abort();
}

}  // namespace

std::string efficientnet_path() {
  return std::string(NACRE_TEST_MODELS_DIR) + "/efficientnet-lite0.onnx";
}

Result<std::shared_ptr<Graph>> load_onnx(std::string_view bytes, ExecutionTarget target) {
  const std::span<const std::byte> part = std::as_bytes(std::span(bytes));
  return load_guest_model(catalog(), {&part, 1}, GraphEncoding::kOnnx, target, {});
}

const OrtApi& ort() {
  return *OrtGetApiBase()->GetApi(ORT_API_VERSION);
}

void must(OrtStatus* status) {
  if (status == nullptr) return;
  std::fprintf(stderr, "ONNX Runtime, called directly: %s\n", ort().GetErrorMessage(status));
  std::abort();
}

OrtEnv* direct_env() {
  static OrtEnv* env = [] {
    // The backend's environment comes first: there is one per process, and its pool is the
    // backend's.
    EXPECT_TRUE(catalog().open("onnxruntime"));
    OrtEnv* made = nullptr;
    must(ort().CreateEnv(ORT_LOGGING_LEVEL_WARNING, "direct", &made));
    return made;
  }();
  return env;
}

std::shared_ptr<OrtSession> direct_session(const std::string& path, int threads) {
  OrtSessionOptions* options = nullptr;
  OrtSession* session = nullptr;
  must(ort().CreateSessionOptions(&options));
  must(ort().SetIntraOpNumThreads(options, threads));
  must(ort().SetInterOpNumThreads(options, 1));
  must(ort().CreateSession(direct_env(), path.c_str(), options, &session));
  ort().ReleaseSessionOptions(options);
  return {session, [](OrtSession* s) { ort().ReleaseSession(s); }};
}

std::vector<Plain> direct(OrtSession& session, const std::vector<Plain>& inputs) {
  OrtAllocator* allocator = nullptr;
  OrtMemoryInfo* cpu = nullptr;
  must(ort().GetAllocatorWithDefaultOptions(&allocator));
  must(ort().CreateCpuMemoryInfo(OrtArenaAllocator, OrtMemTypeDefault, &cpu));
  std::vector<const char*> input_names(inputs.size());
  std::vector<OrtValue*> values(inputs.size());
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    char* name = nullptr;
    must(ort().SessionGetInputName(&session, i, allocator, &name));
    input_names[i] = name;
    must(ort().CreateTensorWithDataAsOrtValue(
        cpu, const_cast<char*>(inputs[i].bytes.data()), inputs[i].bytes.size(),
        inputs[i].dims.data(), inputs[i].dims.size(), to_onnx(inputs[i].type), &values[i]));
  }
  std::size_t count = 0;
  must(ort().SessionGetOutputCount(&session, &count));
  std::vector<const char*> output_names(count);
  std::vector<OrtValue*> results(count);
  for (std::size_t i = 0; i < count; ++i) {
    char* name = nullptr;
    must(ort().SessionGetOutputName(&session, i, allocator, &name));
    output_names[i] = name;
  }
  must(ort().Run(&session, nullptr, input_names.data(), values.data(), values.size(),
                 output_names.data(), count, results.data()));
  std::vector<Plain> outputs;
  for (OrtValue* result : results) {
    OrtTensorTypeAndShapeInfo* info = nullptr;
    std::size_t rank = 0;
    ONNXTensorElementDataType type{};
    must(ort().GetTensorTypeAndShape(result, &info));
    must(ort().GetDimensionsCount(info, &rank));
    must(ort().GetTensorElementType(info, &type));
    Plain output{from_onnx(type), std::vector<std::int64_t>(rank), {}};
    must(ort().GetDimensions(info, output.dims.data(), rank));
    ort().ReleaseTensorTypeAndShapeInfo(info);
    void* data = nullptr;
    must(ort().GetTensorMutableData(result, &data));
    const std::size_t size = static_cast<std::size_t>(element_count(output.dims).value_or(0)) *
                             element_size(output.type);
    output.bytes.assign(static_cast<const char*>(data), size);
    outputs.push_back(std::move(output));
    ort().ReleaseValue(result);
  }
  for (OrtValue* v : values)
    ort().ReleaseValue(v);
  for (const char* n : input_names)
    allocator->Free(allocator, const_cast<char*>(n));
  for (const char* n : output_names)
    allocator->Free(allocator, const_cast<char*>(n));
  ort().ReleaseMemoryInfo(cpu);
  return outputs;
}

}  // namespace nacre::test
