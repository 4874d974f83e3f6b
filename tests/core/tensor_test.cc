#include <nacre/graph.h>
#include <nacre/tensor.h>

#include <gtest/gtest.h>
#include <cstdint>
#include <limits>
#include <vector>

namespace nacre {
namespace {

TEST(TensorTypes, NamesRoundTrip) {
  for (std::uint32_t i = 1; i <= 14; ++i) {
    const auto type = static_cast<TensorType>(i);
    EXPECT_EQ(parse_tensor_type(to_string(type)), type);
  }
  EXPECT_EQ(parse_tensor_type("unknown"), std::nullopt);
  EXPECT_EQ(to_string(static_cast<TensorType>(99)), "unknown");
}

TEST(GraphEncodings, NamesRoundTripWithoutCase) {
  for (std::uint32_t i = 0; i < kGraphEncodingNames.size(); ++i) {
    const auto encoding = static_cast<GraphEncoding>(i);
    EXPECT_EQ(parse_graph_encoding(to_string(encoding)), encoding);
  }
  EXPECT_EQ(parse_graph_encoding("ONNX"), GraphEncoding::kOnnx);
  EXPECT_EQ(parse_graph_encoding("onn"), std::nullopt);
  EXPECT_EQ(parse_execution_target("AUTO"), ExecutionTarget::kAuto);
  EXPECT_EQ(parse_execution_target(""), std::nullopt);
  EXPECT_EQ(to_string(static_cast<GraphEncoding>(99)), "unknown");
}

TEST(Shapes, Print) {
  EXPECT_EQ(to_string(Shape{1, 3, -1}), "[1,3,?]");
  EXPECT_EQ(to_string(Shape{}), "[]");
}

TEST(Shapes, CountElements) {
  EXPECT_EQ(element_count(Shape{}.dims()), 1U);
  EXPECT_EQ(element_count(Shape{2, 3, 4}.dims()), 24U);
  EXPECT_EQ(element_count(Shape{2, -1}.dims()), std::nullopt);
  constexpr std::int64_t kHuge = std::numeric_limits<std::int64_t>::max();
  EXPECT_EQ(element_count(Shape{kHuge, 3}.dims()), std::nullopt);
  // Zero elements are zero, whatever the product of the rest would be, in any order.
  EXPECT_EQ(element_count(Shape{0, kHuge, kHuge}.dims()), 0U);
  EXPECT_EQ(element_count(Shape{kHuge, kHuge, 0}.dims()), 0U);
  EXPECT_EQ(element_count(Shape{kHuge, kHuge, 0, -1}.dims()), std::nullopt);
}

}  // namespace
}  // namespace nacre
