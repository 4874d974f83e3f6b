// Whole networks, in the same way as the operator tests: what a guest gets is bit for bit what the
// vendor's API gives when it is called directly, on the same input.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstring>
#include <filesystem>
#include <fstream>

#include "cli/process.h"
#include "onnx_operators/runner.h"
#include "onnx_operators/tensor_proto.h"

namespace nacre::onnx_operators_test {
namespace {

namespace fs = std::filesystem;
using onnx_operators::ElementType;
using onnx_operators::Tensor;

/// Noise between -1 and 1; integers between 0 and 256.
Tensor noise(ElementType type, const std::vector<std::int64_t>& dims, std::uint32_t seed) {
  std::size_t count = 1;
  for (const std::int64_t dim : dims)
    count *= static_cast<std::size_t>(dim);
  Tensor tensor{.type = type, .dims = dims, .bytes = std::vector<std::byte>(count * 4)};
  for (std::size_t i = 0; i < count; ++i) {
    seed = seed * 1664525u + 1013904223u;
    const auto real = static_cast<float>(seed >> 8) / 8388608.0f - 1.0f;
    const auto whole = static_cast<std::int32_t>((seed >> 8) % 257);
    if (type == ElementType::kF32) std::memcpy(&tensor.bytes[4 * i], &real, 4);
    if (type == ElementType::kI32) std::memcpy(&tensor.bytes[4 * i], &whole, 4);
  }
  return tensor;
}

struct Network {
  std::string file;
  std::vector<Tensor> inputs;
};

std::vector<Network> networks() {
  return {{"efficientnet-lite0.onnx", {noise(ElementType::kF32, {1, 3, 224, 224}, 1)}},
          {"basic-pitch.onnx", {noise(ElementType::kF32, {1, 43844, 1}, 2)}},
          {"magika.onnx", {noise(ElementType::kI32, {1, 2048}, 3)}},
          {"silero-vad-16k.onnx",
           {noise(ElementType::kF32, {1, 576}, 4), noise(ElementType::kF32, {2, 1, 128}, 5)}}};
}

class Networks : public testing::TestWithParam<std::string> {};

TEST_P(Networks, GiveTheVendorsOwnBytes) {
  const test::ScratchDir dir;
  std::vector<std::string> names;
  for (const Network& network : networks()) {
    const fs::path folder = dir.path() / network.file;
    fs::create_directories(folder / "test_data_set_0");
    fs::copy_file(fs::path(NACRE_TEST_MODELS) / network.file, folder / "model.onnx");
    for (std::size_t i = 0; i < network.inputs.size(); ++i) {
      const auto bytes = write_tensor(network.inputs[i]);
      std::ofstream file(folder / "test_data_set_0" / ("input_" + std::to_string(i) + ".pb"),
                         std::ios::binary);
      file.write(reinterpret_cast<const char*>(bytes.data()),
                 static_cast<std::streamsize>(bytes.size()));
    }
    names.push_back(network.file);
  }
  auto direct = run_directly(GetParam(), dir.path(), names);
  auto core = run_as_module(GetParam(), dir.path(), names);
  auto component = run_as_component(GetParam(), dir.path(), names);
  for (const std::string& name : names) {
    EXPECT_EQ(direct[name].status, "pass") << name << ": " << direct[name].reason;
    EXPECT_NE(direct[name].hash, "-") << name;
    for (const Answer& answer : {core[name], component[name]}) {
      EXPECT_EQ(answer.status, "pass") << name << ": " << answer.reason;
      EXPECT_EQ(answer.hash, direct[name].hash) << name;
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Runtimes, Networks, testing::ValuesIn(runtimes()),
                         [](const auto& one) { return one.param; });

TEST(Runner, GoesOnAfterATestThatEndsTheProcess) {
  const std::vector<std::string> words = {
      "/bin/sh", "-c",
      "for one; do echo \"begin $one\"; [ $one = b ] && kill -SEGV $$; [ $one = d ] && exit 3; "
      "printf '%s\\tpass\\t00\\t\\n' $one; done",
      "sh"};
  const std::vector<std::string> tests = {"a", "b", "c", "d", "e"};
  auto answers = run_program(words, tests);
  EXPECT_EQ(answers.size(), tests.size());
  for (const char* fine : {"a", "c", "e"})
    EXPECT_EQ(answers[fine].status, "pass") << fine;
  EXPECT_EQ(answers["b"].status, "crash");
  EXPECT_EQ(answers["b"].reason, "the process ended with signal 11");
  EXPECT_EQ(answers["d"].status, "crash");
  EXPECT_EQ(answers["d"].reason, "the process ended with exit code 3");
}

TEST(TensorFiles, AreReadAsTheyWereWritten) {
  const Tensor numbers = noise(ElementType::kI32, {2, 0, 3}, 1);
  const Tensor real = noise(ElementType::kF32, {2, 3}, 1);
  Tensor strings{.type = ElementType::kString, .dims = {2}, .bytes = {}};
  for (const char byte : std::string("\x02\0\0\0ab\0\0\0\0", 10))
    strings.bytes.push_back(static_cast<std::byte>(byte));
  for (const Tensor& tensor : {numbers, real, strings}) {
    const auto bytes = write_tensor(tensor);
    const auto read = onnx_operators::parse_tensor(bytes);
    ASSERT_TRUE(read) << read.error();
    EXPECT_EQ(read->type, tensor.type);
    EXPECT_EQ(read->dims, tensor.dims);
    EXPECT_EQ(read->bytes, tensor.bytes);
    for (std::size_t size = 0; !tensor.bytes.empty() && size < bytes.size(); ++size)
      EXPECT_FALSE(onnx_operators::parse_tensor(std::span(bytes).first(size))) << size;
  }
}

}  // namespace
}  // namespace nacre::onnx_operators_test
