// Paddle models through OpenVINO: what they compute, which files they are, and what they may not
// do. What is wrong in the files themselves is in tests/core/paddle_walk_test.cc.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cmath>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "base/sha256.h"
#include "fixture.h"
#include "paddle_program.h"

namespace nacre::test {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;

/// The path of the program; the parameters lie beside it.
std::string write(const ScratchFolder& folder, const PaddleModel& model,
                  const std::string& name = "net") {
  if (!model.parameters.empty()) folder.write(name + ".pdiparams", model.weights());
  return folder.write(name + ".pdmodel", model.program());
}

Error refused(const std::string& path, std::string_view more = {}) {
  const auto graph = load_path(path, more);
  EXPECT_FALSE(graph) << path;
  return graph ? Error{} : graph.error();
}

TEST(OpenvinoPaddle, AProgramAndItsParameters) {
  const ScratchFolder folder;
  const std::string program = write(folder, paddle_layer());
  const std::string parameters = fs::path(program).replace_extension(".pdiparams");
  for (const std::string& named :
       {program, program + ":" + parameters, parameters + ":" + program}) {
    for (const char* more : {"", "encoding=paddle", "backend=openvino"}) {
      auto graph = load_path(named, more);
      ASSERT_TRUE(graph) << named << ": " << graph.error().message;
      EXPECT_EQ((*graph)->backend(), "openvino");
      EXPECT_EQ((*graph)->encoding(), GraphEncoding::kPaddle);
      const GraphDescription& d = (*graph)->description();
      ASSERT_EQ(d.inputs.size(), 1u);
      EXPECT_EQ(d.inputs[0].name, "x");
      EXPECT_EQ(d.inputs[0].type, TensorType::kF32);
      EXPECT_EQ(*d.inputs[0].shape, (Shape{-1, 3}));
      ASSERT_EQ(d.outputs.size(), 2u);
      EXPECT_EQ(d.outputs[0].name, "s");
      EXPECT_EQ(d.outputs[1].name, "y");
      EXPECT_EQ(*d.outputs[1].shape, (Shape{-1, 4}));
      ASSERT_FALSE(d.properties.empty());
      EXPECT_EQ(d.properties[0].key, "format_version");
      EXPECT_EQ(d.properties[0].value, "Paddle 2.6.0");

      // By hand, in numbers that f32 has exactly.
      const auto y =
          compute(*graph, {plain<float>(TensorType::kF32, {2, 3}, {1, 2, 4, -1, 0.5F, -2})});
      ASSERT_TRUE(y) << y.error().message;
      const std::vector<float> sum = {1.5F, -1.5F, -2, -6, -2, -4, -3.5F, -2};
      EXPECT_EQ(y->at(0), plain<float>(TensorType::kF32, {2, 4}, sum));
      EXPECT_EQ(y->at(1), plain<float>(TensorType::kF32, {2, 4}, {1.5F, 0, 0, 0, 0, 0, 0, 0}));
    }
  }
}

TEST(OpenvinoPaddle, WithoutParametersOneFileIsEnough) {
  const ScratchFolder folder;
  for (const char* name : {"sum.pdmodel", "sum", "sum.model"}) {
    auto graph = load_path(folder.write(name, paddle_sum().program()));
    ASSERT_TRUE(graph) << name << ": " << graph.error().message;
    const Plain x = plain<float>(TensorType::kF32, {1, 3}, {1, 2, 3});
    EXPECT_EQ(compute(*graph, {x, x}).value()[0],
              plain<float>(TensorType::kF32, {1, 3}, {2, 4, 6}));
  }
}

TEST(OpenvinoPaddle, BlocksInBlocks) {
  const ScratchFolder folder;
  const auto f32 = [](const std::vector<float>& values) {
    return plain<float>(TensorType::kF32, {1, 3}, values);
  };
  for (const int times : {0, 1, 5}) {
    const std::string path = write(folder, paddle_loop(times));
    auto graph = load_path(path);
    ASSERT_TRUE(graph) << graph.error().message;
    const auto y = compute(*graph, {f32({1, 2, 3})});
    ASSERT_TRUE(y) << y.error().message;
    auto reference = direct_model(direct_core().read_model(path));
    EXPECT_EQ(*y, direct(reference, {f32({1, 2, 3})}));
    if (times == 0) continue;  // OpenVINO's loop of no rounds yields nothing, not what went in
    const auto n = static_cast<float>(times);
    EXPECT_EQ(y->at(0), f32({1 + n, 2 + n, 3 + n}));
  }
  auto graph = load_path(write(folder, paddle_choice()));
  ASSERT_TRUE(graph) << graph.error().message;
  EXPECT_EQ(compute(*graph, {f32({1, 2, 3})}).value()[0], f32({2, 4, 6}));
  EXPECT_EQ(compute(*graph, {f32({-1, 2, -3})}).value()[0], f32({1, -2, 3}));
}

/// What paddle_network() computes, as one would write it down.
std::vector<double> network_by_hand(const std::vector<float>& x) {
  const auto filter = paddle_weights(108, 0.05F);
  const auto scale = paddle_weights(4, 0.2F);
  const auto bias = paddle_weights(4, 0.1F);
  const auto mean = paddle_weights(4, 0.3F);
  const auto layer = paddle_weights(640, 0.02F);
  constexpr std::array kVariance = {0.5, 1.0, 2.0, 4.0};
  const auto at = [](int a, int b, int rows, int c, int columns) {
    return static_cast<std::size_t>((a * rows + b) * columns + c);
  };
  std::vector<double> flat(128);
  for (int channel = 0; channel < 4; ++channel) {
    const auto o = static_cast<std::size_t>(channel);
    for (int row = 0; row < 8; ++row) {
      for (int column = 0; column < 8; ++column) {
        double sum = 0;
        for (int i = 0; i < 3; ++i) {
          for (int k = 0; k < 9; ++k) {
            const int r = row + k / 3 - 1;
            const int c = column + k % 3 - 1;
            if (r < 0 || r > 7 || c < 0 || c > 7) continue;
            sum += double{filter[at(channel, i, 3, k, 9)]} * double{x[at(i, r, 8, c, 8)]};
          }
        }
        sum = (sum - double{mean[o]}) / std::sqrt(kVariance[o] + 1e-5) * double{scale[o]} +
              double{bias[o]};
        for (const int half : {0, 4})
          flat[at(row / 2, column / 2, 4, channel + half, 8)] += std::max(sum, 0.0) / 4;
      }
    }
  }
  std::vector<double> y(5);
  double total = 0;
  for (std::size_t i = 0; i < 5; ++i) {
    for (std::size_t k = 0; k < 128; ++k)
      y[i] += flat[k] * double{layer[k * 5 + i]};
    total += y[i] = std::exp(y[i]);
  }
  for (double& value : y)
    value /= total;
  return y;
}

TEST(OpenvinoPaddle, ANetworkOfManyOperators) {
  const ScratchFolder folder;
  const std::string path = write(folder, paddle_network());
  auto graph = load_path(path);
  ASSERT_TRUE(graph) << graph.error().message;
  auto reference = direct_model(direct_core().read_model(path));
  for (const std::uint32_t seed : {1, 2, 3}) {
    const std::vector<Plain> x = {noise(TensorType::kF32, {1, 3, 8, 8}, seed)};
    const auto y = compute(*graph, x);
    ASSERT_TRUE(y) << y.error().message;
    EXPECT_EQ(*y, direct(reference, x));
    const auto ours = values<float>(y->at(0));
    const auto wanted = network_by_hand(values<float>(x[0]));
    ASSERT_EQ(ours.size(), wanted.size());
    for (std::size_t i = 0; i < ours.size(); ++i)
      EXPECT_NEAR(double{ours[i]}, wanted[i], 1e-5);
  }
}

// Networks as Paddle saved them: bit for bit OpenVINO's own answer, and a sensible one.
TEST(OpenvinoPaddle, BitForBitAsOpenvinoItself) {
  struct Network {
    const char* name;
    std::vector<std::int64_t> input;
    bool is_distribution;  // along the last dimension
  };
  for (const Network& network :
       {Network{"cls", {2, 3, 48, 192}, true}, Network{"det", {1, 3, 64, 96}, false},
        Network{"rec", {1, 3, 48, 64}, true}}) {
    const std::string path = std::string(NACRE_TEST_PADDLE_DIR) + "/" + network.name + ".pdmodel";
    auto graph = load_path(path);
    ASSERT_TRUE(graph) << path << ": " << graph.error().message;
    const std::vector<Plain> x = {noise(TensorType::kF32, network.input, 6)};
    const auto ours = compute(*graph, x);
    ASSERT_TRUE(ours) << ours.error().message;
    auto reference = direct_model(direct_core().read_model(path));
    EXPECT_EQ(*ours, direct(reference, x)) << path;

    const auto y = values<float>(ours->at(0));
    for (const float value : y)
      ASSERT_TRUE(value >= 0 && value <= 1.00001F) << path << ": " << value;
    if (!network.is_distribution) continue;
    const auto classes = static_cast<std::size_t>(ours->at(0).dims.back());
    for (std::size_t row = 0; row < y.size(); row += classes) {
      double sum = 0;
      for (std::size_t i = 0; i < classes; ++i)
        sum += static_cast<double>(y[row + i]);
      EXPECT_NEAR(sum, 1, 1e-4) << path;
    }
  }
}

TEST(OpenvinoPaddle, BytesOfAGuestAreRefusedInWords) {
  const PaddleModel model = paddle_layer();
  for (const auto& parts : {std::vector<std::string>{model.program()},
                            {model.program(), model.weights()},
                            {model.weights(), model.program()},
                            {paddle_sum().program()}}) {
    for (std::size_t i = 0; i < kGraphEncodingNames.size(); ++i) {
      const auto graph = load_bytes(parts, static_cast<GraphEncoding>(i));
      ASSERT_FALSE(graph);
      EXPECT_EQ(graph.error().code, ErrorCode::kUnsupportedOperation) << graph.error().message;
      EXPECT_THAT(graph.error().message, HasSubstr("from files only"));
    }
  }
}

// OpenVINO finds out by itself what bytes are. What a guest calls ONNX, and the walk for ONNX lets
// pass because it has a graph, must not end in Paddle's reader.
TEST(OpenvinoPaddle, WhatIsCalledOnnxIsReadAsOnnx) {
  const std::string program = paddle_sum().program();
  const std::string onnx =
      pb_bytes(7, pb_bytes(1, pb_bytes(1, "x") + pb_bytes(2, "y") + pb_bytes(4, "Relu")) +
                      pb_bytes(2, "g")) +
      pb_bytes(8, pb_number(2, 13));
  for (const std::string& bytes : {program, program + onnx, onnx + program}) {
    const auto graph = load_onnx(bytes);
    if (graph) {
      EXPECT_TRUE((*graph)->description().inputs.empty()) << "these are Paddle's";
    } else {
      EXPECT_EQ(graph.error().code, ErrorCode::kInvalidEncoding) << graph.error().message;
    }
  }
}

TEST(OpenvinoPaddle, WhatIsMissingOrWrongIsNamed) {
  const ScratchFolder folder;
  const std::string program = write(folder, paddle_layer());
  const std::string parameters = fs::path(program).replace_extension(".pdiparams");
  const std::string alone = folder.write("alone.pdmodel", paddle_layer().program());
  const Error none = refused(alone);
  EXPECT_EQ(none.code, ErrorCode::kModelNotFound);
  EXPECT_THAT(none.message, HasSubstr("has 2 parameters, and there is no"));
  EXPECT_THAT(none.message, HasSubstr("alone.pdiparams"));
  EXPECT_TRUE(load_path(alone + ":" + parameters));
  EXPECT_EQ(refused(alone + ":/nowhere/p.pdiparams").code, ErrorCode::kModelNotFound);
  EXPECT_EQ(refused("/nowhere/net.pdmodel").code, ErrorCode::kModelNotFound);
  EXPECT_EQ(refused(program + ":" + program).code, ErrorCode::kInvalidEncoding);
  EXPECT_EQ(refused(program + ":" + parameters + ":" + parameters).code,
            ErrorCode::kInvalidEncoding);

  const std::string whole = paddle_layer().weights();
  for (const std::size_t size : {std::size_t{0}, whole.size() - 1}) {
    std::ofstream(parameters, std::ios::binary) << whole.substr(0, size);
    EXPECT_THAT(refused(program).message, HasSubstr("file of parameters ends"));
  }
  EXPECT_THAT(refused(program, "encoding=onnx").message, HasSubstr("state paddle"));
  EXPECT_THAT(
      refused(folder.write("net.onnx", read_file(onnx_path("identity_f32"))), "encoding=paddle")
          .message,
      HasSubstr("state onnx"));
  EXPECT_THAT(refused(folder.write("x", "no model"), "encoding=paddle").message,
              HasSubstr("a Paddle model is a program (.pdmodel)"));
  EXPECT_THAT(refused(write(folder, paddle_sum(), "sum"), "backend=echo").message,
              HasSubstr("does not read paddle"));

  PaddleModel unknown = paddle_sum();
  unknown.blocks[0].ops[2].type = "frobnicate";
  const Error operation = refused(write(folder, unknown, "unknown"));
  EXPECT_EQ(operation.code, ErrorCode::kUnsupportedOperation);
  EXPECT_THAT(operation.message, HasSubstr("frobnicate"));
}

TEST(OpenvinoPaddle, BothFilesHaveHashes) {
  const ScratchFolder folder;
  const std::string program = write(folder, paddle_layer());
  const std::string parameters = fs::path(program).replace_extension(".pdiparams");
  const auto hash = [](const std::string& path) {
    return to_hex(sha256_of_file(path).value().digest);
  };
  const std::string both = program + ":" + parameters;
  const std::string hashes = "sha256=" + hash(program) + ":" + hash(parameters);
  EXPECT_TRUE(load_path(both, hashes)) << load_path(both, hashes).error().message;

  const Error one = refused(program, "sha256=" + hash(program));
  EXPECT_EQ(one.code, ErrorCode::kSecurity);
  EXPECT_THAT(one.message, HasSubstr("says nothing of " + parameters));
  std::string other = paddle_layer().weights();
  other.back() = static_cast<char>(other.back() ^ 1);
  folder.write("net.pdiparams", other);
  const Error changed = refused(both, hashes);
  EXPECT_EQ(changed.code, ErrorCode::kSecurity);
  EXPECT_THAT(changed.message, HasSubstr(parameters + " has the SHA-256"));
}

TEST(OpenvinoPaddle, NoRowsAndNoDimensions) {
  const ScratchFolder folder;
  auto rows = load_path(write(folder, paddle_layer()));
  ASSERT_TRUE(rows) << rows.error().message;
  const auto none = compute(*rows, {Plain{TensorType::kF32, {0, 3}, {}}});
  ASSERT_TRUE(none) << none.error().message;
  EXPECT_EQ(none->at(1), (Plain{TensorType::kF32, {0, 4}, {}}));
  PaddleModel scalars;
  scalars.input("x", {}).value("y", {}).op(paddle_scale("x", "y", 2, 1)).output("y");
  auto graph = load_path(write(folder, scalars, "scalars"));
  ASSERT_TRUE(graph) << graph.error().message;
  EXPECT_EQ(compute(*graph, {plain<float>(TensorType::kF32, {}, {3})}).value().at(0),
            plain<float>(TensorType::kF32, {}, {7}));
}

TEST(OpenvinoPaddle, TypesThatNoTensorHasAreRefused) {
  const ScratchFolder folder;
  constexpr int kComplex64 = 23;
  constexpr int kNothing = 99;
  for (const int type : {kPaddleString, kComplex64, kNothing}) {
    PaddleModel model;
    model.input("x", {1, 3}, type).value("y", {1, 3}, type);
    model.op({"assign", {{"X", {"x"}}}, {{"Out", {"y"}}}}).output("y");
    const Error error = refused(write(folder, model));
    EXPECT_GT(error.message.size(), 10u) << type;
  }
}

TEST(OpenvinoPaddle, IndicesStayInsideTheirTensors) {
  const ScratchFolder folder;
  PaddleModel model;
  model.input("x", {4, 2})
      .input("i", {2}, kPaddleI64)
      .value("y", {2, 2})
      .op({"gather", {{"X", {"x"}}, {"Index", {"i"}}}, {{"Out", {"y"}}}, {paddle_int("axis", 0)}})
      .output("y");
  auto graph = load_path(write(folder, model));
  ASSERT_TRUE(graph) << graph.error().message;
  const Plain x = plain<float>(TensorType::kF32, {4, 2}, {1, 2, 3, 4, 5, 6, 7, 8});
  const auto at = [&](std::int64_t a, std::int64_t b) {
    return compute(*graph, {x, plain<std::int64_t>(TensorType::kI64, {2}, {a, b})});
  };
  EXPECT_EQ(at(3, 0).value()[0], plain<float>(TensorType::kF32, {2, 2}, {7, 8, 1, 2}));
  // Whatever is there, it is a number of the tensor, or an error.
  for (const std::int64_t far :
       {std::int64_t{4}, std::int64_t{1} << 30, -(std::int64_t{1} << 30)}) {
    const auto y = at(far, 0);
    if (!y) continue;
    for (const float value : values<float>(y->at(0)))
      EXPECT_TRUE(value >= 0 && value <= 8) << far << ": " << value;
  }
}

TEST(OpenvinoPaddle, ALoopWithoutEndKeepsNobodyWaiting) {
  const ScratchFolder folder;
  constexpr int kMany = 300'000;
  auto graph = load_path(write(folder, paddle_loop(kMany)));
  ASSERT_TRUE(graph) << graph.error().message;
  auto context = ExecutionContext::create(*graph).value();
  const Plain x = plain<float>(TensorType::kF32, {1, 3}, {1, 2, 3});
  ASSERT_TRUE(context->set_input(0, x.view()));
  const auto begin = std::chrono::steady_clock::now();
  const auto late = context->compute(begin + std::chrono::milliseconds(200));
  ASSERT_FALSE(late);
  EXPECT_EQ(late.error().code, ErrorCode::kTimeout);
  EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::milliseconds(1500));
}

