#include "check_ifs.h"

#include <openvino/op/if.hpp>
#include <openvino/op/util/multi_subgraph_base.hpp>

#include <algorithm>
#include <cstddef>
#include <string>

namespace nacre::openvino {
namespace {

struct Walk {
  std::uint64_t work = 0;
  std::size_t deepest = 0;

  // Recurses as deep as the readers let models nest.
  void add(const ov::Model& model, std::size_t ifs_around) {
    deepest = std::max(deepest, ifs_around);
    for (const auto& node : model.get_ops()) {
      if (ifs_around != 0) work += std::uint64_t{1} << std::min<std::size_t>(ifs_around, 32);
      if (work > kMostWorkInIfs) return;
      const auto* outer = ov::as_type<ov::op::util::MultiSubGraphOp>(node.get());
      if (outer == nullptr) continue;
      const std::size_t around = ifs_around + (ov::is_type<ov::op::v8::If>(node) ? 1 : 0);
      for (std::size_t i = 0; i < outer->get_internal_subgraphs_size(); ++i)
        add(*outer->get_function(i), around);
    }
  }
};

}  // namespace

Result<void> check_ifs(const ov::Model& model) {
  Walk walk;
  walk.add(model, 0);
  if (walk.work <= kMostWorkInIfs) return {};
  return fail(ErrorCode::kTooLarge,
              "The model has Ifs inside Ifs, " + std::to_string(walk.deepest) +
                  " deep and more, and OpenVINO's time to prepare what is in them doubles with "
                  "each; give it a model with fewer inside each other, or compute it with another "
                  "backend.");
}

}  // namespace nacre::openvino
