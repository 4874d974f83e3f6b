// What the onnxruntime backend computes, bit for bit against the vendor's API called directly.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <cmath>
#include <limits>
#include <thread>

#include "../../keep_cancelling.h"
#include "fixture.h"
#include "onnx_model.h"

namespace nacre::test {
namespace {

using ::testing::HasSubstr;

constexpr auto kF32 = TensorType::kF32;
constexpr auto kI64 = TensorType::kI64;

std::shared_ptr<Graph> must_load(std::string_view name, std::string_view more = {}) {
  auto graph = load_path(onnx_path(name), more);
  EXPECT_TRUE(graph) << graph.error().message;
  return graph ? *graph : nullptr;
}

std::vector<Plain> must_compute(const std::shared_ptr<Graph>& graph,
                                const std::vector<Plain>& inputs) {
  auto outputs = compute(graph, inputs);
  EXPECT_TRUE(outputs) << outputs.error().message;
  return outputs ? *outputs : std::vector<Plain>{};
}

class OnnxruntimeTypes : public ::testing::TestWithParam<TensorType> {};

TEST_P(OnnxruntimeTypes, GoThroughUnchanged) {
  const TensorType type = GetParam();
  const auto graph = must_load("identity_" + std::string(to_string(type)));
  ASSERT_NE(graph, nullptr);
  const GraphDescription& description = graph->description();
  ASSERT_EQ(description.inputs.size(), 1U);
  EXPECT_EQ(description.inputs[0].type, type);
  EXPECT_EQ(description.inputs[0].name, "x");
  EXPECT_EQ(description.inputs[0].shape, (Shape{-1, 2}));
  EXPECT_EQ(description.outputs[0].type, type);

  auto context = ExecutionContext::create(graph);
  ASSERT_TRUE(context);
  // The number of rows changes, comes back, and is nothing in between.
  for (const std::int64_t rows : {3, 3, 1, 0, 1000, 3}) {
    const std::vector<Plain> inputs = {noise(type, {rows, 2}, static_cast<std::uint32_t>(rows))};
    const auto outputs = compute(**context, inputs);
    ASSERT_TRUE(outputs) << rows << ": " << outputs.error().message;
    EXPECT_EQ(*outputs, inputs) << rows;
  }
}

INSTANTIATE_TEST_SUITE_P(All, OnnxruntimeTypes,
                         ::testing::Values(TensorType::kF16, TensorType::kF32, TensorType::kF64,
                                           TensorType::kBf16, TensorType::kU8, TensorType::kI8,
                                           TensorType::kU16, TensorType::kI16, TensorType::kI32,
                                           TensorType::kU32, TensorType::kI64, TensorType::kU64,
                                           TensorType::kBool, TensorType::kString),
                         [](const auto& tested) { return std::string(to_string(tested.param)); });

TEST(OnnxruntimeCompute, StringsOfAnyBytes) {
  const auto graph = must_load("identity_string");
  const std::vector<Plain> inputs = {
      strings({2, 2}, {"", std::string("a\0b", 3), "grüße", std::string(70'000, 'x')})};
  EXPECT_EQ(must_compute(graph, inputs), inputs);
}

TEST(OnnxruntimeCompute, StringsThatAreCutOffAreRefused) {
  const auto graph = must_load("identity_string");
  for (const std::string& bytes :
       {std::string("\x01\0\0\0a\x05\0\0\0b", 10), std::string("\x01\0\0\0a", 5),
        std::string("\x01\0\0\0a\x01\0\0", 8), std::string("\xff\xff\xff\xff", 4)}) {
    const auto outputs = compute(graph, {{TensorType::kString, {1, 2}, bytes}});
    ASSERT_FALSE(outputs);
    EXPECT_EQ(outputs.error().code, ErrorCode::kInvalidArgument) << outputs.error().message;
  }
}

TEST(OnnxruntimeCompute, ManyInputsAndOutputs) {
  const auto graph = must_load("many");
  const std::vector<Plain> inputs = {plain<float>(kF32, {2, 2}, {1, 2, 3, 4}),
                                     plain<std::int64_t>(kI64, {3}, {5, -6, 1LL << 40}),
                                     plain<std::uint8_t>(TensorType::kBool, {3}, {1, 0, 1})};
  const std::vector<Plain> expected = {plain<std::uint8_t>(TensorType::kBool, {3}, {0, 1, 0}),
                                       plain<float>(kF32, {2, 2}, {2, 3, 4, 5}),
                                       plain<std::int64_t>(kI64, {1}, {3}),
                                       plain<std::int64_t>(kI64, {3}, {10, -12, 1LL << 41})};
  EXPECT_EQ(must_compute(graph, inputs), expected);
  EXPECT_EQ(direct(*direct_session(onnx_path("many"), 1), inputs), expected);
}

TEST(OnnxruntimeCompute, ScalarsAndZeroDimensions) {
  EXPECT_EQ(must_load("square_scalar")->description().inputs[0].shape, Shape{});
  EXPECT_EQ(must_compute(must_load("square_scalar"), {plain<float>(kF32, {}, {1.5F})}),
            std::vector<Plain>{plain<float>(kF32, {}, {2.25F})});
  EXPECT_EQ(must_compute(must_load("layer"), {plain<float>(kF32, {0, 64}, {})}),
            std::vector<Plain>{plain<float>(kF32, {0, 64}, {})});
}

TEST(OnnxruntimeCompute, ShapesThatOnlyTheDataTell) {
  const auto graph = must_load("nonzero");
  auto context = ExecutionContext::create(graph);
  ASSERT_TRUE(context);
  for (const auto& [values, found] :
       std::vector<std::pair<std::vector<float>, std::vector<std::int64_t>>>{
           {{0, 1, 0, 2}, {1, 3}}, {{0, 0, 0, 0}, {}}, {{1, 1, 1, 1}, {0, 1, 2, 3}}}) {
    const auto outputs = compute(**context, {plain(kF32, {4}, values)});
    ASSERT_TRUE(outputs) << outputs.error().message;
    EXPECT_EQ(
        *outputs,
        (std::vector<Plain>{plain(kI64, {1, static_cast<std::int64_t>(found.size())}, found)}));
  }
}

TEST(OnnxruntimeCompute, RankThatIsUnknown) {
  const auto graph = must_load("unranked");
  EXPECT_FALSE(graph->description().inputs[0].shape);
  for (const std::vector<std::int64_t>& dims : {std::vector<std::int64_t>{}, {6}, {1, 2, 3}, {0}}) {
    const Plain x = noise(kF32, dims, 1);
    EXPECT_EQ(must_compute(graph, {x}), direct(*direct_session(onnx_path("unranked"), 1), {x}));
  }
}

TEST(OnnxruntimeCompute, NanIsDeliveredAsItIs) {
  const auto outputs =
      must_compute(must_load("logarithm"), {plain<float>(kF32, {4}, {-1, 0, 1, -0.5F})});
  ASSERT_EQ(outputs.size(), 1U);
  std::array<float, 4> y{};
  std::memcpy(y.data(), outputs[0].bytes.data(), sizeof y);
  EXPECT_TRUE(std::isnan(y[0]) && std::isnan(y[3]));
  EXPECT_EQ(y[1], -std::numeric_limits<float>::infinity());
  EXPECT_EQ(y[2], 0.0F);
}

template <typename T>
void divides_the_smallest(TensorType type, int onnx_type) {
  constexpr T kSmallest = std::numeric_limits<T>::min();
  const auto divide = [&](const char* op, T number, T divisor) {
    const auto graph =
        load_onnx(onnx_model({OnnxNode{op, {"a", "b"}, {"y"}}.bytes()},
                             {onnx_value("a", onnx_type, {2}), onnx_value("b", onnx_type, {2})},
                             {onnx_value("y", onnx_type, {2})}));
    EXPECT_TRUE(graph) << graph.error().message;
    return compute(*graph, {plain<T>(type, {2}, {number, 7}), plain<T>(type, {2}, {divisor, 2})});
  };
  EXPECT_EQ(divide("Div", kSmallest, -1).value()[0], plain<T>(type, {2}, {kSmallest, 3}));
  EXPECT_EQ(divide("Mod", kSmallest, -1).value()[0], plain<T>(type, {2}, {0, 1}));
  EXPECT_FALSE(divide("Div", 1, 0)) << "which the runtime looks for";
  EXPECT_EQ(divide("Div", -9, 2).value()[0], plain<T>(type, {2}, {-4, 3}));
}

// Where the processor has no result, and the runtime does not look.
TEST(OnnxruntimeCompute, TheSmallestIntegerDividedByMinusOne) {
  constexpr int kOnnxI32 = 6;
  divides_the_smallest<std::int32_t>(TensorType::kI32, kOnnxI32);
  divides_the_smallest<std::int64_t>(TensorType::kI64, kOnnxI64);
}

TEST(OnnxruntimeCompute, ShapeOtherThanTheModelSaidIsAnError) {
  const auto graph = must_load("lies_about_shape");
  const Plain x = noise(kF32, {4}, 1);
  EXPECT_TRUE(compute(graph, {x, plain<std::int64_t>(kI64, {2}, {2, 2})}));
  const auto outputs = compute(graph, {x, plain<std::int64_t>(kI64, {2}, {4, 1})});
  ASSERT_FALSE(outputs);
  EXPECT_EQ(outputs.error().code, ErrorCode::kRuntimeError) << outputs.error().message;
  const auto impossible = compute(graph, {x, plain<std::int64_t>(kI64, {2}, {7, 9})});
  ASSERT_FALSE(impossible);
  EXPECT_EQ(impossible.error().code, ErrorCode::kRuntimeError);
  EXPECT_THAT(impossible.error().message, HasSubstr("Reshape"));
  EXPECT_EQ(impossible.error().message.find("/onnxruntime_src/"), std::string::npos);
  // The context is as good as before.
  EXPECT_TRUE(compute(graph, {x, plain<std::int64_t>(kI64, {2}, {2, 2})}));
}

TEST(OnnxruntimeCompute, MemoryThatNoMachineHas) {
  const std::string model =
      onnx_model({OnnxNode{"ConstantOfShape", {"x"}, {"many"}}.bytes(),
                  OnnxNode{"ReduceSum", {"many"}, {"y"}, {onnx_number("keepdims", 0)}}.bytes()},
                 {onnx_value("x", kOnnxI64, {2})}, {onnx_value("y", kOnnxFloat, {})});
  auto graph = load_bytes({model}, GraphEncoding::kOnnx);
  ASSERT_TRUE(graph) << graph.error().message;
  const auto of = [](std::int64_t n) { return plain<std::int64_t>(kI64, {2}, {n, n}); };
  for (const std::int64_t n :
       {std::int64_t{1} << 22, std::int64_t{1} << 30, std::int64_t{1} << 32, std::int64_t{-1}}) {
    const auto out = compute(*graph, {of(n)});
    ASSERT_FALSE(out) << n;
    EXPECT_GT(out.error().message.size(), 10u);
  }
  EXPECT_EQ(values<float>(must_compute(*graph, {of(3)}).at(0)), std::vector<float>{0});
}

TEST(OnnxruntimeCompute, RealNetworkAgreesWithTheVendorsApi) {
  const std::vector<Plain> inputs = {noise(kF32, {1, 3, 224, 224}, 5)};
  for (const auto& [more, threads] : {std::pair{"threads=1", 1}, {"threads=2", 2}}) {
    auto graph = load_path(efficientnet_path(), more);
    ASSERT_TRUE(graph) << graph.error().message;
    EXPECT_EQ(must_compute(*graph, inputs),
              direct(*direct_session(efficientnet_path(), threads), inputs));
  }
  auto shared_pool = load_path(efficientnet_path());
  ASSERT_TRUE(shared_pool);
  EXPECT_EQ(must_compute(*shared_pool, inputs),
            direct(*direct_session(efficientnet_path(), 2), inputs));
}

TEST(OnnxruntimeCompute, TensorsOutliveContextAndGraphAndNeverChange) {
  std::vector<Tensor> kept;
  std::vector<Plain> inputs;
  {
    const auto graph = must_load("layer");
    auto context = ExecutionContext::create(graph);
    ASSERT_TRUE(context);
    for (std::uint32_t i = 0; i < 20; ++i) {
      inputs.push_back(noise(kF32, {7, 64}, i));
      ASSERT_TRUE(compute(**context, {inputs.back()}));
      kept.push_back(**(*context)->output(0));
    }
  }
  const auto session = direct_session(onnx_path("layer"), 1);
  for (std::size_t i = 0; i < kept.size(); ++i) {
    const std::string bytes(reinterpret_cast<const char*>(kept[i].data.data()),
                            kept[i].data.size());
    EXPECT_EQ(bytes, direct(*session, {inputs[i]})[0].bytes) << i;
  }
}

// Two contexts of one graph, no lock between them.
TEST(OnnxruntimeCompute, TwoThreadsGetWhatEachWouldGetAlone) {
  for (const char* more : {"threads=1", "precision=model"}) {
    const auto graph = must_load("layer", more);
    constexpr int kRounds = 10'000;
    constexpr std::uint32_t kInputs = 16;
    std::array<std::vector<Plain>, 2> inputs;
    std::array<std::vector<Plain>, 2> alone;
    for (std::uint32_t t = 0; t < 2; ++t) {
      for (std::uint32_t i = 0; i < kInputs; ++i) {
        inputs[t].push_back(noise(kF32, {1 + (i + t) % 5, 64}, 100 * t + i));
        alone[t].push_back(must_compute(graph, {inputs[t][i]})[0]);
      }
    }
    std::array<int, 2> wrong{};
    const auto work = [&](std::size_t t) {
      auto context = ExecutionContext::create(graph);
      for (int i = 0; i < kRounds; ++i) {
        const auto k = static_cast<std::size_t>(i) % kInputs;
        const auto outputs = compute(**context, {inputs[t][k]});
        if (!outputs || (*outputs)[0] != alone[t][k]) ++wrong[t];
      }
    };
    std::thread first(work, 0);
    std::thread second(work, 1);
    first.join();
    second.join();
    EXPECT_EQ(wrong, (std::array<int, 2>{})) << more;
  }
}

// Cancel and deadline.

using Clock = std::chrono::steady_clock;
using std::chrono::milliseconds;

const std::int64_t kForEver = 1LL << 40;

class OnnxruntimeCancel : public ::testing::Test {
 protected:
  void SetUp() override {
    graph_ = must_load("slow", "threads=1");
    auto context = ExecutionContext::create(graph_);
    ASSERT_TRUE(context);
    context_ = std::move(*context);
    set_turns(kForEver);
    ASSERT_TRUE(context_->set_input(1, x_.view()));
  }
  void set_turns(std::int64_t turns) {
    ASSERT_TRUE(context_->set_input(0, plain<std::int64_t>(kI64, {}, {turns}).view()));
  }
  void expect_works() {
    set_turns(3);
    const auto computed = context_->compute();
    EXPECT_TRUE(computed) << computed.error().message;
  }

  Plain x_ = noise(kF32, {1, 64}, 1);
  std::shared_ptr<Graph> graph_;
  std::unique_ptr<ExecutionContext> context_;
};

TEST_F(OnnxruntimeCancel, DeadlineEndsAComputation) {
  const auto begin = Clock::now();
  const auto computed = context_->compute(begin + milliseconds(100));
  ASSERT_FALSE(computed);
  EXPECT_EQ(computed.error().code, ErrorCode::kTimeout) << computed.error().message;
  EXPECT_GE(Clock::now() - begin, milliseconds(100));
  EXPECT_LT(Clock::now() - begin, milliseconds(900));
  expect_works();
}

TEST_F(OnnxruntimeCancel, DeadlineInThePast) {
  const auto computed = context_->compute(Clock::now() - milliseconds(1));
  ASSERT_FALSE(computed);
  EXPECT_EQ(computed.error().code, ErrorCode::kTimeout);
  expect_works();
}

TEST_F(OnnxruntimeCancel, CancelFromAnotherThread) {
  for (const int delay : {0, 1, 50}) {
    set_turns(kForEver);
    const auto begin = Clock::now();
    const auto computed = [&] {
      const KeepCancelling other([&] { context_->cancel(); }, milliseconds(delay));
      return context_->compute();
    }();
    ASSERT_FALSE(computed);
    EXPECT_EQ(computed.error().code, ErrorCode::kTimeout);
    EXPECT_LT(Clock::now() - begin, milliseconds(900));
    expect_works();
  }
}

// One context's cancel is not the other's.
TEST_F(OnnxruntimeCancel, OtherContextsGoOn) {
  auto other = ExecutionContext::create(graph_);
  ASSERT_TRUE(other);
  std::atomic<bool> over = false;
  std::atomic<int> failures = 0;
  std::thread worker([&] {
    const Plain few = plain<std::int64_t>(kI64, {}, {50});
    while (!over)
      failures += !compute(**other, {few, x_});
  });
  for (int i = 0; i < 5; ++i)
    EXPECT_FALSE(context_->compute(Clock::now() + milliseconds(20)));
  over = true;
  worker.join();
  EXPECT_EQ(failures, 0);
}

}  // namespace
}  // namespace nacre::test
