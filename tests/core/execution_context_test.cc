#include <nacre/execution_context.h>

#include <nacre/backend.h>

#include "core/buffer.h"
#include "support.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <array>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <cstring>
#include <functional>
#include <optional>
#include <string>
#include <thread>
#include <vector>

namespace nacre {
namespace {

using namespace std::chrono_literals;
using test::echo_context;
using test::values;
using test::view;
using testing::HasSubstr;
using Clock = std::chrono::steady_clock;

constexpr std::array<std::int64_t, 1> kFour = {4};
const std::vector<float> kOnes = {1, 1, 1, 1};
const std::vector<float> kTwos = {2, 2, 2, 2};
constexpr std::string_view kFloats = "input x f32 4\n";

Result<void> put(ExecutionContext& context, std::size_t index, const std::vector<float>& data) {
  return context.set_input(index, view(TensorType::kF32, kFour, data));
}

void expect_error(const Error& error, ErrorCode code, std::string_view part) {
  EXPECT_EQ(error.code, code) << error.message;
  EXPECT_THAT(error.message, HasSubstr(std::string(part)));
}

TEST(ExecutionContext, GivesBackWhatItGot) {
  auto context = echo_context("input a f32 4\ninput b i64 ?,2\n");
  const std::array<std::int64_t, 2> dims = {3, 2};
  const std::vector<std::int64_t> numbers = {1, 2, 3, 4, 5, 1LL << 40};
  ASSERT_TRUE(put(*context, 0, kOnes));
  ASSERT_TRUE(context->set_input(1, view(TensorType::kI64, dims, numbers)));
  EXPECT_EQ(context->output_count(), 0U);
  ASSERT_TRUE(context->compute());
  EXPECT_EQ(context->output_count(), 2U);
  const Tensor* b = *context->output(1);
  EXPECT_EQ(b->type, TensorType::kI64);
  EXPECT_EQ(b->shape, (Shape{3, 2}));
  EXPECT_EQ(values<std::int64_t>(*b), numbers);
  EXPECT_EQ(values<float>(**context->output(0)), kOnes);
  EXPECT_EQ(*context->output(1), b) << "a second look gives the same";
}

TEST(ExecutionContext, FindsNamesAndThenIndices) {
  auto context = echo_context("input image f32 4\ninput 0 f32 4\n");
  EXPECT_EQ(*context->input_index("image"), 0U);
  EXPECT_EQ(*context->input_index("0"), 1U) << "a name goes before an index";
  EXPECT_EQ(*context->output_index("1"), 1U);
  for (const char* name : {"Image", "", "2", "-1", "0x0", "00 ", "4294967295"}) {
    const auto index = context->input_index(name);
    ASSERT_FALSE(index) << name;
    expect_error(index.error(), ErrorCode::kInvalidArgument, "\"image\", \"0\"");
  }
  const auto long_name = context->input_index(std::string(1 << 20, 'x'));
  EXPECT_LT(long_name.error().message.size(), 300U);
}

TEST(ExecutionContext, IndexBeyondTheGraphsIsRefused) {
  auto context = echo_context(kFloats);
  expect_error(put(*context, 1, kOnes).error(), ErrorCode::kInvalidArgument, "no input 1");
  expect_error(put(*context, 0xffffffff, kOnes).error(), ErrorCode::kInvalidArgument, "\"x\"");
  ASSERT_TRUE(put(*context, 0, kOnes));
  ASSERT_TRUE(context->compute());
  expect_error(context->output(1).error(), ErrorCode::kInvalidArgument, "no output 1");
}

TEST(ExecutionContext, MissingInputsAreNamed) {
  auto context = echo_context("input a f32 4\ninput b f32 4\n");
  ASSERT_TRUE(put(*context, 0, kOnes));
  expect_error(context->compute().error(), ErrorCode::kInvalidArgument, "input 1 (\"b\")");
  expect_error(context->output(0).error(), ErrorCode::kInvalidArgument, "no output 0 yet");
}

TEST(ExecutionContext, ABadInputLeavesTheGoodOne) {
  auto context = echo_context(kFloats);
  ASSERT_TRUE(put(*context, 0, kOnes));
  const std::vector<float> five(5, 9);
  EXPECT_FALSE(context->set_input(0, view(TensorType::kF32, kFour, five)));
  ASSERT_TRUE(context->compute());
  EXPECT_EQ(values<float>(**context->output(0)), kOnes);
}

TEST(ExecutionContext, InputsStaySet) {
  auto context = echo_context(kFloats);
  ASSERT_TRUE(put(*context, 0, kOnes));
  ASSERT_TRUE(context->compute());
  ASSERT_TRUE(context->compute());
  EXPECT_EQ(values<float>(**context->output(0)), kOnes);
}

TEST(ExecutionContext, SetInputDoesNotDisturbTheLastOutput) {
  auto context = echo_context(kFloats);
  ASSERT_TRUE(put(*context, 0, kOnes));
  ASSERT_TRUE(context->compute());
  const Tensor* output = *context->output(0);
  for (int i = 0; i < 3; ++i)
    ASSERT_TRUE(put(*context, 0, kTwos));
  EXPECT_EQ(values<float>(*output), kOnes);
}

TEST(ExecutionContext, TensorsGivenOutNeverChange) {
  auto context = echo_context(kFloats);
  std::vector<Tensor> kept;
  for (float i = 0; i < 20; ++i) {
    ASSERT_TRUE(put(*context, 0, {i, i, i, i}));
    ASSERT_TRUE(context->compute());
    kept.push_back(**context->output(0));
  }
  context.reset();
  for (float i = 0; i < 20; ++i) {
    EXPECT_EQ(values<float>(kept[static_cast<std::size_t>(i)]), std::vector<float>(4, i));
  }
}

TEST(ExecutionContext, SharesAlignedTensorsAndCopiesOthers) {
  auto context = echo_context(kFloats);
  const BufferRef buffer = allocate_buffer(80);
  std::memcpy(buffer.data(), kTwos.data(), 16);
  std::memcpy(buffer.data() + 64, kOnes.data(), 16);
  Tensor tensor{TensorType::kF32, Shape{4}, {buffer.data(), 16}, buffer};
  ASSERT_TRUE(context->set_input(0, tensor));
  ASSERT_TRUE(context->compute());
  EXPECT_EQ((*context->output(0))->data.data(), buffer.data());
  // What was lent is not written by a later copy.
  ASSERT_TRUE(put(*context, 0, kOnes));
  EXPECT_EQ(values<float>(tensor), kTwos);
  std::memmove(buffer.data() + 4, kTwos.data(), 16);
  tensor.data = {buffer.data() + 4, 16};
  ASSERT_TRUE(context->set_input(0, tensor));
  ASSERT_TRUE(context->compute());
  EXPECT_NE((*context->output(0))->data.data(), buffer.data() + 4);
  EXPECT_EQ(values<float>(**context->output(0)), kTwos);
}

TEST(ExecutionContext, LimitsHold) {
  auto context = echo_context("", {.max_tensor_bytes = 15, .max_tensors = 4});
  expect_error(put(*context, 0, kOnes).error(), ErrorCode::kTooLarge, "limit");
}

TEST(ExecutionContext, ZeroSizedAndScalarTensors) {
  auto context = echo_context("input empty f32 0,3\ninput one i32 scalar\n");
  const std::array<std::int64_t, 2> none = {0, 3};
  const std::vector<std::int32_t> seven = {7};
  ASSERT_TRUE(context->set_input(0, view(TensorType::kF32, none, std::vector<float>{})));
  ASSERT_TRUE(context->set_input(1, view(TensorType::kI32, {}, seven)));
  ASSERT_TRUE(context->compute());
  EXPECT_TRUE((*context->output(0))->data.empty());
  EXPECT_EQ((*context->output(0))->shape, (Shape{0, 3}));
  EXPECT_EQ((*context->output(1))->shape.rank(), 0U);
}

// --- backends that do wrong

struct Bad {
  const char* name;
  std::string lines;
  ErrorCode code;
  std::string part;
};

class BadBackend : public testing::TestWithParam<Bad> {};

TEST_P(BadBackend, IsAnErrorWithoutOutputsAndGoesOn) {
  for (const std::string extra : {"", "async\n"}) {
    auto context = echo_context(std::string(kFloats) + GetParam().lines + extra);
    ASSERT_TRUE(put(*context, 0, kOnes));
    for (int i = 0; i < 2; ++i) {
      const auto result = context->compute();
      ASSERT_FALSE(result);
      expect_error(result.error(), GetParam().code, GetParam().part);
      EXPECT_EQ(context->output_count(), 0U);
      EXPECT_FALSE(context->output(0));
    }
  }
}

INSTANTIATE_TEST_SUITE_P(
    All, BadBackend,
    testing::Values(Bad{"Throws", "throw\n", ErrorCode::kRuntimeError, "says throw"},
                    Bad{"Fails", "fail out of cheese\n", ErrorCode::kRuntimeError, "out of cheese"},
                    Bad{"FailsWithoutWords", "fail\n", ErrorCode::kRuntimeError,
                        "without saying why"},
                    Bad{"WrongShape", "wrong_shape\n", ErrorCode::kRuntimeError, "[4,7] of f32"}),
    [](const auto& row) { return std::string(row.param.name); });

TEST(ExecutionContext, AsyncCompletionIsWaitedFor) {
  auto context = echo_context(std::string(kFloats) + "async\nsleep_ms 5\n");
  for (float i = 0; i < 5; ++i) {
    ASSERT_TRUE(put(*context, 0, {i, i, i, i}));
    ASSERT_TRUE(context->compute());
    EXPECT_EQ(values<float>(**context->output(0)), std::vector<float>(4, i));
  }
  auto at_once = echo_context(std::string(kFloats) + "async\n");
  ASSERT_TRUE(put(*at_once, 0, kOnes));
  for (int i = 0; i < 300; ++i)
    ASSERT_TRUE(at_once->compute());
}

// --- time

class Time : public testing::TestWithParam<const char*> {
 protected:
  std::unique_ptr<ExecutionContext> context(std::string_view lines) {
    auto made = echo_context(std::string(kFloats) + std::string(lines) + GetParam());
    EXPECT_TRUE(put(*made, 0, kOnes));
    return made;
  }
};

TEST_P(Time, DeadlineEndsAHangingBackend) {
  auto hanging = context("hang\n");
  const auto start = Clock::now();
  expect_error(hanging->compute(start + 30ms).error(), ErrorCode::kTimeout, "time was up");
  EXPECT_GE(Clock::now() - start, 30ms);
  EXPECT_LT(Clock::now() - start, 900ms);
  EXPECT_EQ(hanging->output_count(), 0U);
}

TEST_P(Time, APassedDeadlineEndsAtOnce) {
  expect_error(context("hang\n")->compute(Clock::now() - 1s).error(), ErrorCode::kTimeout, "time");
}

TEST_P(Time, CancelEndsAHangingBackend) {
  auto hanging = context("hang\n");
  for (int i = 0; i < 20; ++i) {
    std::atomic<bool> over = false;
    // Comes at any point of the start, and is repeated since before it there is nothing to cancel.
    std::thread canceller([&] {
      while (!over) {
        hanging->cancel();
        std::this_thread::yield();
      }
    });
    expect_error(hanging->compute().error(), ErrorCode::kTimeout, "cancelled");
    over = true;
    canceller.join();
  }
}

TEST_P(Time, ComputeAfterACancelIsNotCancelled) {
  auto quick = context("sleep_ms 1\n");
  quick->cancel();
  ASSERT_TRUE(quick->compute());
  auto hanging = context("hang\n");
  ASSERT_FALSE(hanging->compute(Clock::now() + 10ms));
  expect_error(hanging->compute(Clock::now() + 10ms).error(), ErrorCode::kTimeout, "time was up");
}

TEST_P(Time, CancelsFromManyThreadsHitTheRightComputation) {
  auto busy = context("sleep_ms 1\n");
  std::atomic<bool> over = false;
  std::vector<std::thread> cancellers;
  for (int i = 0; i < 2; ++i) {
    cancellers.emplace_back([&] {
      while (!over) {
        busy->cancel();
        std::this_thread::sleep_for(300us);
      }
    });
  }
  int cancelled = 0;
  for (int i = 0; i < 200; ++i) {
    const auto result = busy->compute();
    if (!result) {
      EXPECT_EQ(result.error().code, ErrorCode::kTimeout) << result.error().message;
      ++cancelled;
    }
  }
  over = true;
  for (auto& thread : cancellers)
    thread.join();
  EXPECT_GT(cancelled, 0);
  ASSERT_TRUE(busy->compute());
}

INSTANTIATE_TEST_SUITE_P(InlineAndAsync, Time, testing::Values("", "async\n"),
                         [](const auto& row) { return *row.param == 0 ? "Inline" : "Async"; });

TEST(ExecutionContext, ABackendThatDoesNotLetGoIsLeftBehind) {
  auto context = echo_context(std::string(kFloats) + "async\ndeaf\nsleep_ms 1500\n");
  ASSERT_TRUE(put(*context, 0, kOnes));
  const auto start = Clock::now();
  expect_error(context->compute(start + 20ms).error(), ErrorCode::kTimeout, "not let go");
  EXPECT_LT(Clock::now() - start, 1400ms);
  // It still reads its inputs, so they may not change.
  expect_error(put(*context, 0, kTwos).error(), ErrorCode::kBusy, "not ended");
  expect_error(context->compute().error(), ErrorCode::kBusy, "not ended");
  EXPECT_EQ(context->output_count(), 0U);
  std::this_thread::sleep_until(start + 1700ms);
  ASSERT_TRUE(put(*context, 0, kTwos));
  ASSERT_TRUE(context->compute());
  EXPECT_EQ(values<float>(**context->output(0)), kTwos);
}

TEST(ExecutionContext, MayEndWhileItsBackendGoesOn) {
  auto context = echo_context(std::string(kFloats) + "async\ndeaf\nsleep_ms 1200\n");
  ASSERT_TRUE(put(*context, 0, kOnes));
  ASSERT_FALSE(context->compute(Clock::now()));
  context.reset();
  std::this_thread::sleep_for(600ms);  // the backend completes into what was kept for it
  echo_context(kFloats).reset();       // the end of another cleans up
}

TEST(ExecutionContext, TwoAtOnceOnOneGraph) {
  const auto graph = test::echo_graph("input x f32 4\n");
  std::vector<std::thread> threads;
  for (float t = 1; t < 5; ++t) {
    threads.emplace_back([&graph, t] {
      auto context = ExecutionContext::create(graph);
      ASSERT_TRUE(context);
      for (float i = 0; i < 2000; ++i) {
        const std::vector<float> data(4, t * 10000 + i);
        ASSERT_TRUE(put(**context, 0, data));
        ASSERT_TRUE((*context)->compute());
        ASSERT_EQ(values<float>(**(*context)->output(0)), data);
      }
    });
  }
  for (auto& thread : threads)
    thread.join();
}

TEST(ExecutionContext, NeedsAGraph) {
  const auto made = ExecutionContext::create(nullptr);
  ASSERT_FALSE(made);
  EXPECT_EQ(made.error().code, ErrorCode::kInvalidArgument);
}

TEST(ExecutionContext, NoLockIsHeldWhileABackendComputes) {
  const auto graph = test::echo_graph("input x f32 4\nsleep_ms 200\n");
  const auto start = Clock::now();
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&graph] {
      auto context = ExecutionContext::create(graph);
      ASSERT_TRUE(put(**context, 0, kOnes));
      ASSERT_TRUE((*context)->compute());
    });
  }
  for (auto& thread : threads)
    thread.join();
  EXPECT_LT(Clock::now() - start, 600ms) << "four computations of 200 ms ran one after the other";
}

