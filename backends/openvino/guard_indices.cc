#include "guard_indices.h"

#include "check_operators.h"

#include <openvino/op/add.hpp>
#include <openvino/op/concat.hpp>
#include <openvino/op/constant.hpp>
#include <openvino/op/equal.hpp>
#include <openvino/op/gather.hpp>
#include <openvino/op/greater_eq.hpp>
#include <openvino/op/less.hpp>
#include <openvino/op/logical_or.hpp>
#include <openvino/op/maximum.hpp>
#include <openvino/op/minimum.hpp>
#include <openvino/op/multiply.hpp>
#include <openvino/op/select.hpp>
#include <openvino/op/shape_of.hpp>
#include <openvino/op/subtract.hpp>
#include <openvino/op/tile.hpp>
#include <openvino/op/util/gather_base.hpp>
#include <openvino/op/util/gather_nd_base.hpp>
#include <openvino/op/util/multi_subgraph_base.hpp>
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

// The last dimension of the indices counts the axes, from batch_dims on, that they select from.
Result<void> guard_gather_nd(ov::op::util::GatherNDBase& node) {
  const Value indices = node.input_value(1);
  const ov::PartialShape& shape = indices.get_partial_shape();
  if (shape.rank().is_dynamic() || shape.size() == 0 || shape[shape.size() - 1].is_dynamic()) {
    return fail(ErrorCode::kUnsupportedOperation,
                "The model's GatherND '" + node.get_friendly_name() +
                    "' has indices of unknown width, which OpenVINO would use unchecked.");
  }
  std::vector<std::int64_t> axes(static_cast<std::size_t>(shape[shape.size() - 1].get_length()));
  std::iota(axes.begin(), axes.end(), static_cast<std::int64_t>(node.get_batch_dims()));
  const ov::element::Type type = indices.get_element_type();
  const Value size =
      sizes(node.input_value(0),
            ov::op::v0::Constant::create(ov::element::i64, {axes.size()}, axes), type);
  const Value last = std::make_shared<ov::op::v1::Subtract>(size, constant(type, 1));
  const Value not_above = std::make_shared<ov::op::v1::Minimum>(indices, last);
  node.input(1).replace_source_output(at_least(not_above, negated(size)));
  return {};
}

// Indices beyond the end are noticed by the kernel itself.
void guard_scatter_elements(ov::Node& node) {
  const Value indices = node.input_value(1);
  const Value size = sizes(node.input_value(0), node.input_value(3), indices.get_element_type());
  node.input(1).replace_source_output(at_least(indices, negated(size)));
}

// In one dimension of whole numbers, of which shapes are made, the kernel looks at no index; in all
// others it gives 0 for one that is out of range. That is made here too: a 0 is put behind the
// data, and an index that is out of range is led there.
Result<void> guard_gather(ov::op::util::GatherBase& node) {
  const Value data = node.input_value(0);
  const ov::element::Type type = data.get_element_type();
  const ov::PartialShape& shape = data.get_partial_shape();
  if (!type.is_integral_number() || type.bitwidth() < 16) return {};
  if (shape.rank().is_dynamic()) {
    return fail(ErrorCode::kUnsupportedOperation,
                "The model's Gather '" + node.get_friendly_name() +
                    "' takes numbers of unknown rank, of which OpenVINO would use indices "
                    "unchecked.");
  }
  if (shape.size() != 1) return {};
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

}  // namespace

Result<void> guard_indices(ov::Model& model) {
  bool changed = false;
  for (const auto& node : model.get_ordered_ops()) {
    const std::string_view type = node->get_type_name();
    if (auto checked = check_operator(*node); !checked) return checked;
    if (auto* gather = ov::as_type<ov::op::util::GatherNDBase>(node.get())) {
      if (auto guarded = guard_gather_nd(*gather); !guarded) return guarded;
    } else if (ov::is_type<ov::op::util::ScatterElementsUpdateBase>(node)) {
      guard_scatter_elements(*node);
    } else if (type == "Tile" || type == "CTCGreedyDecoderSeqLen" || type == "SegmentMax") {
      guard_against_negatives(*node, 1);
      auto* tile = ov::as_type<ov::op::v0::Tile>(node.get());
      if (tile != nullptr) {
        if (auto split = split_tile(*tile); !split) return split;
      }
    } else if (auto* one = ov::as_type<ov::op::util::GatherBase>(node.get())) {
      if (auto guarded = guard_gather(*one); !guarded) return guarded;
    } else if (type == "GatherTree") {
      guard_against_negatives(*node, 2);
    } else if (type == "DeformableConvolution") {
      guard_offsets(*node);
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
