// TorchScript models computed through Nacre, compared with libtorch called directly.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nacre/execution_context.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cmath>
#include <thread>

#include "fixture.h"

namespace nacre::test {
namespace {

using testing::HasSubstr;
using namespace std::chrono_literals;

const std::vector<TensorType> kTypes = {
    TensorType::kF16, TensorType::kF32, TensorType::kF64, TensorType::kBf16, TensorType::kU8,
    TensorType::kI8,  TensorType::kI16, TensorType::kI32, TensorType::kI64,  TensorType::kBool};

std::shared_ptr<Graph> must_load(std::string_view name, std::string_view more = {}) {
  auto graph = load_path(torch_path(name), more);
  EXPECT_TRUE(graph) << graph.error().message;
  return graph ? *graph : nullptr;
}

std::unique_ptr<ExecutionContext> context_of(const std::shared_ptr<Graph>& graph) {
  auto made = ExecutionContext::create(graph);
  EXPECT_TRUE(made) << made.error().message;
  return std::move(*made);
}

Plain floats(std::vector<std::int64_t> dims, const std::vector<float>& numbers) {
  return plain<float>(TensorType::kF32, std::move(dims), numbers);
}

TEST(TorchCompute, EveryElementTypeEveryRank) {
  const auto graph = must_load("identity");
  Direct direct(torch_path("identity"));
  for (const TensorType type : kTypes) {
    for (const std::vector<std::int64_t>& dims : std::vector<std::vector<std::int64_t>>{
             {}, {0}, {1}, {3, 0, 2}, {7}, {2, 3, 5}, {1, 1, 1, 1, 1, 1, 1, 2}, {100, 1000}}) {
      const Plain tensor = noise(type, dims, 3);
      const auto given = compute(graph, {tensor});
      ASSERT_TRUE(given) << given.error().message;
      EXPECT_EQ(*given, std::vector{tensor});
      EXPECT_EQ(*given, direct.compute({tensor}));
    }
  }
  const Plain deep = noise(TensorType::kU8, std::vector<std::int64_t>(kMaxRank, 1), 1);
  const auto given = compute(graph, {deep});
  ASSERT_TRUE(given) << given.error().message;
  EXPECT_EQ(*given, std::vector{deep});
}

TEST(TorchCompute, TypesThatLibtorchLacksAreNamed) {
  const auto graph = must_load("identity");
  for (const TensorType type : {TensorType::kU16, TensorType::kU32, TensorType::kU64}) {
    const auto given = compute(graph, {noise(type, {2}, 1)});
    ASSERT_FALSE(given);
    EXPECT_EQ(given.error().code, ErrorCode::kInvalidArgument);
    EXPECT_THAT(given.error().message, HasSubstr(std::string(to_string(type))));
  }
  const auto given = compute(graph, {strings({1}, {"a"})});
  ASSERT_FALSE(given);
  EXPECT_THAT(given.error().message, HasSubstr("string"));
}

TEST(TorchCompute, TheSameBitsAsLibtorch) {
  for (const char* name : {"layer", "traced", "norm"}) {
    const auto graph = must_load(name);
    Direct direct(torch_path(name));
    const auto context = context_of(graph);
    for (const std::int64_t rows : {1, 5, 300}) {
      const Plain x = noise(TensorType::kF32, {rows, std::string_view(name) == "norm" ? 2 : 64}, 9);
      for (int again = 0; again < 3; ++again) {  // libtorch rewrites what it has seen twice
        const auto given = compute(*context, {x});
        ASSERT_TRUE(given) << given.error().message;
        EXPECT_EQ(*given, direct.compute({x})) << name;
      }
    }
  }
}

TEST(TorchCompute, ViewsComeAsPlainTensors) {
  const auto given = compute(must_load("views"), {floats({2, 3}, {0, 1, 2, 3, 4, 5})});
  ASSERT_TRUE(given) << given.error().message;
  const Plain y = floats({2, 3}, {1, 2, 3, 4, 5, 6});
  EXPECT_EQ(*given, (std::vector{floats({3, 2}, {1, 4, 2, 5, 3, 6}), floats({2}, {1, 4}), y, y}));
}

TEST(TorchCompute, WhatIsNoTensorIsOne) {
  const auto graph = must_load("gives");
  const auto given = compute(graph, {floats({3}, {1, 2, 3})});
  ASSERT_TRUE(given) << given.error().message;
  EXPECT_EQ(*given,
            (std::vector{plain<std::int64_t>(TensorType::kI64, {}, {3}),
                         plain<double>(TensorType::kF64, {}, {0.5}),
                         plain<std::uint8_t>(TensorType::kBool, {}, {1}), strings({}, {"nacre"}),
                         plain<double>(TensorType::kF64, {2}, {1, 2}), floats({0}, {})}));
}

TEST(TorchCompute, NumbersAreOneElementOfAnyFittingType) {
  const auto graph = must_load("scalars");  // x * f + n + (100 if b) + more, more = 10
  const Plain x = floats({1}, {2});
  const Plain n = plain<std::int64_t>(TensorType::kI64, {}, {3});
  const Plain f = floats({1}, {0.5f});
  const Plain b = plain<std::uint8_t>(TensorType::kU8, {1}, {1});
  for (const Plain& number : {n, plain<std::int32_t>(TensorType::kI32, {1}, {3}),
                              plain<std::int8_t>(TensorType::kI8, {1, 1}, {3}),
                              plain<std::uint8_t>(TensorType::kU8, {}, {3})}) {
    const auto given = compute(graph, {x, number, f, b});
    ASSERT_TRUE(given) << given.error().message;
    EXPECT_EQ(*given, std::vector{floats({1}, {114})});
  }
  for (const Plain& real : {plain<double>(TensorType::kF64, {}, {0.5}),
                            plain<std::uint16_t>(TensorType::kF16, {1}, {0x3800}),
                            plain<std::uint16_t>(TensorType::kBf16, {1}, {0x3f00})}) {
    const auto given =
        compute(graph, {x, n, real, plain<std::uint8_t>(TensorType::kBool, {}, {0})});
    ASSERT_TRUE(given) << given.error().message;
    EXPECT_EQ(*given, std::vector{floats({1}, {14})});
  }
  const auto refused = [&](const std::vector<Plain>& inputs) {
    const auto given = compute(graph, inputs);
    EXPECT_FALSE(given);
    if (given) return std::string();
    EXPECT_EQ(given.error().code, ErrorCode::kInvalidArgument);
    return given.error().message;
  };
  EXPECT_THAT(refused({x, f, f, b}), HasSubstr("\"n\""));
  EXPECT_THAT(refused({x, plain<std::int64_t>(TensorType::kI64, {2}, {1, 2}), f, b}),
              HasSubstr("i64[2]"));
  EXPECT_THAT(refused({x, plain<std::int64_t>(TensorType::kI64, {0}, {}), f, b}),
              HasSubstr("an int"));
  EXPECT_THAT(refused({x, n, n, b}), HasSubstr("a float"));
  EXPECT_THAT(refused({x, n, f, plain<std::uint8_t>(TensorType::kU8, {}, {2})}),
              HasSubstr("a bool"));
}

TEST(TorchCompute, DefaultsAreUsedUnlessInputsNamesThem) {
  const auto graph = must_load("scalars", "inputs=x:f32[1];n:i64[];f:f32[];b:bool[];more:i32[]");
  ASSERT_EQ(graph->description().inputs.size(), 5U);
  const auto given =
      compute(graph, {floats({1}, {2}), plain<std::int64_t>(TensorType::kI64, {}, {3}),
                      floats({}, {0.5f}), plain<std::uint8_t>(TensorType::kBool, {}, {0}),
                      plain<std::int32_t>(TensorType::kI32, {}, {1000})});
  ASSERT_TRUE(given) << given.error().message;
  EXPECT_EQ(*given, std::vector{floats({1}, {1004})});
}

TEST(TorchCompute, DictionariesGoByKey) {
  const Plain x = floats({1}, {4});
  const auto sorted = compute(must_load("dicts"), {x});
  ASSERT_TRUE(sorted) << sorted.error().message;
  EXPECT_EQ(*sorted, (std::vector{floats({1}, {2}), floats({1}, {-4}), floats({1}, {8})}));
  const auto graph = must_load("dicts", "outputs=twice:f32[?];half");
  const auto context = context_of(graph);
  const auto named = compute(*context, {x});
  ASSERT_TRUE(named) << named.error().message;
  EXPECT_EQ(*named, (std::vector{floats({1}, {8}), floats({1}, {2})}));
  EXPECT_EQ(*context->output_index("half"), 1U);
  const auto none = compute(must_load("dicts", "outputs=thrice"), {x});
  ASSERT_FALSE(none);
  EXPECT_THAT(none.error().message, HasSubstr("'thrice'"));
}

// --- state

TEST(TorchState, EachContextCountsForItself) {
  const auto graph = must_load("counter");
  const auto one = context_of(graph);
  const auto two = context_of(graph);
  const Plain x = floats({2}, {1, 2});
  for (int turn = 1; turn <= 3; ++turn) {
    const auto given = compute(*one, {x});
    ASSERT_TRUE(given) << given.error().message;
    EXPECT_EQ(*given, (std::vector{floats({2}, {1.0F * static_cast<float>(turn),
                                                2.0F * static_cast<float>(turn)}),
                                   plain<std::int64_t>(TensorType::kI64, {}, {turn})}));
  }
  const auto given = compute(*two, {floats({2}, {7, 7})});
  ASSERT_TRUE(given);
  EXPECT_EQ(*given,
            (std::vector{floats({2}, {7, 7}), plain<std::int64_t>(TensorType::kI64, {}, {1})}));
  const auto third = compute(*context_of(graph), {x});
  EXPECT_EQ(third->at(1), plain<std::int64_t>(TensorType::kI64, {}, {1}));
}

TEST(TorchState, ABufferWrittenInPlaceIsTheContextsOwn) {
  const auto graph = must_load("in_place");
  const auto one = context_of(graph);
  const auto two = context_of(graph);
  std::vector<Tensor> kept;
  for (int turn = 1; turn <= 3; ++turn) {
    ASSERT_TRUE(one->set_input(0, floats({2}, {1, 1}).view()));
    ASSERT_TRUE(one->compute());
    kept.push_back(**one->output(0));
    const auto other = compute(*two, {floats({2}, {10, 10})});
    EXPECT_EQ(other->at(0),
              floats({2}, {10.0F * static_cast<float>(turn), 10.0F * static_cast<float>(turn)}));
  }
  for (int turn = 1; turn <= 3; ++turn) {
    float first = 0;
    std::memcpy(&first, kept[static_cast<std::size_t>(turn - 1)].data.data(), sizeof first);
    EXPECT_EQ(first, static_cast<float>(turn)) << "a tensor that was given out changed";
  }
}

TEST(TorchState, AnInputThatIsKeptStaysAsItWas) {
  const auto context = context_of(must_load("keeps"));
  EXPECT_EQ(compute(*context, {floats({2}, {1, 2})})->at(0), floats({2}, {0, 0}));
  EXPECT_EQ(compute(*context, {floats({2}, {3, 4})})->at(0), floats({2}, {1, 2}));
  EXPECT_EQ(compute(*context, {floats({2}, {5, 6})})->at(0), floats({2}, {3, 4}));
}

TEST(TorchState, AWeightIsGivenAsACopy) {
  const auto graph = must_load("gives_weight");
  const auto context = context_of(graph);
  ASSERT_TRUE(context->set_input(0, floats({1}, {0}).view()));
  ASSERT_TRUE(context->compute());
  auto* bytes = const_cast<std::byte*>((*context->output(0))->data.data());
  std::memset(bytes, 0x41, 12);  // as a component may with a tensor it owns
  EXPECT_EQ(compute(graph, {floats({1}, {0})})->at(0), floats({3}, {1, 2, 3}));
}

TEST(TorchState, TwoThreadsAsAlone) {
  for (const char* name : {"layer", "counter"}) {
    const auto graph = must_load(name);
    const bool layer = std::string_view(name) == "layer";
    const Plain x = layer ? noise(TensorType::kF32, {4, 64}, 1) : floats({2}, {1, 2});
    std::vector<std::vector<Plain>> alone;
    const auto first = context_of(graph);
    for (int i = 0; i < 300; ++i)
      alone.push_back(*compute(*first, {x}));
    std::vector<std::thread> threads;
    for (int t = 0; t < 2; ++t) {
      threads.emplace_back([&] {
        const auto context = context_of(graph);
        for (const auto& wanted : alone) {
          const auto given = compute(*context, {x});
          ASSERT_TRUE(given) << given.error().message;
          ASSERT_EQ(*given, wanted);
        }
      });
    }
    for (auto& thread : threads)
      thread.join();
  }
}

// --- errors and stopping

TEST(TorchErrors, OneSentenceFromTheModelOrTheOperator) {
  const auto raised = compute(must_load("raises"), {floats({3}, {1, 2, 3})});
  ASSERT_FALSE(raised);
  EXPECT_EQ(raised.error().code, ErrorCode::kRuntimeError);
  EXPECT_EQ(raised.error().message,
            "libtorch did not compute: ValueError: two numbers are wanted.");
  const auto graph = must_load("layer");
  const auto context = context_of(graph);
  const auto shape = compute(*context, {floats({2, 3}, {1, 2, 3, 4, 5, 6})});
  ASSERT_FALSE(shape);
  EXPECT_EQ(shape.error().code, ErrorCode::kRuntimeError);
  EXPECT_THAT(shape.error().message, HasSubstr("mat1 and mat2 shapes cannot be multiplied"));
  EXPECT_EQ(shape.error().message.find('\n'), std::string::npos);
  EXPECT_THAT(shape.error().message, testing::Not(HasSubstr("Traceback")));
  EXPECT_TRUE(compute(*context, {noise(TensorType::kF32, {1, 64}, 1)})) << "as good as before";
}

TEST(TorchErrors, TooMuchMemoryIsAnError) {
  const auto given =
      compute(must_load("huge"), {plain<std::int64_t>(TensorType::kI64, {}, {1LL << 40})});
  ASSERT_FALSE(given);
  EXPECT_EQ(given.error().code, ErrorCode::kTooLarge);
  EXPECT_FALSE(
      compute(must_load("huge"), {plain<std::int64_t>(TensorType::kI64, {}, {1LL << 62})}));
  EXPECT_FALSE(compute(must_load("huge"), {plain<std::int64_t>(TensorType::kI64, {}, {-1})}));
}

TEST(TorchErrors, TooManyOrTooFewInputs) {
  const auto graph = must_load("lists");
  const auto context = context_of(graph);
  EXPECT_EQ(context->compute().error().code, ErrorCode::kInvalidArgument);
  const auto alone = compute(*context, {floats({1}, {1})});
  ASSERT_TRUE(alone) << alone.error().message;
  EXPECT_TRUE(alone->empty());
}

TEST(TorchStop, CannotBeCancelledButSaysSo) {
  EXPECT_EQ((*catalog().open("torch"))->property("cancel"), "no");
  const auto graph = must_load("slow");
  const auto context = context_of(graph);
  const Plain x = noise(TensorType::kF32, {64, 64}, 1);
  ASSERT_TRUE(context->set_input(0, plain<std::int64_t>(TensorType::kI64, {}, {2000}).view()));
  ASSERT_TRUE(context->set_input(1, x.view()));
  const auto late = context->compute(std::chrono::steady_clock::now() + 1ms);
  ASSERT_FALSE(late);
  EXPECT_EQ(late.error().code, ErrorCode::kTimeout) << late.error().message;
  const auto given = compute(*context, {plain<std::int64_t>(TensorType::kI64, {}, {2}), x});
  ASSERT_TRUE(given) << given.error().message;
}

// --- real models

TEST(TorchModels, EfficientNetAsOnnxAndAsLibtorch) {
  const std::string path = std::string(NACRE_TEST_MODELS_DIR) + "/efficientnet-lite0.pt";
  auto torch = load_path(path);
  ASSERT_TRUE(torch) << torch.error().message;
  EXPECT_EQ((*torch)->backend(), "torch");
  Direct direct(path);
  for (std::uint32_t seed = 1; seed <= 2; ++seed) {
    const Plain image = noise(TensorType::kF32, {1, 3, 224, 224}, seed);
    const auto given = compute(*torch, {image});
    ASSERT_TRUE(given) << given.error().message;
    EXPECT_EQ(*given, direct.compute({image})) << "not the same bits";
    if (!catalog().open("onnxruntime")) continue;
    auto onnx = load_path(std::string(NACRE_TEST_MODELS_DIR) + "/efficientnet-lite0.onnx",
                          "backend=onnxruntime");
    ASSERT_TRUE(onnx) << onnx.error().message;
    const auto other = compute(*onnx, {image});
    ASSERT_TRUE(other) << other.error().message;
    const auto a = values<float>(given->at(0));
    const auto b = values<float>(other->at(0));
    ASSERT_EQ(a.size(), b.size());
    for (std::size_t i = 0; i < a.size(); ++i)
      ASSERT_NEAR(a[i], b[i], 1e-4);
  }
}

TEST(TorchModels, SileroKeepsItsStatePerContext) {
  const std::string path = std::string(NACRE_TEST_MODELS_DIR) + "/silero_vad.jit";
  auto graph = load_path(path);
  ASSERT_TRUE(graph) << graph.error().message;
  const auto rate = plain<std::int64_t>(TensorType::kI64, {}, {16000});
  Direct direct(path);
  const auto context = context_of(*graph);
  const auto other = context_of(*graph);
  std::vector<float> first;
  for (std::uint32_t chunk = 0; chunk < 6; ++chunk) {
    const Plain x = noise(TensorType::kF32, {1, 512}, chunk % 3);
    const auto given = compute(*context, {x, rate});
    ASSERT_TRUE(given) << given.error().message;
    EXPECT_EQ(*given, direct.compute(x, 16000)) << "chunk " << chunk;
    first.push_back(values<float>(given->at(0)).at(0));
    // Another guest in between hears nothing of it.
    ASSERT_TRUE(compute(*other, {noise(TensorType::kF32, {1, 512}, 99), rate}));
  }
  EXPECT_NE(first[0], first[3]) << "the same chunk a second time: it has no state to test";
  const auto fresh = compute(*context_of(*graph), {noise(TensorType::kF32, {1, 512}, 0), rate});
  EXPECT_EQ(values<float>(fresh->at(0)).at(0), first[0]);
  const auto wrong = compute(*context, {noise(TensorType::kF32, {1, 512}, 0),
                                        plain<std::int64_t>(TensorType::kI64, {}, {44100})});
  ASSERT_FALSE(wrong);
  EXPECT_THAT(wrong.error().message, HasSubstr("Supported sampling rates"));
}

}  // namespace
}  // namespace nacre::test
