// One computation at a time: inputs as tensors over the host's memory, a run of forward(), and its
// results given to the host.
#ifndef NACRE_BACKENDS_TORCH_CONTEXT_H_
#define NACRE_BACKENDS_TORCH_CONTEXT_H_

#include <ATen/core/Tensor.h>
#include <nacre/backend.h>
#include <torch/csrc/jit/api/module.h>

#include <atomic>
#include <cstddef>
#include <memory>
#include <span>
#include <vector>

#include "model.h"

namespace nacre::torch {

class LentTensor;

/// Computes on the calling thread, or, where that has too little stack for the model, on one made
/// for the computation. libtorch cannot be stopped: a cancelled computation ends when it
/// would have, and says that it timed out.
class TorchContext final : public BackendContext {
 public:
  /// May throw.
  explicit TorchContext(std::shared_ptr<const Model> model);
  ~TorchContext() override;

  void start(std::span<const nacre_tensor> inputs, Deadline deadline, OutputSink sink,
             Completion completion) override;
  void cancel() noexcept override { cancelled_.store(true); }
  void rearm() noexcept override { cancelled_.store(false); }

 private:
  struct ReleaseLent {
    void operator()(LentTensor* lent) const noexcept;
  };
  using Lent = std::unique_ptr<LentTensor, ReleaseLent>;

  [[nodiscard]] Result<void> compute(std::span<const nacre_tensor> inputs, Deadline deadline,
                                     const OutputSink& sink);
  [[nodiscard]] Result<void> deliver(const c10::IValue& value, std::span<const nacre_tensor> inputs,
                                     const OutputSink& sink);
  [[nodiscard]] Result<void> deliver_tensor(at::Tensor tensor, std::span<const nacre_tensor> inputs,
                                            const OutputSink& sink);

  std::shared_ptr<const Model> model_;
  ::torch::jit::Module module_;
  std::atomic<bool> cancelled_ = false;
  std::size_t next_output_ = 0;
  std::vector<Lent> lent_;  ///< given to the host, taken again when free
};

}  // namespace nacre::torch

#endif  // NACRE_BACKENDS_TORCH_CONTEXT_H_
