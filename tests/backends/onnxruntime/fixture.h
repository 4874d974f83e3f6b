// What the tests of the onnxruntime backend share: loading through Nacre, and the vendor's own API
// beside it for comparison.
#ifndef NACRE_TESTS_BACKENDS_ONNXRUNTIME_FIXTURE_H_
#define NACRE_TESTS_BACKENDS_ONNXRUNTIME_FIXTURE_H_

#include <nacre/execution_context.h>
#include <nacre/graph.h>
#include <nacre/registry.h>
#include <nacre/tensor.h>
#include <onnxruntime_c_api.h>

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <functional>
#include <memory>
#include <ostream>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/backend_catalog.h"

namespace nacre::test {

/// The one catalog of a test program; its log lines are kept in logged().
BackendCatalog& catalog();
std::string logged();

std::string model_path(std::string_view name);  ///< of tests/data/onnx
std::string efficientnet_path();
std::string read_file(const std::string& path);

/// By path, as an operator does; `more` are further words of a model specification.
Result<std::shared_ptr<Graph>> load_path(const std::string& path, std::string_view more = {});
/// By bytes, as a guest does.
Result<std::shared_ptr<Graph>> load_bytes(std::string_view bytes,
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
Plain strings(std::vector<std::int64_t> dims, const std::vector<std::string>& values);

/// Deterministic values; for floating types ordinary numbers, NaN among them.
Plain noise(TensorType type, std::vector<std::int64_t> dims, std::uint32_t seed);

/// Through Nacre: sets all inputs, computes, reads all outputs.
Result<std::vector<Plain>> compute(ExecutionContext& context, const std::vector<Plain>& inputs);
Result<std::vector<Plain>> compute(const std::shared_ptr<Graph>& graph,
                                   const std::vector<Plain>& inputs);

/// The vendor's C API, used as its documentation says. Ends the program on an error.
const OrtApi& ort();
void must(OrtStatus* status);
OrtEnv* direct_env();
std::shared_ptr<OrtSession> direct_session(const std::string& path, int threads);
std::vector<Plain> direct(OrtSession& session, const std::vector<Plain>& inputs);

}  // namespace nacre::test

#endif  // NACRE_TESTS_BACKENDS_ONNXRUNTIME_FIXTURE_H_
