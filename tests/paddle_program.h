// Paddle models for tests, written out by hand: the program (ProgramDesc) as protobuf, and the file
// of parameters.
#ifndef NACRE_TESTS_PADDLE_PROGRAM_H_
#define NACRE_TESTS_PADDLE_PROGRAM_H_

#include <cstdint>
#include <cstring>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "tf_graph.h"

namespace nacre::test {

// Numbers of VarType.
inline constexpr int kPaddleI64 = 3;
inline constexpr int kPaddleF32 = 5;
inline constexpr int kPaddleTensor = 7;
inline constexpr int kPaddleFeedList = 9;
inline constexpr int kPaddleFetchList = 10;
inline constexpr int kPaddleString = 25;

using PaddleDims = std::vector<std::int64_t>;

inline std::string paddle_tensor_desc(int type, const PaddleDims& dims) {
  std::string out = pb_number(1, type);
  for (const std::int64_t dim : dims)
    out += pb_number(2, dim);
  return out;
}

inline std::string paddle_variable(std::string_view name, const PaddleDims& dims,
                                   int type = kPaddleF32, bool parameter = false) {
  const std::string tensor = pb_bytes(3, pb_bytes(1, paddle_tensor_desc(type, dims)));
  return pb_bytes(1, name) + pb_bytes(2, pb_number(1, kPaddleTensor) + tensor) +
         (parameter ? pb_number(3, 1) : "");
}

// Attributes, by the kind of their value.
inline std::string paddle_int(std::string_view name, std::int64_t value) {
  return pb_bytes(1, name) + pb_number(2, 0) + pb_number(3, value);
}
inline std::string paddle_float(std::string_view name, float value) {
  std::string bytes(4, '\0');
  std::memcpy(bytes.data(), &value, 4);
  return pb_bytes(1, name) + pb_number(2, 1) + pb_varint(4 << 3 | 5) + bytes;
}
inline std::string paddle_text(std::string_view name, std::string_view value) {
  return pb_bytes(1, name) + pb_number(2, 2) + pb_bytes(5, value);
}
inline std::string paddle_ints(std::string_view name, const std::vector<std::int64_t>& values) {
  std::string out = pb_bytes(1, name) + pb_number(2, 3);
  for (const std::int64_t value : values)
    out += pb_number(6, value);
  return out;
}
inline std::string paddle_longs(std::string_view name, const std::vector<std::int64_t>& values) {
  std::string out = pb_bytes(1, name) + pb_number(2, 11);
  for (const std::int64_t value : values)
    out += pb_number(15, value);
  return out;
}
inline std::string paddle_bool(std::string_view name, bool value) {
  return pb_bytes(1, name) + pb_number(2, 6) + pb_number(10, value ? 1 : 0);
}
inline std::string paddle_sub_block(std::int64_t index) {
  return pb_bytes(1, "sub_block") + pb_number(2, 8) + pb_number(12, index);
}

struct PaddleOp {
  std::string type;
  std::vector<std::pair<std::string, std::vector<std::string>>> inputs;
  std::vector<std::pair<std::string, std::vector<std::string>>> outputs;
  std::vector<std::string> attributes = {};

  [[nodiscard]] std::string bytes() const {
    std::string out;
    for (const int field : {1, 2}) {
      for (const auto& [name, variables] : field == 1 ? inputs : outputs) {
        std::string port = pb_bytes(1, name);
        for (const std::string& variable : variables)
          port += pb_bytes(2, variable);
        out += pb_bytes(field, port);
      }
    }
    out += pb_bytes(3, type);
    for (const std::string& attribute : attributes)
      out += pb_bytes(4, attribute);
    return out;
  }
};

struct PaddleBlock {
  std::vector<std::string> variables;
  std::vector<PaddleOp> ops;
  std::int64_t parent = -1;
};

/// A program, and the parameters that it wants.
struct PaddleModel {
  std::vector<PaddleBlock> blocks = std::vector<PaddleBlock>(1);
  std::int64_t version = 2'006'000;
  std::map<std::string, std::string> parameters = {};  ///< by name, as the file has them

