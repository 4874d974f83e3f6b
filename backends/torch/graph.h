// A loaded TorchScript model behind Nacre's seam.
#ifndef NACRE_BACKENDS_TORCH_GRAPH_H_
#define NACRE_BACKENDS_TORCH_GRAPH_H_

#include <nacre/backend.h>

#include <memory>
#include <utility>

#include "model.h"

namespace nacre::torch {

class TorchGraph final : public BackendGraph {
 public:
  [[nodiscard]] static Result<std::unique_ptr<BackendGraph>> load(std::shared_ptr<Runtime> runtime,
                                                                  const ModelSource& source,
                                                                  const LoadOptions& options);

  explicit TorchGraph(std::shared_ptr<const Model> model) : model_(std::move(model)) {}

  [[nodiscard]] GraphDescription describe() const override { return model_->signature.description; }
  [[nodiscard]] Result<std::unique_ptr<BackendContext>> create_context() override;

 private:
  std::shared_ptr<const Model> model_;
};

}  // namespace nacre::torch

#endif  // NACRE_BACKENDS_TORCH_GRAPH_H_