// --- a backend in the test's hands, for what echo does not do

using Script = std::function<void(std::span<const nacre_tensor>, OutputSink, Completion)>;

class ScriptedContext final : public BackendContext {
 public:
  explicit ScriptedContext(Script script) : script_(std::move(script)) {}
  void start(std::span<const nacre_tensor> inputs, Deadline, OutputSink sink,
             Completion completion) override {
    script_(inputs, sink, completion);
  }
  void cancel() noexcept override {}
  void rearm() noexcept override {}

 private:
  Script script_;
};

class ScriptedGraph final : public BackendGraph {
 public:
  ScriptedGraph(GraphDescription description, Script script)
      : description_(std::move(description)), script_(std::move(script)) {}
  [[nodiscard]] GraphDescription describe() const override { return description_; }
  [[nodiscard]] Result<std::unique_ptr<BackendContext>> create_context() override {
    return std::make_unique<ScriptedContext>(script_);
  }

 private:
  GraphDescription description_;
  Script script_;
};

std::unique_ptr<ExecutionContext> scripted(GraphDescription description, Script script,
                                           const ContextLimits& limits = {}) {
  auto graph =
      Graph::create(std::make_unique<ScriptedGraph>(std::move(description), std::move(script)),
                    "scripted", GraphEncoding::kOnnx, ExecutionTarget::kCpu, nullptr);
  auto context = ExecutionContext::create(std::move(graph), limits);
  EXPECT_TRUE(context);
  return std::move(*context);
}

