// One computation at a time: tensors bound to the host's memory, and a run of the session.
#ifndef NACRE_BACKENDS_ONNXRUNTIME_CONTEXT_H_
#define NACRE_BACKENDS_ONNXRUNTIME_CONTEXT_H_

#include <nacre/backend.h>

#include <array>
#include <atomic>
#include <cstddef>
#include <memory>
#include <span>
#include <vector>

#include "api.h"
#include "graph.h"
#include "strings.h"

namespace nacre::onnxruntime {

class LentValue;

/// Computes on the calling thread. In the steady state (same buffers, same shapes) it allocates
/// nothing beside what ONNX Runtime allocates in Run().
class OnnxruntimeContext final : public BackendContext {
 public:
  [[nodiscard]] static Result<std::unique_ptr<BackendContext>> create(
      std::shared_ptr<const Model> model);
  ~OnnxruntimeContext() override;

  void start(std::span<const nacre_tensor> inputs, Deadline deadline, OutputSink sink,
             Completion completion) override;
  void cancel() noexcept override;
  void rearm() noexcept override;

 private:
  struct ReleaseLent {
    void operator()(LentValue* lent) const noexcept;
  };
  using Lent = std::unique_ptr<LentValue, ReleaseLent>;

  /// A tensor over memory that is not ours, kept while pointer and shape stay the same.
  struct Binding {
    Value value;
    const void* data = nullptr;
    std::uint64_t size = 0;
    Shape shape;
  };
  struct Output {
    TensorType type = TensorType::kUnknown;
    bool is_static = false;  ///< shape and size are known, so the host's memory is written in place
    Shape shape;
    std::uint64_t size = 0;
    std::array<Binding, 2> bound;  ///< newest first; the host takes turns between two buffers
    std::vector<Lent> lent;        ///< otherwise: values given to the host, taken again when free
  };

  OnnxruntimeContext(std::shared_ptr<const Model> model, RunOptions run_options);

  [[nodiscard]] Result<void> compute(std::span<const nacre_tensor> inputs, Deadline deadline,
                                     const OutputSink& sink);
  [[nodiscard]] Result<void> bind_input(std::size_t index, const nacre_tensor& tensor);
  [[nodiscard]] Result<void> bind_output(std::size_t index, const OutputSink& sink);
  [[nodiscard]] Result<void> run(Deadline deadline);
  [[nodiscard]] Result<void> deliver(std::size_t index, Value value, const OutputSink& sink);
  [[nodiscard]] Result<Value> tensor_over(const void* data, std::uint64_t size,
                                          std::span<const std::int64_t> dims,
                                          TensorType type) const;

  std::shared_ptr<const Model> model_;
  RunOptions run_options_;
  std::atomic<bool> cancelled_ = false;
  std::vector<Binding> inputs_;
  std::vector<Output> outputs_;
  std::vector<const OrtValue*> input_values_;  // what Run() takes
  std::vector<OrtValue*> output_values_;       // what it fills where it was null
  StringPacker packer_;
};

}  // namespace nacre::onnxruntime

#endif  // NACRE_BACKENDS_ONNXRUNTIME_CONTEXT_H_
