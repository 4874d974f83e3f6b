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
inline TfNode tf_binary(std::string name, std::string op, std::string a, std::string b,
                        int type = kTfFloat) {
  return {std::move(name), std::move(op), {std::move(a), std::move(b)}, {{"T", tf_type(type)}}};
}

/// A frozen graph.
inline std::string tf_graph(const std::vector<TfNode>& nodes) {
  std::string out;
  for (const TfNode& node : nodes)
    out += pb_bytes(1, node.bytes());
  return out + pb_bytes(4, pb_number(1, 1286));
}

/// sum = x + y.
inline std::string tf_sum_graph() {
  return tf_graph({tf_placeholder("x", {-1, 3}), tf_placeholder("y", {-1, 3}),
                   tf_binary("sum", "AddV2", "x", "y")});
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