GraphDescription one_output(TensorType type) {
  return {.inputs = {},
          .outputs = {{.name = "y", .type = type, .shape = {}, .note = {}}},
          .inputs_known = true,
          .outputs_known = true,
          .properties = {}};
}

constexpr std::array<std::int64_t, 1> kTwo = {2};

TEST(OutputSink, SamePointerUntilSomebodyKeepsTheTensor) {
  std::vector<void*> pointers;
  auto context = scripted(one_output(TensorType::kF32), [&](auto, OutputSink sink, Completion c) {
    pointers.push_back(sink.allocate(0, TensorType::kF32, kTwo, 8));
    EXPECT_EQ(reinterpret_cast<std::uintptr_t>(pointers.back()) % 64, 0U);
    static_cast<float*>(pointers.back())[0] = static_cast<float>(pointers.size());
    static_cast<float*>(pointers.back())[1] = 0;
    c.succeed();
  });
  for (int i = 0; i < 3; ++i)
    ASSERT_TRUE(context->compute());
  EXPECT_THAT(pointers, testing::Each(pointers[0]));
  const Tensor kept = **context->output(0);
  for (int i = 0; i < 3; ++i)
    ASSERT_TRUE(context->compute());
  EXPECT_NE(pointers[3], pointers[0]);
  EXPECT_EQ(pointers[4], pointers[3]);
  EXPECT_EQ(values<float>(kept)[0], 3);
}

