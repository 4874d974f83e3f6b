// A model that OpenVINO has compiled for a device.
#ifndef NACRE_BACKENDS_OPENVINO_GRAPH_H_
#define NACRE_BACKENDS_OPENVINO_GRAPH_H_

#include "context.h"

#include <nacre/backend.h>
#include <openvino/core/model.hpp>
#include <openvino/runtime/core.hpp>

#include <memory>
#include <vector>

namespace nacre::openvino {

/// Refuses models whose values, subgraphs included, have a type on which the CPU plug-in corrupts
/// its heap: strings (it copies their objects byte by byte) and, except as constants, which are
/// only weights to be unpacked, elements of less than a byte. kUnsupportedOperation, naming the
/// operation.
[[nodiscard]] Result<void> check_types(const ov::Model& model);

/// Whether an operation of the model runs subgraphs: Loop, TensorIterator, If.
[[nodiscard]] bool has_subgraphs(const ov::Model& model);

/// What the model says of its inputs and outputs, with OpenVINO's own names where the model gave
/// none to a tensor. `on_cpu` adds the notes on types that the CPU plug-in narrows.
/// kUnsupportedOperation for an element type or a rank that Nacre's tensors do not have.
[[nodiscard]] Result<GraphDescription> describe_model(const ov::Model& model, bool on_cpu);

/// Any thread. The compiled model is shared by all contexts; each has an infer request of its own.
class OpenvinoGraph final : public BackendGraph {
 public:
  OpenvinoGraph(ov::CompiledModel compiled, GraphDescription description, bool on_cpu,
                bool has_subgraphs);

  [[nodiscard]] GraphDescription describe() const override { return description_; }
  [[nodiscard]] Result<std::unique_ptr<BackendContext>> create_context() override;

 private:
  ov::CompiledModel compiled_;
  GraphDescription description_;
  std::vector<bool> bindable_;  // outputs that may be given memory of ours
  bool on_cpu_;
  Where where_ = Where::kWaited;
};

}  // namespace nacre::openvino

#endif  // NACRE_BACKENDS_OPENVINO_GRAPH_H_
