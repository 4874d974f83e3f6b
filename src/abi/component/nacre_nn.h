// nacre:nn for components: what a guest asks about backends and graphs, behind the callbacks of
// nacre_nn_callbacks.h. Core modules ask the same through abi/witx/nacre_nn.h.
#ifndef NACRE_SRC_ABI_COMPONENT_NACRE_NN_H_
#define NACRE_SRC_ABI_COMPONENT_NACRE_NN_H_

#include <nacre/error.h>
#include <nacre/graph.h>

#include <deque>
#include <memory>
#include <string>
#include <vector>

#include "abi/component/nacre_nn_callbacks.h"

namespace nacre {

/// What the spans of one guest's last answer point to; the next answer takes its place.
class NacreNnAnswer {
 public:
  [[nodiscard]] nacre_shim_texts names(std::vector<std::string> names);
  [[nodiscard]] nacre_shim_pairs properties(std::vector<Property> properties);
  [[nodiscard]] nacre_shim_graph_description describe(std::shared_ptr<const Graph> graph);

  /// Never fails: without memory an error has no sentence.
  [[nodiscard]] nacre_shim_error error(Error error) noexcept;

 private:
  [[nodiscard]] nacre_shim_bytes text(std::string_view text);
  [[nodiscard]] nacre_shim_i64s dims(const Shape& shape);
  [[nodiscard]] nacre_shim_pairs pairs(const std::vector<Property>& properties);
  [[nodiscard]] nacre_shim_tensor_descriptions tensors(
      const std::vector<TensorDescription>& tensors, bool known,
      std::vector<nacre_shim_tensor_description>& out);
  void clear() noexcept;

  std::shared_ptr<const Graph> graph_;
  std::vector<std::string> names_;
  std::vector<Property> properties_;
  std::deque<std::string> texts_;  // of what is not UTF-8 as it stands
  std::deque<Shape> shapes_;
  std::vector<nacre_shim_bytes> name_spans_;
  std::vector<nacre_shim_pair> pair_spans_;
  std::vector<nacre_shim_tensor_description> inputs_;
  std::vector<nacre_shim_tensor_description> outputs_;
};

/// `env` is not used, `guest` is a ComponentState.
[[nodiscard]] const nacre_nn_callbacks& nacre_nn_component_callbacks() noexcept;

}  // namespace nacre

#endif  // NACRE_SRC_ABI_COMPONENT_NACRE_NN_H_
