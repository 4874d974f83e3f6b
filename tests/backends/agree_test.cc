// The same network in both runtimes that read ONNX gives the same answers.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

#include "tensors.h"

namespace nacre::test {
namespace {

// The largest difference of an f32 output; other types must be the same bytes.
double difference(const std::string& path, const std::vector<Plain>& inputs) {
  std::vector<std::vector<Plain>> answers;
  for (const char* backend : {"onnxruntime", "openvino"}) {
    auto graph = load_path(path, std::string("backend=") + backend);
    EXPECT_TRUE(graph) << backend << ": " << graph.error().message;
    if (!graph) return INFINITY;
    EXPECT_EQ((*graph)->backend(), backend);
    auto outputs = compute(*graph, inputs);
    EXPECT_TRUE(outputs) << backend << ": " << outputs.error().message;
    if (!outputs) return INFINITY;
    answers.push_back(std::move(*outputs));
  }
  EXPECT_EQ(answers[0].size(), answers[1].size());
  double largest = 0;
  for (std::size_t i = 0; i < answers[0].size(); ++i) {
    const Plain& a = answers[0][i];
    const Plain& b = answers[1].at(i);
    EXPECT_EQ(a.dims, b.dims) << path << ", output " << i;
    if (a.type != TensorType::kF32) {
      EXPECT_EQ(a, b) << path << ", output " << i;
      continue;
    }
    const auto x = values<float>(a);
    const auto y = values<float>(b);
    if (x.size() != y.size()) return INFINITY;
    for (std::size_t k = 0; k < x.size(); ++k) {
      if (std::isnan(x[k]) && std::isnan(y[k])) continue;
      if (!(std::fabs(x[k] - y[k]) <= largest)) largest = std::fabs(x[k] - y[k]);
    }
  }
  return largest;
}

TEST(RuntimesAgree, OnEfficientNetLite0) {
  for (std::uint32_t seed = 1; seed <= 3; ++seed) {
    EXPECT_LT(difference(std::string(NACRE_TEST_MODELS_DIR) + "/efficientnet-lite0.onnx",
                         {noise(TensorType::kF32, {1, 3, 224, 224}, seed)}),
              1e-3);
  }
}

TEST(RuntimesAgree, OnSmallModels) {
  const Plain b = plain<std::int64_t>(TensorType::kI64, {3}, {5, -6, 2'000'000'000 / 2});
  const Plain c{TensorType::kBool, {3}, std::string("\1\0\1", 3)};
  EXPECT_LT(difference(onnx_path("many"), {noise(TensorType::kF32, {2, 2}, 1), b, c}), 1e-6);
  EXPECT_LT(difference(onnx_path("layer"), {noise(TensorType::kF32, {5, 64}, 2)}), 1e-4);
  EXPECT_LT(difference(onnx_path("square_scalar"), {noise(TensorType::kF32, {}, 3)}), 1e-6);
  EXPECT_LT(difference(onnx_path("logarithm"),
                       {plain<float>(TensorType::kF32, {4}, {1, 2.5f, -1, 1000})}),
            1e-5);
  EXPECT_EQ(difference(onnx_path("nonzero"), {plain<float>(TensorType::kF32, {4}, {0, 1, 0, 2})}),
            0);
}

}  // namespace
}  // namespace nacre::test
