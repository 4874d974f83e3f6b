// ONNX models for tests, written out by hand.
#ifndef NACRE_TESTS_ONNX_MODEL_H_
#define NACRE_TESTS_ONNX_MODEL_H_

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "tf_graph.h"

namespace nacre::test {

// Numbers of TensorProto.DataType.
inline constexpr int kOnnxFloat = 1;
inline constexpr int kOnnxI64 = 7;

/// A ValueInfoProto; -1 is a dimension that is not known.
inline std::string onnx_value(std::string_view name, int type,
                              const std::vector<std::int64_t>& dims) {
  std::string shape;
  for (const std::int64_t dim : dims)
    shape += pb_bytes(1, dim < 0 ? pb_bytes(2, "n") : pb_number(1, dim));
  return pb_bytes(1, name) + pb_bytes(2, pb_bytes(1, pb_number(1, type) + pb_bytes(2, shape)));
}

inline std::string onnx_text(std::string_view name, std::string_view text) {
  return pb_bytes(1, name) + pb_bytes(4, text) + pb_number(20, 3);
}
inline std::string onnx_number(std::string_view name, std::int64_t number) {
  return pb_bytes(1, name) + pb_number(3, number) + pb_number(20, 2);
}

struct OnnxNode {
  std::string op;
  std::vector<std::string> inputs;
  std::vector<std::string> outputs;
  std::vector<std::string> attributes = {};
  std::string domain = {};
  std::string note = {};  ///< its name and its documentation

  [[nodiscard]] std::string bytes() const {
    std::string out;
    for (const std::string& input : inputs)
      out += pb_bytes(1, input);
    for (const std::string& output : outputs)
      out += pb_bytes(2, output);
    out += pb_bytes(4, op);
    for (const std::string& attribute : attributes)
      out += pb_bytes(5, attribute);
    if (!note.empty()) out += pb_bytes(3, note) + pb_bytes(6, note);
    if (!domain.empty()) out += pb_bytes(7, domain);
    return out;
  }
};

/// `nodes`, `inputs` and `outputs` as encoded messages; `more` of the ModelProto's fields.
inline std::string onnx_model(const std::vector<std::string>& nodes,
                              const std::vector<std::string>& inputs,
                              const std::vector<std::string>& outputs, std::string_view name = "g",
                              const std::string& more = {}) {
  std::string graph;
  for (const std::string& node : nodes)
    graph += pb_bytes(1, node);
  graph += pb_bytes(2, name);
  for (const std::string& input : inputs)
    graph += pb_bytes(11, input);
  for (const std::string& output : outputs)
    graph += pb_bytes(12, output);
  return pb_number(1, 8) + pb_bytes(7, graph) + pb_bytes(8, pb_number(2, 13)) + more;
}

}  // namespace nacre::test

#endif  // NACRE_TESTS_ONNX_MODEL_H_