TEST(OutputSink, RefusesAndTellsTheReason) {
  struct Case {
    std::function<void*(OutputSink)> call;
    ErrorCode code;
    const char* part;
  };
  const std::array<std::int64_t, 1> negative = {-2};
  const std::vector<Case> cases = {
      {[](OutputSink s) { return s.allocate(1, TensorType::kF32, kTwo, 8); },
       ErrorCode::kRuntimeError, "gave output 1, and the graph has 1"},
      {[](OutputSink s) { return s.allocate(0, TensorType::kF32, kTwo, 9); },
       ErrorCode::kRuntimeError, "takes 8 bytes, and 9 came"},
      {[](OutputSink s) { return s.allocate(0, TensorType::kI32, kTwo, 8); },
       ErrorCode::kRuntimeError, "states f32, and i32 came"},
      {[&](OutputSink s) { return s.allocate(0, TensorType::kF32, negative, 8); },
       ErrorCode::kRuntimeError, "the shape"},
  };
  for (const Case& c : cases) {
    auto context = scripted(one_output(TensorType::kF32), [&](auto, OutputSink sink, Completion d) {
      EXPECT_EQ(c.call(sink), nullptr);
      d.succeed();
    });
    const auto result = context->compute();
    ASSERT_FALSE(result);
    expect_error(result.error(), c.code, c.part);
  }
}

