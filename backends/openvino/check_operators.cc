#include "check_operators.h"

#include <openvino/core/node.hpp>
#include <openvino/op/util/shape_of_base.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace nacre::openvino {
namespace {

using Value = ov::Output<ov::Node>;

/// What has been looked at. One value may be the input of many, and those again of many.
using Known = std::map<Value, std::shared_ptr<ov::op::v0::Constant>>;

std::shared_ptr<ov::op::v0::Constant> fold(const Value& value, int depth, Known& known);

std::shared_ptr<ov::op::v0::Constant> fixed_at(const Value& value, int depth, Known& known) {
  const auto found = known.find(value);
  if (found != known.end()) return found->second;
  auto folded = fold(value, depth, known);
  known.emplace(value, folded);
  return folded;
}

std::shared_ptr<ov::op::v0::Constant> fold(const Value& value, int depth, Known& known) {
  constexpr int kDeepest = 12;
  ov::Node* const node = value.get_node();
  if (ov::is_type<ov::op::v0::Constant>(node)) {
    return ov::as_type_ptr<ov::op::v0::Constant>(value.get_node_shared_ptr());
  }
  if (depth == kDeepest || node->get_input_size() == 0) return nullptr;
  ov::OutputVector inputs;
  for (const Value& input : node->input_values()) {
    const bool shape_only = ov::is_type<ov::op::util::ShapeOfBase>(node);
    const auto fixed = shape_only ? nullptr : fixed_at(input, depth + 1, known);
    if (!fixed && !shape_only) return nullptr;
    inputs.push_back(fixed ? Value(fixed) : input);
  }
  ov::OutputVector outputs(node->get_output_size());
  if (!node->constant_fold(outputs, inputs)) return nullptr;
  return ov::as_type_ptr<ov::op::v0::Constant>(outputs[value.get_index()].get_node_shared_ptr());
}

std::string named(const ov::Node& node) {
  return "The model's " + std::string(node.get_type_name()) + " '" + node.get_friendly_name() + "'";
}

std::unexpected<Error> refused(const ov::Node& node, const std::string& why) {
  return fail(ErrorCode::kUnsupportedOperation, named(node) + " " + why + ".");
}

/// Refused whatever they are given. None is in ONNX's tests.
struct Unchecked {
  std::string_view type;
  std::string_view what;
};
constexpr Unchecked kUnchecked[] = {
    {"CTCLoss", "labels"},
    {"Col2Im", "sizes"},
    {"DeformablePSROIPooling", "regions"},
    {"ExperimentalDetectronDetectionOutput", "regions"},
    {"ExperimentalDetectronGenerateProposalsSingleImage", "anchors"},
    {"ExperimentalDetectronPriorGridGenerator", "sizes of a grid"},
    {"ExperimentalDetectronROIFeatureExtractor", "regions"},
    {"ExperimentalDetectronTopKROIs", "probabilities"},
    {"Multinomial", "probabilities"},
    {"PSROIPooling", "regions"},
    {"PagedAttentionExtension", "numbers of blocks"},
    {"ROIAlignRotated", "numbers of images"},
    {"ROIPooling", "regions"},
    {"SliceScatter", "updates"},
    {"SparseFillEmptyRows", "indices"},
};

/// Inputs that have to be constants, and the numbers that they may hold.
struct Fixed {
  std::string_view type;
  std::size_t input;
  std::string_view what;
  std::int64_t least = INT64_MIN;
  std::int64_t most = INT64_MAX;
};
constexpr std::int64_t kLongestSignal = std::int64_t{1} << 24;
constexpr std::int64_t kLargestGrid = 4096;
constexpr Fixed kFixed[] = {
    {"ConvolutionBackpropData", 2, "output shape"},
    {"DFT", 1, "axes"},
    {"DFT", 2, "sizes", -1, kLongestSignal},
    {"Gather", 2, "axis"},
    {"GroupConvolutionBackpropData", 2, "output shape"},
    {"IDFT", 1, "axes"},
    {"IDFT", 2, "sizes", -1, kLongestSignal},
    {"IRDFT", 1, "axes"},
    {"IRDFT", 2, "sizes", -1, kLongestSignal},
    {"PriorBox", 0, "grid", 0, kLargestGrid},
    {"PriorBoxClustered", 0, "grid", 0, kLargestGrid},
    {"RDFT", 1, "axes"},
    {"RDFT", 2, "sizes", -1, kLongestSignal},
    {"Roll", 2, "axes"},
    {"SpaceToBatch", 1, "block"},
    {"SpaceToBatch", 2, "padding", 0},
    {"SpaceToBatch", 3, "padding", 0},
};

// A converter that does not know the batch takes the output shape out of one whose first number is
// computed. What OpenVINO has found out of the rest stands in the output's shape.
bool has_known_size(const ov::Node& node) {
  const ov::PartialShape& shape = node.get_output_partial_shape(0);
  if (shape.rank().is_dynamic() || shape.size() < 3) return false;
  return std::all_of(shape.begin() + 2, shape.end(),
                     [](const ov::Dimension& dim) { return dim.is_static(); });
}

Result<void> check_fixed(const ov::Node& node, const Fixed& one) {
  const auto fixed = fixed_value(node.input_value(one.input));
  if (!fixed && one.what == "output shape" && has_known_size(node)) return {};
  if (!fixed) {
    return refused(node, "computes its " + std::string(one.what) +
                             ", which OpenVINO would use unchecked; here they have to be constant");
  }
  for (const std::int64_t value : fixed->cast_vector<std::int64_t>()) {
    if (value >= one.least && value <= one.most && (value != 0 || one.least != -1)) continue;
    return refused(node, "has " + std::to_string(value) + " in its " + std::string(one.what) +
                             ", which OpenVINO would use unchecked");
  }
  return {};
}

// The kernel reads on behind its data where the signal is to be longer than they say.
Result<void> check_inverse(const ov::Node& node) {
  if (node.get_input_size() < 3) return {};
  const auto axes = fixed_value(node.input_value(1))->cast_vector<std::int64_t>();
  const auto sizes = fixed_value(node.input_value(2))->cast_vector<std::int64_t>();
  const ov::PartialShape& shape = node.get_input_partial_shape(0);
  for (std::size_t i = 0; i < std::min(axes.size(), sizes.size()); ++i) {
    if (sizes[i] == -1) continue;
    // Without the last dimension, of real and imaginary parts.
    const std::int64_t rank = shape.rank().is_static() ? shape.rank().get_length() - 1 : 0;
    const std::int64_t axis = axes[i] < 0 ? axes[i] + rank : axes[i];
    const bool known = axis >= 0 && axis < rank && shape[axis].is_static();
    const std::int64_t there = known ? shape[axis].get_length() : 0;
    const std::int64_t most = i + 1 == axes.size() ? 2 * there - 1 : there;
    if (known && sizes[i] <= most) continue;
    return refused(node, "wants a signal of " + std::to_string(sizes[i]) + " numbers from " +
                             (known ? std::to_string(there) : "it is not known how many") +
                             ", for which OpenVINO would read what lies behind them");
  }
  return {};
}

// With more padding than that the kernel has written outside its output.
Result<void> check_padding(const ov::Node& node) {
  const auto block = fixed_value(node.input_value(1))->cast_vector<std::int64_t>();
  for (const std::size_t input : {2U, 3U}) {
    const auto padding = fixed_value(node.input_value(input))->cast_vector<std::int64_t>();
    for (std::size_t i = 0; i < std::min(block.size(), padding.size()); ++i) {
      if (padding[i] <= 2 * block[i]) continue;
      return refused(node, "pads by " + std::to_string(padding[i]) + " around blocks of " +
                               std::to_string(block[i]) +
                               ", and OpenVINO is safe up to twice the block");
    }
  }
  return {};
}

}  // namespace

