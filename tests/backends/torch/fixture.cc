#include "fixture.h"

#include <ATen/Parallel.h>
#include <ATen/ops/from_blob.h>
#include <c10/core/InferenceMode.h>
#include <torch/csrc/jit/serialization/import.h>

#include <cstdlib>
#include <utility>

#include "core/loader.h"

namespace nacre::test {
namespace {

constexpr std::pair<TensorType, at::ScalarType> kTypes[] = {
    {TensorType::kF16, at::kHalf},   {TensorType::kF32, at::kFloat},
    {TensorType::kF64, at::kDouble}, {TensorType::kBf16, at::kBFloat16},
    {TensorType::kU8, at::kByte},    {TensorType::kI8, at::kChar},
    {TensorType::kI16, at::kShort},  {TensorType::kI32, at::kInt},
    {TensorType::kI64, at::kLong},   {TensorType::kBool, at::kBool},
};

at::Tensor tensor_of(const Plain& plain) {
  for (const auto& [ours, theirs] : kTypes) {
    if (ours != plain.type) continue;
    return at::from_blob(const_cast<char*>(plain.bytes.data()), plain.dims, theirs).clone();
  }
  std::abort();
}

void flatten(const c10::IValue& value, std::vector<Plain>& out) {
  if (value.isTuple()) {
    for (const auto& member : value.toTupleRef().elements())
      flatten(member, out);
    return;
  }
  if (value.isList()) {
    for (const auto& member : value.toListRef())
      flatten(member, out);
    return;
  }
  const at::Tensor tensor = value.toTensor().contiguous();
  for (const auto& [ours, theirs] : kTypes) {
    if (theirs != tensor.scalar_type()) continue;
    out.push_back({ours,
                   tensor.sizes().vec(),
                   {static_cast<const char*>(tensor.data_ptr()), tensor.nbytes()}});
    return;
  }
  std::abort();
}

}  // namespace

Result<std::shared_ptr<Graph>> load_torch(const std::string& bytes) {
  return load_bytes({bytes}, GraphEncoding::kPytorch);
}

struct Direct::Impl {
  torch::jit::Module module;

  std::vector<Plain> run(std::vector<c10::IValue> arguments) {
    const c10::InferenceMode inference;
    at::set_num_threads(2);
    std::vector<Plain> out;
    flatten(module.forward(std::move(arguments)), out);
    return out;
  }
};

Direct::Direct(const std::string& path)
    : impl_(std::make_unique<Impl>(Impl{torch::jit::load(path)})) {
  impl_->module.eval();
}

Direct::~Direct() = default;

std::vector<Plain> Direct::compute(const std::vector<Plain>& inputs) {
  std::vector<c10::IValue> arguments;
  for (const Plain& input : inputs)
    arguments.emplace_back(tensor_of(input));
  return impl_->run(std::move(arguments));
}

std::vector<Plain> Direct::compute(const Plain& input, std::int64_t number) {
  return impl_->run({tensor_of(input), number});
}

}  // namespace nacre::test
