#include "base/closest_match.h"

#include <gtest/gtest.h>
#include <array>
#include <string>

namespace nacre {
namespace {

TEST(EditDistance, CountsSlips) {
  EXPECT_EQ(edit_distance("threads", "threads"), 0U);
  EXPECT_EQ(edit_distance("thread", "threads"), 1U);
  EXPECT_EQ(edit_distance("theards", "threads"), 2U);
  EXPECT_EQ(edit_distance("threasd", "threads"), 1U);
  EXPECT_EQ(edit_distance("ONNX", "onnx"), 0U);
  EXPECT_EQ(edit_distance("", "abc"), 3U);
}

TEST(ClosestMatch, FindsTheNearestOrNone) {
  constexpr std::array<std::string_view, 3> kWords = {"openvino", "onnx", "pytorch"};
  EXPECT_EQ(closest_match("onx", kWords), "onnx");
  EXPECT_EQ(closest_match("openvno", kWords), "openvino");
  EXPECT_EQ(closest_match("pyt", kWords), "pytorch");
  EXPECT_EQ(closest_match("py", kWords), std::nullopt);
  EXPECT_EQ(closest_match("caffe", kWords), std::nullopt);
  EXPECT_EQ(closest_match("", kWords), std::nullopt);
  EXPECT_EQ(closest_match(std::string(1 << 20, 'o'), kWords), std::nullopt);
}

}  // namespace
}  // namespace nacre
