// One interpreter, computing on the host's buffers where TFLite lets it.
#ifndef NACRE_BACKENDS_TFLITE_CONTEXT_H_
#define NACRE_BACKENDS_TFLITE_CONTEXT_H_

#include <nacre/backend.h>

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "graph.h"

namespace nacre::tflite {

/// Inputs are read where core put them, and outputs of a known size are written into the sink's
/// buffers: both are given to the interpreter as custom allocations, which costs a pointer per
/// tensor and computation. Copied are: strings, whose layout is another; variables, which the model
/// writes; outputs whose size is known only while computing; outputs that are inputs, constants or
/// the same tensor twice; and everything, where the library has no custom allocations.
///
/// Tensors are allocated again only when the shape of an input has changed. State that a model
/// keeps in variables is this context's own and lives on from one computation to the next.
class TfliteContext final : public BackendContext {
 public:
  TfliteContext(std::shared_ptr<const Model> model, Interpreter interpreter);

  void start(std::span<const nacre_tensor> inputs, Deadline deadline, OutputSink sink,
             Completion completion) override;
  void cancel() noexcept override;
  void rearm() noexcept override { cancelled_.store(false); }

 private:
  struct Input {
    bool in_place = false;
    int tensor = -1;             // the interpreter's number of it
    std::optional<Shape> shape;  // as allocated
    const void* bound = nullptr;
  };
  struct Output {
    bool may_be_in_place = false;
    bool in_place = false;  // until the next allocation
    int tensor = -1;
    TensorType type = TensorType::kUnknown;
    Shape shape;  // as allocated
    std::size_t size = 0;
    const void* bound = nullptr;
  };

  void find_tensors(bool outputs_in_place);
  [[nodiscard]] Result<void> compute(std::span<const nacre_tensor> inputs, const OutputSink& sink);
  [[nodiscard]] Result<void> allocate(std::span<const nacre_tensor> inputs);
  [[nodiscard]] Result<void> check_memory(std::span<const nacre_tensor> inputs,
                                          const std::string& shapes);
  [[nodiscard]] Result<void> set_input(std::size_t index, const nacre_tensor& tensor);
  [[nodiscard]] Result<void> bind_output(std::size_t index, const OutputSink& sink);
  [[nodiscard]] Result<void> invoke();
  [[nodiscard]] Result<void> copy_output(std::size_t index, const OutputSink& sink);
  [[nodiscard]] bool set_memory(int tensor, void* data, std::size_t bytes) const;
  [[nodiscard]] std::unexpected<Error> failed(ErrorCode code, std::string_view doing);

  std::shared_ptr<const Model> model_;  // outlives the interpreter
  Interpreter interpreter_;
  std::vector<Input> inputs_;
  std::vector<Output> outputs_;
  bool allocated_ = false;
  std::uint64_t largest_inputs_ = 0;  // bytes of all together that there was memory for
  std::atomic<bool> cancelled_{false};
  std::atomic<bool> invoking_{false};
};

}  // namespace nacre::tflite

#endif  // NACRE_BACKENDS_TFLITE_CONTEXT_H_
