// TensorFlow graphs for tests, written out by hand: GraphDef and SavedModel as protobuf.
#ifndef NACRE_TESTS_TF_GRAPH_H_
#define NACRE_TESTS_TF_GRAPH_H_

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace nacre::test {

// Numbers of DataType.
inline constexpr int kTfFloat = 1;
inline constexpr int kTfInt32 = 3;
inline constexpr int kTfString = 7;
inline constexpr int kTfBool = 10;

inline std::string pb_varint(std::uint64_t value) {
  std::string out;
  for (; value >= 0x80; value >>= 7)
    out += static_cast<char>(value | 0x80);
  return out += static_cast<char>(value);
}
inline std::string pb_number(int field, std::int64_t value) {
  return pb_varint(static_cast<std::uint64_t>(field) << 3) +
         pb_varint(static_cast<std::uint64_t>(value));
}
inline std::string pb_bytes(int field, std::string_view bytes) {
  return pb_varint((static_cast<std::uint64_t>(field) << 3) | 2) + pb_varint(bytes.size()) +
         std::string(bytes);
}
inline std::string pb_entry(int field, std::string_view key, std::string_view value) {
  return pb_bytes(field, pb_bytes(1, key) + pb_bytes(2, value));
}

inline std::string tf_shape(const std::vector<std::int64_t>& dims) {
  std::string out;
  for (const std::int64_t dim : dims)
    out += pb_bytes(2, pb_number(1, dim));
  return out;
}

/// A NodeDef; attributes are given as encoded AttrValues.
struct TfNode {
  std::string name;
  std::string op;
  std::vector<std::string> inputs = {};
  std::vector<std::pair<std::string, std::string>> attributes = {};

  [[nodiscard]] std::string bytes() const {
    std::string out = pb_bytes(1, name) + pb_bytes(2, op);
    for (const std::string& input : inputs)
      out += pb_bytes(3, input);
    for (const auto& [key, value] : attributes)
      out += pb_entry(5, key, value);
    return out;
  }
};

inline std::string tf_type(int type) {
  return pb_number(6, type);
}
inline TfNode tf_placeholder(std::string name, std::vector<std::int64_t> dims,
                             int type = kTfFloat) {
  return {std::move(name),
          "Placeholder",
          {},
          {{"dtype", tf_type(type)}, {"shape", pb_bytes(7, tf_shape(dims))}}};
}
/// `values` are the tensor's bytes; for strings one string, of rank 0.
inline TfNode tf_constant(std::string name, int type, std::vector<std::int64_t> dims,
                          std::string values) {
  const std::string tensor = pb_number(1, type) + pb_bytes(2, tf_shape(dims)) +
                             pb_bytes(type == kTfString ? 8 : 4, values);
  return {std::move(name), "Const", {}, {{"dtype", tf_type(type)}, {"value", pb_bytes(8, tensor)}}};
}
/// A constant of rank 0.
template <typename T>
TfNode tf_scalar(std::string name, int type, T value) {
  return tf_constant(std::move(name), type, {},
                     std::string(reinterpret_cast<const char*>(&value), sizeof value));
}
inline TfNode tf_unary(std::string name, std::string op, std::string a, int type = kTfFloat) {
  return {std::move(name), std::move(op), {std::move(a)}, {{"T", tf_type(type)}}};
}
/// `node`, to be computed after another.
inline TfNode tf_after(std::string before, TfNode node) {
  node.inputs.push_back("^" + std::move(before));
  return node;
}
inline TfNode tf_binary(std::string name, std::string op, std::string a, std::string b,
                        int type = kTfFloat) {
  return {std::move(name), std::move(op), {std::move(a), std::move(b)}, {{"T", tf_type(type)}}};
}

/// An AttrValue that names a function of the library.
inline std::string tf_function(std::string_view name) {
  return pb_bytes(10, pb_bytes(1, name));
}
/// A FunctionDef; the arguments are of kTfFloat, and a result is "node:its name for the output:0".
struct TfFunction {
  std::string name;
  std::vector<std::string> arguments;
  std::vector<std::pair<std::string, std::string>> results;
  std::vector<TfNode> nodes;
  int type = kTfFloat;
  int result_type = kTfFloat;

  [[nodiscard]] std::string bytes() const {
    std::string signature = pb_bytes(1, name);
    for (const std::string& argument : arguments)
      signature += pb_bytes(2, pb_bytes(1, argument) + pb_number(3, type));
    for (const auto& [result, from] : results)
      signature += pb_bytes(3, pb_bytes(1, result) + pb_number(3, result_type));
    std::string out = pb_bytes(1, signature);
    for (const TfNode& node : nodes)
      out += pb_bytes(3, node.bytes());
    for (const auto& [result, from] : results)
      out += pb_entry(4, result, from);
    return out;
  }
};
/// A node that calls a function of the library.
inline TfNode tf_call(std::string name, std::string_view function, std::vector<std::string> inputs,
                      std::string op = "PartitionedCall") {
  std::string types;
  for (std::size_t i = 0; i < inputs.size(); ++i)
    types += pb_number(6, kTfFloat);
  return {std::move(name),
          std::move(op),
          std::move(inputs),
          {{"f", tf_function(function)},
           {"Tin", pb_bytes(1, types)},
           {"Tout", pb_bytes(1, pb_number(6, kTfFloat))}}};
}

/// A loop by functions: of the same arguments, all of kTfFloat, `condition` makes a kTfBool and
/// `body` the next of each.
inline TfNode tf_while(std::string name, std::string_view condition, std::string_view body,
                       std::vector<std::string> inputs) {
  TfNode node = tf_call(std::move(name), body, std::move(inputs), "StatelessWhile");
  node.attributes = {{"T", node.attributes[1].second},
                     {"cond", tf_function(condition)},
                     {"body", tf_function(body)}};
  return node;
}
/// One of two functions of the same arguments.
inline TfNode tf_if(std::string name, std::string condition, std::string_view then,
                    std::string_view otherwise, std::vector<std::string> inputs) {
  TfNode node = tf_call(std::move(name), then, std::move(inputs), "StatelessIf");
  node.inputs.insert(node.inputs.begin(), std::move(condition));
  node.attributes = {{"Tcond", tf_type(kTfBool)},
                     {"Tin", node.attributes[1].second},
                     {"Tout", node.attributes[2].second},
                     {"then_branch", tf_function(then)},
                     {"else_branch", tf_function(otherwise)}};
  return node;
}

/// A frozen graph, and the functions that it may call.
inline std::string tf_graph(const std::vector<TfNode>& nodes,
                            const std::vector<TfFunction>& functions = {}) {
  std::string out;
  for (const TfNode& node : nodes)
    out += pb_bytes(1, node.bytes());
  std::string library;
  for (const TfFunction& function : functions)
    library += pb_bytes(1, function.bytes());
  if (!library.empty()) out += pb_bytes(2, library);
  return out + pb_bytes(4, pb_number(1, 1286));
}

/// sum = x + y.
inline std::string tf_sum_graph() {
  return tf_graph({tf_placeholder("x", {-1, 3}), tf_placeholder("y", {-1, 3}),
                   tf_binary("sum", "AddV2", "x", "y")});
}

/// y = relu(x), by a function that calls one that does it.
inline std::string tf_calls_graph() {
  return tf_graph({tf_placeholder("x", {1, 3}), tf_call("y", "outer", {"x"})},
                  {{"outer", {"a"}, {{"r", "c:output:0"}}, {tf_call("c", "inner", {"a"})}},
                   {"inner", {"a"}, {{"r", "c:activations:0"}}, {tf_unary("c", "Relu", "a")}}});
}

/// y = x + times, by a function that adds 1 and counts.
inline std::string tf_loop_graph(float times) {
  return tf_graph(
      {tf_placeholder("x", {1, 3}), tf_scalar("zero", kTfFloat, 0.0F),
       tf_while("loop", "more", "step", {"zero", "x"}), tf_unary("y", "Identity", "loop:1")},
      {{"more",
        {"i", "v"},
        {{"r", "less:z:0"}},
        {tf_scalar("n", kTfFloat, times), tf_binary("less", "Less", "i", "n:output:0")},
        kTfFloat,
        kTfBool},
       {"step",
        {"i", "v"},
        {{"next", "count:z:0"}, {"sum", "add:z:0"}},
        {tf_scalar("one", kTfFloat, 1.0F), tf_binary("count", "AddV2", "i", "one:output:0"),
         tf_binary("add", "AddV2", "v", "one:output:0")}}});
}

/// The same as TensorFlow 1 wrote it: a circle in the graph, closed by NextIteration.
inline std::vector<TfNode> tf_old_loop(float times) {
  const auto enter = [](std::string name, std::string from) {
    TfNode node = tf_unary(std::move(name), "Enter", std::move(from));
    node.attributes.emplace_back("frame_name", pb_bytes(2, "frame"));
    node.attributes.emplace_back("is_constant", pb_number(5, 0));
    node.attributes.emplace_back("parallel_iterations", pb_number(3, 10));
    return node;
  };
  return {tf_placeholder("x", {1, 3}),
          tf_scalar("zero", kTfFloat, 0.0F),
          enter("i_enter", "zero"),
          enter("v_enter", "x"),
          tf_binary("i", "Merge", "i_enter", "i_next"),
          tf_binary("v", "Merge", "v_enter", "v_next"),
          tf_after("i", tf_scalar("n", kTfFloat, times)),
          tf_binary("less", "Less", "i", "n"),
          {"more", "LoopCond", {"less"}},
          tf_binary("i_switch", "Switch", "i", "more"),
          tf_binary("v_switch", "Switch", "v", "more"),
          tf_unary("i_now", "Identity", "i_switch:1"),
          tf_unary("v_now", "Identity", "v_switch:1"),
          tf_after("i_now", tf_scalar("one", kTfFloat, 1.0F)),
          tf_binary("count", "AddV2", "i_now", "one"),
          tf_binary("add", "AddV2", "v_now", "one"),
          tf_unary("i_next", "NextIteration", "count"),
          tf_unary("v_next", "NextIteration", "add"),
          tf_unary("y", "Exit", "v_switch")};
}

/// saved_model.pb with one signature; names are (name, "node:port").
inline std::string tf_saved_model(const std::string& graph,
                                  const std::vector<std::pair<std::string, std::string>>& inputs,
                                  const std::vector<std::pair<std::string, std::string>>& outputs,
                                  std::vector<std::int64_t> dims = {-1, 3},
                                  const std::string& more_of_the_meta_graph = {}) {
  const auto infos = [&](int field, const auto& names) {
    std::string out;
    for (const auto& [name, tensor] : names) {
      out += pb_entry(field, name,
                      pb_bytes(1, tensor) + pb_number(2, kTfFloat) + pb_bytes(3, tf_shape(dims)));
    }
    return out;
  };
  const std::string signature =
      infos(1, inputs) + infos(2, outputs) + pb_bytes(3, "tensorflow/serving/predict");
  return pb_number(1, 1) +
         pb_bytes(2, pb_bytes(1, pb_bytes(4, "serve")) + pb_bytes(2, graph) +
                         pb_entry(5, "serving_default", signature) + more_of_the_meta_graph);
}

}  // namespace nacre::test

#endif  // NACRE_TESTS_TF_GRAPH_H_