TEST(OutputSink, LimitOnBytes) {
  auto context = scripted(one_output(TensorType::kF32),
                          [](auto, OutputSink sink, Completion c) {
                            EXPECT_EQ(sink.allocate(0, TensorType::kF32, kTwo, 8), nullptr);
                            c.fail(ErrorCode::kTooLarge, "refused");
                          },
                          {.max_tensor_bytes = 7});
  expect_error(context->compute().error(), ErrorCode::kTooLarge, "8 bytes, and the limit");
}

TEST(OutputSink, AMissingOutputIsAnError) {
  auto context =
      scripted(one_output(TensorType::kF32), [](auto, OutputSink, Completion c) { c.succeed(); });
  expect_error(context->compute().error(), ErrorCode::kRuntimeError, "without giving output 0");
}

TEST(OutputSink, ABufferIsNeeded) {
  auto context = scripted(one_output(TensorType::kF32), [](auto, OutputSink sink, Completion c) {
    std::array<float, 2> local{};
    EXPECT_FALSE(sink.give(0, {.type = 2,
                               .rank = 1,
                               .dims = kTwo.data(),
                               .data = local.data(),
                               .size = 8,
                               .buffer = nullptr}));
    c.succeed();
  });
  expect_error(context->compute().error(), ErrorCode::kRuntimeError, "without a buffer");
}

