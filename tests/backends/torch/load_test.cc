// What is said of a TorchScript model before it computes, and the operator's options.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nacre/execution_context.h>

#include <fstream>
#include <sstream>

#include "core/zip_file.h"
#include "fixture.h"

namespace nacre::test {
namespace {

using testing::HasSubstr;

std::shared_ptr<Graph> must_load(std::string_view name, std::string_view more = {}) {
  auto graph = load_path(torch_path(name), more);
  EXPECT_TRUE(graph) << graph.error().message;
  return graph ? *graph : nullptr;
}

std::string shown(const std::vector<TensorDescription>& tensors) {
  std::string text;
  for (const TensorDescription& t : tensors) {
    text += t.name + ":" + std::string(to_string(t.type)) +
            (t.shape ? to_string(*t.shape) : std::string("?")) + " ";
  }
  return text;
}

TEST(TorchDescription, SaysWhatTorchScriptSays) {
  const auto many = must_load("many");
  EXPECT_EQ(shown(many->description().inputs), "a:unknown? b:unknown? c:unknown? ");
  EXPECT_EQ(shown(many->description().outputs),
            "output.0:unknown? output.1:unknown? output.2:unknown? output.3:unknown? ");
  EXPECT_EQ(shown(must_load("identity")->description().outputs), "output:unknown? ");
  EXPECT_EQ(shown(must_load("named")->description().outputs),
            "output.sum:unknown? output.difference:unknown? ");
  const auto nested = must_load("nested");
  EXPECT_EQ(shown(nested->description().inputs), "pair.0:unknown? pair.1:unknown? ");
  EXPECT_EQ(shown(nested->description().outputs),
            "output.0:unknown? output.1.0:unknown? output.1.1:i64[] output.2:i64[?] ");
  EXPECT_EQ(shown(must_load("gives")->description().outputs),
            "output.0:i64[] output.1:f64[] output.2:bool[] output.3:string[] output.4:f64[?] "
            "output.5:unknown? ");
  const auto scalars = must_load("scalars");
  EXPECT_EQ(shown(scalars->description().inputs), "x:unknown? n:unknown? f:unknown? b:unknown? ");
  EXPECT_THAT(scalars->description().inputs[1].note, HasSubstr("an int"));
  const auto lists = must_load("lists");
  EXPECT_FALSE(lists->description().inputs_known);
  EXPECT_FALSE(lists->description().outputs_known);
  EXPECT_FALSE(must_load("dicts")->description().outputs_known);
}

TEST(TorchDescription, TheOperatorFillsItIn) {
  const auto graph =
      must_load("many", "inputs=first:f32[2x?];b:i64[?];c,outputs=no:bool[?];one:f32;two;three");
  EXPECT_EQ(shown(graph->description().inputs), "first:f32[2,?] b:i64[?] c:unknown? ");
  EXPECT_EQ(shown(graph->description().outputs),
            "no:bool[?] one:f32? two:unknown? three:unknown? ");
  auto context = ExecutionContext::create(graph);
  ASSERT_TRUE(context);
  const auto wrong = (*context)->set_input(0, noise(TensorType::kF64, {2, 2}, 1).view());
  ASSERT_FALSE(wrong);
  EXPECT_THAT(wrong.error().message, HasSubstr("f32"));
  EXPECT_FALSE((*context)->set_input(0, noise(TensorType::kF32, {3, 2}, 1).view()));
  EXPECT_EQ(*(*context)->input_index("first"), 0U);
  // Types that wasi-nn cannot name come as u8, once the graph says what they are.
  const auto i8 = must_load("identity", "inputs=x:i8[?]");
  const auto given = compute(i8, {plain<std::uint8_t>(TensorType::kU8, {3}, {1, 255, 3})});
  ASSERT_TRUE(given) << given.error().message;
  EXPECT_EQ(*given, std::vector{plain<std::int8_t>(TensorType::kI8, {3}, {1, -1, 3})});

  const auto lists = must_load("lists", "inputs=a;b;c,outputs=x:f32;y:f32");
  EXPECT_EQ(shown(lists->description().inputs), "a:unknown? b:unknown? c:unknown? ");
  EXPECT_EQ(shown(lists->description().outputs), "x:f32? y:f32? ");
}

TEST(TorchDescription, AModelThatDoesNotDoAsDescribedFails) {
  const auto graph = must_load("identity", "outputs=y:f32[2]");
  const auto given = compute(graph, {noise(TensorType::kF64, {2}, 1)});
  ASSERT_FALSE(given);
  EXPECT_EQ(given.error().code, ErrorCode::kRuntimeError);
  EXPECT_THAT(given.error().message, HasSubstr("f32"));
}

TEST(TorchDescription, MistakesAreQuoted) {
  const auto refused = [](std::string_view name, const std::string& more) {
    const auto graph = load_path(torch_path(name), more);
    EXPECT_FALSE(graph) << more;
    if (graph) return std::string();
    EXPECT_EQ(graph.error().code, ErrorCode::kInvalidArgument) << graph.error().message;
    return graph.error().message;
  };
  for (const char* bad : {"x:f31", "x:f32[", "x:f32[1", "x:f32[a]", "x:f32[1x]", "x:f32[-1]",
                          ":f32", "[1]:f32", "x:f32[99999999999999999999]"}) {
    EXPECT_THAT(refused("identity", std::string("inputs=") + bad), HasSubstr(bad));
  }
  EXPECT_THAT(refused("identity", "inputs=x:u16"), HasSubstr("u16"));
  EXPECT_THAT(refused("identity", "inputs=x:string"), HasSubstr("libtorch has no string"));
  EXPECT_THAT(refused("identity", "inputs=x;y"), HasSubstr("1 input"));
  EXPECT_THAT(refused("many", "outputs=x"), HasSubstr("4 outputs"));
  EXPECT_THAT(refused("gives", "outputs=n:f32;f;b;s;l;o"), HasSubstr("i64"));
  EXPECT_THAT(refused("identity", "frobnicate=1"), HasSubstr("'frobnicate'"));
  EXPECT_THAT(refused("identity", "threads=100000"), HasSubstr("100000"));
  EXPECT_THAT(refused("identity", "config={}"), HasSubstr("configuration"));
}

TEST(TorchOptions, ThreadsOfItsOwnGiveTheSame) {
  const Plain x = noise(TensorType::kF32, {300, 64}, 4);
  const auto usual = compute(must_load("layer"), {x});
  ASSERT_TRUE(usual);
  for (const char* threads : {"threads=1", "threads=4"}) {
    const auto graph = must_load("layer", threads);
    for (int i = 0; i < 3; ++i) {
      const auto given = compute(graph, {x});
      ASSERT_TRUE(given) << given.error().message;
      EXPECT_EQ(*given, *usual);
    }
  }
  EXPECT_EQ(*compute(must_load("layer"), {x}), *usual);
}

TEST(TorchOptions, TargetsThatAreNotThere) {
  for (const char* target : {"target=gpu", "target=tpu"}) {
    const auto graph = load_path(torch_path("identity"), target);
    ASSERT_FALSE(graph);
    EXPECT_EQ(graph.error().code, ErrorCode::kUnsupportedOperation);
    EXPECT_THAT(graph.error().message, HasSubstr("cpu"));
  }
  EXPECT_TRUE(load_path(torch_path("identity"), "target=auto"));
}

TEST(TorchLoad, WhatGuestsCannotPassIsRefusedNow) {
  for (const auto& [name, word] : std::vector<std::pair<const char*, const char*>>{
           {"takes_dict", "Dict[str, Tensor]"}, {"takes_string", "'x' of type str"}}) {
    const auto graph = load_path(torch_path(name));
    ASSERT_FALSE(graph) << name;
    EXPECT_EQ(graph.error().code, ErrorCode::kUnsupportedOperation);
    EXPECT_THAT(graph.error().message, HasSubstr(word));
  }
  // Its element type shows only when it computes.
  const auto given = compute(must_load("complex"), {noise(TensorType::kF32, {2}, 1)});
  ASSERT_FALSE(given);
  EXPECT_EQ(given.error().code, ErrorCode::kRuntimeError);
  EXPECT_THAT(given.error().message, HasSubstr("ComplexFloat"));
}

TEST(TorchLoad, AFormatFromTheFutureIsNamedWithTheSupportedOne) {
  const auto graph = load_torch(with_entry(read_file(torch_path("identity")), "/version", "99\n"));
  ASSERT_FALSE(graph);
  EXPECT_THAT(graph.error().message, HasSubstr("version 99"));
  EXPECT_THAT(graph.error().message, HasSubstr("maximum supported version for reading is 10"));
  EXPECT_EQ((*catalog().open("torch"))->property("pytorch.format_version"), "1-10");
}

TEST(TorchLoad, ByBytesByNameAndByItself) {
  const std::string bytes = read_file(torch_path("layer"));
  const Plain x = noise(TensorType::kF32, {2, 64}, 1);
  const auto wanted = compute(must_load("layer"), {x});
  for (const GraphEncoding encoding : {GraphEncoding::kPytorch, GraphEncoding::kAutodetect}) {
    auto graph = load_bytes({bytes}, encoding);
    ASSERT_TRUE(graph) << graph.error().message;
    EXPECT_EQ((*graph)->backend(), "torch");
    EXPECT_EQ((*graph)->encoding(), GraphEncoding::kPytorch);
    EXPECT_EQ(*compute(*graph, {x}), *wanted);
  }
  EXPECT_FALSE(load_bytes({bytes, bytes}, GraphEncoding::kPytorch));
  EXPECT_EQ(load_bytes({bytes}, GraphEncoding::kOnnx).error().code, ErrorCode::kInvalidEncoding);
}

TEST(TorchLoad, SaysNothingOnStandardError) {
  testing::internal::CaptureStderr();
  testing::internal::CaptureStdout();
  EXPECT_FALSE(load_path(torch_path("reads_file")));
  EXPECT_TRUE(compute(must_load("layer"), {noise(TensorType::kF32, {2, 64}, 1)}));
  EXPECT_FALSE(compute(must_load("layer"), {noise(TensorType::kF32, {2}, 1)}));
  EXPECT_EQ(testing::internal::GetCapturedStderr() + testing::internal::GetCapturedStdout(), "");
}

std::size_t resident() {
  std::ifstream file("/proc/self/statm");
  std::size_t total = 0;
  std::size_t pages = 0;
  file >> total >> pages;
  return pages * 4096;
}

TEST(TorchMemory, StaysAfterTenThousandComputations) {
  const auto graph = must_load("layer");
  auto context = ExecutionContext::create(graph);
  const Plain x = noise(TensorType::kF32, {1, 64}, 1);
  const auto many = [&](int count) {
    for (int i = 0; i < count; ++i)
      ASSERT_TRUE(compute(**context, {x}));
  };
  many(100);
  const std::size_t before = resident();
  many(10'000);
  EXPECT_LT(resident(), before + (std::size_t{8} << 20));
}

}  // namespace
}  // namespace nacre::test
