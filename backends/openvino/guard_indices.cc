#include "guard_indices.h"

#include "check_operators.h"

#include <openvino/op/add.hpp>
#include <openvino/op/concat.hpp>
#include <openvino/op/constant.hpp>
#include <openvino/op/equal.hpp>
#include <openvino/op/gather.hpp>
#include <openvino/op/gather_elements.hpp>
#include <openvino/op/greater_eq.hpp>
#include <openvino/op/less.hpp>
#include <openvino/op/logical_or.hpp>
#include <openvino/op/maximum.hpp>
#include <openvino/op/minimum.hpp>
#include <openvino/op/multiply.hpp>
#include <openvino/op/reduce_min.hpp>
#include <openvino/op/reshape.hpp>
#include <openvino/op/select.hpp>
#include <openvino/op/shape_of.hpp>
#include <openvino/op/slice.hpp>
#include <openvino/op/squeeze.hpp>
#include <openvino/op/subtract.hpp>
#include <openvino/op/tile.hpp>
#include <openvino/op/util/gather_base.hpp>
#include <openvino/op/util/gather_nd_base.hpp>
#include <openvino/op/util/multi_subgraph_base.hpp>
#include <openvino/op/util/reduction_base.hpp>
#include <openvino/op/util/scatter_elements_update_base.hpp>

