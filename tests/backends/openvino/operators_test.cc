// Operators whose kernels trust their inputs: refused in words, or led back into their tensors.
// Called directly, each of these reads or writes outside its memory, or ends the process.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <openvino/opsets/opset1.hpp>
#include <openvino/opsets/opset15.hpp>
#include <openvino/opsets/opset16.hpp>
#include <openvino/opsets/opset7.hpp>
#include <openvino/opsets/opset8.hpp>
#include <openvino/opsets/opset9.hpp>

#include <cmath>
#include <functional>
#include <limits>
#include <string_view>

#include "fixture.h"

namespace nacre::test {
namespace {

using testing::HasSubstr;
namespace op = ov::opset15;
using Value = ov::Output<ov::Node>;

std::shared_ptr<op::Parameter> input(const ov::PartialShape& shape,
                                     ov::element::Type type = ov::element::f32) {
  return std::make_shared<op::Parameter>(type, shape);
}
std::shared_ptr<op::Parameter> numbers(const ov::PartialShape& shape) {
  return input(shape, ov::element::i64);
}
Value fixed(const std::vector<std::int64_t>& values) {
  return op::Constant::create(ov::element::i64, {values.size()}, values);
}
Value scalar(std::int64_t value) {
  return op::Constant::create(ov::element::i64, {}, {value});
}

Result<std::shared_ptr<Graph>> load(const Value& y, const ov::ParameterVector& inputs) {
  return load_ir(to_ir(
      std::make_shared<ov::Model>(ov::ResultVector{std::make_shared<op::Result>(y)}, inputs)));
}

void expect_refused(const Value& y, const ov::ParameterVector& inputs, const std::string& says) {
  const auto graph = load(y, inputs);
  ASSERT_FALSE(graph) << says;
  EXPECT_EQ(graph.error().code, ErrorCode::kUnsupportedOperation) << graph.error().message;
  EXPECT_THAT(graph.error().message, HasSubstr(says));
}

TEST(OpenvinoOperators, InputsThatHaveToBeConstants) {
  const auto x = input({3, 4, 4});
  const auto axes = numbers({1});
  expect_refused(std::make_shared<op::Slice>(x, fixed({0}), fixed({2}), fixed({1}), axes),
                 {x, axes}, "computes its axes");
  expect_refused(std::make_shared<op::Roll>(x, fixed({1}), axes), {x, axes}, "computes its axes");
  const auto complex = input({2, 4, 4, 2});
  expect_refused(std::make_shared<op::DFT>(complex, axes), {complex, axes}, "computes its axes");
  expect_refused(std::make_shared<op::IDFT>(complex, fixed({1}), axes), {complex, axes},
                 "computes its sizes");
  expect_refused(std::make_shared<op::IRDFT>(complex, fixed({2}), axes), {complex, axes},
                 "computes its sizes");
  const auto axis = numbers({});
  expect_refused(std::make_shared<op::Gather>(x, fixed({0}), axis), {x, axis}, "computes its axis");
  const auto image = input({1, 2, 6, 6});
  const auto four = numbers({4});
  expect_refused(
      std::make_shared<op::SpaceToBatch>(image, fixed({1, 1, 2, 2}), four, fixed({0, 0, 0, 0})),
      {image, four}, "computes its padding");
  const auto two = numbers({2});
  const auto kernel = op::Constant::create(ov::element::f32, {2, 2, 3, 3}, std::vector<float>(36));
  expect_refused(std::make_shared<op::ConvolutionBackpropData>(
                     image, kernel, two, ov::Strides{2, 2}, ov::CoordinateDiff{0, 0},
                     ov::CoordinateDiff{0, 0}, ov::Strides{1, 1}),
                 {image, two}, "computes its output shape");
  expect_refused(std::make_shared<op::PriorBox>(two, fixed({32, 32}), op::PriorBox::Attributes{}),
                 {two}, "computes its grid");
}

// As TensorFlow writes a transposed convolution where it does not know the batch: the output shape
// is taken out of one whose first number is computed, and is the same whatever that is.
TEST(OpenvinoOperators, AnOutputShapeBesideAnUnknownBatch) {
  const auto image = input({-1, 1, 2, 2});
  const Value batch =
      std::make_shared<op::Gather>(std::make_shared<op::ShapeOf>(image), fixed({0}), scalar(0));
  const Value shape =
      std::make_shared<op::Concat>(ov::OutputVector{batch, fixed({1}), fixed({4, 4})}, 0);
  const Value part =
      std::make_shared<op::Slice>(shape, fixed({2}), fixed({4}), fixed({1}), fixed({0}));
  const auto kernel =
      op::Constant::create(ov::element::f32, {1, 1, 2, 2}, std::vector<float>{1, 1, 1, 1});
  const auto graph = load(std::make_shared<op::ConvolutionBackpropData>(
                              image, kernel, part, ov::Strides{2, 2}, ov::CoordinateDiff{0, 0},
                              ov::CoordinateDiff{0, 0}, ov::Strides{1, 1}),
                          {image});
  ASSERT_TRUE(graph) << graph.error().message;
  for (const std::int64_t images : {1, 3}) {
    const auto count = static_cast<std::size_t>(images);
    const auto y = compute(
        *graph, {plain(TensorType::kF32, {images, 1, 2, 2}, std::vector<float>(count * 4, 3))});
    ASSERT_TRUE(y) << y.error().message;
    EXPECT_EQ(y->at(0),
              plain(TensorType::kF32, {images, 1, 4, 4}, std::vector<float>(count * 16, 3)));
  }
}

TEST(OpenvinoOperators, ConstantsOutOfRange) {
  const auto complex = input({2, 4, 4, 2});
  const auto half = input({2, 4, 3, 2});
  for (const std::int64_t size : {0, -4, 1 << 28}) {
    expect_refused(std::make_shared<op::DFT>(complex, fixed({1}), fixed({size})), {complex},
                   "has " + std::to_string(size) + " in its sizes");
  }
  // Three numbers in each row say no more than five.
  expect_refused(std::make_shared<op::IRDFT>(half, fixed({2}), fixed({6})), {half},
                 "a signal of 6 numbers from 3");
  expect_refused(std::make_shared<op::IRDFT>(half, fixed({1, 2}), fixed({5, 4})), {half},
                 "a signal of 5 numbers from 4");
  const auto unknown = input({2, -1, -1, 2});
  expect_refused(std::make_shared<op::IRDFT>(unknown, fixed({2}), fixed({4})), {unknown},
                 "not known");
  const auto image = input({1, 2, 6, 6});
  expect_refused(std::make_shared<op::SpaceToBatch>(image, fixed({1, 1, 2, 2}),
                                                    fixed({0, 0, 0, 24}), fixed({0, 0, 0, 0})),
                 {image}, "pads by 24");
  expect_refused(std::make_shared<op::SpaceToBatch>(image, fixed({1, 1, 2, 2}),
                                                    fixed({0, 0, 0, -2}), fixed({0, 0, 0, 0})),
                 {image}, "has -2 in its padding");
  op::PriorBox::Attributes boxes;
  boxes.min_size = {16};
  for (const std::int64_t cells : {-1000, 1 << 20}) {
    expect_refused(std::make_shared<op::PriorBox>(fixed({cells, cells}), fixed({32, 32}), boxes),
                   {}, "has " + std::to_string(cells) + " in its grid");
  }
}

TEST(OpenvinoOperators, ThoseThatAreNotComputedAtAll) {
  const auto image = input({2, 8, 8, 8});
  const auto regions = input({2, 5});
  expect_refused(std::make_shared<op::ROIPooling>(image, regions, ov::Shape{2, 2}, 1.0f, "max"),
                 {image, regions}, "takes regions");
  expect_refused(std::make_shared<op::PSROIPooling>(image, regions, 2, 2, 1.0f, 1, 1, "average"),
                 {image, regions}, "takes regions");
  expect_refused(std::make_shared<op::DeformablePSROIPooling>(image, regions, 2, 1.0f, 2),
                 {image, regions}, "takes regions");
  const auto which = numbers({2});
  expect_refused(std::make_shared<op::ROIAlignRotated>(image, regions, which, 2, 2, 2, 1.0f, true),
                 {image, regions, which}, "numbers of images");
  const auto odds = input({2, 4});
  expect_refused(
      std::make_shared<op::Multinomial>(odds, fixed({3}), ov::element::i64, true, false, 1, 1),
      {odds}, "takes probabilities");
  const auto columns = input({1, 12, 9});
  expect_refused(std::make_shared<op::Col2Im>(columns, fixed({4, 4}), fixed({2, 2})), {columns},
                 "takes sizes");
  const auto data = input({3, 4});
  const auto updates = input({2, 4});
  expect_refused(std::make_shared<op::SliceScatter>(data, updates, fixed({0}), fixed({2}),
                                                    fixed({1}), fixed({0})),
                 {data, updates}, "takes updates");
  const auto rows = input({3});
  const auto at = numbers({3, 2});
  expect_refused(std::make_shared<ov::opset16::SparseFillEmptyRows>(
                     rows, fixed({4, 3}), at, op::Constant::create(ov::element::f32, {}, {9}))
                     ->output(0),
                 {rows, at}, "takes indices");
  const auto boxes = input({2, 6, 4});
  const auto scores = input({2, 6});
  expect_refused(
      std::make_shared<op::MulticlassNms>(boxes, scores, which, op::MulticlassNms::Attributes{})
          ->output(0),
      {boxes, scores, which}, "numbers of regions");
  const auto priors = input({3, 4});
  const auto map = input({1, 2, 2, 2});
  const auto picture = input({1, 3, 8, 8});
  ov::op::v6::ExperimentalDetectronPriorGridGenerator::Attributes grid{};
  grid.h = 50;
  grid.w = 50;
  expect_refused(std::make_shared<ov::op::v6::ExperimentalDetectronPriorGridGenerator>(
                     priors, map, picture, grid),
                 {priors, map, picture}, "sizes of a grid");
  const auto places = input({3, 2, 4});
  const auto parents = input({3, 2, 4});
  const auto lengths = input({2});
  expect_refused(std::make_shared<op::GatherTree>(places, parents, lengths,
                                                  op::Constant::create(ov::element::f32, {}, {1})),
                 {places, parents, lengths}, "as fractions");
}

// Looked at along every way, its ten layers would be 300^5 values.
TEST(OpenvinoOperators, AConstantOfManyWaysIsLookedAtOnce) {
  Value value = fixed({0});
  for (int i = 0; i < 5; ++i) {
    const auto many = std::make_shared<op::Concat>(ov::OutputVector(300, value), 0);
    value = std::make_shared<op::ReduceSum>(many, fixed({0}), true);
  }
  const auto x = input({3, 4});
  const auto graph = load(std::make_shared<op::Roll>(x, fixed({1}), value), {x});
  EXPECT_TRUE(graph) << graph.error().message;
}

TEST(OpenvinoOperators, TheSameWithinRangeAreComputed) {
  const auto x = input({3, 4});
  EXPECT_TRUE(
      load(std::make_shared<op::Slice>(x, fixed({0}), fixed({2}), fixed({1}), fixed({1})), {x}));
  // With more than the axes computed it looks at them.
  const auto start = numbers({1});
  const auto axes = numbers({1});
  auto slice =
      load(std::make_shared<op::Slice>(x, start, fixed({2}), fixed({1}), axes), {x, start, axes});
  ASSERT_TRUE(slice) << slice.error().message;
  const Plain whole = noise(TensorType::kF32, {3, 4}, 1);
  const Plain zero = plain<std::int64_t>(TensorType::kI64, {1}, {0});
  EXPECT_TRUE(compute(*slice, {whole, zero, zero}));
  EXPECT_FALSE(compute(*slice, {whole, zero, plain<std::int64_t>(TensorType::kI64, {1}, {2})}));
  EXPECT_TRUE(load(std::make_shared<op::Roll>(x, fixed({1}), fixed({1})), {x}));
  const auto half = input({2, 4, 3, 2});
  for (const std::int64_t size : {4, 5}) {
    auto graph = load(std::make_shared<op::IRDFT>(half, fixed({2}), fixed({size})), {half});
    ASSERT_TRUE(graph) << graph.error().message;
    EXPECT_TRUE(compute(*graph, {noise(TensorType::kF32, {2, 4, 3, 2}, 1)}));
  }
  const auto image = input({1, 2, 6, 6});
  auto blocks = load(std::make_shared<op::SpaceToBatch>(image, fixed({1, 1, 2, 2}),
                                                        fixed({0, 0, 4, 2}), fixed({0, 0, 2, 4})),
                     {image});
  ASSERT_TRUE(blocks) << blocks.error().message;
  EXPECT_TRUE(compute(*blocks, {noise(TensorType::kF32, {1, 2, 6, 6}, 1)}));
  // An axis that is computed from what is known is a constant too.
  const auto axis = std::make_shared<op::Subtract>(
      std::make_shared<op::Gather>(std::make_shared<op::ShapeOf>(x), scalar(0), scalar(0)),
      scalar(2));
  EXPECT_TRUE(load(std::make_shared<op::Gather>(x, fixed({0}), axis), {x}));
}

constexpr std::int64_t kFar = 1 << 28;

// What lies outside is 0, as it is in more dimensions.
TEST(OpenvinoOperators, GatherOfWholeNumbersInOneDimension) {
  const auto run = [](const Value& y, const ov::ParameterVector& inputs,
                      const std::vector<Plain>& given) -> std::vector<std::int64_t> {
    auto graph = load(y, inputs);
    EXPECT_TRUE(graph) << graph.error().message;
    if (!graph) return {};
    const auto out = compute(*graph, given);
    EXPECT_TRUE(out) << out.error().message;
    return out ? values<std::int64_t>(out->at(0)) : std::vector<std::int64_t>{};
  };
  using List = std::vector<std::int64_t>;
  const List wild = {0, 3, -1, -4, 4, -5, kFar, -kFar};
  const List right = {10, 40, 40, 10, 0, 0, 0, 0};
  const Plain four = plain<std::int64_t>(TensorType::kI64, {4}, {10, 20, 30, 40});
  const Plain indices = plain(TensorType::kI64, {8}, wild);
  for (const ov::PartialShape& shape : {ov::PartialShape{4}, ov::PartialShape{-1}}) {
    const auto data = numbers(shape);
    const auto index = numbers({8});
    EXPECT_EQ(
        run(std::make_shared<op::Gather>(data, index, scalar(0)), {data, index}, {four, indices}),
        right);
    EXPECT_EQ(run(std::make_shared<op::Gather>(data, fixed(wild), scalar(0)), {data}, {four}),
              right);
    // Before the eighth version of the operator no index is negative.
    EXPECT_EQ(run(std::make_shared<ov::opset7::Gather>(data, index, scalar(0)), {data, index},
                  {four, indices}),
              (List{10, 40, 0, 0, 0, 0, 0, 0}));
  }
  const auto none = numbers({-1});
  EXPECT_EQ(run(std::make_shared<op::Gather>(none, fixed({0, -1, 5}), scalar(0)), {none},
                {plain<std::int64_t>(TensorType::kI64, {0}, {})}),
            (List{0, 0, 0}));
  // A scalar index stays one.
  const auto data = numbers({4});
  const auto index = numbers({});
  const auto y = std::make_shared<op::Gather>(data, index, scalar(0));
  EXPECT_EQ(y->get_output_partial_shape(0), ov::PartialShape({}));
  EXPECT_EQ(run(y, {data, index}, {four, plain<std::int64_t>(TensorType::kI64, {}, {-2})}),
            (List{30}));
}

Plain floats(const std::vector<std::int64_t>& dims) {
  return noise(TensorType::kF32, dims, 1);
}
Plain all(const std::vector<std::int64_t>& dims, std::int64_t value) {
  return plain(TensorType::kI64, dims, std::vector(element_count(dims).value(), value));
}

// Called directly, the kernels read what lies about.
TEST(OpenvinoOperators, NothingIsSelectedFromNothing) {
  struct Row {
    const char* name;
    ov::PartialShape data;
    ov::PartialShape indices;
    std::function<Value(const Value& data, const Value& indices)> make;
    std::vector<std::int64_t> given;  ///< of the indices
  };
  const std::vector<Row> rows = {
      {"Gather",
       {-1, 4},
       {3},
       [](const Value& d, const Value& i) { return std::make_shared<op::Gather>(d, i, scalar(0)); },
       {3}},
      {"Gather of one",
       {-1, 4},
       {},
       [](const Value& d, const Value& i) {
         return std::make_shared<op::Gather>(d, i, scalar(-2));
       },
       {}},
      {"GatherElements",
       {-1, 4},
       {3, 4},
       [](const Value& d, const Value& i) { return std::make_shared<op::GatherElements>(d, i, 0); },
       {3, 4}},
      {"GatherND",
       {-1, 4},
       {2, 1},
       [](const Value& d, const Value& i) { return std::make_shared<op::GatherND>(d, i); },
       {2, 1}},
      {"ScatterElementsUpdate",
       {-1, 4},
       {2, 4},
       [](const Value& d, const Value& i) {
         return std::make_shared<op::ScatterElementsUpdate>(
             d, i, op::Constant::create(ov::element::f32, {2, 4}, {7}), scalar(0));
       },
       {2, 4}},
      {"ScatterNDUpdate",
       {-1, 4},
       {2, 1},
       [](const Value& d, const Value& i) {
         return std::make_shared<op::ScatterNDUpdate>(
             d, i, op::Constant::create(ov::element::f32, {2, 4}, {7}));
       },
       {2, 1}}};
  for (const Row& row : rows) {
    SCOPED_TRACE(row.name);
    const auto data = input(row.data);
    const auto indices = numbers(row.indices);
    auto graph = load(row.make(data, indices), {data, indices});
    ASSERT_TRUE(graph) << graph.error().message;
    const Plain none = all(row.given, 0);
    const auto nothing = compute(*graph, {floats({0, 4}), none});
    EXPECT_TRUE(!nothing || nothing->at(0).bytes.empty());
    // From something it is what it was.
    const auto first = compute(*graph, {floats({1, 4}), none});
    ASSERT_TRUE(first) << first.error().message;
    EXPECT_FALSE(first->at(0).bytes.empty());
    if (std::string_view(row.name).starts_with("Gather")) {
      EXPECT_EQ(first->at(0).bytes.substr(0, 16), floats({1, 4}).bytes);
    }
    EXPECT_EQ(compute(*graph, {floats({1, 4}), none}).value(), *first);
  }
  const auto data = input({-1, 4});
  const auto one = numbers({2});
  expect_refused(std::make_shared<op::GatherND>(data, one), {data, one}, "may be 0");
  const auto empty = input({0, 4});
  const auto indices = numbers({2, 1});
  auto never = load(std::make_shared<op::GatherND>(empty, indices), {empty, indices});
  ASSERT_TRUE(never) << never.error().message;
  const auto nothing = compute(*never, {floats({0, 4}), all({2, 1}, 0)});
  EXPECT_TRUE(!nothing || nothing->at(0).bytes.empty());
}

TEST(OpenvinoOperators, NothingIsScatteredBesideItsData) {
  const auto updates = [](const ov::Shape& shape) {
    return op::Constant::create(ov::element::f32, shape, {7});
  };
  const auto x = input({1, 4});
  const auto many = numbers({3000, 4});
  expect_refused(
      std::make_shared<op::ScatterElementsUpdate>(x, many, updates({3000, 4}), scalar(1)),
      {x, many}, "more indices in dimension 0");
  // Known only while computing, they are cut.
  const auto some = input({-1, 4});
  const auto other = numbers({-1, 4});
  const auto given = input({-1, 4});
  auto graph = load(std::make_shared<op::ScatterElementsUpdate>(some, other, given, scalar(1)),
                    {some, other, given});
  ASSERT_TRUE(graph) << graph.error().message;
  const auto scattered = compute(*graph, {floats({1, 4}), all({3000, 4}, 2), floats({3000, 4})});
  ASSERT_TRUE(scattered) << scattered.error().message;
  EXPECT_EQ(scattered->at(0).dims, (std::vector<std::int64_t>{1, 4}));
  EXPECT_EQ(values<float>(scattered->at(0))[2], values<float>(floats({1, 4}))[3])
      << "the last of the first row's updates";
  const auto right = compute(*graph, {floats({2, 4}), all({2, 4}, 1), floats({2, 4})});
  ASSERT_TRUE(right) << right.error().message;
  EXPECT_EQ(values<float>(right->at(0))[5], values<float>(floats({2, 4}))[7]);
}

// In one dimension of whole numbers the kernel writes wherever the index says.
TEST(OpenvinoOperators, ScatterUpdateOfWholeNumbersInOneDimension) {
  const auto data = numbers({4});
  const auto index = numbers({1});
  auto graph =
      load(std::make_shared<op::ScatterUpdate>(data, index, fixed({9}), scalar(0)), {data, index});
  ASSERT_TRUE(graph) << graph.error().message;
  const Plain four = plain<std::int64_t>(TensorType::kI64, {4}, {1, 2, 3, 4});
  using List = std::vector<std::int64_t>;
  const auto run = [&](std::int64_t at) {
    const auto out = compute(*graph, {four, all({1}, at)});
    EXPECT_TRUE(out) << out.error().message;
    return out ? values<std::int64_t>(out->at(0)) : List();
  };
  EXPECT_EQ(run(2), (List{1, 2, 9, 4}));
  for (const std::int64_t far : {std::int64_t{4}, std::int64_t{100}, kFar})
    EXPECT_EQ(run(far), (List{1, 2, 3, 9})) << far;
  for (const std::int64_t far : {std::int64_t{-1}, -kFar})
    EXPECT_EQ(run(far), (List{9, 2, 3, 4})) << far;
  const auto many = numbers({-1});
  const auto places = numbers({-1});
  const auto updates = numbers({-1});
  auto dynamic = load(std::make_shared<op::ScatterUpdate>(many, places, updates, scalar(0)),
                      {many, places, updates});
  ASSERT_TRUE(dynamic) << dynamic.error().message;
  const auto more = compute(*dynamic, {four, all({1}, 1), all({500}, 9)});
  EXPECT_TRUE(!more || values<std::int64_t>(more->at(0)) == (List{1, 9, 3, 4}));
  EXPECT_TRUE(compute(*dynamic, {four, all({2}, 1), all({2}, 9)}));
}

TEST(OpenvinoOperators, ReverseLooksAtItsAxes) {
  const auto x = input({2, 3});
  const auto axes = numbers({1});
  auto graph = load(std::make_shared<ov::opset1::Reverse>(x, axes, "index"), {x, axes});
  ASSERT_TRUE(graph) << graph.error().message;
  EXPECT_TRUE(compute(*graph, {floats({2, 3}), all({1}, 1)}));
  for (const std::int64_t axis : {std::int64_t{2}, std::int64_t{-3}, kFar})
    EXPECT_FALSE(compute(*graph, {floats({2, 3}), all({1}, axis)})) << axis;
  const auto mask = input({-1}, ov::element::boolean);
  auto masked = load(std::make_shared<ov::opset1::Reverse>(x, mask, "mask"), {x, mask});
  ASSERT_TRUE(masked) << masked.error().message;
  for (const std::int64_t count : {0, 1, 3, 4000}) {
    const Plain bools{TensorType::kBool, {count}, std::string(static_cast<std::size_t>(count), 1)};
    EXPECT_FALSE(compute(*masked, {floats({2, 3}), bools})) << count;
  }
}

TEST(OpenvinoOperators, GatherTreeOfNegativeLength) {
  const auto lengths = numbers({2});
  const auto zeros =
      op::Constant::create(ov::element::i64, {3, 2, 4}, std::vector<std::int64_t>(24));
  auto graph = load(std::make_shared<op::GatherTree>(zeros, zeros, lengths, scalar(1)), {lengths});
  ASSERT_TRUE(graph) << graph.error().message;
  const auto zero = compute(*graph, {plain<std::int64_t>(TensorType::kI64, {2}, {0, 0})});
  ASSERT_TRUE(zero) << zero.error().message;
  for (const std::int64_t length : {std::int64_t{-1}, std::int64_t{-1000}, -kFar}) {
    const auto out =
        compute(*graph, {plain<std::int64_t>(TensorType::kI64, {2}, {length, length})});
    ASSERT_TRUE(out) << out.error().message;
    EXPECT_EQ(*out, *zero) << length;
  }
}

TEST(OpenvinoOperators, OffsetsThatAreNoNumbers) {
  const auto x = input({1, 2, 6, 6});
  const auto offsets = input({1, 18, 4, 4});
  const auto kernel =
      op::Constant::create(ov::element::f32, {2, 2, 3, 3}, std::vector<float>(36, 1));
  auto graph = load(std::make_shared<op::DeformableConvolution>(
                        x, offsets, kernel, ov::Strides{1, 1}, ov::CoordinateDiff{0, 0},
                        ov::CoordinateDiff{0, 0}, ov::Strides{1, 1}),
                    {x, offsets});
  ASSERT_TRUE(graph) << graph.error().message;
  const Plain image = noise(TensorType::kF32, {1, 2, 6, 6}, 1);
  const auto with = [&](float value) {
    return compute(*graph, {image, plain(TensorType::kF32, {1, 18, 4, 4},
                                         std::vector<float>(std::size_t{18} * 16, value))});
  };
  const auto still = with(0);
  ASSERT_TRUE(still) << still.error().message;
  const auto nan = with(std::nanf(""));
  ASSERT_TRUE(nan) << nan.error().message;
  EXPECT_EQ(*nan, *still) << "what is no number moves nothing";
  for (const float far : {1e9f, -1e9f, std::numeric_limits<float>::infinity(), -1e30f}) {
    const auto out = with(far);
    ASSERT_TRUE(out) << out.error().message;
    EXPECT_EQ(values<float>(out->at(0)), std::vector<float>(32, 0)) << far;
  }
}

}  // namespace
}  // namespace nacre::test
