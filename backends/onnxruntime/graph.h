// A loaded ONNX model: one session, which all contexts use at the same time without a lock.
#ifndef NACRE_BACKENDS_ONNXRUNTIME_GRAPH_H_
#define NACRE_BACKENDS_ONNXRUNTIME_GRAPH_H_

#include <nacre/backend.h>

#include <cstddef>
#include <memory>
#include <string>
#include <vector>

#include "api.h"
#include "runtime.h"

namespace nacre::onnxruntime {

/// Of a model given as bytes: what a protobuf message may have.
inline constexpr std::size_t kMaxModelBytes = 0x7fff'ffff;

/// What contexts share; they keep it alive.
struct Model {
  std::shared_ptr<Runtime> runtime;
  Session session;
  GraphDescription description;
  std::vector<const char*> input_names;  ///< into `description`
  std::vector<const char*> output_names;
};

class OnnxruntimeGraph final : public BackendGraph {
 public:
  [[nodiscard]] static Result<std::unique_ptr<BackendGraph>> load(std::shared_ptr<Runtime> runtime,
                                                                  const ModelSource& source,
                                                                  const LoadOptions& options);

  explicit OnnxruntimeGraph(std::shared_ptr<const Model> model) : model_(std::move(model)) {}

  [[nodiscard]] GraphDescription describe() const override { return model_->description; }
  [[nodiscard]] Result<std::unique_ptr<BackendContext>> create_context() override;

 private:
  std::shared_ptr<const Model> model_;
};

}  // namespace nacre::onnxruntime

#endif  // NACRE_BACKENDS_ONNXRUNTIME_GRAPH_H_