// OpenVINO ran this one when it prepared the model, and did not come back.
TEST(OpenvinoPaddle, ALoopThatNoInputReachesIsRefused) {
  const ScratchFolder folder;
  PaddleModel model = paddle_loop(3);
  model.blocks[0].ops[1] = paddle_constant("y", 1, kPaddleF32);
  model.blocks[0].ops[1].attributes[0] = paddle_longs("shape", {1, 3});
  model.blocks[1].ops[1] = paddle_scale("i", "i", 1, 0);
  const Error error = refused(write(folder, model));
  EXPECT_EQ(error.code, ErrorCode::kUnsupportedOperation);
  EXPECT_THAT(error.message, HasSubstr("depends on none of its inputs"));
}

TEST(OpenvinoPaddle, MemoryThatNoMachineHas) {
  const ScratchFolder folder;
  PaddleModel model;
  PaddleOp fill = paddle_constant("c", 1, kPaddleF32);
  fill.attributes[0] = paddle_longs("shape", {std::int64_t{1} << 45});
  model.input("x", {1}).value("c", {-1}).value("y", {-1}).op(fill);
  model
      .op({"elementwise_add",
           {{"X", {"x"}}, {"Y", {"c"}}},
           {{"Out", {"y"}}},
           {paddle_int("axis", -1)}})
      .output("y");
  const auto graph = load_path(write(folder, model));
  if (!graph) {
    EXPECT_GT(graph.error().message.size(), 10u);
  } else {
    EXPECT_FALSE(compute(*graph, {plain<float>(TensorType::kF32, {1}, {1})}));
  }
}

