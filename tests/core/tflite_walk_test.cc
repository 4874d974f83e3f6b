// Each thing that a hostile TFLite file can do, and models that do none of it.
#include "core/tflite_walk.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdint>
#include <random>
#include <string>
#include <string_view>

#include "support.h"
#include "tflite_models.h"

namespace nacre {
namespace {

using test::TfliteModel;
using testing::HasSubstr;

Error check(const TfliteModel& model) {
  auto checked = check_tflite(test::bytes_of(model.bytes()));
  return checked ? Error{ErrorCode{}, "fine"} : checked.error();
}

void expect_refused(const TfliteModel& model, const std::string& part,
                    ErrorCode code = ErrorCode::kInvalidEncoding) {
  const Error error = check(model);
  EXPECT_EQ(error.code, code) << error.message;
  EXPECT_THAT(error.message, HasSubstr(part));
}

TEST(TfliteWalk, TakesWhatConvertersWrite) {
  EXPECT_EQ(check(test::tflite_twice()).message, "fine");
  EXPECT_EQ(check(test::tflite_twice(test::kTfliteF32, {1, 3}, {-1, 3})).message, "fine");
  EXPECT_EQ(check(test::tflite_rows(test::kTfliteI64, 2, 3)).message, "fine");
  EXPECT_EQ(check(test::tflite_rows(test::kTfliteString, 2, 3)).message, "fine");
  EXPECT_EQ(check(test::tflite_count()).message, "fine");
  TfliteModel optional = test::tflite_twice();
  optional.subgraphs[0].operators[0].inputs = {0, 0, -1};
  EXPECT_EQ(check(optional).message, "fine");
  TfliteModel state = test::tflite_twice();
  state.subgraphs[0].tensors.push_back({.name = "state", .shape = {2, 3}, .variable = true});
  state.subgraphs[0].operators[0].inputs = {0, 2};
  EXPECT_EQ(check(state).message, "fine");
}

TEST(TfliteWalk, SubgraphsMayNotRunInACircle) {
  TfliteModel self = test::tflite_count();
  self.subgraphs[0].operators[0].options[1].second = test::flat_i32(0);
  expect_refused(self, "circle");
  // Through another: the body runs a WHILE whose body is the first again.
  TfliteModel two = test::tflite_count();
  two.subgraphs[2].operators[0] = {.code = 0,
                                   .inputs = {0, 2},
                                   .outputs = {3, -1},
                                   .options_kind = 93,
                                   .options = {{0, test::flat_i32(1)}, {1, test::flat_i32(2)}}};
  expect_refused(two, "circle");
  // Without options TFLite runs subgraph 0, and with those of another operator too.
  TfliteModel none = test::tflite_count();
  none.subgraphs[0].operators[0].options_kind = 0;
  expect_refused(none, "circle");
  none.subgraphs[0].operators[0].options_kind = 92;
  expect_refused(none, "circle");
  for (const int far : {3, -1, 1 << 30}) {
    TfliteModel model = test::tflite_count();
    model.subgraphs[0].operators[0].options[1].second = test::flat_i32(far);
    expect_refused(model, "which is not there");
  }
}

TEST(TfliteWalk, OperatorsMayNotWriteIntoWhatIsNotTheirs) {
  TfliteModel constant = test::tflite_twice();
  constant.buffers.push_back(std::string(24, '\1'));
  constant.subgraphs[0].tensors[1].buffer = 1;
  expect_refused(constant, "writes tensor 1, which is a constant");
  TfliteModel input = test::tflite_twice();
  input.subgraphs[0].operators[0].outputs = {0};
  expect_refused(input, "writes tensor 0, which is an input");
  TfliteModel again = test::tflite_twice();
  again.subgraphs[0].operators.push_back(again.subgraphs[0].operators[0]);
  expect_refused(again, "is written already");
  TfliteModel variable = test::tflite_twice();
  variable.subgraphs[0].tensors[1].variable = true;
  expect_refused(variable, "is a variable");
}

TEST(TfliteWalk, NothingIsReadThatNothingHasWritten) {
  TfliteModel model = test::tflite_twice();
  model.subgraphs[0].tensors.push_back({.name = "old", .shape = {2, 3}});
  model.subgraphs[0].operators[0].inputs = {0, 2};
  expect_refused(model, "reads tensor 2, which nothing has written before");
  TfliteModel output = test::tflite_twice();
  output.subgraphs[0].tensors.push_back({.name = "old", .shape = {2, 3}});
  output.subgraphs[0].outputs = {1, 2};
  expect_refused(output, "gives tensor 2, which nothing has written");
  TfliteModel own = test::tflite_twice();
  own.subgraphs[0].operators[0].inputs = {0, 1};
  expect_refused(own, "reads tensor 1");
}

TEST(TfliteWalk, NumbersOfTensorsAndOperatorsExist) {
  for (const int far : {2, -2, 1 << 30}) {
    TfliteModel model = test::tflite_twice();
    model.subgraphs[0].inputs = {far};
    expect_refused(model, "which is not there");
    model = test::tflite_twice();
    model.subgraphs[0].outputs = {far};
    expect_refused(model, "which is not there");
    model = test::tflite_twice();
    model.subgraphs[0].operators[0].inputs = {far};
    expect_refused(model, "which is not there");
    model = test::tflite_twice();
    model.subgraphs[0].operators[0].outputs = {far};
    expect_refused(model, "which is not there");
    model = test::tflite_twice();
    model.subgraphs[0].operators[0].code = static_cast<std::uint32_t>(far);
    expect_refused(model, "unknown code");
  }
  TfliteModel twice = test::tflite_twice();
  twice.subgraphs[0].inputs = {0, 0};
  expect_refused(twice, "an input already");
  TfliteModel buffer = test::tflite_twice();
  buffer.subgraphs[0].tensors[0].buffer = 9;
  expect_refused(buffer, "buffer 9");
}

TEST(TfliteWalk, SizesFitTheirShapes) {
  TfliteModel model = test::tflite_rows(test::kTfliteF32, 2, 3);
  model.buffers[1] = std::string(12, '\1');
  expect_refused(model, "a shape of 8 bytes and brings 12");
  model = test::tflite_twice(test::kTfliteF32, {-1, 3});
  expect_refused(model, "a dimension of -1");
  model = test::tflite_twice(test::kTfliteF32, std::vector<std::int32_t>(65, 1));
  expect_refused(model, "65 dimensions");
  model = test::tflite_twice(test::kTfliteF32, std::vector<std::int32_t>(5, 1 << 30));
  expect_refused(model, "more elements than 64 bits count");
  model = test::tflite_twice(test::kTfliteF32, {1 << 30, 2});
  expect_refused(model, "bytes", ErrorCode::kTooLarge);
  model = test::tflite_twice(99);
  expect_refused(model, "element type 99");
  model = test::tflite_twice();
  model.subgraphs[0].tensors[0].sparsity = {{0, test::flat_ints({0})}};
  expect_refused(model, "is sparse and has");
}

TEST(TfliteWalk, RowsOfStringsHangTogether) {
  const auto with = [](const std::vector<std::int32_t>& head, const std::string& texts) {
    TfliteModel model = test::tflite_rows(test::kTfliteString, 1, 2);
    std::string row(reinterpret_cast<const char*>(head.data()), head.size() * 4);
    model.buffers.push_back(row + texts);
    model.subgraphs[0].tensors.push_back(
        {.name = "words", .type = test::kTfliteString, .shape = {2}, .buffer = 2});
    return model;
  };
  EXPECT_EQ(check(with({2, 16, 18, 19}, "abc")).message, "fine");
  for (const auto& head : {std::vector<std::int32_t>{2, 16, 18, 20},
                           {2, 16, 30, 19},
                           {2, 18, 16, 19},
                           {2, 0, 1, 2},
                           {-1, 16, 18, 19},
                           {1000, 16, 18, 19},
                           {1 << 30, 16, 18, 19},
                           {2, -16, 18, 19}}) {
    expect_refused(with(head, "abc"), "offsets lead out");
  }
  expect_refused(with({2}, ""), "offsets lead out");
}

TEST(TfliteWalk, OneTableFromManyPlacesIsCounted) {
  // Vectors of references that all lead to the same place: small bytes, much work.
  const std::string bytes = test::FlatWriter().write(test::flat_table(
      {{0, test::flat_i32(3)}, {2, test::flat_ints(std::vector<std::int32_t>(1'000'001, 4))}}));
  const auto checked = check_tflite(test::bytes_of(bytes));
  ASSERT_FALSE(checked);
  EXPECT_EQ(checked.error().code, ErrorCode::kTooLarge) << checked.error().message;
}

/// A pool of the whole of x, with its options as (field, value).
TfliteModel pool(std::vector<std::pair<unsigned, std::int64_t>> changed) {
  std::vector<std::pair<unsigned, test::Flat>> options;
  for (unsigned field = 1; field < 5; ++field) {
    std::int64_t value = 2;
    for (const auto& [number, other] : changed)
      if (number == field) value = other;
    options.emplace_back(field, test::flat_i32(value));
  }
  return {.codes = {{1}},
          .subgraphs = {{.tensors = {{.name = "x", .shape = {1, 4, 4, 1}},
                                     {.name = "y", .shape = {1, 2, 2, 1}}},
                         .inputs = {0},
                         .outputs = {1},
                         .operators = {{.code = 0,
                                        .inputs = {0},
                                        .outputs = {1},
                                        .options_kind = 5,
                                        .options = std::move(options)}}}}};
}

// What the kernels make of these is in tests/backends/tflite/operators.
TEST(TfliteWalk, ParametersThatKernelsBelieve) {
  const auto refused = [](const TfliteModel& model, const std::string& part) {
    expect_refused(model, part, ErrorCode::kUnsupportedOperation);
  };
  EXPECT_EQ(check(pool({})).message, "fine");
  refused(pool({{1, 0}}), "operator 0 of subgraph 0 has 0 in its stride");
  refused(pool({{3, INT32_MIN}}), "in its filter");
  TfliteModel bare = pool({});
  bare.subgraphs[0].operators[0].options_kind = 0;
  refused(bare, "has 0 in its stride");
  TfliteModel text = test::tflite_twice();
  text.codes[0].code = 30;
  refused(text, "SKIP_GRAM");
  text.codes[0] = {.code = test::kTfliteCustom, .custom = "TFLite_Detection_PostProcess"};
  refused(text, "options that are no map of numbers");
  TfliteModel whole = test::tflite_twice(test::kTfliteI32);
  whole.codes[0].code = 42;
  refused(whole, "divides whole numbers");
  TfliteModel five = test::tflite_twice(test::kTfliteF32, {1, 1, 1, 1, 1});
  five.codes[0].code = test::kTfliteLess;
  refused(five, "up to 4 dimensions");
  TfliteModel unscaled = test::tflite_twice(test::kTfliteI8);
  refused(unscaled, "without a scale");
  for (const float scale : {-1.0F, 1e-30F, 1e30F}) {
    TfliteModel scaled = test::tflite_twice(test::kTfliteI8);
    scaled.subgraphs[0].tensors[0].scale = scale;
    expect_refused(scaled, "quantised by the scale");
  }
  // The repeats of TILE: a constant, and not beyond what a dimension holds.
  const auto tile = [](std::uint32_t buffer, std::int32_t times) {
    return TfliteModel{
        .codes = {{69}},
        .subgraphs = {{.tensors = {{.name = "x", .shape = {2}},
                                   {.name = "times",
                                    .type = test::kTfliteI32,
                                    .shape = {1},
                                    .buffer = buffer},
                                   {.name = "y", .shape = {2}}},
                       .inputs = buffer == 0 ? std::vector<std::int32_t>{0, 1}
                                             : std::vector<std::int32_t>{0},
                       .outputs = {2},
                       .operators = {{.code = 0, .inputs = {0, 1}, .outputs = {2}}}}},
        .buffers = {"", std::string(reinterpret_cast<const char*>(&times), 4)}};
  };
  EXPECT_EQ(check(tile(1, 3)).message, "fine");
  refused(tile(1, -1), "has -1 in its repeats");
  refused(tile(1, 1 << 30), "in its repeats");
  refused(tile(0, 3), "computes its repeats");
  // The numbers of RESHAPE's shape, computed: few enough for a shape.
  const auto reshape = [](std::vector<std::int32_t> numbers) {
    return TfliteModel{
        .codes = {{22}},
        .subgraphs = {
            {.tensors = {{.name = "x", .shape = {2}},
                         {.name = "s", .type = test::kTfliteI32, .shape = std::move(numbers)},
                         {.name = "y", .shape = {2}}},
             .inputs = {0, 1},
             .outputs = {2},
             .operators = {{.code = 0, .inputs = {0, 1}, .outputs = {2}}}}}};
  };
  EXPECT_EQ(check(reshape({8})).message, "fine");
  refused(reshape({3, 3}), "has a shape of 9 numbers");
}

// Where the batch is not known a converter writes shapes down as computations.
TEST(TfliteWalk, ComputedShapesAreFollowed) {
  const auto refused = [](const TfliteModel& model, const std::string& part) {
    expect_refused(model, part, ErrorCode::kUnsupportedOperation);
  };
  EXPECT_EQ(check(test::tflite_upscale()).message, "fine");
  EXPECT_EQ(check(test::tflite_upscale(3)).message, "fine");  // 2 rows come of 3 too
  refused(test::tflite_upscale(5), "gives 5 in dimension 1");
  refused(test::tflite_upscale(1 << 19), "in dimension 1");
  refused(test::tflite_upscale(0), "has 0 in its output shape");
  // As many images as another input has, or as there are columns.
  refused(test::tflite_upscale(4, 1), "computes its output shape");
  refused(test::tflite_upscale(4, 0, 1), "computes its output shape");
  // A number from outside is any number.
  TfliteModel any = test::tflite_upscale();
  any.subgraphs[0].operators.erase(any.subgraphs[0].operators.begin());
  any.subgraphs[0].inputs.push_back(4);
  refused(any, "computes its output shape");

  EXPECT_EQ(check(test::tflite_token()).message, "fine");
  refused(test::tflite_token(2), "computes its repeats");

  // A dimension that is not known, also where all of it is wanted.
  const auto slice = [](std::int32_t begin, std::int32_t size) {
    return TfliteModel{
        .codes = {{65}},
        .subgraphs =
            {{.tensors = {{.name = "x", .shape = {1, 4}, .signature = {-1, 4}},
                          {.name = "b", .type = test::kTfliteI32, .shape = {2}, .buffer = 1},
                          {.name = "s", .type = test::kTfliteI32, .shape = {2}, .buffer = 2},
                          {.name = "y", .shape = {1, 2}, .signature = {-1, 2}}},
              .inputs = {0},
              .outputs = {3},
              .operators = {{.code = 0, .inputs = {0, 1, 2}, .outputs = {3}, .options_kind = 48}}}},
        .buffers = {"", test::int_bytes({begin, 1}), test::int_bytes({size, 2})}};
  };
  refused(slice(0, -1), "slices a dimension that is not known");
  refused(slice(0, 1), "slices a dimension that is not known");
  TfliteModel known = slice(0, 1);
  known.subgraphs[0].tensors[0].signature.clear();
  EXPECT_EQ(check(known).message, "fine");
  known.subgraphs[0].tensors[3].shape = {1, 1};
  refused(known, "slices 2 in dimension 1 and gives another number");
  // As many strides as begins.
  TfliteModel strides = test::tflite_upscale();
  strides.subgraphs[0].operators[1].inputs[3] = 4;
  refused(strides, "as many strides");
  TfliteModel counted = test::tflite_upscale();
  counted.subgraphs[0].operators[1].options.emplace_back(5, test::flat_u8(1));
  refused(counted, "counts its end from its begin");
}

// As loops write into lists; the rows behind a number are safe once it was the size of the front.
TEST(TfliteWalk, ListsOfLoops) {
  const auto refused = [](const TfliteModel& model, const std::string& part) {
    expect_refused(model, part, ErrorCode::kUnsupportedOperation);
  };
  EXPECT_EQ(check(test::tflite_list()).message, "fine");
  for (const std::int32_t behind : {0, 2, -1})
    refused(test::tflite_list(behind), "computes its begin");
  TfliteModel other = test::tflite_list();  // the front of another list
  other.subgraphs[0].operators[2].inputs[0] = 2;
  refused(other, "computes its begin");
  TfliteModel late = test::tflite_list();
  std::swap(late.subgraphs[0].operators[2], late.subgraphs[0].operators[6]);
  expect_refused(late, "nothing has written before");
  TfliteModel bytes = test::tflite_list();
  for (const std::size_t tensor : {0U, 2U, 11U, 15U, 16U})
    bytes.subgraphs[0].tensors[tensor].type = test::kTfliteBool;
  refused(bytes, "computes its begin");
  TfliteModel from_one = test::tflite_list();
  from_one.buffers[4] = test::int_bytes({1, 0});
  refused(from_one, "computes its size");
}

TEST(TfliteWalk, OptionsOfCustomOperators) {
  const auto refused = [](const TfliteModel& model, const std::string& part) {
    expect_refused(model, part, ErrorCode::kUnsupportedOperation);
  };
  EXPECT_EQ(check(test::tflite_detections()).message, "fine");
  auto options = test::tflite_detection_options();
  options[2].second = -1;
  refused(test::tflite_detections(options), "has -1 as its max_detections");
  options[2].second = 1 << 30;
  refused(test::tflite_detections(options), "as its max_detections");
  options.erase(options.begin() + 2);
  refused(test::tflite_detections(options), "does not say its max_detections");
  refused(test::tflite_detections(test::tflite_detection_options(), 1), "2 constant anchors");
  std::swap(options[0], options[1]);
  refused(test::tflite_detections(options), "no map of numbers");
  // Whatever bytes the options are, cut off or changed, they are read inside.
  const TfliteModel whole = test::tflite_detections();
  const std::string& good = whole.subgraphs[0].operators[0].custom_options;
  std::mt19937 random(5);
  for (std::size_t i = 0; i < 3000; ++i) {
    TfliteModel model = whole;
    std::string& bytes = model.subgraphs[0].operators[0].custom_options;
    if (i < good.size()) bytes = good.substr(i + 1);
    for (std::size_t k = 0; k < i % 4; ++k)
      if (!bytes.empty()) bytes[random() % bytes.size()] = static_cast<char>(random());
    static_cast<void>(check(model));
  }
}

TEST(TfliteWalk, SparseConstantsStayInside) {
  EXPECT_EQ(check(test::tflite_sparse()).message, "fine");
  expect_refused(test::tflite_sparse({0, 2, 3}, {1, 4, 2}), "the index 4 in a dimension of 4");
  expect_refused(test::tflite_sparse({0, 2, 3}, {1, -1, 2}), "the index -1");
  expect_refused(test::tflite_sparse({0, 2}), "2 rows of indices and 2 ends");
  expect_refused(test::tflite_sparse({0, 4, 3}), "ends before itself");
  expect_refused(test::tflite_sparse({0, 2, 4}), "has 3 indices, and its rows have 4");
  expect_refused(test::tflite_sparse({1, 2, 3}), "rows of indices");
  expect_refused(test::tflite_sparse({0, 1, 2}, {1, 2}), "a shape of 8 bytes and brings 12");
  TfliteModel order = test::tflite_sparse();
  order.subgraphs[0].tensors[1].sparsity[0].second = test::flat_ints({0, 0});
  expect_refused(order, "in the order of its dimensions");
  order.subgraphs[0].tensors[1].sparsity[0].second = test::flat_ints({0, 7});
  expect_refused(order, "in the order of its dimensions");
  TfliteModel blocks = test::tflite_sparse();
  blocks.subgraphs[0].tensors[1].sparsity.emplace_back(1, test::flat_ints({1}));
  expect_refused(blocks, "1 blocks, and 2 levels");
  TfliteModel added = test::tflite_sparse();
  added.subgraphs[0].operators[1].inputs = {0, 1};
  expect_refused(added, "only DENSIFY may read it");
  TfliteModel given = test::tflite_sparse();
  given.subgraphs[0].outputs = {1};
  expect_refused(given, "which is sparse");
  TfliteModel dense = test::tflite_sparse();
  dense.subgraphs[0].operators[0].inputs = {0};
  expect_refused(dense, "not sparse");
}

TEST(TfliteWalk, NoPrefixIsAModel) {
  const std::string bytes = test::tflite_count().bytes();
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    const auto checked = check_tflite(test::bytes_of(bytes.substr(0, size)));
    // What stands last may be padding.
    EXPECT_FALSE(checked && size + 64 < bytes.size()) << size;
  }
}

TEST(TfliteWalk, AnyByteMayBeAnything) {
  const std::string bytes = test::tflite_count().bytes();
  std::mt19937 random(5);
  for (int i = 0; i < 20'000; ++i) {
    std::string mutated = bytes;
    for (int k = 0; k < 1 + i % 4; ++k)
      mutated[random() % mutated.size()] = static_cast<char>(random());
    static_cast<void>(check_tflite(test::bytes_of(mutated)));
    static_cast<void>(tflite_facts(test::bytes_of(mutated)));
  }
}

TEST(TfliteFactsTest, SayWhatTheFileSays) {
  TfliteModel model = test::tflite_twice();
  model.min_runtime_version = std::string("2.3.0\0\0\0\0", 9);
  model.codes.push_back({.code = test::kTfliteCustom, .custom = "MyOperator"});
  const auto facts = tflite_facts(test::bytes_of(model.bytes()));
  ASSERT_TRUE(facts) << facts.error().message;
  EXPECT_EQ(facts->schema_version, 3u);
  EXPECT_EQ(facts->min_runtime_version, "2.3.0");
  EXPECT_EQ(facts->custom_operators, std::vector<std::string>{"MyOperator"});
  EXPECT_FALSE(tflite_facts(test::bytes_of(std::string("TFL3TFL3"))));
}

}  // namespace
}  // namespace nacre