  PaddleModel() {
    for (const auto& [name, kind] :
         {std::pair("feed", kPaddleFeedList), std::pair("fetch", kPaddleFetchList)}) {
      blocks[0].variables.push_back(pb_bytes(1, name) + pb_bytes(2, pb_number(1, kind)) +
                                    pb_number(3, 1));
    }
  }

  PaddleModel& input(const std::string& name, const PaddleDims& dims, int type = kPaddleF32) {
    blocks[0].variables.push_back(paddle_variable(name, dims, type));
    blocks[0].ops.push_back({"feed", {{"X", {"feed"}}}, {{"Out", {name}}}, {paddle_int("col", 0)}});
    return *this;
  }
  PaddleModel& output(const std::string& name) {
    blocks[0].ops.push_back(
        {"fetch", {{"X", {name}}}, {{"Out", {"fetch"}}}, {paddle_int("col", 0)}});
    return *this;
  }
  PaddleModel& value(const std::string& name, const PaddleDims& dims, int type = kPaddleF32,
                     std::size_t block = 0) {
    blocks[block].variables.push_back(paddle_variable(name, dims, type));
    return *this;
  }
  PaddleModel& op(PaddleOp op, std::size_t block = 0) {
    blocks[block].ops.push_back(std::move(op));
    return *this;
  }
  template <typename T>
  PaddleModel& parameter(const std::string& name, const PaddleDims& dims,
                         const std::vector<T>& values, int type = kPaddleF32) {
    blocks[0].variables.push_back(paddle_variable(name, dims, type, true));
    parameters[name] = stored(
        type, dims, {reinterpret_cast<const char*>(values.data()), values.size() * sizeof(T)});
    return *this;
  }

  /// A parameter as the file holds it.
  static std::string stored(int type, const PaddleDims& dims, std::string_view data) {
    const std::string desc = paddle_tensor_desc(type, dims);
    std::string out(16, '\0');
    const auto size = static_cast<std::uint32_t>(desc.size());
    for (int i = 0; i < 4; ++i)
      out += static_cast<char>(size >> (8 * i));
    return out + desc + std::string(data);
  }