TEST(OutputSink, StringsAreReadWhenTheyAreThere) {
  auto context = scripted(one_output(TensorType::kString), [](auto, OutputSink sink, Completion c) {
    std::memset(sink.allocate(0, TensorType::kString, kTwo, 8), 1, 8);
    c.succeed();
  });
  expect_error(context->compute().error(), ErrorCode::kRuntimeError, "string");
  auto good = scripted(one_output(TensorType::kString), [](auto, OutputSink sink, Completion c) {
    std::memset(sink.allocate(0, TensorType::kString, kTwo, 8), 0, 8);
    c.succeed();
  });
  EXPECT_TRUE(good->compute());
}

TEST(OutputSink, UnknownCountsGrowToTheLimit) {
  GraphDescription nothing;
  nothing.inputs_known = false;
  nothing.outputs_known = false;
  std::size_t outputs = 3;
  std::size_t seen_inputs = 0;
  auto context = scripted(nothing,
                          [&](std::span<const nacre_tensor> inputs, OutputSink sink, Completion c) {
                            seen_inputs = inputs.size();
                            for (std::size_t i = 0; i < outputs; ++i) {
                              void* data = sink.allocate(i, TensorType::kF32, kTwo, 8);
                              if (data == nullptr) return c.fail(ErrorCode::kTooLarge, "refused");
                              std::memset(data, 0, 8);
                            }
                            c.succeed();
                          },
                          {.max_tensors = 4});
  EXPECT_FALSE(put(*context, 4, kOnes));
  EXPECT_FALSE(context->input_index("4"));
  EXPECT_EQ(*context->input_index("3"), 3U);
  ASSERT_TRUE(put(*context, 1, kOnes));
  expect_error(context->compute().error(), ErrorCode::kInvalidArgument, "input 0 is not set");
  ASSERT_TRUE(put(*context, 0, kOnes));
  ASSERT_TRUE(context->compute());
  EXPECT_EQ(seen_inputs, 2U);
  EXPECT_EQ(context->output_count(), 3U);
  outputs = 1;
  ASSERT_TRUE(context->compute());
  EXPECT_EQ(context->output_count(), 1U);
  EXPECT_FALSE(context->output(1)) << "of the computation before";
  outputs = 5;
  EXPECT_FALSE(context->compute());
}

TEST(Completion, ASecondOneIsIgnored) {
  auto context = scripted(one_output(TensorType::kF32), [](auto, OutputSink sink, Completion c) {
    std::memset(sink.allocate(0, TensorType::kF32, kTwo, 8), 0, 8);
    c.succeed();
    c.fail(ErrorCode::kRuntimeError, "changed my mind");
    c.succeed();
  });
  EXPECT_TRUE(context->compute());
  EXPECT_TRUE(context->compute());
}

}  // namespace
}  // namespace nacre
