// Graphs without a backend module: echo in several tempers, and a provider that hands them out.
#ifndef NACRE_TESTS_ABI_FAKE_MODELS_H_
#define NACRE_TESTS_ABI_FAKE_MODELS_H_

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <cstring>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "abi/guest_state.h"
#include "nacre/backend.h"

namespace nacre::test {

/// What a computation does.
enum class Temper {
  kEcho,   ///< outputs are the inputs
  kFails,  ///< runtime error
  kHangs,  ///< until cancelled or past its deadline
};

class EchoContext final : public BackendContext {
 public:
  explicit EchoContext(Temper temper) : temper_(temper) {}

  void start(std::span<const nacre_tensor> inputs, Deadline deadline, OutputSink sink,
             Completion completion) override {
    if (temper_ == Temper::kFails) return completion.fail(ErrorCode::kRuntimeError, "It broke.");
    if (temper_ == Temper::kHangs) {
      std::unique_lock lock(mutex_);
      const auto cancelled = [this] { return cancelled_; };
      if (deadline == kNoDeadline) {
        changed_.wait(lock, cancelled);
      } else {
        changed_.wait_until(lock, deadline, cancelled);
      }
      return completion.fail(ErrorCode::kTimeout, "Stopped while it hung.");
    }
    for (std::size_t i = 0; i < inputs.size(); ++i) {
      const TensorView in = to_view(inputs[i]);
      void* out = sink.allocate(i, in.type, in.dims, in.data.size());
      if (out == nullptr) return completion.fail(ErrorCode::kTooLarge, "Refused.");
      if (!in.data.empty()) std::memcpy(out, in.data.data(), in.data.size());
    }
    completion.succeed();
  }

  void cancel() noexcept override {
    const std::lock_guard lock(mutex_);
    cancelled_ = true;
    changed_.notify_all();
  }

  void rearm() noexcept override {
    const std::lock_guard lock(mutex_);
    cancelled_ = false;
  }

 private:
  const Temper temper_;
  std::mutex mutex_;
  std::condition_variable changed_;
  bool cancelled_ = false;
};

class EchoGraph final : public BackendGraph {
 public:
  EchoGraph(GraphDescription description, Temper temper)
      : description_(std::move(description)), temper_(temper) {}
  GraphDescription describe() const override { return description_; }
  Result<std::unique_ptr<BackendContext>> create_context() override {
    return std::make_unique<EchoContext>(temper_);
  }

 private:
  const GraphDescription description_;
  const Temper temper_;
};

/// One input "in" and one output "out", both f32 [2,2]: 16 bytes.
inline GraphDescription described() {
  GraphDescription d;
  d.inputs.push_back({"in", TensorType::kF32, Shape{2, 2}, ""});
  d.outputs.push_back({"out", TensorType::kF32, Shape{2, 2}, ""});
  return d;
}

/// Nothing is known, as with TorchScript.
inline GraphDescription undescribed() {
  GraphDescription d;
  d.inputs_known = d.outputs_known = false;
  return d;
}

/// One of everything that a description can say and leave out.
inline GraphDescription described_fully() {
  GraphDescription d;
  d.inputs = {{.name = "image",
               .type = TensorType::kF32,
               .shape = Shape{-1, 3, 224, 224},
               .note = "a note",
               .layout = "NCHW"},
              {.name = "ids", .type = TensorType::kU64, .shape = Shape{2, -1}, .note = ""},
              {.name = "flag", .type = TensorType::kBool, .shape = Shape{}, .note = ""},
              {.name = "words", .type = TensorType::kString, .shape = Shape{3}, .note = ""},
              {.name = "half", .type = TensorType::kBf16, .shape = Shape{4}, .note = ""},
              {.name = "\xff", .type = TensorType::kI16, .shape = std::nullopt, .note = ""},
              {.name = "", .type = TensorType::kUnknown, .shape = std::nullopt, .note = ""}};
  d.outputs_known = false;
  d.properties = {{"opset", "17"},
                  {"producer",
                   "a\xff"
                   "b"}};
  return d;
}

inline std::shared_ptr<Graph> make_graph(GraphDescription description, Temper temper) {
  return Graph::create(std::make_unique<EchoGraph>(std::move(description), temper), "echo",
                       GraphEncoding::kEcho, ExecutionTarget::kCpu, nullptr);
}

/// Names: "net" (the graph under test), "described", "undescribed", "fails", "hangs"; loads "net"
/// for any bytes but "bad". `on_load`, where set, runs first and may throw.
class FakeProvider final : public ModelProvider {
 public:
  explicit FakeProvider(GraphDescription net) {
    named_["net"] = make_graph(std::move(net), Temper::kEcho);
    named_["described"] = make_graph(described(), Temper::kEcho);
    named_["undescribed"] = make_graph(undescribed(), Temper::kEcho);
    named_["fails"] = make_graph(undescribed(), Temper::kFails);
    named_["hangs"] = make_graph(undescribed(), Temper::kHangs);
  }

  Result<std::shared_ptr<Graph>> load(std::span<const std::span<const std::byte>> parts,
                                      GraphEncoding encoding, ExecutionTarget target) override {
    ++loads;
    last_encoding = encoding;
    last_target = target;
    last_parts.clear();
    for (const auto& part : parts) {
      last_parts.emplace_back(reinterpret_cast<const char*>(part.data()), part.size());
    }
    if (on_load) on_load();
    if (target == ExecutionTarget::kGpu || target == ExecutionTarget::kTpu) {
      return fail(ErrorCode::kUnsupportedOperation, "There is no such device; there is: cpu.");
    }
    if (last_parts[0] == "bad") return fail(ErrorCode::kInvalidEncoding, "This is no model.");
    return named_["net"];
  }

  Result<std::shared_ptr<Graph>> open(std::string_view name) override {
    ++opens;
    const auto found = named_.find(name);
    if (found == named_.end()) {
      return fail(ErrorCode::kNotFound, "No model \"" + std::string(name) + "\".");
    }
    return found->second;
  }

  std::vector<std::string> backends() override { return {"fake", "broken"}; }
  Result<std::vector<Property>> backend_properties(std::string_view name) override {
    if (name == "fake") return std::vector<Property>{{"vendor", "Nobody"}, {"devices", "cpu"}};
    if (name == "broken") return fail(ErrorCode::kUnsupportedOperation, "It does not start.");
    return ModelProvider::backend_properties(name);
  }

  void add(std::string name, std::shared_ptr<Graph> graph) {
    named_[std::move(name)] = std::move(graph);
  }

  /// Lets go of a graph, so that only guests hold it.
  std::weak_ptr<Graph> forget(std::string_view name) {
    std::weak_ptr<Graph> graph = named_.find(name)->second;
    named_.erase(named_.find(name));
    return graph;
  }

  std::atomic<int> loads = 0;
  std::atomic<int> opens = 0;
  GraphEncoding last_encoding = GraphEncoding::kAutodetect;
  ExecutionTarget last_target = ExecutionTarget::kCpu;
  std::vector<std::string> last_parts;
  std::function<void()> on_load;

 private:
  std::map<std::string, std::shared_ptr<Graph>, std::less<>> named_;
};

}  // namespace nacre::test

#endif  // NACRE_TESTS_ABI_FAKE_MODELS_H_