#include <algorithm>
#include <cstdint>
#include <memory>
#include <numeric>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace nacre::openvino {
namespace {

using Value = ov::Output<ov::Node>;

Value constant(const ov::element::Type& type, std::int64_t value) {
  return ov::op::v0::Constant::create(type, ov::Shape{}, {value});
}

// The sizes of `data` along the axes that `axes` holds.
Value sizes(const Value& data, const Value& axes, const ov::element::Type& type) {
  const auto shape = std::make_shared<ov::op::v3::ShapeOf>(data, type);
  return std::make_shared<ov::op::v8::Gather>(shape, axes, constant(ov::element::i64, 0));
}

Value negated(const Value& value) {
  return std::make_shared<ov::op::v1::Multiply>(value, constant(value.get_element_type(), -1));
}

Value at_least(const Value& value, const Value& low) {
  return std::make_shared<ov::op::v1::Maximum>(value, low);
}

bool may_be_empty(const Value& data, const std::vector<std::int64_t>& axes) {
  const ov::PartialShape& shape = data.get_partial_shape();
  return std::ranges::any_of(axes, [&](std::int64_t axis) {
    const auto at = static_cast<std::size_t>(axis);
    return at < shape.size() && shape[at].get_min_length() == 0;
  });
}

// None of the indices where one of the axes of `data` has no elements: OpenVINO would read about
// what is not there. A single index has no dimension that could become 0; for that a Reshape fails.
Value into_something(const Value& indices, const Value& data,
                     const std::vector<std::int64_t>& axes) {
  if (!may_be_empty(data, axes)) return indices;
  const auto list = [](const std::vector<std::int64_t>& values) {
    return ov::op::v0::Constant::create(ov::element::i64, ov::Shape{values.size()}, values);
  };
  const Value least = std::make_shared<ov::op::v1::ReduceMin>(
      sizes(data, list(axes), ov::element::i64), list({0}), /*keep_dims=*/true);
  const Value there = std::make_shared<ov::op::v1::Minimum>(least, list({1}));
  if (indices.get_partial_shape().size() != 0) {
    const Value end = std::make_shared<ov::op::v1::Multiply>(there, list({INT32_MAX}));
    return std::make_shared<ov::op::v8::Slice>(indices, list({0}), end, list({1}), list({0}));
  }
  const Value one = std::make_shared<ov::op::v1::Subtract>(list({2}), there);
  // Of one dimension alone OpenVINO would find out that it is 1.
  const Value target = std::make_shared<ov::op::v0::Concat>(ov::OutputVector{one, one}, 0);
  return std::make_shared<ov::op::v0::Squeeze>(
      std::make_shared<ov::op::v1::Reshape>(indices, target, /*special_zero=*/false), list({0, 1}));
}

// The last dimension of the indices counts the axes, from batch_dims on, that they select from.
Result<void> guard_gather_nd(ov::op::util::GatherNDBase& node) {
  const Value indices = node.input_value(1);
  const ov::PartialShape& shape = indices.get_partial_shape();
  const auto refused = [&](const std::string& what) {
    return fail(ErrorCode::kUnsupportedOperation, "The model's GatherND '" +
                                                      node.get_friendly_name() + "' " + what +
                                                      ", which OpenVINO would use unchecked.");
  };
  if (shape.rank().is_dynamic() || shape.size() == 0 || shape[shape.size() - 1].is_dynamic()) {
    return refused("has indices of unknown width");
  }
  if (node.get_input_partial_shape(0).rank().is_dynamic()) {
    return refused("selects from data of unknown rank");
  }
  std::vector<std::int64_t> axes(static_cast<std::size_t>(shape[shape.size() - 1].get_length()));
  std::iota(axes.begin(), axes.end(), static_cast<std::int64_t>(node.get_batch_dims()));
  if (shape.size() == 1 && may_be_empty(node.input_value(0), axes)) {
    return refused("selects once from dimensions that may be 0");
  }
  const ov::element::Type type = indices.get_element_type();
  const Value size =
      sizes(node.input_value(0),
            ov::op::v0::Constant::create(ov::element::i64, {axes.size()}, axes), type);
  const Value last = std::make_shared<ov::op::v1::Subtract>(size, constant(type, 1));
  const Value not_above = std::make_shared<ov::op::v1::Minimum>(indices, last);
  node.input(1).replace_source_output(
      into_something(at_least(not_above, negated(size)), node.input_value(0), axes));
  return {};
}

// What is out of range the kernel notices, but not that nothing is in range.
void guard_empty(ov::Node& node, std::int64_t axis) {
  const ov::PartialShape& shape = node.get_input_partial_shape(0);
  if (shape.rank().is_dynamic() || node.get_input_partial_shape(1).rank().is_dynamic()) return;
  if (axis < 0) axis += shape.rank().get_length();
  node.input(1).replace_source_output(
      into_something(node.input_value(1), node.input_value(0), {axis}));
}

// Indices beyond the end are noticed by the kernel itself; that there are more of them in the other
// dimensions than data is not.
Result<void> guard_scatter_elements(ov::Node& node) {
  const Value indices = node.input_value(1);
  const Value size = sizes(node.input_value(0), node.input_value(3), indices.get_element_type());
  node.input(1).replace_source_output(at_least(indices, negated(size)));

  const ov::PartialShape& data = node.get_input_partial_shape(0);
  const ov::PartialShape& shape = indices.get_partial_shape();
  const auto refused = [&](const std::string& what) {
    return fail(ErrorCode::kUnsupportedOperation, "The model's ScatterElementsUpdate '" +
                                                      node.get_friendly_name() + "' " + what +
                                                      ", which OpenVINO would write unchecked.");
  };
  if (data.rank().is_dynamic() || shape.rank().is_dynamic() || data.size() != shape.size()) {
    return refused("has data or indices of unknown rank");
  }
  const auto fixed = fixed_value(node.input_value(3));
  const auto rank = static_cast<std::int64_t>(data.size());
  std::int64_t axis = fixed ? fixed->cast_vector<std::int64_t>().at(0) : rank;
  if (axis < 0) axis += rank;
  bool fits = true;
  std::vector<std::int64_t> mask(data.size(), 0);
  for (std::size_t i = 0; i < data.size(); ++i) {
    if (static_cast<std::int64_t>(i) == axis) {
      mask[i] = INT32_MAX;
      continue;
    }
    const std::int64_t most = shape[i].get_max_length();
    if (data[i].get_max_length() >= 0 && shape[i].get_min_length() > data[i].get_max_length()) {
      return refused("has more indices in dimension " + std::to_string(i) + " than data");
    }
    fits = fits && most >= 0 && most <= data[i].get_min_length();
  }
  if (fits) return {};
  if (!fixed) return refused("computes its axis and has data of unknown size");
  // Cut to what there is; along the axis all of it.
  const auto list = [&](std::int64_t value) {
    return ov::op::v0::Constant::create(ov::element::i64, ov::Shape{data.size()},
                                        std::vector<std::int64_t>(data.size(), value));
  };
  const Value ends = std::make_shared<ov::op::v1::Maximum>(
      std::make_shared<ov::op::v3::ShapeOf>(node.input_value(0), ov::element::i64),
      ov::op::v0::Constant::create(ov::element::i64, ov::Shape{mask.size()}, mask));
  for (const std::size_t input : {1U, 2U}) {
    node.input(input).replace_source_output(
        std::make_shared<ov::op::v8::Slice>(node.input_value(input), list(0), ends, list(1)));
  }
  return {};
}

// Of few whole numbers in one dimension, of which shapes are made, the kernel looks at no index.
void guard_scatter(ov::Node& node) {
  const Value data = node.input_value(0);
  const ov::element::Type type = data.get_element_type();
  const ov::PartialShape& shape = data.get_partial_shape();
  if (!type.is_integral_number() || (shape.rank().is_static() && shape.size() != 1)) return;
  const Value indices = node.input_value(1);
  const ov::element::Type index_type = indices.get_element_type();
  const Value size =
      std::make_shared<ov::op::v8::Gather>(std::make_shared<ov::op::v3::ShapeOf>(data, index_type),
                                           node.input_value(3), constant(ov::element::i64, 0));
  const Value last = std::make_shared<ov::op::v1::Subtract>(size, constant(index_type, 1));
  node.input(1).replace_source_output(
      at_least(std::make_shared<ov::op::v1::Minimum>(indices, last), constant(index_type, 0)));
  // Nor how many indices there are.
  const ov::PartialShape& places = indices.get_partial_shape();
  const Value updates = node.input_value(2);
  const bool one_each = places.is_static() && places == updates.get_partial_shape();
  if (one_each || places.rank().is_dynamic() || places.size() != 1) return;
  const auto list = [](std::int64_t v) {
    return ov::op::v0::Constant::create(ov::element::i64, ov::Shape{1}, {v});
  };
  node.input(2).replace_source_output(std::make_shared<ov::op::v8::Slice>(
      updates, list(0), std::make_shared<ov::op::v3::ShapeOf>(indices, ov::element::i64), list(1),
      list(0)));
}

// In one dimension of whole numbers, of which shapes are made, the kernel looks at no index; in all
// others it gives 0 for one that is out of range. That is made here too: a 0 is put behind the
// data, and an index that is out of range is led there.
Result<void> guard_gather(ov::op::util::GatherBase& node) {
  const Value data = node.input_value(0);
  const ov::element::Type type = data.get_element_type();
  const ov::PartialShape& shape = data.get_partial_shape();
  const bool of_shapes = type.is_integral_number() && type.bitwidth() >= 16;
  if (!of_shapes || (shape.rank().is_static() && shape.size() != 1)) {
    const auto axis = fixed_value(node.input_value(2));
    guard_empty(node, axis->cast_vector<std::int64_t>().at(0));
    return {};
  }
  if (shape.rank().is_dynamic()) {
    return fail(ErrorCode::kUnsupportedOperation,
                "The model's Gather '" + node.get_friendly_name() +
                    "' takes numbers of unknown rank, of which OpenVINO would use indices "
                    "unchecked.");
  }
  const bool wraps = ov::is_type<ov::op::v8::Gather>(&node);
  const Value indices = node.input_value(1);
  if (const auto fixed = fixed_value(indices); fixed && shape.is_static()) {
    const std::int64_t size = shape[0].get_length();
    const auto values = fixed->cast_vector<std::int64_t>();
    const bool fine = std::ranges::all_of(
        values, [&](std::int64_t v) { return v < size && v >= (wraps ? -size : 0); });
    if (fine) return {};
  }
  const ov::element::Type index_type = indices.get_element_type();
  const Value zero = constant(index_type, 0);
  const Value size = std::make_shared<ov::op::v8::Gather>(
      std::make_shared<ov::op::v3::ShapeOf>(data, index_type), constant(ov::element::i64, 0),
      constant(ov::element::i64, 0));
  Value place = indices;
  if (wraps) {
    place = std::make_shared<ov::op::v1::Select>(std::make_shared<ov::op::v1::Less>(indices, zero),
                                                 std::make_shared<ov::op::v1::Add>(indices, size),
                                                 indices);
  }
  const Value outside = std::make_shared<ov::op::v1::LogicalOr>(
      std::make_shared<ov::op::v1::Less>(place, zero),
      std::make_shared<ov::op::v1::GreaterEqual>(place, size));
  node.input(0).replace_source_output(std::make_shared<ov::op::v0::Concat>(
      ov::OutputVector{data, ov::op::v0::Constant::create(type, ov::Shape{1}, {0})}, 0));
  node.input(1).replace_source_output(std::make_shared<ov::op::v1::Select>(outside, size, place));
  return {};
}

// Where an offset is no number, or too large for one of 32 bits, the kernel reads far away.
void guard_offsets(ov::Node& node) {
  const Value offsets = node.input_value(1);
  const ov::element::Type type = offsets.get_element_type();
  const auto number = [&](double value) -> Value {
    return ov::op::v0::Constant::create(type, ov::Shape{}, {value});
  };
  constexpr double kFar = 30000;  // f16 has it too
  const Value numbers = std::make_shared<ov::op::v1::Select>(
      std::make_shared<ov::op::v1::Equal>(offsets, offsets), offsets, number(0));
  const Value not_above = std::make_shared<ov::op::v1::Minimum>(numbers, number(kFar));
  node.input(1).replace_source_output(at_least(not_above, number(-kFar)));
}

void guard_against_negatives(ov::Node& node, std::size_t input) {
  const Value value = node.input_value(input);
  // Most are constants, of which shapes are known before; those are left when they are fine.
  if (const auto* fixed = ov::as_type<ov::op::v0::Constant>(value.get_node())) {
    bool fine = true;
    for (const std::int64_t v : fixed->cast_vector<std::int64_t>())
      fine = fine && v >= 0;
    if (fine) return;
  }
  node.input(input).replace_source_output(at_least(value, constant(value.get_element_type(), 0)));
}

// Where the repeats are no constant, OpenVINO's kernel copies from parts of its output that it has
// not written yet when axis 1 and the last axis are repeated: what happened to be in memory becomes
// the answer. One Tile for each axis does not.
Result<void> split_tile(ov::op::v0::Tile& tile) {
  const Value repeats = tile.input_value(1);
  if (ov::is_type<ov::op::v0::Constant>(repeats.get_node())) return {};
  const ov::PartialShape& shape = repeats.get_partial_shape();
  if (shape.rank().is_dynamic() || shape.size() != 1 || shape[0].is_dynamic()) {
    return fail(ErrorCode::kUnsupportedOperation,
                "The model's Tile '" + tile.get_friendly_name() +
                    "' has repeats of unknown number, for which OpenVINO would give wrong values.");
  }
  const auto count = static_cast<std::size_t>(shape[0].get_length());
  const ov::element::Type type = repeats.get_element_type();
  const auto only = [&](std::size_t axis) -> Value {
    std::vector<std::int64_t> chosen(count, 0);
    std::vector<std::int64_t> others(count, 1);
    std::swap(chosen[axis], others[axis]);
    const auto mask = ov::op::v0::Constant::create(type, ov::Shape{count}, chosen);
    const auto ones = ov::op::v0::Constant::create(type, ov::Shape{count}, others);
    return std::make_shared<ov::op::v1::Add>(std::make_shared<ov::op::v1::Multiply>(repeats, mask),
                                             ones);
  };
  Value data = tile.input_value(0);
  for (std::size_t axis = 0; axis + 1 < count; ++axis) {
    data = std::make_shared<ov::op::v0::Tile>(data, only(axis));
  }
  if (count < 2) return {};
  tile.input(0).replace_source_output(data);
  tile.input(1).replace_source_output(only(count - 1));
  return {};
}

// Axes beyond the last are noticed, but not that there is none at all.
Result<void> check_reduction(const ov::op::util::ReductionBase& node) {
  const ov::Rank rank = node.get_input_partial_shape(0).rank();
  if (fixed_value(node.input_value(1)) || (rank.is_static() && rank.get_length() > 0)) return {};
  return fail(ErrorCode::kUnsupportedOperation,
              std::string("The model's ") + node.get_type_name() + " '" + node.get_friendly_name() +
                  "' computes the axes along which it reduces " +
                  (rank.is_static() ? "a single number" : "data of unknown rank") +
                  ", which OpenVINO would use unchecked.");
}

}  // namespace

