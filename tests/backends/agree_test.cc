// The same network in the runtimes that read it gives the same answers.
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

// One network in three formats through three runtimes, beside each other: the names of the outputs
// differ by format, their order by whether there is a signature.
TEST(RuntimesAgree, OnBasicPitchInEveryFormat) {
  const std::string folder = NACRE_TEST_BASIC_PITCH_DIR;
  struct Reader {
    std::string path;
    std::string more;
    std::string backend;
    std::vector<std::string> outputs;  // contour, note, onset
  };
  const std::vector<std::string> tensors = {
      "StatefulPartitionedCall:0", "StatefulPartitionedCall:1", "StatefulPartitionedCall:2"};
  const std::vector<std::string> names = {"contour", "note", "onset"};
  const std::vector<Reader> readers = {
      {folder + "/nmp.onnx", "backend=onnxruntime", "onnxruntime", tensors},
      {folder + "/nmp.onnx", "backend=openvino", "openvino", tensors},
      {folder + "/nmp.tflite", "", "tflite", names},
      {folder + "/nmp.tflite", "backend=openvino", "openvino", tensors},
      {folder + "/nmp", "", "openvino", names}};
  const Plain x = noise(TensorType::kF32, {1, 43844, 1}, 20);
  std::vector<std::vector<float>> reference;
  for (const Reader& reader : readers) {
    auto graph = load_path(reader.path, reader.more);
    ASSERT_TRUE(graph) << reader.path << ": " << graph.error().message;
    EXPECT_EQ((*graph)->backend(), reader.backend);
    auto context = ExecutionContext::create(*graph).value();
    const auto outputs = compute(*context, {x});
    ASSERT_TRUE(outputs) << reader.path << ": " << outputs.error().message;
    for (std::size_t i = 0; i < 3; ++i) {
      const auto index = context->output_index(reader.outputs[i]);
      ASSERT_TRUE(index) << reader.path << ": " << index.error().message;
      const auto numbers = values<float>(outputs->at(*index));
      if (reference.size() <= i) {
        reference.push_back(numbers);
        EXPECT_EQ(numbers.size(), i == 0 ? 172u * 264 : 172u * 88);
        double sum = 0;
        for (const float v : numbers)
          sum += v;
        EXPECT_GT(sum, 100) << "the network says something";
      }
      ASSERT_EQ(numbers.size(), reference[i].size()) << reader.path;
      double largest = 0;
      for (std::size_t k = 0; k < numbers.size(); ++k)
        largest = std::max(largest, static_cast<double>(std::fabs(numbers[k] - reference[i][k])));
      EXPECT_LT(largest, 1e-4) << reader.path << " by " << reader.backend << ", output "
                               << reader.outputs[i];
    }
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
