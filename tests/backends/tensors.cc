#include "tensors.h"

#include <gtest/gtest.h>
#include <nacre/registry.h>

#include <cstddef>
#include <fstream>
#include <iterator>
#include <mutex>
#include <random>
#include <utility>

#include "core/loader.h"

namespace nacre::test {
namespace {

std::mutex g_log_mutex;
std::string g_log;

}  // namespace

BackendCatalog& catalog() {
  static const auto made = [] {
    const auto sink = [](LogSeverity, std::string_view line) {
      const std::lock_guard lock(g_log_mutex);
      g_log.append(line).append("\n");
    };
    return BackendCatalog::create({.module_dirs = {NACRE_TEST_BACKENDS_DIR},
                                   .log = std::make_shared<LogSink>(sink),
                                   .thread_budget = 2});
  }();
  return *made;
}

std::string logged() {
  const std::lock_guard lock(g_log_mutex);
  return g_log;
}

std::string onnx_path(std::string_view name) {
  return std::string(NACRE_TEST_ONNX_DIR) + "/" + std::string(name) + ".onnx";
}

std::string torch_path(std::string_view name) {
  return std::string(NACRE_TEST_ONNX_DIR) + "/../torch/" + std::string(name) + ".pt";
}

std::string read_file(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  EXPECT_TRUE(file.good()) << path;
  return {std::istreambuf_iterator<char>(file), {}};
}

Result<std::shared_ptr<Graph>> load_path(std::string_view path, std::string_view more) {
  auto spec = parse_model_spec("model=" + std::string(path) + (more.empty() ? "" : ",") +
                               std::string(more));
  if (!spec) return std::unexpected(std::move(spec.error()));
  return load_model(catalog(), *spec);
}

Result<std::shared_ptr<Graph>> load_bytes(const std::vector<std::string>& parts,
                                          GraphEncoding encoding, ExecutionTarget target) {
  std::vector<std::span<const std::byte>> spans;
  for (const std::string& part : parts)
    spans.push_back(std::as_bytes(std::span(part)));
  return load_guest_model(catalog(), spans, encoding, target, {});
}

std::ostream& operator<<(std::ostream& out, const Plain& tensor) {
  out << to_string(tensor.type) << to_string(std::span<const std::int64_t>(tensor.dims)) << " of "
      << tensor.bytes.size() << " bytes:";
  for (std::size_t i = 0; i < tensor.bytes.size() && i < 32; ++i) {
    out << ' ' << static_cast<int>(static_cast<unsigned char>(tensor.bytes[i]));
  }
  return out;
}

Plain strings(std::vector<std::int64_t> dims, const std::vector<std::string>& values) {
  Plain tensor{TensorType::kString, std::move(dims), {}};
  for (const std::string& value : values) {
    const auto length = static_cast<std::uint32_t>(value.size());
    tensor.bytes.append(reinterpret_cast<const char*>(&length), sizeof length).append(value);
  }
  return tensor;
}

Plain noise(TensorType type, std::vector<std::int64_t> dims, std::uint32_t seed) {
  std::mt19937 random(seed);
  const auto count = static_cast<std::size_t>(element_count(dims).value_or(0));
  if (type == TensorType::kString) {
    std::vector<std::string> texts(count);
    for (std::string& text : texts) {
      text.resize(random() % 40);
      for (char& c : text)
        c = static_cast<char>(random());
    }
    return strings(std::move(dims), texts);
  }
  if (type == TensorType::kF32) {
    std::vector<float> numbers(count);
    std::normal_distribution<float> normal;
    for (float& v : numbers)
      v = normal(random);
    return plain(type, std::move(dims), numbers);
  }
  Plain tensor{type, std::move(dims), std::string(count * element_size(type), '\0')};
  for (char& c : tensor.bytes) {
    c = static_cast<char>(type == TensorType::kBool ? random() % 2 : random());
  }
  return tensor;
}

Result<std::vector<Plain>> compute(ExecutionContext& context, const std::vector<Plain>& inputs) {
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    auto set = context.set_input(i, inputs[i].view());
    if (!set) return std::unexpected(std::move(set.error()));
  }
  auto computed = context.compute();
  if (!computed) return std::unexpected(std::move(computed.error()));
  std::vector<Plain> outputs;
  for (std::size_t i = 0; i < context.output_count(); ++i) {
    auto output = context.output(i);
    if (!output) return std::unexpected(std::move(output.error()));
    const Tensor& tensor = **output;
    outputs.push_back({tensor.type,
                       {tensor.shape.dims().begin(), tensor.shape.dims().end()},
                       {reinterpret_cast<const char*>(tensor.data.data()), tensor.data.size()}});
  }
  return outputs;
}

Result<std::vector<Plain>> compute(const std::shared_ptr<Graph>& graph,
                                   const std::vector<Plain>& inputs) {
  auto context = ExecutionContext::create(graph);
  if (!context) return std::unexpected(std::move(context.error()));
  return compute(**context, inputs);
}

}  // namespace nacre::test
