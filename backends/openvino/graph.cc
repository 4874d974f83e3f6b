#include "graph.h"

#include "context.h"
#include "element_types.h"
#include "messages.h"

#include <openvino/core/layout.hpp>
#include <openvino/op/constant.hpp>
#include <openvino/op/parameter.hpp>
#include <openvino/op/util/multi_subgraph_base.hpp>
#include <openvino/runtime/properties.hpp>

#include <algorithm>
#include <optional>
#include <string>
#include <unordered_set>

namespace nacre::openvino {
namespace {

// A tensor can carry several names, in no order. The ONNX reader calls an output's node after the
// graph's own name for it, and an input's node likewise; without such a hint the first by
// alphabet is at least the same in every run.
std::string name_of(const ov::Output<const ov::Node>& port, bool is_output) {
  const std::unordered_set<std::string>& names = port.get_names();
  const ov::Node& node = *port.get_node();
  std::string friendly = node.get_friendly_name();
  if (is_output) friendly = friendly.substr(0, friendly.rfind("/sink_port_"));
  if (names.contains(friendly)) return friendly;
  if (!names.empty()) return *std::ranges::min_element(names);
  // A name that OpenVINO made up counts up through the process and means nothing.
  const ov::Node* named = is_output ? node.get_input_node_ptr(0) : &node;
  return named->get_friendly_name() == named->get_name() ? "" : named->get_friendly_name();
}

void add_words(std::string& note, const std::string& words) {
  if (!note.empty()) note += "; ";
  note += words;
}

// "[N,C,H,W]" as "NCHW"; a layout of longer words stays as it is.
std::string layout_of(const ov::Output<const ov::Node>& port) {
  const ov::Layout layout = ov::layout::get_layout(port);
  if (layout.empty()) return {};
  std::string text = layout.to_string();
  std::string letters;
  for (std::size_t i = 1; i + 1 < text.size(); i += 2) {
    const bool end = text[i + 1] == ',' || text[i + 1] == ']';
    if (!end || text[i] == '.') return text;
    letters += text[i];
  }
  return letters;
}

Result<TensorDescription> describe_port(const ov::Output<const ov::Node>& port, bool is_output,
                                        bool on_cpu) {
  TensorDescription d{.name = name_of(port, is_output), .type = {}, .shape = {}, .note = {}};
  const std::string who = std::string(is_output ? "output" : "input") + " '" + d.name + "'";
  const auto type = to_tensor_type(port.get_element_type());
  if (!type) {
    return fail(ErrorCode::kUnsupportedOperation,
                "The model's " + who + " holds " + port.get_element_type().to_string() +
                    " elements, and Nacre carries integers of 8 to 64 bits, floats of 16 to 64 and "
                    "bool with OpenVINO.");
  }
  d.type = *type;
  d.layout = layout_of(port);
  if (on_cpu && !is_output) add_words(d.note, std::string(cpu_note(*type)));

  const ov::PartialShape& shape = port.get_partial_shape();
  if (shape.rank().is_dynamic()) return d;
  if (shape.size() > kMaxRank) {
    return fail(ErrorCode::kUnsupportedOperation,
                "The model's " + who + " has rank " + std::to_string(shape.size()) +
                    ", and Nacre carries tensors up to rank " + std::to_string(kMaxRank) + ".");
  }
  d.shape.emplace();
  for (std::size_t i = 0; i < shape.size(); ++i) {
    const ov::Dimension& dim = shape[i];
    d.shape->push_back(dim.is_static() ? dim.get_length() : -1);
    if (dim.is_static() || is_output) continue;
    const bool bounded = dim.get_max_length() >= 0;
    if (dim.get_min_length() <= 0 && !bounded) continue;
    add_words(d.note, "dimension " + std::to_string(i) + " is " +
                          (bounded ? "from " + std::to_string(dim.get_min_length()) + " to " +
                                         std::to_string(dim.get_max_length())
                                   : "at least " + std::to_string(dim.get_min_length())));
  }
  return d;
}

std::optional<std::string> version_of(const ov::Model& model) {
  const ov::RTMap& info = model.get_rt_info();
  const auto version = info.find("version");
  if (version == info.end() || !version->second.is<std::int64_t>()) return std::nullopt;
  return std::to_string(version->second.as<std::int64_t>());
}

}  // namespace

Result<GraphDescription> describe_model(const ov::Model& model, bool on_cpu) {
  GraphDescription description;
  for (const bool is_output : {false, true}) {
    for (const auto& port : is_output ? model.outputs() : model.inputs()) {
      auto described = describe_port(port, is_output, on_cpu);
      if (!described) return std::unexpected(std::move(described.error()));
      (is_output ? description.outputs : description.inputs).push_back(std::move(*described));
    }
  }
  if (const auto version = version_of(model)) {
    description.properties.push_back({"format_version", "IR " + *version});
  }
  return description;
}

Result<void> check_types(const ov::Model& model) {
  for (const auto& node : model.get_ops()) {
    const bool is_constant = ov::is_type<ov::op::v0::Constant>(node);
    for (const auto& output : node->outputs()) {
      const ov::element::Type type = output.get_element_type();
      const bool is_string = type == ov::element::string;
      const bool is_part_of_byte = type.is_static() && !is_string && type.bitwidth() < 8;
      if (!is_string && (!is_part_of_byte || is_constant)) continue;
      return fail(ErrorCode::kUnsupportedOperation,
                  std::string("The model's ") + node->get_type_name() + " '" +
                      node->get_friendly_name() + "' yields " + type.to_string() +
                      " elements, and OpenVINO computes safely only on whole bytes of numbers and "
                      "bool.");
    }
    if (const auto* subgraphs = ov::as_type<ov::op::util::MultiSubGraphOp>(node.get())) {
      for (std::size_t i = 0; i < subgraphs->get_internal_subgraphs_size(); ++i) {
        if (auto checked = check_types(*subgraphs->get_function(i)); !checked) return checked;
      }
    }
  }
  return {};
}

bool has_subgraphs(const ov::Model& model) {
  return std::ranges::any_of(model.get_ops(), [](const std::shared_ptr<ov::Node>& node) {
    return ov::is_type<ov::op::util::MultiSubGraphOp>(node);
  });
}

OpenvinoGraph::OpenvinoGraph(ov::CompiledModel compiled, GraphDescription description, bool on_cpu,
                             bool with_subgraphs)
    : compiled_(std::move(compiled)), description_(std::move(description)), on_cpu_(on_cpu) {
  // Where OpenVINO has made one stream of one thread, because the machine has no more, infer() is
  // not safe (see compile_properties); start_async() is.
  if (with_subgraphs) {
    where_ = Where::kElsewhere;
  } else if (on_cpu_ && (compiled_.get_property(ov::num_streams).num == 0 ||
                         compiled_.get_property(ov::inference_num_threads) > 1)) {
    where_ = Where::kInline;
  }
  // OpenVINO finds a port by its tensor. Where an output is an input passed through, or is the same
  // value as another output, setting the one's memory would set the other's.
  std::vector<ov::Output<ov::Node>> sources;
  for (const auto& output : compiled_.outputs()) {
    sources.push_back(output.get_node()->input_value(0));
  }
  for (const auto& source : sources) {
    bindable_.push_back(!ov::is_type<ov::op::v0::Parameter>(source.get_node()) &&
                        std::ranges::count(sources, source) == 1);
  }
}

Result<std::unique_ptr<BackendContext>> OpenvinoGraph::create_context() {
  try {
    return std::make_unique<OpenvinoContext>(compiled_.create_infer_request(), description_,
                                             bindable_, on_cpu_, where_);
  } catch (const std::exception& e) {
    return fail(ErrorCode::kRuntimeError, "OpenVINO makes no infer request: " + explain(e));
  }
}

}  // namespace nacre::openvino
