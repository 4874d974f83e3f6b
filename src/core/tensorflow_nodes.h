// The nodes of a TensorFlow graph as tensorflow_walk.cc reads them, and what is asked of them once
// they are read: whether they need each other in circles, how many stand in a row, which loops
// depend on no input. Not for others.
//
// Threading: pure; any thread. Views are into the file's bytes. Cost: linear but for one sorting.
#ifndef NACRE_SRC_CORE_TENSORFLOW_NODES_H_
#define NACRE_SRC_CORE_TENSORFLOW_NODES_H_

#include <nacre/error.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace nacre::tensorflow {

/// A node that another needs; some have only to come before it.
struct Producer {
  std::string_view name;
  bool gives_value = true;
};

/// What a graph or a function comes to, written out with all that it calls.
struct Size {
  std::uint64_t work = 0;
  std::uint64_t chain = 0;
  std::size_t nesting = 0;
  bool loops = false;
};

struct Function {
  std::string_view name;
  std::span<const std::byte> bytes;
  enum class State : std::uint8_t { kNew, kOpen, kDone } state = State::kNew;
  std::size_t arguments = 0;
  Size size = {};
};

/// What a node is, as far as loops depend on it.
enum class Kind : std::uint8_t {
  kPlain,
  kConstant,
  kGiven,         // arguments, and inputs of a shape that nobody knows
  kGivenOfShape,  // inputs of a known shape
  kRandom,
  kShape,
  kLoop,
  kEnter,
  kLoopCondition,
  kExit
};

struct Call {
  std::size_t node;
  Function* function;
  std::uint64_t copies;
  bool gives_arguments = false;
};

/// The nodes of a graph, or a function's arguments, nodes and results, in this order.
struct Nodes {
  std::vector<std::string_view> names;
  std::vector<std::size_t> ends;                   // of each one's part of the next
  std::vector<Producer> producers;                 // those that it needs
  std::vector<Kind> kinds;                         // of each
  std::map<std::size_t, std::string_view> frames;  // of nodes that enter a loop, which one
  std::vector<Call> calls;                         // in the order of the nodes
  std::vector<std::size_t> imports;                // nodes that fill tables
  std::size_t results = 0;
  std::string where;

  void add(std::string_view name, Kind kind) {
    names.push_back(name);
    kinds.push_back(kind);
    ends.push_back(producers.size());
  }
  [[nodiscard]] std::size_t begin_of(std::size_t node) const {
    return node == 0 ? 0 : ends[node - 1];
  }
};

/// No node.
inline constexpr std::uint32_t kNobody = UINT32_MAX;

/// Numbers that are counted stay below this, so that adding two never wraps.
inline constexpr std::uint64_t kPlenty = std::uint64_t{1} << 62;
[[nodiscard]] inline std::uint64_t plus(std::uint64_t a, std::uint64_t b) noexcept {
  return std::min(kPlenty, a + b);
}

/// "The TensorFlow model is not read: `what`."
[[nodiscard]] std::unexpected<Error> wrong(std::string_view what);

/// A name in quotes, fit for a message.
[[nodiscard]] std::string in_words(std::string_view name);

/// For each producer its place; kNobody for those that are not there. An error for nodes of one
/// name; where a result is called like a node, the reader takes the result.
[[nodiscard]] Result<std::vector<std::uint32_t>> places_of_producers(const Nodes& nodes);

/// The reader takes a table, its keys and its values from among the nodes that it has met: an error
/// where these come later.
[[nodiscard]] Result<void> check_imports(const Nodes& nodes,
                                         const std::vector<std::uint32_t>& producers);

/// How many nodes stand in a row at most, where one is as long as `lengths` says, and an order in
/// which each comes after those that it needs. An error for circles.
[[nodiscard]] Result<std::uint64_t> longest_chain(const Nodes& nodes,
                                                  const std::vector<std::uint32_t>& producers,
                                                  const std::vector<std::uint64_t>& lengths,
                                                  std::vector<std::uint32_t>& in_order);

/// The reader computes what depends on no input, loops too: an error for these. What is called with
/// constants alone must hold none; which of a function's arguments are constant is not followed
/// into it. The sizes of the functions that are called have to be known.
[[nodiscard]] Result<void> check_loops(const Nodes& nodes,
                                       const std::vector<std::uint32_t>& producers,
                                       const std::vector<std::uint32_t>& in_order);

}  // namespace nacre::tensorflow

#endif  // NACRE_SRC_CORE_TENSORFLOW_NODES_H_
