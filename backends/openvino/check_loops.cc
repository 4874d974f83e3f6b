#include "check_loops.h"

#include <openvino/core/op_extension.hpp>
#include <openvino/op/constant.hpp>
#include <openvino/op/loop.hpp>
#include <openvino/op/multinomial.hpp>
#include <openvino/op/parameter.hpp>
#include <openvino/op/random_uniform.hpp>
#include <openvino/op/shape_of.hpp>
#include <openvino/op/tensor_iterator.hpp>
#include <openvino/op/util/multi_subgraph_base.hpp>
#include <openvino/op/util/read_value_base.hpp>
#include <openvino/opsets/opset.hpp>

#include <algorithm>
#include <memory>
#include <optional>
#include <string>
#include <unordered_set>
#include <utility>

namespace nacre::openvino {
namespace {

/// A Loop of one of the sets of operators that have it.
template <int kOpset>
class UnrunLoop final : public ov::op::v5::Loop {
 public:
  UnrunLoop() = default;
  static const ov::DiscreteTypeInfo& get_type_info_static() {
    static const std::string version = "opset" + std::to_string(kOpset);
    static const ov::DiscreteTypeInfo info = [] {
      ov::DiscreteTypeInfo made("Loop", version.c_str(), &ov::op::v5::Loop::get_type_info_static());
      made.hash();
      return made;
    }();
    return info;
  }
  const ov::DiscreteTypeInfo& get_type_info() const override { return get_type_info_static(); }
  bool has_evaluate() const override { return false; }
  bool evaluate(ov::TensorVector& /*outputs*/, const ov::TensorVector& /*inputs*/) const override {
    return false;
  }
  bool evaluate(ov::TensorVector& /*outputs*/, const ov::TensorVector& /*inputs*/,
                const ov::EvaluationContext& /*context*/) const override {
    return false;
  }
};

template <int kOpset>
void read_unrun(ov::Core& core) {
  if (!ov::get_available_opsets().contains("opset" + std::to_string(kOpset))) return;
  core.add_extension(std::make_shared<ov::OpExtension<UnrunLoop<kOpset>>>());
}

/// Of the rounds that are left, what a loop leaves to those in it; nothing when it may make more.
std::optional<std::uint64_t> left_inside(const ov::op::util::SubGraphOp& loop, std::uint64_t left) {
  std::int64_t rounds = 1;
  if (ov::is_type<ov::op::v5::Loop>(&loop)) {
    const auto count = ov::as_type_ptr<ov::op::v0::Constant>(loop.get_input_node_shared_ptr(0));
    if (!count || ov::shape_size(count->get_shape()) != 1) return std::nullopt;
    rounds = count->cast_vector<std::int64_t>()[0];
  } else if (const auto* slices = ov::as_type<const ov::op::v0::TensorIterator>(&loop)) {
    rounds = slices->get_num_iterations();
  }
  if (rounds < 0 || static_cast<std::uint64_t>(rounds) > left) return std::nullopt;
  return left / std::max<std::uint64_t>(static_cast<std::uint64_t>(rounds), 1);
}

/// `fixed` says whether the model's own inputs are known when it is prepared.
Result<void> check(const ov::Model& model, bool fixed, std::uint64_t left) {
  std::unordered_set<const ov::Node*> known;
  for (const auto& node : model.get_ordered_ops()) {
    const auto inputs = node->input_values();
    bool all = std::ranges::all_of(inputs, [&](const ov::Output<ov::Node>& input) {
      return known.contains(input.get_node());
    });
    if (ov::is_type<ov::op::v0::ShapeOf>(node) || ov::is_type<ov::op::v3::ShapeOf>(node)) {
      all = all || inputs[0].get_partial_shape().is_static();
    }
    if (ov::is_type<ov::op::v0::Parameter>(node)) all = fixed;
    if (ov::is_type<ov::op::util::ReadValueBase>(node) ||
        ov::is_type<ov::op::v8::RandomUniform>(node) ||
        ov::is_type<ov::op::v13::Multinomial>(node)) {
      all = false;
    }
    if (const auto* many = ov::as_type<ov::op::util::MultiSubGraphOp>(node.get())) {
      std::uint64_t inside = left;
      if (const auto* loop = ov::as_type<ov::op::util::SubGraphOp>(node.get()); loop && all) {
        const auto rounds = left_inside(*loop, left);
        if (!rounds) {
          return fail(ErrorCode::kUnsupportedOperation,
                      std::string("The model's ") + node->get_type_name() + " '" +
                          node->get_friendly_name() +
                          "' depends on none of its inputs, so that it would run while the model "
                          "is prepared, and may do so for ever. Give it a constant trip count of " +
                          std::to_string(kMostConstantRounds) +
                          " at most, or put what it yields in its place.");
        }
        inside = *rounds;
      }
      for (std::size_t i = 0; i < many->get_internal_subgraphs_size(); ++i) {
        if (auto ok = check(*many->get_function(i), all, inside); !ok) return ok;
      }
    }
    if (all) known.insert(node.get());
  }
  return {};
}

}  // namespace

Result<void> check_loops(const ov::Model& model) {
  return check(model, false, kMostConstantRounds);
}

void read_loops_unrun(ov::Core& core) {
  // Those from opset5 on; OpenVINO 2026.4 has 16.
  [&]<int... kOpsets>(std::integer_sequence<int, kOpsets...>) {
    (read_unrun<kOpsets + 5>(core), ...);
  }(std::make_integer_sequence<int, 25>());
}

}  // namespace nacre::openvino