Result<void> guard_indices(ov::Model& model) {
  bool changed = false;
  for (const auto& node : model.get_ordered_ops()) {
    const std::string_view type = node->get_type_name();
    if (auto checked = check_operator(*node); !checked) return checked;
    if (auto* gather = ov::as_type<ov::op::util::GatherNDBase>(node.get())) {
      if (auto guarded = guard_gather_nd(*gather); !guarded) return guarded;
    } else if (ov::is_type<ov::op::util::ScatterElementsUpdateBase>(node)) {
      if (auto guarded = guard_scatter_elements(*node); !guarded) return guarded;
    } else if (type == "ScatterUpdate") {
      guard_scatter(*node);
    } else if (type == "Tile" || type == "CTCGreedyDecoderSeqLen" || type == "SegmentMax") {
      guard_against_negatives(*node, 1);
      auto* tile = ov::as_type<ov::op::v0::Tile>(node.get());
      if (tile != nullptr) {
        if (auto split = split_tile(*tile); !split) return split;
      }
    } else if (auto* one = ov::as_type<ov::op::util::GatherBase>(node.get())) {
      if (auto guarded = guard_gather(*one); !guarded) return guarded;
    } else if (const auto* elements = ov::as_type<ov::op::v6::GatherElements>(node.get())) {
      guard_empty(*node, elements->get_axis());
    } else if (type == "GatherTree") {
      guard_against_negatives(*node, 2);
    } else if (type == "DeformableConvolution") {
      guard_offsets(*node);
    } else if (const auto* reduction = ov::as_type<ov::op::util::ReductionBase>(node.get())) {
      if (auto checked = check_reduction(*reduction); !checked) return checked;
      continue;
    } else if (auto* subgraphs = ov::as_type<ov::op::util::MultiSubGraphOp>(node.get())) {
      for (std::size_t i = 0; i < subgraphs->get_internal_subgraphs_size(); ++i) {
        if (auto guarded = guard_indices(*subgraphs->get_function(i)); !guarded) return guarded;
      }
      continue;
    } else {
      continue;
    }
    changed = true;
  }
  if (changed) model.validate_nodes_and_infer_types();
  return {};
}

}  // namespace nacre::openvino
