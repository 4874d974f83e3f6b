// The messages are those of TensorFlow, of which this much is read:
//
//   SavedModel    2 MetaGraphDef* { 2 GraphDef }
//   GraphDef      1 NodeDef*, 2 library { 1 FunctionDef* }
//   NodeDef       1 name, 2 op, 3 input*, 5 attribute* { 1 key, 2 AttrValue }
//   AttrValue     1 list { 2 text*, 9 function* }, 2 text, 10 function { 1 name }
//   FunctionDef   1 signature, 3 NodeDef*, 4 result* { 1 key, 2 input }
//   signature     1 name, 2 argument* { 1 name }, 3 result* { 1 name }
//
// An input is "node" or "node:port", in functions "node:output:port" too, or "^node" for one that
// has only to come before.
#include "core/tensorflow_walk.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/protobuf_fields.h"
#include "core/protobuf_reader.h"
#include "core/tensorflow_nodes.h"

namespace nacre {
namespace {

using namespace tensorflow;  // the other half of this walk

using Bytes = std::span<const std::byte>;

// Work is counted in nodes. OpenVINO copies a function's bytes for each call that it converts, and
// the names of the whole library, and puts the call's name before each of the function's.
// Branches, and what decides on a loop, it copies once more.
constexpr std::uint64_t kCopies = 2;
constexpr std::uint64_t kBytesPerNode = 4096;
constexpr std::uint64_t kFunctionsPerNode = 128;

std::unexpected<Error> too_large(std::string_view what) {
  return fail(ErrorCode::kTooLarge, fmt::format("The TensorFlow model {}.", what));
}

template <std::size_t kCount, typename F>
Result<void> each(std::string_view message, Bytes bytes,
                  const std::array<KnownField, kCount>& known, F&& on_field) {
  return each_field(message, bytes, known, wrong, on_field);
}

std::uint64_t times(std::uint64_t a, std::uint64_t b) noexcept {
  return b != 0 && a > kPlenty / b ? kPlenty : a * b;
}

/// Whose name an input begins with.
Producer producer_of(std::string_view input) noexcept {
  const bool before = input.starts_with('^');
  if (before) input.remove_prefix(1);
  return {input.substr(0, input.find(':')), !before};
}

Kind kind_of(std::string_view op, bool has_shape) noexcept {
  if (op == "Const") return Kind::kConstant;
  if (op == "Placeholder") return has_shape ? Kind::kGivenOfShape : Kind::kGiven;
  if (op == "Shape" || op == "ShapeN" || op == "Size" || op == "Rank") return Kind::kShape;
  if (op == "While" || op == "StatelessWhile") return Kind::kLoop;
  if (op == "Enter") return Kind::kEnter;
  if (op == "LoopCond") return Kind::kLoopCondition;
  if (op == "Exit") return Kind::kExit;
  return op.find("Random") != op.npos ? Kind::kRandom : Kind::kPlain;
}

/// One graph with its library.
class Walk {
 public:
  Result<void> graph(Bytes bytes);

 private:
  Result<void> library(Bytes bytes);
  Result<void> node(Bytes bytes, Nodes& nodes);
  Result<void> called(Function& function, std::size_t depth);
  Result<Nodes> nodes_of(Function& function);
  Result<Size> written_out(const Nodes& nodes, std::size_t depth);
  Result<void> spend() {
    if (++spent_ <= kMaxTensorflowWork) return {};
    return too_large(
        fmt::format("has more than {} nodes, inputs of these and functions, which is "
                    "the most that is read",
                    kMaxTensorflowWork));
  }

