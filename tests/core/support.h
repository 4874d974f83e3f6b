// What the tests of core share: graphs from echo texts, tensors from numbers.
#ifndef NACRE_TESTS_CORE_SUPPORT_H_
#define NACRE_TESTS_CORE_SUPPORT_H_

#include <nacre/execution_context.h>
#include <nacre/graph.h>
#include <nacre/limits.h>

#include "core/backend_catalog.h"
#include "core/loader.h"

#include <gtest/gtest.h>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace nacre::test {

inline std::span<const std::byte> bytes_of(std::string_view text) {
  return std::as_bytes(std::span(text));
}

inline Result<std::shared_ptr<Graph>> load_text(BackendCatalog& catalog, std::string_view text) {
  const auto part = bytes_of(text);
  return load_guest_model(catalog, {&part, 1}, GraphEncoding::kAutodetect, ExecutionTarget::kCpu,
                          GuestLimits{});
}

/// A graph of the echo backend; `lines` follow its first line.
inline std::shared_ptr<Graph> echo_graph(std::string_view lines) {
  static const auto catalog = BackendCatalog::create();
  auto graph = load_text(*catalog, "nacre-echo v1\n" + std::string(lines));
  if (!graph) {
    ADD_FAILURE() << graph.error().message;
    return nullptr;
  }
  return *graph;
}

inline std::unique_ptr<ExecutionContext> echo_context(std::string_view lines,
                                                      const ContextLimits& limits = {}) {
  auto context = ExecutionContext::create(echo_graph(lines), limits);
  if (!context) {
    ADD_FAILURE() << context.error().message;
    return nullptr;
  }
  return std::move(*context);
}

template <typename T>
TensorView view(TensorType type, std::span<const std::int64_t> dims, const std::vector<T>& data) {
  return {type, dims, std::as_bytes(std::span(data))};
}

template <typename T>
std::vector<T> values(const Tensor& tensor) {
  const auto* first = reinterpret_cast<const T*>(tensor.data.data());
  return {first, first + tensor.data.size() / sizeof(T)};
}

}  // namespace nacre::test

#endif  // NACRE_TESTS_CORE_SUPPORT_H_
