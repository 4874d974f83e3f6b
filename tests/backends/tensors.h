// What the tests of every backend share: tensors by value, and loading and computing through core.
#ifndef NACRE_TESTS_BACKENDS_TENSORS_H_
#define NACRE_TESTS_BACKENDS_TENSORS_H_

#include <nacre/execution_context.h>
#include <nacre/graph.h>
#include <nacre/tensor.h>

#include <cstdint>
#include <cstring>
#include <memory>
#include <ostream>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/backend_catalog.h"

namespace nacre::test {

/// The one catalog of a test program, on two threads; its log lines are kept in logged().
BackendCatalog& catalog();
std::string logged();

std::string onnx_path(std::string_view name);   ///< of tests/data/onnx
std::string torch_path(std::string_view name);  ///< of tests/data/torch
std::string read_file(const std::string& path);

/// By path, as an operator does; `more` are further words of a model specification.
Result<std::shared_ptr<Graph>> load_path(std::string_view path, std::string_view more = {});
/// By bytes, as a guest does; the default backend of the encoding reads them.
Result<std::shared_ptr<Graph>> load_bytes(const std::vector<std::string>& parts,
                                          GraphEncoding encoding,
                                          ExecutionTarget target = ExecutionTarget::kCpu);

/// A tensor by value.
struct Plain {
  TensorType type = TensorType::kUnknown;
  std::vector<std::int64_t> dims;
  std::string bytes;

  [[nodiscard]] TensorView view() const { return {type, dims, std::as_bytes(std::span(bytes))}; }
  bool operator==(const Plain&) const = default;
};
std::ostream& operator<<(std::ostream& out, const Plain& tensor);

template <typename T>
Plain plain(TensorType type, std::vector<std::int64_t> dims, const std::vector<T>& values) {
  std::string bytes(values.size() * sizeof(T), '\0');
  if (!values.empty()) std::memcpy(bytes.data(), values.data(), bytes.size());
  return {type, std::move(dims), std::move(bytes)};
}
template <typename T>
std::vector<T> values(const Plain& tensor) {
  std::vector<T> out(tensor.bytes.size() / sizeof(T));
  if (!out.empty()) std::memcpy(out.data(), tensor.bytes.data(), out.size() * sizeof(T));
  return out;
}
Plain strings(std::vector<std::int64_t> dims, const std::vector<std::string>& values);

/// Deterministic values: f32 normally distributed, other types random bytes.
Plain noise(TensorType type, std::vector<std::int64_t> dims, std::uint32_t seed);

/// Sets all inputs, computes, reads all outputs.
Result<std::vector<Plain>> compute(ExecutionContext& context, const std::vector<Plain>& inputs);
Result<std::vector<Plain>> compute(const std::shared_ptr<Graph>& graph,
                                   const std::vector<Plain>& inputs);

}  // namespace nacre::test

#endif  // NACRE_TESTS_BACKENDS_TENSORS_H_
