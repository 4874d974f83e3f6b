// Each thing that a hostile Paddle model can do, and models that do none of it.
#include "core/paddle_walk.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>
#include <string>
#include <string_view>
#include <vector>

#include "paddle_program.h"
#include "support.h"

namespace nacre {
namespace {

using test::PaddleModel;
using test::PaddleOp;
using testing::HasSubstr;

Error check(const std::string& program, const std::string& weights = {}) {
  const auto checked = check_paddle(test::bytes_of(program));
  if (!checked) return checked.error();
  const auto parameters = check_paddle_parameters(*checked, test::bytes_of(weights));
  return parameters ? Error{ErrorCode{}, "fine"} : parameters.error();
}
Error check(const PaddleModel& model) {
  return check(model.program(), model.weights());
}

void expect_refused(const Error& error, const std::string& part,
                    ErrorCode code = ErrorCode::kInvalidEncoding) {
  EXPECT_EQ(error.code, code) << error.message;
  EXPECT_THAT(error.message, HasSubstr(part));
}

TEST(PaddleWalk, TakesWhatPaddleWrites) {
  EXPECT_EQ(check(test::paddle_layer()).message, "fine");
  EXPECT_EQ(check(test::paddle_network()).message, "fine");
  EXPECT_EQ(check(test::paddle_sum()).message, "fine");
  EXPECT_EQ(check(test::paddle_loop(3)).message, "fine");
  EXPECT_EQ(check(test::paddle_choice()).message, "fine");
  const auto program = check_paddle(test::bytes_of(test::paddle_layer().program()));
  ASSERT_TRUE(program);
  EXPECT_EQ(paddle_version(*program), "2.6.0");
  ASSERT_EQ(program->parameters.size(), 2u) << "the lists of inputs and outputs are none";
  EXPECT_EQ(program->parameters[0].name, "b") << "in the order of their names";
  EXPECT_EQ(program->parameters[1].elements, 12u);
  PaddleModel unsaid = test::paddle_sum();
  unsaid.version = 0;
  EXPECT_EQ(check(unsaid).message, "fine");
  PaddleModel packed = test::paddle_sum();
  packed.blocks[0].variables.push_back(
      test::pb_bytes(1, "p") +
      test::pb_bytes(
          2, test::pb_number(1, 7) +
                 test::pb_bytes(
                     3, test::pb_bytes(1, test::pb_number(1, 5) + test::pb_bytes(2, "\x02\x03")))) +
      test::pb_number(3, 1));
  packed.parameters["p"] = PaddleModel::stored(test::kPaddleF32, {3, 2}, std::string(24, 'x'));
  EXPECT_EQ(check(packed).message, "fine");
}

TEST(PaddleWalk, BlocksAreATree) {
  const auto runs = [](std::int64_t block) {
    return PaddleOp{"while",
                    {{"X", {"i", "n", "y"}}, {"Condition", {"more"}}},
                    {{"Out", {"i", "y", "more"}}},
                    {test::paddle_sub_block(block)}};
  };
  for (const std::int64_t inner : {0, 1, 2, -1, 1000, INT32_MAX, INT32_MIN}) {
    PaddleModel model = test::paddle_loop(3);
    model.op(runs(inner), 1);
    expect_refused(check(model), "comes after its own");
  }
  PaddleModel truncated = test::paddle_loop(3);
  truncated.blocks[0].ops[5].attributes = {test::paddle_sub_block((std::int64_t{1} << 32) + 1)};
  expect_refused(check(truncated), "comes after its own");
  PaddleModel twice = test::paddle_loop(3);
  twice.op(runs(1));
  expect_refused(check(twice), "two operators run block 1");
  PaddleModel orphan = test::paddle_loop(3);
  orphan.blocks.emplace_back();
  expect_refused(check(orphan), "no operator runs block 2 of 3");
  PaddleModel deep = test::paddle_loop(3);
  for (std::size_t i = 1; i <= kMaxPaddleNesting; ++i) {
    EXPECT_EQ(check(deep).message, "fine") << i;
    deep.blocks.emplace_back();
    deep.op(runs(static_cast<std::int64_t>(i) + 1), i);
  }
  expect_refused(check(deep), "lie in each other");
  for (const std::vector<std::string>& attributes :
       {std::vector<std::string>{},
        {test::paddle_int("sub_block", 1)},
        {test::paddle_sub_block(1), test::paddle_sub_block(1)},
        {test::pb_bytes(1, "sub_block") + test::pb_number(2, 8)}}) {
    PaddleModel model = test::paddle_loop(3);
    model.blocks[0].ops[5].attributes = attributes;
    expect_refused(check(model), "wants one attribute sub_block");
  }
  PaddleModel other = test::paddle_loop(3);
  other.blocks[0].ops[5].type = "recurrent";
  expect_refused(check(other), "'recurrent' of block 0 runs a block");
}

TEST(PaddleWalk, OperatorsHaveResults) {
  PaddleModel model = test::paddle_sum();
  model.op({"relu", {{"X", {"x"}}}, {}});
  expect_refused(check(model), "'relu' of block 0 has no results");
}

TEST(PaddleWalk, WhatIsNotReadIsNamed) {
  PaddleModel old = test::paddle_sum();
  old.version = 1'008'005;
  expect_refused(check(old), "of Paddle 1.8.5, and OpenVINO reads those of 2.0.0 and newer");
  old.version = -1;
  expect_refused(check(old), "reads those of 2.0.0");
  PaddleModel array = test::paddle_sum();
  array.blocks[0].variables.push_back(
      test::pb_bytes(1, "list") +
      test::pb_bytes(2, test::pb_number(1, 13) + test::pb_bytes(4, "")));
  expect_refused(check(array), "'list' is an array of tensors", ErrorCode::kUnsupportedOperation);
  PaddleModel text = test::paddle_layer();
  text.parameter<float>("t", {1}, {1}, test::kPaddleString);
  expect_refused(check(text), "'t' has elements of Paddle's type 25",
                 ErrorCode::kUnsupportedOperation);
  PaddleModel rows = test::paddle_layer();
  rows.blocks[0].variables.push_back(test::pb_bytes(1, "r\x1b[2J") +
                                     test::pb_bytes(2, test::pb_number(1, 8)) +
                                     test::pb_number(3, 1));
  expect_refused(check(rows), "'r?[2J' is no tensor of a fixed shape");
}

TEST(PaddleWalk, DimensionsAreCounted) {
  for (const test::PaddleDims& dims : {test::PaddleDims{std::int64_t{1} << 40, 4},
                                       {std::int64_t{1} << 61, 1},
                                       {std::int64_t{1} << 62, 2},
                                       {INT64_MAX, 1}}) {
    PaddleModel model = test::paddle_layer();
    model.parameter<float>("w", dims, {1, 2, 3, 4});
    EXPECT_EQ(check(model).code, ErrorCode::kInvalidEncoding);
  }
  PaddleModel large = test::paddle_layer();
  large.parameter<float>("w", {std::int64_t{1} << 40}, {1, 2, 3, 4});
  expect_refused(check(large), "ends");
  PaddleModel overflow = test::paddle_layer();
  overflow.parameter<float>("w", {INT64_MAX, INT64_MAX}, {1});
  expect_refused(check(overflow), "2^64");
  PaddleModel negative = test::paddle_layer();
  negative.parameter<float>("w", {-7}, {1});
  expect_refused(check(negative), "dimension of -7");
  PaddleModel dynamic = test::paddle_layer();
  dynamic.parameter<float>("w", {-1, 4}, {1});
  expect_refused(check(dynamic), "'w' is no tensor of a fixed shape");
}

TEST(PaddleWalk, TheFileHoldsJustTheParameters) {
  const PaddleModel model = test::paddle_layer();
  const std::string program = model.program();
  const std::string weights = model.weights();
  ASSERT_EQ(check(program, weights).message, "fine");
  for (std::size_t size = 0; size < weights.size(); ++size)
    expect_refused(check(program, weights.substr(0, size)), "ends");
  expect_refused(check(program, weights + "x"), "1 bytes after the last of the program's 2");
  expect_refused(check(test::paddle_sum().program(), weights), "bytes after the last");
  PaddleModel swapped = model;
  std::swap(swapped.parameters["b"], swapped.parameters["w"]);
  expect_refused(check(swapped), "has 12 elements of Paddle's type 5 for 'b'");
  PaddleModel other = model;
  other.parameters["b"] = PaddleModel::stored(test::kPaddleI64, {4}, std::string(32, 'x'));
  expect_refused(check(other), "type 3 for 'b', and the program wants 4 of type 5");
  std::string levels = weights;
  levels[4] = 1;
  expect_refused(check(program, levels), "no tensor at byte 0");
  for (const char byte : {'\x7f', '\xff'}) {
    std::string far = weights;
    far[19] = byte;
    expect_refused(check(program, far), "ends");
  }
}

TEST(PaddleWalk, FieldsAreNotThereTwiceOrOfAnotherKind) {
  const std::string program = test::paddle_sum().program();
  expect_refused(check(program + test::pb_bytes(4, "")), "twice");
  expect_refused(check(program + test::pb_number(1, 3)), "another kind");
  expect_refused(check(program + "\x0b"), "wire type");
  expect_refused(check(""), "no blocks");
  for (std::size_t size = 1; size < program.size(); ++size)
    static_cast<void>(check(program.substr(0, size)));
}

TEST(PaddleWalk, ManyThingsAreTooMany) {
  std::string block = test::pb_number(1, 0) + test::pb_number(2, 0);
  for (std::size_t i = 0; i <= kMaxPaddleFields; ++i)
    block += test::pb_bytes(3, "");
  expect_refused(check(test::pb_bytes(1, block)), "more than", ErrorCode::kTooLarge);
}

TEST(PaddleWalk, SurvivesAnything) {
  std::mt19937 random(1);
  const std::string whole = test::paddle_loop(3).program();
  for (int i = 0; i < 5'000; ++i) {
    std::string program = whole;
    for (int k = 0; k < 3; ++k)
      program[random() % program.size()] = static_cast<char>(random());
    const Error error = check(program);
    EXPECT_FALSE(error.message.empty());
  }
}

}  // namespace
}  // namespace nacre