std::shared_ptr<ov::op::v0::Constant> fixed_value(const ov::Output<ov::Node>& value) {
  Known known;
  return fixed_at(value, 0, known);
}

Result<void> check_operator(const ov::Node& node) {
  const std::string_view type = node.get_type_name();
  for (const Unchecked& one : kUnchecked) {
    if (type != one.type) continue;
    return refused(
        node, "takes " + std::string(one.what) + " that OpenVINO would use unchecked as addresses");
  }
  for (const Fixed& one : kFixed) {
    if (type != one.type || node.get_input_size() <= one.input) continue;
    if (auto checked = check_fixed(node, one); !checked) return checked;
  }
  if (type == "IRDFT") return check_inverse(node);
  if (type == "SpaceToBatch") return check_padding(node);
  if (type == "Slice" && node.get_input_size() > 4 && !fixed_value(node.input_value(4)) &&
      fixed_value(node.input_value(1)) && fixed_value(node.input_value(2)) &&
      fixed_value(node.input_value(3))) {
    return refused(node,
                   "computes its axes and nothing else, and OpenVINO would end the process; here "
                   "they have to be constant");
  }
  if (type == "GatherTree" && !node.get_input_element_type(0).is_integral_number()) {
    return refused(node,
                   "takes places as fractions, which OpenVINO would use unchecked; whole numbers "
                   "are fine");
  }
  if (type == "MulticlassNms" && node.get_input_size() > 2) {
    return refused(node, "takes numbers of regions that OpenVINO would use unchecked as addresses");
  }
  return {};
}

}  // namespace nacre::openvino