  std::map<std::string_view, Function> functions_;
  std::uint64_t spent_ = 0;
  bool has_tables_ = false;
};

Result<void> Walk::library(Bytes bytes) {
  constexpr std::array<KnownField, 1> kLibrary = {{{1, kLength, true}}};
  constexpr std::array<KnownField, 1> kFunction = {{{1, kLength}}};
  constexpr std::array<KnownField, 1> kSignature = {{{1, kLength}}};
  return each("library", bytes, kLibrary, [&](const ProtobufField& field) -> Result<void> {
    if (auto ok = spend(); !ok) return ok;
    Bytes signature;
    std::string_view name;
    auto ok = each("function", field.bytes, kFunction, [&](const ProtobufField& part) {
      signature = part.bytes;
      return Result<void>();
    });
    if (!ok) return ok;
    ok = each("signature", signature, kSignature, [&](const ProtobufField& part) {
      name = text_of(part.bytes);
      return Result<void>();
    });
    // Of two the reader takes the first.
    if (ok) functions_.try_emplace(name, Function{.name = name, .bytes = field.bytes});
    return ok;
  });
}

/// An attribute of a node, as far as it may name functions.
struct Attribute {
  std::string_view key;
  std::vector<std::string_view> functions;
  std::vector<std::string_view> texts;
  bool is_fixed_shape = false;
};

/// Whether each dimension is said.
bool is_fixed_shape(Bytes bytes) noexcept {
  ProtobufReader reader(bytes);
  ProtobufField field;
  while (reader.next(field)) {
    if (field.number == 3 && field.value != 0) return false;
    if (field.number != 2) continue;
    ProtobufReader dimension(field.bytes);
    ProtobufField size;
    while (dimension.next(size)) {
      if (size.number == 1 && static_cast<std::int64_t>(size.value) < 0) return false;
    }
  }
  return reader.problem() == nullptr;
}

Result<void> read_attribute(Bytes bytes, Attribute& attribute) {
  constexpr std::array<KnownField, 2> kEntry = {{{1, kLength}, {2, kLength}}};
  constexpr std::array<KnownField, 4> kValue = {
      {{1, kLength}, {2, kLength}, {7, kLength}, {10, kLength}}};
  constexpr std::array<KnownField, 2> kList = {{{2, kLength, true}, {9, kLength, true}}};
  constexpr std::array<KnownField, 1> kName = {{{1, kLength}}};
  attribute.key = {};
  attribute.functions.clear();
  attribute.texts.clear();
  attribute.is_fixed_shape = false;
  const auto function = [&](Bytes named) {
    return each("attribute's function", named, kName, [&](const ProtobufField& field) {
      attribute.functions.push_back(text_of(field.bytes));
      return Result<void>();
    });
  };
  Bytes value;
  auto ok = each("attribute", bytes, kEntry, [&](const ProtobufField& field) {
    if (field.number == 1) attribute.key = text_of(field.bytes);
    if (field.number == 2) value = field.bytes;
    return Result<void>();
  });
  if (!ok) return ok;
  return each("attribute's value", value, kValue, [&](const ProtobufField& field) -> Result<void> {
    if (field.number == 10) return function(field.bytes);
    if (field.number == 7) attribute.is_fixed_shape = is_fixed_shape(field.bytes);
    if (field.number == 7) return {};
    if (field.number == 2) {
      attribute.texts.push_back(text_of(field.bytes));
      return {};
    }
    return each("attribute's list", field.bytes, kList, [&](const ProtobufField& one) {
      if (one.number == 9) return function(one.bytes);
      attribute.texts.push_back(text_of(one.bytes));
      return Result<void>();
    });
  });
}

/// Of attributes that name functions; to the reader a text there is as good.
constexpr std::array<std::string_view, 6> kFunctionKeys = {
    "f", "cond", "body", "then_branch", "else_branch", "branches"};

Result<void> Walk::node(Bytes bytes, Nodes& nodes) {
  constexpr std::array<KnownField, 4> kNode = {
      {{1, kLength}, {2, kLength}, {3, kLength, true}, {5, kLength, true}}};
  const std::size_t first_input = nodes.producers.size();
  const std::size_t first_call = nodes.calls.size();
  const auto calls = [&](std::string_view name, std::uint64_t copies) {
    const auto found = functions_.find(name);
    if (found == functions_.end()) return;
    nodes.calls.push_back({nodes.names.size(), &found->second, copies});
  };
  std::string_view name;
  std::string_view op;
  bool says_which = false;
  bool has_value = false;
  bool has_shape = false;
  std::string_view frame;
  Attribute attribute;
  if (auto ok = spend(); !ok) return ok;
  auto ok = each("node", bytes, kNode, [&](const ProtobufField& field) -> Result<void> {
    if (field.number == 1) name = text_of(field.bytes);
    if (field.number == 2) op = text_of(field.bytes);
    if (field.number == 3) {
      nodes.producers.push_back(producer_of(text_of(field.bytes)));
      return spend();
    }
    if (field.number != 5) return {};
    if (auto read = read_attribute(field.bytes, attribute); !read) return read;
    says_which = says_which || attribute.key == "f";
    has_value = has_value || attribute.key == "value";
    if (attribute.key == "shape") has_shape = attribute.is_fixed_shape;
    if (attribute.key == "frame_name" && !attribute.texts.empty()) frame = attribute.texts[0];
    const std::uint64_t copies = attribute.key == "f" || attribute.key == "body" ? 1 : kCopies;
    for (const std::string_view function : attribute.functions)
      calls(function, copies);
    if (std::ranges::find(kFunctionKeys, attribute.key) == kFunctionKeys.end()) return {};
    for (const std::string_view text : attribute.texts)
      calls(text, copies);
    return {};
  });
  if (!ok) return ok;
  if (op == "StatefulPartitionedCall") {
    if (!says_which) {
      return wrong(fmt::format("the node {} of {} calls a function and does not say which",
                               in_words(name), nodes.where));
    }
    for (std::size_t i = first_call; i < nodes.calls.size(); ++i)
      nodes.calls[i].gives_arguments = true;
  }
  if (op == "Const" && !has_value) {
    return wrong(fmt::format("the constant {} of {} has no value", in_words(name), nodes.where));
  }
  has_tables_ = has_tables_ || op == "HashTableV2";
  if (op == "LookupTableImportV2" && has_tables_) nodes.imports.push_back(nodes.names.size());
  calls(op, 1);
  if (op == "NextIteration") {
    if (nodes.producers.size() == first_input) {
      return wrong(fmt::format("the node {} of {} is the next iteration of nothing", in_words(name),
                               nodes.where));
    }
    nodes.producers.resize(first_input);
  }
  if (op == "Enter") nodes.frames[nodes.names.size()] = frame;
  nodes.add(name, kind_of(op, has_shape));
  return {};
}

Result<Nodes> Walk::nodes_of(Function& function) {
  constexpr std::array<KnownField, 2> kAround = {{{1, kLength}, {4, kLength, true}}};
  constexpr std::array<KnownField, 1> kBody = {{{3, kLength, true}}};
  constexpr std::array<KnownField, 2> kSignature = {{{2, kLength, true}, {3, kLength, true}}};
  constexpr std::array<KnownField, 1> kArgument = {{{1, kLength}}};
  constexpr std::array<KnownField, 2> kResult = {{{1, kLength}, {2, kLength}}};
  Bytes signature;
  std::map<std::string_view, std::string_view> from;  // of results
  auto ok = each("function", function.bytes, kAround, [&](const ProtobufField& field) {
    if (field.number == 1) {
      signature = field.bytes;
      return Result<void>();
    }
    std::pair<std::string_view, std::string_view> result;
    auto read = each("result", field.bytes, kResult, [&](const ProtobufField& part) {
      (part.number == 1 ? result.first : result.second) = text_of(part.bytes);
      return Result<void>();
    });
    from[result.first] = result.second;
    return read;
  });
  if (!ok) return std::unexpected(std::move(ok.error()));
  Nodes nodes;
  nodes.where = fmt::format("the function {}", in_words(function.name));
  std::vector<std::string_view> results;
  ok = each("signature", signature, kSignature, [&](const ProtobufField& field) -> Result<void> {
    if (auto paid = spend(); !paid) return paid;
    std::string_view name;
    auto read = each("argument", field.bytes, kArgument, [&](const ProtobufField& part) {
      name = text_of(part.bytes);
      return Result<void>();
    });
    if (field.number == 2) {
      nodes.add(name, Kind::kGiven);
    } else {
      results.push_back(name);
    }
    return read;
  });
  if (!ok) return std::unexpected(std::move(ok.error()));
  function.arguments = nodes.names.size();
  ok = each("function", function.bytes, kBody,
            [&](const ProtobufField& field) { return node(field.bytes, nodes); });
  if (!ok) return std::unexpected(std::move(ok.error()));
  nodes.results = nodes.names.size();
  for (const std::string_view result : results) {
    const auto found = from.find(result);
    if (found == from.end()) {
      return wrong(fmt::format("{} does not say from where its result {} comes", nodes.where,
                               in_words(result)));
    }
    nodes.producers.push_back(producer_of(found->second));
    nodes.add(result, Kind::kPlain);
  }
  return nodes;
}

Result<void> Walk::called(Function& function, std::size_t depth) {
  if (function.state == Function::State::kOpen) {
    return wrong(fmt::format("the function {} calls itself, or one that calls it in turn",
                             in_words(function.name)));
  }
  if (depth + function.size.nesting > kMaxTensorflowNesting) {
    return too_large(fmt::format("has functions that call each other more than {} deep, at {}",
                                 kMaxTensorflowNesting, in_words(function.name)));
  }
  if (function.state == Function::State::kDone) return {};
  function.state = Function::State::kOpen;
  const auto nodes = nodes_of(function);
  if (!nodes) return std::unexpected(nodes.error());
  const auto size = written_out(*nodes, depth);
  if (!size) return std::unexpected(size.error());
  function.size = *size;
  function.size.work = plus(function.size.work, function.bytes.size() / kBytesPerNode +
                                                    functions_.size() / kFunctionsPerNode);
  function.state = Function::State::kDone;
  return {};
}

Result<Size> Walk::written_out(const Nodes& nodes, std::size_t depth) {
  Size size;
  size.work = nodes.names.size() + nodes.producers.size();
  std::vector<std::uint64_t> lengths(nodes.names.size(), 1);
  for (const Call& call : nodes.calls) {
    if (auto ok = called(*call.function, depth + 1); !ok) {
      return std::unexpected(std::move(ok.error()));
    }
    const std::string_view name = nodes.names[call.node];
    const std::size_t given = nodes.ends[call.node] - nodes.begin_of(call.node);
    if (call.gives_arguments && given < call.function->arguments) {
      return wrong(fmt::format("the node {} of {} calls {} with {} arguments, and that wants {}",
                               in_words(name), nodes.where, in_words(call.function->name), given,
                               call.function->arguments));
    }
    const Size& inner = call.function->size;
    const std::uint64_t copies = call.copies + name.size() / kBytesPerNode;
    size.work = plus(size.work, times(inner.work, copies));
    size.nesting = std::max(size.nesting, inner.nesting + 1);
    size.loops = size.loops || inner.loops;
    lengths[call.node] = plus(lengths[call.node], inner.chain);
  }
  size.loops = size.loops || std::ranges::any_of(nodes.kinds, [](Kind kind) {
                 return kind == Kind::kLoop || kind == Kind::kLoopCondition;
               });
  if (size.work > kMaxTensorflowWork) {
    return too_large(
        fmt::format("is more than {} nodes and inputs of these in {}, once the "
                    "functions that are called there are written out, which is the "
                    "most that is read",
                    kMaxTensorflowWork, nodes.where));
  }
  const auto producers = places_of_producers(nodes);
  if (!producers) return std::unexpected(producers.error());
  if (auto ok = check_imports(nodes, *producers); !ok)
    return std::unexpected(std::move(ok.error()));
  std::vector<std::uint32_t> in_order;
  const auto chain = longest_chain(nodes, *producers, lengths, in_order);
  if (!chain) return std::unexpected(chain.error());
  if (auto ok = check_loops(nodes, *producers, in_order); !ok) {
    return std::unexpected(std::move(ok.error()));
  }
  size.chain = *chain;
  if (size.chain > kMaxTensorflowChain) {
    return too_large(
        fmt::format("has more than {} nodes one after the other in {}, which is the "
                    "most that is read",
                    kMaxTensorflowChain, nodes.where));
  }
  return size;
}

Result<void> Walk::graph(Bytes bytes) {
  constexpr std::array<KnownField, 1> kLibrary = {{{2, kLength}}};
  constexpr std::array<KnownField, 1> kNodes = {{{1, kLength, true}}};
  auto ok = each("graph", bytes, kLibrary,
                 [&](const ProtobufField& field) { return library(field.bytes); });
  if (!ok) return ok;
  Nodes nodes;
  nodes.where = "the graph";
  ok = each("graph", bytes, kNodes,
            [&](const ProtobufField& field) { return node(field.bytes, nodes); });
  if (!ok) return ok;
  nodes.results = nodes.names.size();
  const auto size = written_out(nodes, 0);
  return size ? Result<void>() : std::unexpected(size.error());
}

}  // namespace

Result<void> check_tensorflow_graph(Bytes file) {
  return Walk().graph(file);
}

Result<void> check_saved_model(Bytes file) {
  constexpr std::array<KnownField, 1> kSavedModel = {{{2, kLength, true}}};
  constexpr std::array<KnownField, 1> kMetaGraph = {{{2, kLength}}};
  return each("SavedModel", file, kSavedModel, [&](const ProtobufField& field) {
    return each("meta graph", field.bytes, kMetaGraph,
                [](const ProtobufField& graph) { return Walk().graph(graph.bytes); });
  });
}

}  // namespace nacre
