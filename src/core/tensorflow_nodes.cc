#include "core/tensorflow_nodes.h"

#include <fmt/format.h>

#include <algorithm>
#include <numeric>
#include <optional>
#include <utility>

#include "core/protobuf_reader.h"

namespace nacre::tensorflow {
namespace {

std::unexpected<Error> runs_while_read(const Nodes& nodes, std::size_t node) {
  return fail(ErrorCode::kUnsupportedOperation,
              fmt::format("The TensorFlow model's node {} of {} is a loop that depends on none of "
                          "the model's inputs: it would run while the model is read, and may do so "
                          "for ever. Put what it yields in its place.",
                          in_words(nodes.names[node]), nodes.where));
}

}  // namespace

std::unexpected<Error> wrong(std::string_view what) {
  return fail(ErrorCode::kInvalidEncoding,
              fmt::format("The TensorFlow model is not read: {}.", what));
}

std::string in_words(std::string_view name) {
  return fmt::format("'{}'", printable_name(name));
}

Result<std::vector<std::uint32_t>> places_of_producers(const Nodes& nodes) {
  const auto& names = nodes.names;
  std::vector<std::uint32_t> by_name(names.size());
  std::iota(by_name.begin(), by_name.end(), 0U);
  std::ranges::sort(by_name, [&](std::uint32_t a, std::uint32_t b) {
    const auto order = names[a] <=> names[b];
    return order != 0 ? order < 0 : a < b;
  });
  const auto same = std::ranges::adjacent_find(by_name, [&](std::uint32_t a, std::uint32_t b) {
    return b < nodes.results && names[a] == names[b];
  });
  if (same != by_name.end()) {
    return wrong(fmt::format("two nodes of {} are called {}", nodes.where, in_words(names[*same])));
  }
  std::vector<std::uint32_t> places(nodes.producers.size(), kNobody);
  for (std::size_t i = 0; i < places.size(); ++i) {
    const auto after = std::ranges::upper_bound(by_name, nodes.producers[i].name, {},
                                                [&](std::uint32_t place) { return names[place]; });
    if (after == by_name.begin() || names[*(after - 1)] != nodes.producers[i].name) continue;
    places[i] = *(after - 1);
  }
  return places;
}

Result<void> check_imports(const Nodes& nodes, const std::vector<std::uint32_t>& producers) {
  constexpr std::size_t kWanted = 3;
  for (const std::size_t import : nodes.imports) {
    const auto first = producers.begin() + static_cast<std::ptrdiff_t>(nodes.begin_of(import));
    if (nodes.ends[import] - nodes.begin_of(import) < kWanted) continue;
    const bool all = std::all_of(first, first + kWanted, [&](std::uint32_t producer) {
      return producer != kNobody && producer < import;
    });
    if (all) continue;
    return wrong(
        fmt::format("the node {} of {} fills a table from nodes that do not come before it",
                    in_words(nodes.names[import]), nodes.where));
  }
  return {};
}

Result<std::uint64_t> longest_chain(const Nodes& nodes, const std::vector<std::uint32_t>& producers,
                                    const std::vector<std::uint64_t>& lengths,
                                    std::vector<std::uint32_t>& in_order) {
  constexpr std::uint64_t kUnseen = 0;
  constexpr std::uint64_t kOpen = UINT64_MAX;
  std::vector<std::uint64_t> chains(nodes.names.size(), kUnseen);  // up to each node, with it
  std::vector<std::pair<std::uint32_t, std::size_t>> open;  // a node, and the next of its producers
  std::uint64_t longest = 0;
  const auto begin = [&](std::uint32_t node) {
    chains[node] = kOpen;
    open.emplace_back(node, nodes.begin_of(node));
  };
  for (std::uint32_t root = 0; root < chains.size(); ++root) {
    if (chains[root] == kUnseen) begin(root);
    while (!open.empty()) {
      const auto [at, next] = open.back();
      if (next < nodes.ends[at]) {
        ++open.back().second;
        const std::uint32_t producer = producers[next];
        if (producer == kNobody) continue;
        if (chains[producer] == kUnseen)
          begin(producer);
        else if (chains[producer] == kOpen) {
          return wrong(
              fmt::format("the nodes {} and {} of {} need each other, in a circle that no "
                          "NextIteration closes",
                          in_words(nodes.names[at]), in_words(nodes.names[producer]), nodes.where));
        }
        continue;
      }
      std::uint64_t before = 0;
      for (std::size_t i = nodes.begin_of(at); i < next; ++i) {
        if (producers[i] != kNobody) before = std::max(before, chains[producers[i]]);
      }
      chains[at] = plus(before, lengths[at]);
      longest = std::max(longest, chains[at]);
      in_order.push_back(at);
      open.pop_back();
    }
  }
  return longest;
}

Result<void> check_loops(const Nodes& nodes, const std::vector<std::uint32_t>& producers,
                         const std::vector<std::uint32_t>& in_order) {
  enum Known : std::uint8_t { kNothing, kShape, kValue };
  std::vector<Known> known(nodes.names.size(), kNothing);
  std::vector<bool> calls_loops(nodes.names.size());
  for (const Call& call : nodes.calls)
    if (call.function->size.loops) calls_loops[call.node] = true;
  std::map<std::string_view, std::pair<Known, std::size_t>> frames;  // and one of its nodes
  bool has_condition = false;
  for (const std::uint32_t node : in_order) {
    Known least = kValue;
    for (std::size_t i = nodes.begin_of(node); i < nodes.ends[node]; ++i) {
      if (!nodes.producers[i].gives_value) continue;
      least = std::min(least, producers[i] == kNobody ? kNothing : known[producers[i]]);
    }
    Known& here = known[node];
    here = least;
    switch (nodes.kinds[node]) {
      case Kind::kConstant:
        here = kValue;
        break;
      case Kind::kGiven:
      case Kind::kExit:
        here = kNothing;
        break;
      case Kind::kGivenOfShape:
        here = kShape;
        break;
      case Kind::kRandom:
        here = std::min(least, kShape);
        break;
      case Kind::kShape:
        if (least >= kShape) here = kValue;
        break;
      case Kind::kLoop:
        if (least == kValue) return runs_while_read(nodes, node);
        break;
      case Kind::kEnter: {
        auto& frame = frames.try_emplace(nodes.frames.at(node), kValue, node).first->second;
        frame.first = std::min(frame.first, least);
        break;
      }
      case Kind::kLoopCondition:
        has_condition = true;
        break;
      case Kind::kPlain:
        if (least == kValue && calls_loops[node]) return runs_while_read(nodes, node);
        break;
    }
  }
  if (!has_condition) return {};
  for (const auto& [name, frame] : frames)
    if (frame.first == kValue) return runs_while_read(nodes, frame.second);
  return {};
}

}  // namespace nacre::tensorflow