// Names of variables are the only strings that could be paths: in the form of one file for each
// parameter, which is not read, they are.
TEST(OpenvinoPaddle, NothingInAModelIsAPath) {
  const ScratchFolder outside;
  const std::string secret =
      outside.write("secret", PaddleModel::stored(kPaddleF32, {3}, "12345678abcd"));
  const std::string far = fs::path(secret).parent_path().string();
  const ScratchFolder folder;
  const std::string near = fs::path(folder.write("x", "")).parent_path().string();
  for (const std::string& name :
       {secret, fs::relative(secret, near).string(), "file://" + secret}) {
    PaddleModel model;
    model.input("x", {1, 3})
        .parameter<float>(name, {3}, {1, 2, 3})
        .value("y", {1, 3})
        .op({"elementwise_add",
             {{"X", {"x"}}, {"Y", {name}}},
             {{"Out", {"y"}}},
             {paddle_int("axis", -1)}})
        .output("y");
    Watch watch(far);
    auto graph = load_path(write(folder, model));
    ASSERT_TRUE(graph) << graph.error().message;
    const Plain ones = plain<float>(TensorType::kF32, {1, 3}, {1, 1, 1});
    EXPECT_EQ(compute(*graph, {ones}).value()[0],
              plain<float>(TensorType::kF32, {1, 3}, {2, 3, 4}));
    // Without its file there is no other.
    fs::remove(near + "/net.pdiparams");
    EXPECT_EQ(refused(near + "/net.pdmodel").code, ErrorCode::kModelNotFound);
    EXPECT_FALSE(watch.touched()) << name;
  }
  // A folder is a model of the old form, or a SavedModel that is none.
  const ScratchFolder old;
  old.write("__model__", paddle_layer().program());
  old.write("w", PaddleModel::stored(kPaddleF32, {3, 4}, std::string(48, '\0')));
  const std::string path = fs::path(old.write("b", "")).parent_path().string();
  EXPECT_EQ(refused(path).code, ErrorCode::kModelNotFound);
  EXPECT_EQ(refused(path, "encoding=paddle").code, ErrorCode::kModelNotFound);
  old.write("saved_model.pb", paddle_layer().program());
  EXPECT_EQ(refused(path, "encoding=paddle").code, ErrorCode::kInvalidEncoding);
}

}  // namespace
}  // namespace nacre::test
