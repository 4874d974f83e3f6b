#include "direct.h"

#include <algorithm>
#include <cstdlib>
#include <iostream>
#include <map>
#include <utility>

namespace nacre::test {
namespace {

void must(bool fine, const char* what) {
  if (fine) return;
  std::cerr << "the vendor's API failed: " << what << '\n';
  std::abort();
}

}  // namespace

DirectTflite::DirectTflite(std::string bytes, std::uint32_t threads) : bytes_(std::move(bytes)) {
  const auto opened = tflite::open_library();
  must(opened.has_value(), opened ? "" : opened.error().message.c_str());
  model_.reset(tflite::api().model_create(bytes_.data(), bytes_.size()));
  must(model_ != nullptr, "model");
  interpreter_ = tflite::make_interpreter(*model_, threads);
  must(interpreter_.handle != nullptr, "interpreter");
  must(tflite::api().allocate_tensors(interpreter_.handle.get()) == tflite::kTfLiteOk, "allocate");
}

std::vector<Plain> DirectTflite::compute(const std::vector<Plain>& inputs) {
  const tflite::Api& api = tflite::api();
  tflite::TfLiteInterpreter* handle = interpreter_.handle.get();
  const auto dims_of = [&](const tflite::TfLiteTensor* tensor) {
    std::vector<std::int64_t> dims;
    for (std::int32_t i = 0; i < api.tensor_rank(tensor); ++i)
      dims.push_back(api.tensor_dim(tensor, i));
    return dims;
  };
  bool resized = false;
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    const auto index = static_cast<std::int32_t>(i);
    if (dims_of(api.input_tensor(handle, index)) == inputs[i].dims) continue;
    const std::vector<int> dims(inputs[i].dims.begin(), inputs[i].dims.end());
    must(api.resize_input(handle, index, dims.data(), static_cast<std::int32_t>(dims.size())) ==
             tflite::kTfLiteOk,
         "resize");
    resized = true;
  }
  if (resized) must(api.allocate_tensors(handle) == tflite::kTfLiteOk, "allocate");
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    tflite::TfLiteTensor* tensor = api.input_tensor(handle, static_cast<std::int32_t>(i));
    must(api.tensor_bytes(tensor) == inputs[i].bytes.size(), "size of an input");
    std::ranges::copy(inputs[i].bytes, static_cast<char*>(api.tensor_data(tensor)));
  }
  must(api.invoke(handle) == tflite::kTfLiteOk, "invoke");
  const std::map<int, TensorType> types = {{tflite::kTfLiteFloat32, TensorType::kF32},
                                           {tflite::kTfLiteInt64, TensorType::kI64},
                                           {tflite::kTfLiteInt8, TensorType::kI8},
                                           {tflite::kTfLiteUInt8, TensorType::kU8}};
  std::vector<Plain> outputs;
  for (std::int32_t i = 0; i < api.output_count(handle); ++i) {
    const tflite::TfLiteTensor* tensor = api.output_tensor(handle, i);
    outputs.push_back(
        {types.at(api.tensor_type(tensor)),
         dims_of(tensor),
         {static_cast<const char*>(api.tensor_data(tensor)), api.tensor_bytes(tensor)}});
  }
  return outputs;
}

}  // namespace nacre::test
