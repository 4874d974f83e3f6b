#include <nacre/backend.h>
#include <nacre/graph.h>

#include "core/carrier.h"

#include <algorithm>
#include <utility>

namespace nacre {
namespace {

bool same_word(std::string_view a, std::string_view b) noexcept {
  const auto lower = [](char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  };
  return std::ranges::equal(a, b, {}, lower, lower);
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

Graph::Graph() = default;
Graph::~Graph() = default;

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