  [[nodiscard]] std::string program() const {
    std::string out;
    std::int64_t index = 0;
    for (const PaddleBlock& block : blocks) {
      std::string bytes = pb_number(1, index++) + pb_number(2, block.parent);
      for (const std::string& variable : block.variables)
        bytes += pb_bytes(3, variable);
      for (const PaddleOp& op : block.ops)
        bytes += pb_bytes(4, op.bytes());
      out += pb_bytes(1, bytes);
    }
    return out + pb_bytes(4, pb_number(1, version));
  }
  [[nodiscard]] std::string weights() const {
    std::string out;
    for (const auto& [name, bytes] : parameters)
      out += bytes;
    return out;
  }
};

/// y = relu(x · w + b), x: f32[?,3], w: f32[3,4]; s is the sum before it.
inline PaddleModel paddle_layer() {
  PaddleModel model;
  model.input("x", {-1, 3})
      .parameter<float>("w", {3, 4}, {1, 2, 3, 4, -1, -2, -3, -4, 0.5F, 0.25F, 0, -1})
      .parameter<float>("b", {4}, {0.5F, -0.5F, 1, 2})
      .value("m", {-1, 4})
      .value("s", {-1, 4})
      .value("y", {-1, 4})
      .op({"matmul_v2",
           {{"X", {"x"}}, {"Y", {"w"}}},
           {{"Out", {"m"}}},
           {paddle_bool("trans_x", false), paddle_bool("trans_y", false)}})
      .op({"elementwise_add",
           {{"X", {"m"}}, {"Y", {"b"}}},
           {{"Out", {"s"}}},
           {paddle_int("axis", -1)}})
      .op({"relu", {{"X", {"s"}}}, {{"Out", {"y"}}}})
      .output("s")
      .output("y");
  return model;
}

inline std::vector<float> paddle_weights(std::size_t count, float scale) {
  std::vector<float> out(count);
  for (std::size_t i = 0; i < count; ++i)
    out[i] = scale * static_cast<float>(static_cast<int>(i * 37 % 19) - 9);
  return out;
}

/// A small network, 1x3x8x8 -> 1x5: convolution, normalisation, ReLU, averages of 2x2, both halves
/// the same, channels last, a layer, softmax.
inline PaddleModel paddle_network() {
  PaddleModel model;
  model.input("x", {1, 3, 8, 8})
      .parameter("filter", {4, 3, 3, 3}, paddle_weights(108, 0.05F))
      .parameter("scale", {4}, paddle_weights(4, 0.2F))
      .parameter("bias", {4}, paddle_weights(4, 0.1F))
      .parameter("mean", {4}, paddle_weights(4, 0.3F))
      .parameter<float>("variance", {4}, {0.5F, 1, 2, 4})
      .parameter("layer", {128, 5}, paddle_weights(640, 0.02F));
  for (const char* name : {"c", "n", "r"})
    model.value(name, {1, 4, 8, 8});
  model.value("p", {1, 4, 4, 4})
      .value("k", {1, 8, 4, 4})
      .value("t", {1, 4, 4, 8})
      .value("f", {1, 128})
      .value("m", {1, 5})
      .value("y", {1, 5});
  model
      .op({"conv2d",
           {{"Input", {"x"}}, {"Filter", {"filter"}}},
           {{"Output", {"c"}}},
           {paddle_ints("strides", {1, 1}), paddle_ints("paddings", {1, 1}),
            paddle_ints("dilations", {1, 1}), paddle_int("groups", 1),
            paddle_text("padding_algorithm", "EXPLICIT"), paddle_text("data_format", "NCHW")}})
      .op({"batch_norm",
           {{"X", {"c"}},
            {"Scale", {"scale"}},
            {"Bias", {"bias"}},
            {"Mean", {"mean"}},
            {"Variance", {"variance"}}},
           {{"Y", {"n"}}},
           {paddle_float("epsilon", 1e-5F), paddle_text("data_layout", "NCHW")}})
      .op({"relu", {{"X", {"n"}}}, {{"Out", {"r"}}}})
      .op({"pool2d",
           {{"X", {"r"}}},
           {{"Out", {"p"}}},
           {paddle_text("pooling_type", "avg"), paddle_ints("ksize", {2, 2}),
            paddle_ints("strides", {2, 2}), paddle_ints("paddings", {0, 0}),
            paddle_bool("global_pooling", false), paddle_bool("adaptive", false),
            paddle_bool("exclusive", true), paddle_bool("ceil_mode", false),
            paddle_text("padding_algorithm", "EXPLICIT"), paddle_text("data_format", "NCHW")}})
      .op({"concat", {{"X", {"p", "p"}}}, {{"Out", {"k"}}}, {paddle_int("axis", 1)}})
      .op({"transpose2", {{"X", {"k"}}}, {{"Out", {"t"}}}, {paddle_ints("axis", {0, 2, 3, 1})}})
      .op({"reshape2", {{"X", {"t"}}}, {{"Out", {"f"}}}, {paddle_ints("shape", {1, 128})}})
      .op({"matmul_v2",
           {{"X", {"f"}}, {"Y", {"layer"}}},
           {{"Out", {"m"}}},
           {paddle_bool("trans_x", false), paddle_bool("trans_y", false)}})
      .op({"softmax", {{"X", {"m"}}}, {{"Out", {"y"}}}, {paddle_int("axis", -1)}})
      .output("y");
  return model;
}

/// total = x + y, without parameters.
inline PaddleModel paddle_sum() {
  PaddleModel model;
  model.input("x", {-1, 3})
      .input("y", {-1, 3})
      .value("total", {-1, 3})
      .op({"elementwise_add",
           {{"X", {"x"}}, {"Y", {"y"}}},
           {{"Out", {"total"}}},
           {paddle_int("axis", -1)}})
      .output("total");
  return model;
}

inline PaddleOp paddle_constant(const std::string& name, int value, int type) {
  return {"fill_constant",
          {},
          {{"Out", {name}}},
          {paddle_longs("shape", {1}), paddle_float("value", static_cast<float>(value)),
           paddle_text("str_value", std::to_string(value)), paddle_int("dtype", type)}};
}
/// out = in * scale + bias
inline PaddleOp paddle_scale(const std::string& in, const std::string& out, float scale,
                             float bias) {
  return {"scale",
          {{"X", {in}}},
          {{"Out", {out}}},
          {paddle_float("scale", scale), paddle_float("bias", bias),
           paddle_bool("bias_after_scale", true)}};
}

/// y = x + times, by a block that adds 1 and counts.
inline PaddleModel paddle_loop(int times) {
  PaddleModel model;
  model.blocks.emplace_back().parent = 0;
  const PaddleOp less{
      "less_than", {{"X", {"i"}}, {"Y", {"n"}}}, {{"Out", {"more"}}}, {paddle_int("axis", -1)}};
  const PaddleOp assign{"assign", {{"X", {"x"}}}, {{"Out", {"y"}}}};
  model.input("x", {1, 3})
      .value("y", {1, 3})
      .value("i", {1}, kPaddleI64)
      .value("n", {1}, kPaddleI64)
      .value("more", {1}, 0)
      .op(assign)
      .op(paddle_constant("i", 0, kPaddleI64))
      .op(paddle_constant("n", times, kPaddleI64))
      .op(less)
      .op({"while",
           {{"X", {"i", "n", "y"}}, {"Condition", {"more"}}},
           {{"Out", {"i", "y", "more"}}},
           {paddle_sub_block(1)}})
      .op(paddle_scale("y", "y", 1, 1), 1)
      .op(paddle_scale("i", "i", 1, 1), 1)
      .op(less, 1)
      .output("y");
  return model;
}

/// y = 2x where the sum of x is positive, else -x: a block for each.
inline PaddleModel paddle_choice() {
  PaddleModel model;
  model.blocks.resize(3);
  model.blocks[1].parent = model.blocks[2].parent = 0;
  const auto branch = [](const char* condition, const char* out, int block) {
    return PaddleOp{"conditional_block",
                    {{"Cond", {condition}}, {"Input", {"x"}}},
                    {{"Out", {out}}},
                    {paddle_sub_block(block), paddle_bool("is_scalar_condition", true)}};
  };
  model.input("x", {1, 3})
      .value("zero", {1})
      .value("sum", {1})
      .value("positive", {1}, 0)
      .value("not", {1}, 0)
      .value("which", {1}, 2)
      .value("twice", {1, 3})
      .value("minus", {1, 3})
      .value("y", {1, 3})
      .op(paddle_constant("zero", 0, kPaddleF32))
      .op({"reduce_sum",
           {{"X", {"x"}}},
           {{"Out", {"sum"}}},
           {paddle_ints("dim", {0}), paddle_bool("keep_dim", false),
            paddle_bool("reduce_all", true)}})
      .op({"greater_than",
           {{"X", {"sum"}}, {"Y", {"zero"}}},
           {{"Out", {"positive"}}},
           {paddle_int("axis", -1)}})
      .op({"logical_not", {{"X", {"positive"}}}, {{"Out", {"not"}}}})
      .op(branch("positive", "twice", 1))
      .op(branch("not", "minus", 2))
      .op({"cast",
           {{"X", {"positive"}}},
           {{"Out", {"which"}}},
           {paddle_int("in_dtype", 0), paddle_int("out_dtype", 2)}})
      .op({"select_input", {{"X", {"minus", "twice"}}, {"Mask", {"which"}}}, {{"Out", {"y"}}}})
      .op(paddle_scale("x", "twice", 2, 0), 1)
      .op(paddle_scale("x", "minus", -1, 0), 2)
      .output("y");
  return model;
}

}  // namespace nacre::test

#endif  // NACRE_TESTS_PADDLE_PROGRAM_H_
