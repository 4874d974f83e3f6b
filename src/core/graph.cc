#include <nacre/backend.h>
#include <nacre/graph.h>

#include "base/lower_case.h"
#include "core/carrier.h"

#include <fmt/format.h>
#include <malloc.h>
#include <algorithm>
#include <utility>

namespace nacre {
namespace {

bool same_word(std::string_view a, std::string_view b) noexcept {
  return std::ranges::equal(a, b, [](char x, char y) { return to_lower(x) == to_lower(y); });
}

template <typename E, std::size_t N>
std::optional<E> parse(const std::array<std::string_view, N>& names,
                       std::string_view text) noexcept {
  for (std::size_t i = 0; i < N; ++i) {
    if (same_word(names[i], text)) return static_cast<E>(i);
  }
  return std::nullopt;
}

}  // namespace

std::optional<GraphEncoding> parse_graph_encoding(std::string_view text) noexcept {
  return parse<GraphEncoding>(kGraphEncodingNames, text);
}

std::optional<ExecutionTarget> parse_execution_target(std::string_view text) noexcept {
  return parse<ExecutionTarget>(kExecutionTargetNames, text);
}

std::optional<Carrier> carrier_of(const TensorDescription& tensor, GuestAbi abi) {
  const bool named = tensor.type == TensorType::kBf16 && abi == GuestAbi::kComponent;
  if (named || !may_be_carried(tensor.type)) return std::nullopt;
  if (tensor.type == TensorType::kString) return Carrier{Shape{-1}};
  if (!tensor.shape) return Carrier{};
  return Carrier{carrier_shape(tensor.type, tensor.shape->dims(), 0)};
}

namespace {

// One input or output; `what` names it in a sentence.
Result<void> fill(TensorDescription& known, const TensorDescription& said,
                  const std::string& what) {
  const auto differs = [&what](std::string_view of, std::string_view is, std::string_view claimed) {
    return fail(ErrorCode::kInvalidArgument,
                fmt::format("{} has the {} {}, and the operator's description says {}", what, of,
                            is, claimed));
  };
  if (!said.name.empty()) {
    if (known.name.empty()) known.name = said.name;
    if (known.name != said.name) return differs("name", known.name, said.name);
  }
  if (said.type != TensorType::kUnknown) {
    if (known.type == TensorType::kUnknown) known.type = said.type;
    if (known.type != said.type) {
      return differs("type", to_string(known.type), to_string(said.type));
    }
  }
  if (said.shape) {
    if (!known.shape) known.shape = said.shape;
    const auto other = [&] {
      return differs("shape", to_string(*known.shape), to_string(*said.shape));
    };
    if (known.shape->rank() != said.shape->rank()) return other();
    Shape filled;
    for (std::size_t i = 0; i < said.shape->rank(); ++i) {
      const std::int64_t is = known.shape->dims()[i];
      const std::int64_t claimed = said.shape->dims()[i];
      if (is != -1 && claimed != -1 && is != claimed) return other();
      filled.push_back(is == -1 ? claimed : is);
    }
    known.shape = filled;
  }
  if (known.layout.empty()) known.layout = said.layout;
  if (!said.layout.empty() && known.layout != said.layout) {
    return differs("layout", known.layout, said.layout);
  }
  return {};
}

Result<void> fill(std::vector<TensorDescription>& known, bool& counted,
                  std::span<const TensorDescription> said, std::string_view kind) {
  if (said.empty()) return {};
  if (!counted) known.resize(std::max(known.size(), said.size()));
  if (known.size() != said.size()) {
    return fail(ErrorCode::kInvalidArgument,
                fmt::format("the model has {} {}s, and the operator describes {}", known.size(),
                            kind, said.size()));
  }
  counted = true;
  for (std::size_t i = 0; i < said.size(); ++i) {
    auto ok = fill(known[i], said[i], fmt::format("{} {}", kind, i));
    if (!ok) return ok;
  }
  return {};
}

}  // namespace

Result<void> Graph::supply(std::span<const TensorDescription> inputs,
                           std::span<const TensorDescription> outputs) {
  GraphDescription& d = description_;
  if (auto ok = fill(d.inputs, d.inputs_known, inputs, "input"); !ok) return ok;
  return fill(d.outputs, d.outputs_known, outputs, "output");
}

Graph::Graph() = default;

Graph::~Graph() {
#if defined(__GLIBC__)
  if (!trim_at_end_) return;
  graph_.reset();
  ::malloc_trim(0);
#endif
}

std::shared_ptr<Graph> Graph::create(std::unique_ptr<BackendGraph> graph, std::string backend,
                                     GraphEncoding encoding, ExecutionTarget target,
                                     std::shared_ptr<void> keep_alive,
                                     std::vector<Property> facts) {
  std::shared_ptr<Graph> made(new Graph);
  made->keep_alive_ = std::move(keep_alive);
  made->graph_ = std::move(graph);
  made->description_ = made->graph_->describe();
  std::vector<Property>& properties = made->description_.properties;
  for (Property& fact : facts) {
    if (std::ranges::find(properties, fact.key, &Property::key) == properties.end()) {
      properties.push_back(std::move(fact));
    }
  }
  made->backend_ = std::move(backend);
  made->encoding_ = encoding;
  made->target_ = target;
  return made;
}

}  // namespace nacre
