#include "echo/model_text.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <string>

namespace nacre::echo {
namespace {

using testing::HasSubstr;

TEST(EchoModel, WithoutLinesNothingIsKnown) {
  for (const char* text : {"nacre-echo v1", "nacre-echo v1\n", "nacre-echo v1\r\n\n# words\n"}) {
    const auto model = parse_model(text);
    ASSERT_TRUE(model) << text;
    ASSERT_EQ(model->inputs.size(), 1U);
    EXPECT_EQ(model->inputs[0].type, TensorType::kUnknown);
    EXPECT_EQ(model->inputs[0].shape, std::nullopt);
    EXPECT_TRUE(model->plain());
  }
}

TEST(EchoModel, InputsAreMirrored) {
  const auto model = parse_model(
      "nacre-echo v1\ninput a f32 1,3,?\ninput b bool scalar\ninput c unknown any\ninput d u64\n");
  ASSERT_TRUE(model);
  ASSERT_EQ(model->outputs.size(), 4U);
  EXPECT_EQ(model->outputs[0].name, "a");
  EXPECT_EQ(*model->outputs[0].shape, (Shape{1, 3, -1}));
  EXPECT_EQ(model->outputs[1].type, TensorType::kBool);
  EXPECT_EQ(model->outputs[1].shape->rank(), 0U);
  EXPECT_EQ(model->outputs[2].shape, std::nullopt);
  EXPECT_EQ(model->outputs[3].shape->rank(), 0U);
}

TEST(EchoModel, MistakesNameTheLine) {
  const std::string first = "nacre-echo v1\n";
  std::string many = first;
  for (int i = 0; i <= 1024; ++i)
    many += "input i" + std::to_string(i) + " f32 1\n";
  const std::vector<std::pair<std::string, std::string>> table = {
      {"", "line 1"},
      {"nacre-echo v2\n", "wanted: nacre-echo v1"},
      {"nacre-echo v1 \n", "line 1"},
      {first + "input\n", "line 2: wanted: input NAME TYPE SHAPE"},
      {first + "\ninput a f33 1\n", "line 3: \"f33\" is no element type"},
      {first + "input a f32 1,,2\n", "\"1,,2\" is no shape"},
      {first + "input a f32 -1\n", "\"-1\" is no shape"},
      {first + "input a f32 1,\n", "\"1,\" is no shape"},
      {first + "input a f32 99999999999999999999\n", "is no shape"},
      {first + "input a f32 1 2\n", "wanted: input"},
      {first + "input a f32 1\ninput a f32 1\n", "line 3: \"a\" is there twice"},
      {first + "sleep_ms\n", "sleep_ms wants a number"},
      {first + "sleep_ms 99999999\n", "sleep_ms wants a number"},
      {first + "hang on\n", "followed by too much"},
      {first + "explode\n", "\"explode\" is not known"},
      {many, "line 1026: more than 1024 inputs"},
  };
  for (const auto& [text, part] : table) {
    const auto model = parse_model(text);
    ASSERT_FALSE(model) << text;
    EXPECT_EQ(model.error().code, ErrorCode::kInvalidEncoding);
    EXPECT_THAT(model.error().message, HasSubstr(part));
  }
}

}  // namespace
}  // namespace nacre::echo
