// What the tflite backend computes, compared with the vendor's API called directly.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nacre/execution_context.h>

#include <chrono>
#include <string>
#include <thread>
#include <vector>

#include "backends/tensors.h"
#include "direct.h"
#include "tflite_models.h"

namespace nacre::test {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;
using testing::HasSubstr;

Result<std::shared_ptr<Graph>> load(const TfliteModel& model) {
  return load_bytes({model.bytes()}, GraphEncoding::kTensorflowlite);
}

std::string basic_pitch() {
  return std::string(NACRE_TEST_BASIC_PITCH_DIR) + "/nmp.tflite";
}
std::string wake_word() {
  return std::string(NACRE_TEST_WAKE_WORDS_DIR) + "/alexa.tflite";
}

TEST(TfliteCompute, EveryElementTypeGoesThroughUnchanged) {
  const std::vector<std::pair<TensorType, std::uint8_t>> types = {
      {TensorType::kF16, kTfliteF16},   {TensorType::kF32, kTfliteF32},
      {TensorType::kF64, kTfliteF64},   {TensorType::kBf16, kTfliteBf16},
      {TensorType::kU8, kTfliteU8},     {TensorType::kI8, kTfliteI8},
      {TensorType::kU16, kTfliteU16},   {TensorType::kI16, kTfliteI16},
      {TensorType::kI32, kTfliteI32},   {TensorType::kU32, kTfliteU32},
      {TensorType::kI64, kTfliteI64},   {TensorType::kU64, kTfliteU64},
      {TensorType::kBool, kTfliteBool}, {TensorType::kString, kTfliteString}};
  for (const auto& [ours, theirs] : types) {
    for (const bool dynamic : {false, true}) {
      auto graph = load(tflite_rows(theirs, 2, 3, dynamic));
      ASSERT_TRUE(graph) << to_string(ours) << ": " << graph.error().message;
      EXPECT_EQ((*graph)->backend(), "tflite");
      EXPECT_EQ((*graph)->description().inputs[0].type, ours);
      EXPECT_EQ((*graph)->description().outputs[0].type, ours);
      for (const std::int64_t rows :
           dynamic ? std::vector<std::int64_t>{2, 7, 1, 2} : std::vector<std::int64_t>{2, 2}) {
        const Plain x = noise(ours, {rows, 3}, static_cast<std::uint32_t>(rows));
        auto y = compute(*graph, {x});
        ASSERT_TRUE(y) << to_string(ours) << ": " << y.error().message;
        EXPECT_EQ(*y, std::vector{x});
      }
    }
  }
}

TEST(TfliteCompute, OneContextOnManyShapes) {
  auto graph = load(tflite_twice(kTfliteF32, {1, 3}, {-1, 3}));
  ASSERT_TRUE(graph) << graph.error().message;
  EXPECT_EQ(*(*graph)->description().inputs[0].shape, (Shape{-1, 3}));
  EXPECT_EQ(*(*graph)->description().outputs[0].shape, (Shape{-1, 3}));
  auto context = ExecutionContext::create(*graph).value();
  for (const std::int64_t rows : {1, 5, 5, 2, 1000, 1, 3}) {
    const Plain x = noise(TensorType::kF32, {rows, 3}, static_cast<std::uint32_t>(rows));
    auto y = compute(*context, {x});
    ASSERT_TRUE(y) << y.error().message;
    std::vector<float> twice = values<float>(x);
    for (float& v : twice)
      v += v;
    EXPECT_EQ(y->at(0), plain(TensorType::kF32, {rows, 3}, twice));
  }
}

TEST(TfliteCompute, NoElementsAndNoDimensions) {
  auto rows = load(tflite_rows(kTfliteF32, 1, 3, true)).value();
  const Plain none{TensorType::kF32, {0, 3}, ""};
  auto y = compute(rows, {none});
  // RESHAPE to [-1, 3] of nothing: TFLite's own answer, whatever it is, is told and harmless.
  if (y) {
    EXPECT_EQ(y->at(0).bytes, "");
  } else {
    EXPECT_EQ(y.error().code, ErrorCode::kInvalidArgument) << y.error().message;
  }
  auto twice = load(tflite_twice(kTfliteF32, {1, 3}, {-1, 3})).value();
  auto nothing = compute(twice, {none});
  ASSERT_TRUE(nothing) << nothing.error().message;
  EXPECT_EQ(nothing->at(0), none);
  auto scalar = load(tflite_twice(kTfliteF32, {})).value();
  EXPECT_EQ(scalar->description().inputs[0].shape->rank(), 0u);
  EXPECT_EQ(compute(scalar, {plain<float>(TensorType::kF32, {}, {21})}).value()[0],
            plain<float>(TensorType::kF32, {}, {42}));
}

// As guests bring them: shapes that follow the batch, and sparse constants.
TEST(TfliteCompute, ShapesThatFollowTheBatch) {
  auto upscale = load(tflite_upscale());
  ASSERT_TRUE(upscale) << upscale.error().message;
  auto token = load(tflite_token());
  ASSERT_TRUE(token) << token.error().message;
  for (const std::int64_t images : {1, 3, 1, 200, 0}) {
    const Plain x = noise(TensorType::kF32, {images, 2, 2, 1}, 7);
    auto y = compute(*upscale, {x, x});
    if (images != 0) {
      ASSERT_TRUE(y) << y.error().message;
      const std::vector<float> in = values<float>(x);
      std::vector<float> out;
      for (std::size_t i = 0; i < in.size() * 4; ++i) {
        out.push_back(in[i / 16 * 4 + i / 8 % 2 * 2 + i / 2 % 2]);
      }
      EXPECT_EQ(y->at(0), plain(TensorType::kF32, {images, 4, 4, 1}, out));
    }
    auto rows = compute(*token, {x});
    ASSERT_TRUE(rows) << rows.error().message;
    EXPECT_EQ(rows->at(0), plain(TensorType::kF32, {images, 3},
                                 std::vector<float>(static_cast<std::size_t>(images) * 3, 7)));
  }
}

TEST(TfliteCompute, ListsOfLoops) {
  auto graph = load(tflite_list());
  ASSERT_TRUE(graph) << graph.error().message;
  const Plain x = plain<float>(TensorType::kF32, {4, 2}, {1, 2, 3, 4, 5, 6, 7, 8});
  const Plain item = plain<float>(TensorType::kF32, {1, 2}, {-1, -2});
  for (const std::int32_t i : {0, 1, 3, 4, 5, -1, -2, -4, 1 << 20, INT32_MAX, INT32_MIN}) {
    auto y = compute(*graph, {x, plain<std::int32_t>(TensorType::kI32, {}, {i}), item});
    EXPECT_EQ(y.has_value(), i >= -1 && i < 4) << i;
    if (!y || i < 0) continue;
    std::vector<float> all = values<float>(x);
    all[static_cast<std::size_t>(2 * i)] = -1;
    all[static_cast<std::size_t>(2 * i) + 1] = -2;
    EXPECT_EQ(y->at(0), plain(TensorType::kF32, {4, 2}, all));
  }
}

// What it does not find is 0, not what lay in memory.
TEST(TfliteCompute, Detections) {
  auto graph = load(tflite_detections());
  ASSERT_TRUE(graph) << graph.error().message;
  const Plain boxes = plain<float>(TensorType::kF32, {1, 2, 4}, {0, 0, 0, 0, 0, 0, 0, 0});
  auto context = ExecutionContext::create(*graph).value();
  for (int i = 0; i < 3; ++i) {
    auto y = compute(*context, {boxes, plain<float>(TensorType::kF32, {1, 2, 3},
                                                    {0, 0.5F, 0.25F, 0, 0.125F, 0.75F})});
    ASSERT_TRUE(y) << y.error().message;
    EXPECT_EQ(values<float>(y->at(0)),
              (std::vector<float>{0.5F, 0.5F, 1, 1, 0, 0, 0.5F, 0.5F, 0, 0, 0, 0}));
    EXPECT_EQ(values<float>(y->at(1)), (std::vector<float>{1, 0, 0}));
    EXPECT_EQ(values<float>(y->at(2)), (std::vector<float>{0.75F, 0.5F, 0}));
    EXPECT_EQ(values<float>(y->at(3)), std::vector<float>{2});
    y = compute(*context, {boxes, plain<float>(TensorType::kF32, {1, 2, 3}, {1, 0, 0, 1, 0, 0})});
    ASSERT_TRUE(y) << y.error().message;
    EXPECT_EQ(values<float>(y->at(0)), std::vector<float>(12, 0));
    EXPECT_EQ(values<float>(y->at(3)), std::vector<float>{0});
  }
}

TEST(TfliteCompute, SparseConstants) {
  auto graph = load(tflite_sparse());
  ASSERT_TRUE(graph) << graph.error().message;
  auto y = compute(*graph, {plain<float>(TensorType::kF32, {2, 4}, {0, 1, 0, 1, 0, 0, 0, 1})});
  ASSERT_TRUE(y) << y.error().message;
  EXPECT_EQ(y->at(0), plain<float>(TensorType::kF32, {2, 4}, {0, 6, 0, 7, 0, 0, 7, 1}));
}

TEST(TfliteCompute, OutputsThatAreInputsConstantsOrTwice) {
  TfliteModel model = tflite_twice();
  model.buffers.push_back(float_bytes({7, 8}));
  model.subgraphs[0].tensors.push_back({.name = "fixed", .shape = {2}, .buffer = 1});
  model.subgraphs[0].outputs = {0, 1, 2, 1};
  auto graph = load(model);
  ASSERT_TRUE(graph) << graph.error().message;
  auto context = ExecutionContext::create(*graph).value();
  for (std::uint32_t seed = 1; seed < 4; ++seed) {
    const Plain x = noise(TensorType::kF32, {2, 3}, seed);
    auto y = compute(*context, {x});
    ASSERT_TRUE(y) << y.error().message;
    std::vector<float> twice = values<float>(x);
    for (float& v : twice)
      v += v;
    EXPECT_EQ(y->at(0), x);
    EXPECT_EQ(y->at(1), plain(TensorType::kF32, {2, 3}, twice));
    EXPECT_EQ(y->at(2), plain<float>(TensorType::kF32, {2}, {7, 8}));
    EXPECT_EQ(y->at(3), y->at(1));
  }
}

TEST(TfliteCompute, ShapesThatDependOnTheData) {
  TfliteModel model = tflite_twice(kTfliteBool, {4});
  model.codes = {{kTfliteWhere}};
  model.subgraphs[0].operators[0].inputs = {0};
  model.subgraphs[0].tensors[1] = {.name = "where", .type = kTfliteI64, .shape = {1, 1}};
  auto graph = load(model);
  ASSERT_TRUE(graph) << graph.error().message;
  EXPECT_FALSE((*graph)->description().outputs[0].shape) << "known only while computing";
  auto context = ExecutionContext::create(*graph).value();
  for (const std::vector<std::uint8_t>& x :
       {std::vector<std::uint8_t>{0, 1, 0, 1}, {0, 0, 0, 0}, {1, 1, 1, 1}}) {
    std::vector<std::int64_t> where;
    for (std::size_t i = 0; i < 4; ++i)
      if (x[i] != 0) where.push_back(static_cast<std::int64_t>(i));
    auto y = compute(*context, {plain(TensorType::kBool, {4}, x)});
    ASSERT_TRUE(y) << y.error().message;
    EXPECT_EQ(y->at(0),
              plain(TensorType::kI64, {static_cast<std::int64_t>(where.size()), 1}, where));
  }
}

TEST(TfliteCompute, QuantisedTensorsAreTheirBytesAndSaySo) {
  TfliteModel model = tflite_rows(kTfliteU8, 2, 3);
  model.subgraphs[0].tensors[0].scale = 0.5f;
  model.subgraphs[0].tensors[0].zero_point = 128;
  model.subgraphs[0].tensors[1].scale = 0.5f;
  model.subgraphs[0].tensors[1].zero_point = 128;
  auto graph = load(model);
  ASSERT_TRUE(graph) << graph.error().message;
  EXPECT_EQ((*graph)->description().inputs[0].type, TensorType::kU8);
  EXPECT_EQ((*graph)->description().inputs[0].note, "quantised: value = 0.5 * (x - 128)");
  EXPECT_EQ((*graph)->description().outputs[0].note, "quantised: value = 0.5 * (x - 128)");
  const Plain x = noise(TensorType::kU8, {2, 3}, 1);
  EXPECT_EQ(compute(*graph, {x}).value()[0], x);
}

// A running sum in a resource variable: y = sum = sum + x.
TfliteModel running_sum() {
  constexpr std::uint8_t kResource = 13;
  const auto handle = [](std::int32_t tensor) {
    return TfliteOperator{.code = 0,
                          .inputs = {},
                          .outputs = {tensor},
                          .options_kind = 111,
                          .options = {{1, flat_bytes("sum")}}};
  };
  return {.codes = {{142}, {143}, {144}, {kTfliteAdd}, {129}},
          .subgraphs = {{.tensors = {{.name = "x", .shape = {1}},
                                     {.name = "handle", .type = kResource, .shape = {1}},
                                     {.name = "sum", .shape = {1}},
                                     {.name = "y", .shape = {1}}},
                         .inputs = {0},
                         .outputs = {3},
                         .operators = {{.code = 4,
                                        .inputs = {},
                                        .outputs = {},
                                        .options_kind = 103,
                                        .options = {{0, flat_i32(1)}}},
                                       handle(1),
                                       {.code = 1, .inputs = {1}, .outputs = {2}},
                                       {.code = 3, .inputs = {2, 0}, .outputs = {3}},
                                       {.code = 2, .inputs = {1, 3}, .outputs = {}}}},
                        {.tensors = {{.name = "handle", .type = kResource, .shape = {1}},
                                     {.name = "zero", .shape = {1}, .buffer = 1}},
                         .inputs = {},
                         .outputs = {},
                         .operators = {handle(0), {.code = 2, .inputs = {0, 1}, .outputs = {}}}}},
          .buffers = {"", float_bytes({0})}};
}

TEST(TfliteCompute, StateIsTheContextsOwn) {
  auto graph = load(running_sum());
  ASSERT_TRUE(graph) << graph.error().message;
  auto one = ExecutionContext::create(*graph).value();
  auto two = ExecutionContext::create(*graph).value();
  const auto add = [](ExecutionContext& context, float x) {
    auto y = compute(context, {plain<float>(TensorType::kF32, {1}, {x})});
    EXPECT_TRUE(y) << y.error().message;
    return y ? values<float>(y->at(0))[0] : -1;
  };
  EXPECT_EQ(add(*one, 1), 1);
  EXPECT_EQ(add(*one, 2), 3);
  EXPECT_EQ(add(*two, 10), 10);
  EXPECT_EQ(add(*one, 3), 6);
  EXPECT_EQ(add(*two, 10), 20);
  one.reset();
  EXPECT_EQ(add(*ExecutionContext::create(*graph).value(), 5), 5);
}

TEST(TfliteCompute, BitForBitAsTheVendorsApi) {
  DirectTflite direct(read_file(basic_pitch()));
  auto graph = load_path(basic_pitch());
  ASSERT_TRUE(graph) << graph.error().message;
  const GraphDescription& d = (*graph)->description();
  EXPECT_EQ(d.inputs[0].name, "input_2");
  EXPECT_EQ(*d.inputs[0].shape, (Shape{-1, 43844, 1}));
  ASSERT_EQ(d.outputs.size(), 3u);
  EXPECT_EQ(d.outputs[0].name, "onset");
  EXPECT_EQ(d.outputs[1].name, "note");
  EXPECT_EQ(d.outputs[2].name, "contour");
  auto context = ExecutionContext::create(*graph).value();
  for (const std::int64_t batch : {1, 2, 1}) {
    const std::vector<Plain> x = {
        noise(TensorType::kF32, {batch, 43844, 1}, static_cast<std::uint32_t>(batch))};
    auto ours = compute(*context, x);
    ASSERT_TRUE(ours) << ours.error().message;
    EXPECT_EQ(*ours, direct.compute(x)) << "batch " << batch;
  }
}

// A quantised network that listens to a stream and keeps its state in variables.
TEST(TfliteCompute, BitForBitOnAStream) {
  DirectTflite direct(read_file(wake_word()));
  auto graph = load_path(wake_word());
  ASSERT_TRUE(graph) << graph.error().message;
  EXPECT_THAT((*graph)->description().inputs[0].note, HasSubstr("quantised"));
  auto context = ExecutionContext::create(*graph).value();
  auto other = ExecutionContext::create(*graph).value();
  for (std::uint32_t i = 0; i < 100; ++i) {
    const std::vector<Plain> x = {noise(TensorType::kI8, {1, 3, 40}, i)};
    auto ours = compute(*context, x);
    ASSERT_TRUE(ours) << ours.error().message;
    EXPECT_EQ(*ours, direct.compute(x)) << i;
    ASSERT_TRUE(compute(*other, {noise(TensorType::kI8, {1, 3, 40}, i + 1000)}));
  }
}

TEST(TfliteCompute, ThreadsDoNotChangeTheAnswer) {
  const std::vector<Plain> x = {noise(TensorType::kF32, {1, 43844, 1}, 5)};
  const auto one = compute(load_path(basic_pitch()).value(), x).value();
  const auto two = compute(load_path(basic_pitch(), "threads=2").value(), x).value();
  for (std::size_t i = 0; i < one.size(); ++i) {
    const auto a = values<float>(one[i]);
    const auto b = values<float>(two[i]);
    ASSERT_EQ(a.size(), b.size());
    for (std::size_t k = 0; k < a.size(); ++k)
      ASSERT_NEAR(a[k], b[k], 1e-5);
  }
}

// A guest chooses n, and what the model computes in between has n × 100,000 elements.
TEST(TfliteCompute, NoMemoryForWhatIsInBetweenIsAnError) {
  TfliteModel model = tflite_twice(kTfliteF32, {1, 1}, {-1, 1});
  std::vector<TfliteTensor>& tensors = model.subgraphs[0].tensors;
  model.buffers.push_back(std::string(400'000, '\0'));
  tensors[1] = {.name = "y", .shape = {1, 100'000}, .signature = {-1, 100'000}};
  tensors.push_back({.name = "row", .shape = {1, 100'000}, .buffer = 1});
  tensors.push_back({.name = "wide", .shape = {1, 100'000}, .signature = {-1, 100'000}});
  model.subgraphs[0].operators = {{.code = 0, .inputs = {0, 2}, .outputs = {3}},
                                  {.code = 0, .inputs = {3, 2}, .outputs = {1}}};
  auto graph = load(model);
  ASSERT_TRUE(graph) << graph.error().message;
  auto context = ExecutionContext::create(*graph).value();
  const Plain small = plain<float>(TensorType::kF32, {1, 1}, {0.5f});
  EXPECT_EQ(compute(*context, {small}).value()[0].bytes.size(), 400'000u);
  const std::int64_t n = 4'000'000;
  const auto y = compute(*context, {plain(TensorType::kF32, {n, 1}, std::vector<float>(n, 1))});
  ASSERT_FALSE(y);
  EXPECT_EQ(y.error().code, ErrorCode::kTooLarge) << y.error().message;
  EXPECT_THAT(y.error().message, HasSubstr("no memory for what the model computes"));
  EXPECT_EQ(compute(*context, {small}).value()[0].bytes.size(), 400'000u);
}

TEST(TfliteCompute, AnEndlessLoopEndsAtTheDeadline) {
  auto graph = load(tflite_count());
  ASSERT_TRUE(graph) << graph.error().message;
  auto context = ExecutionContext::create(*graph).value();
  const auto turns = [](std::int32_t n) { return plain<std::int32_t>(TensorType::kI32, {}, {n}); };
  const auto counted = compute(*context, {turns(1000)});
  ASSERT_TRUE(counted) << counted.error().message;
  EXPECT_EQ(counted->at(0), turns(1000));
  ASSERT_TRUE(context->set_input(0, turns(2'000'000'000).view()));
  const auto start = steady_clock::now();
  const auto ended = context->compute(steady_clock::now() + milliseconds(100));
  ASSERT_FALSE(ended);
  EXPECT_EQ(ended.error().code, ErrorCode::kTimeout) << ended.error().message;
  EXPECT_LT(steady_clock::now() - start, milliseconds(3000));
  EXPECT_EQ(compute(*context, {turns(7)}).value()[0], turns(7)) << "and goes on after it";
}

}  // namespace
}  // namespace nacre::test
