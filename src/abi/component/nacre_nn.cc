#include "abi/component/nacre_nn.h"

#include <exception>
#include <new>
#include <utility>

#include "abi/component/component_state.h"
#include "abi/component/nacre_nn_call.h"
#include "abi/component/text.h"
#include "abi/printable.h"

namespace nacre {

using component::answer;
using component::state_of;
using component::to_shim;
using component::to_view;

namespace {

template <typename Spans, typename T>
Spans span_of(std::vector<T>& spans) {
  spans.reserve(1);  // so that it has an address
  return {spans.data(), spans.size()};
}

// The WIT lists element types in our order, without unknown.
static_assert(static_cast<std::uint32_t>(TensorType::kF16) == 1 &&
              static_cast<std::uint32_t>(TensorType::kI64) == 7 &&
              static_cast<std::uint32_t>(TensorType::kString) == 14);
std::uint32_t element_type(TensorType type) noexcept {
  return static_cast<std::uint32_t>(type) - 1;  // unknown becomes a number that is none
}

}  // namespace

void NacreNnAnswer::clear() noexcept {
  graph_.reset();
  names_.clear();
  properties_.clear();
  texts_.clear();
  shapes_.clear();
  name_spans_.clear();
  pair_spans_.clear();
  inputs_.clear();
  outputs_.clear();
}

nacre_shim_bytes NacreNnAnswer::text(std::string_view text) {
  return to_shim(is_utf8(text) ? text : texts_.emplace_back(printable(text)));
}

nacre_shim_i64s NacreNnAnswer::dims(const Shape& shape) {
  const auto dims = shapes_.emplace_back(shape).dims();
  return {dims.data(), dims.size()};
}

nacre_shim_texts NacreNnAnswer::names(std::vector<std::string> names) {
  clear();
  names_ = std::move(names);
  for (const std::string& name : names_)
    name_spans_.push_back(text(name));
  return span_of<nacre_shim_texts>(name_spans_);
}

nacre_shim_pairs NacreNnAnswer::properties(std::vector<Property> properties) {
  clear();
  properties_ = std::move(properties);
  return pairs(properties_);
}

nacre_shim_pairs NacreNnAnswer::pairs(const std::vector<Property>& properties) {
  for (const auto& [key, value] : properties)
    pair_spans_.push_back({text(key), text(value)});
  return span_of<nacre_shim_pairs>(pair_spans_);
}

nacre_shim_tensor_descriptions NacreNnAnswer::tensors(
    const std::vector<TensorDescription>& tensors, bool known,
    std::vector<nacre_shim_tensor_description>& out) {
  if (!known) return {};
  for (const TensorDescription& tensor : tensors) {
    nacre_shim_tensor_description made = {};
    // A name that is not text cannot be said by a component; a position stands for it.
    if (!tensor.name.empty() && is_utf8(tensor.name)) made.name = to_shim(tensor.name);
    if (tensor.shape) made.dimensions = dims(*tensor.shape);
    const auto carrier = carrier_of(tensor, GuestAbi::kComponent);
    if (carrier && carrier->shape) made.carrier = dims(*carrier->shape);
    if (!tensor.layout.empty()) made.layout = text(tensor.layout);
    made.note = text(tensor.note);
    made.ty = element_type(tensor.type);
    out.push_back(made);
  }
  return span_of<nacre_shim_tensor_descriptions>(out);
}

nacre_shim_graph_description NacreNnAnswer::describe(std::shared_ptr<const Graph> graph) {
  clear();
  graph_ = std::move(graph);
  const GraphDescription& description = graph_->description();
  return {.backend = text(graph_->backend()),
          .encoding = to_shim(to_string(graph_->encoding())),
          .target = to_shim(to_string(graph_->target())),
          .inputs = tensors(description.inputs, description.inputs_known, inputs_),
          .outputs = tensors(description.outputs, description.outputs_known, outputs_),
          .properties = pairs(description.properties)};
}

nacre_shim_error NacreNnAnswer::error(Error error) noexcept {
  clear();
  nacre_shim_error answer{.code = wit_error_code(error.code), .data = to_shim({})};
  try {
    answer.data = text(texts_.emplace_back(std::move(error.message)));
  } catch (const std::exception&) {
    return answer;
  }
  return answer;
}

namespace {

void list(void*, void* guest, nacre_shim_texts* names) noexcept {
  ComponentState& state = state_of(guest);
  try {
    *names = state.nacre_nn_answer.names(state.guest().backends());
  } catch (const std::exception&) {
    *names = {};  // no memory for a list of names
  }
}

bool properties(void*, void* guest, nacre_shim_bytes name, nacre_shim_pairs* out,
                nacre_shim_error* error) noexcept {
  return answer(guest, "properties", error, [&](ComponentState& state) -> Result<void> {
    auto found = state.guest().backend_properties(to_view(name));
    if (!found) return std::unexpected(std::move(found.error()));
    *out = state.nacre_nn_answer.properties(std::move(*found));
    return {};
  });
}

Result<void> describe(ComponentState& state, Result<std::shared_ptr<const Graph>> graph,
                      nacre_shim_graph_description* out) {
  if (!graph) return std::unexpected(std::move(graph.error()));
  *out = state.nacre_nn_answer.describe(std::move(*graph));
  return {};
}

bool describe_by_name(void*, void* guest, nacre_shim_bytes name, nacre_shim_graph_description* out,
                      nacre_shim_error* error) noexcept {
  return answer(guest, "describe-by-name", error, [&](ComponentState& state) {
    return describe(state, state.guest().model(to_view(name)), out);
  });
}

bool describe_graph(void*, void* guest, std::uint32_t graph, nacre_shim_graph_description* out,
                    nacre_shim_error* error) noexcept {
  return answer(guest, "describe", error, [&](ComponentState& state) {
    return describe(state, state.guest().graph(graph), out);
  });
}

}  // namespace

const nacre_nn_callbacks& nacre_nn_component_callbacks() noexcept {
  static constexpr nacre_nn_callbacks kCallbacks = {
      .env = nullptr,
      .finalizer = nullptr,
      .list = list,
      .properties = properties,
      .describe_by_name = describe_by_name,
      .describe = describe_graph,
      .text_open = component::text_open,
      .text_drop = component::text_drop,
      .text_configure = component::text_configure,
      .text_set_prompt = component::text_set_prompt,
      .text_next = component::text_next,
      .text_finish = component::text_finish,
      .text_generate = component::text_generate,
      .text_metadata = component::text_metadata,
  };
  return kCallbacks;
}

}  // namespace nacre
