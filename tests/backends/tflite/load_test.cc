// What the tflite backend loads and refuses, by bytes as a guest and by path as an operator.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <random>
#include <string>
#include <vector>

#include "backends/tensors.h"
#include "tflite_models.h"

namespace nacre::test {
namespace {

using testing::AnyOf;
using testing::HasSubstr;

Error load_error(const std::string& bytes, ExecutionTarget target = ExecutionTarget::kCpu) {
  auto graph = load_bytes({bytes}, GraphEncoding::kTensorflowlite, target);
  return graph ? Error{ErrorCode{}, "loaded"} : graph.error();
}
Error load_error(const TfliteModel& model) {
  return load_error(model.bytes());
}

void expect(const Error& error, ErrorCode code, const std::string& part) {
  EXPECT_EQ(error.code, code) << error.message;
  EXPECT_THAT(error.message, HasSubstr(part));
}

std::string wake_word() {
  return std::string(NACRE_TEST_WAKE_WORDS_DIR) + "/alexa.tflite";
}

// As an operator's model, which is not walked first: what the library itself makes of it.
class TfliteFile : public testing::Test {
 protected:
  std::string write(const std::string& bytes) {
    std::ofstream(path_, std::ios::binary) << bytes;
    return path_;
  }
  void TearDown() override { std::filesystem::remove(path_); }

  const std::string path_ = testing::TempDir() + "/tflite_" +
                            testing::UnitTest::GetInstance()->current_test_info()->name() +
                            ".tflite";
};

TEST(TfliteLoad, ByBytesAndByAutodetect) {
  EXPECT_EQ(load_error(tflite_twice()).message, "loaded");
  auto graph = load_bytes({tflite_twice().bytes()}, GraphEncoding::kAutodetect);
  ASSERT_TRUE(graph) << graph.error().message;
  EXPECT_EQ((*graph)->encoding(), GraphEncoding::kTensorflowlite);
  EXPECT_EQ((*graph)->backend(), "tflite");
}

TEST(TfliteLoad, TheBytesMayGoAfterTheLoad) {
  std::string bytes = read_file(wake_word());
  auto graph = load_bytes({bytes}, GraphEncoding::kTensorflowlite);
  ASSERT_TRUE(graph) << graph.error().message;
  const Plain x = noise(TensorType::kI8, {1, 3, 40}, 1);
  const auto before = compute(*graph, {x}).value();
  std::ranges::fill(bytes, '\xff');
  bytes = {};
  EXPECT_EQ(compute(*graph, {x}).value(), before);
}

TEST(TfliteLoad, DescribesNamesOfTheSignature) {
  TfliteModel model = tflite_twice();
  EXPECT_EQ(load_bytes({model.bytes()}, GraphEncoding::kTensorflowlite)
                .value()
                ->description()
                .inputs[0]
                .name,
            "x");
  model.signatures = {{.inputs = {{"number", 0}}, .outputs = {{"doubled", 1}}}};
  const auto graph = load_bytes({model.bytes()}, GraphEncoding::kTensorflowlite).value();
  EXPECT_EQ(graph->description().inputs[0].name, "number");
  EXPECT_EQ(graph->description().outputs[0].name, "doubled");
}

TEST_F(TfliteFile, AnotherSchemaSaysWantedAndSupported) {
  TfliteModel model = tflite_twice();
  model.version = 4;
  for (const Error& error : {load_error(model), load_path(write(model.bytes())).error()}) {
    expect(error, ErrorCode::kInvalidEncoding, "schema version 4");
    EXPECT_THAT(error.message, HasSubstr("supported version 3"));
  }
}

TEST_F(TfliteFile, ANewerOperatorSaysWantedAndSupported) {
  TfliteModel model = tflite_twice();
  model.codes[0].version = 99;
  for (const Error& error : {load_error(model), load_path(write(model.bytes())).error()}) {
    expect(error, ErrorCode::kInvalidEncoding, "the operator ADD in version 99");
    EXPECT_THAT(error.message, testing::ContainsRegex("has versions 1 to [1-9]"));
    EXPECT_THAT(error.message, HasSubstr("TensorFlow Lite 2."));
  }
  // The newest version there is loads, so the sentence is true.
  const std::string sentence = load_error(model).message;
  const auto at = sentence.find("versions 1 to ") + 14;
  model.codes[0].version = std::stoi(sentence.substr(at));
  EXPECT_EQ(load_error(model).message, "loaded");
  ++model.codes[0].version;
  EXPECT_EQ(load_error(model).code, ErrorCode::kInvalidEncoding);

  model.codes[0] = {.code = 250};
  expect(load_error(model), ErrorCode::kInvalidEncoding, "does not have that operator");
}

TEST_F(TfliteFile, CustomOperatorsAreRefused) {
  TfliteModel model = tflite_twice();
  model.codes[0] = {.code = kTfliteCustom, .custom = "MyOwnOperator"};
  for (const Error& error : {load_error(model), load_path(write(model.bytes())).error()})
    expect(error, ErrorCode::kUnsupportedOperation, "the custom operator 'MyOwnOperator'");
  model.codes[0].custom = "FlexMatMul";
  expect(load_error(model), ErrorCode::kUnsupportedOperation, "without select ops");
}

TEST(TfliteLoad, TypesThatNoTensorHasAreRefusedByName) {
  for (const auto& [type, name] : std::vector<std::pair<std::uint8_t, std::string>>{
           {kTfliteComplex64, "complex64"}, {kTfliteI4, "int4"}, {13, "resource"}}) {
    TfliteModel model = tflite_rows(type, 2, 4);
    const Error error = load_error(model);
    expect(error, ErrorCode::kUnsupportedOperation, name);
    EXPECT_THAT(error.message, HasSubstr("'x'"));
  }
  expect(load_error(tflite_twice(kTfliteF32, std::vector<std::int32_t>(33, 1))),
         ErrorCode::kUnsupportedOperation, "33 dimensions");
}

TEST_F(TfliteFile, BytesThatAreNoModel) {
  for (const std::string& bytes :
       {std::string("x"), std::string(5000, '\0'), std::string("\x1c\0\0\0TFL3", 8)}) {
    EXPECT_EQ(load_error(bytes).code, ErrorCode::kInvalidEncoding);
    EXPECT_EQ(load_path(write(bytes), "encoding=tensorflowlite").error().code,
              ErrorCode::kInvalidEncoding);
  }
  EXPECT_EQ(load_path("/nowhere/x.tflite").error().code, ErrorCode::kModelNotFound);
}

TEST_F(TfliteFile, TruncatedAnywhere) {
  const std::string whole = read_file(wake_word());
  for (std::size_t size = 0; size + 1024 < whole.size(); size += 1024) {
    const std::string part = whole.substr(0, size);
    EXPECT_NE(load_error(part).message, "loaded") << size;
    EXPECT_FALSE(load_path(write(part), "encoding=tensorflowlite")) << size;
  }
}

TEST(TfliteLoad, OptionsAndTargets) {
  EXPECT_EQ(load_error(tflite_twice().bytes(), ExecutionTarget::kGpu).code,
            ErrorCode::kUnsupportedOperation);
  EXPECT_EQ(load_error(tflite_twice().bytes(), ExecutionTarget::kAuto).message, "loaded");
  expect(load_path(wake_word(), "colour=red").error(), ErrorCode::kInvalidArgument, "'colour'");
  expect(load_path(wake_word(), "config={}").error(), ErrorCode::kInvalidArgument,
         "no configuration");
}

TEST(TfliteLoad, FactsOfTheFileAreProperties) {
  const auto graph = load_path(wake_word()).value();
  std::string format;
  for (const Property& p : graph->description().properties)
    if (p.key == "format_version") format = p.value;
  EXPECT_EQ(format, "TFLite schema 3");
}

TEST_F(TfliteFile, OpenvinoReadsTheSameFile) {
  const Plain x = noise(TensorType::kF32, {2, 3}, 1);
  const std::string path = write(tflite_twice().bytes());
  auto graph = load_path(path, "backend=openvino");
  ASSERT_TRUE(graph) << graph.error().message;
  EXPECT_EQ((*graph)->backend(), "openvino");
  EXPECT_EQ(compute(*graph, {x}).value(), compute(load_path(path).value(), {x}).value());
}

// What passes the walk reaches the library; whatever that makes of it, the process lives.
TEST(TfliteHostile, MutatedModelsEndInAnAnswer) {
  std::mt19937 random(11);
  std::vector<std::string> models = {tflite_twice(kTfliteF32, {1, 3}, {-1, 3}).bytes(),
                                     tflite_rows(kTfliteString, 2, 3).bytes(),
                                     tflite_count().bytes(), read_file(wake_word())};
  int loaded = 0;
  int refused = 0;
  for (int i = 0; i < 3000; ++i) {
    std::string bytes = models[random() % models.size()];
    for (std::uint32_t k = 0; k <= random() % 3; ++k)
      bytes[random() % bytes.size()] = static_cast<char>(random());
    auto graph = load_bytes({bytes}, GraphEncoding::kTensorflowlite);
    if (!graph) {
      ++refused;
      continue;
    }
    ++loaded;
    std::vector<Plain> inputs;
    for (const TensorDescription& d : (*graph)->description().inputs) {
      std::vector<std::int64_t> dims;
      for (const std::int64_t n : d.shape->dims())
        dims.push_back(n < 0 ? 2 : n);
      if (element_count(dims).value_or(1 << 30) < 1 << 20) inputs.push_back(noise(d.type, dims, 1));
    }
    if (inputs.size() != (*graph)->description().inputs.size()) continue;
    auto context = ExecutionContext::create(*graph);
    if (!context) continue;
    bool set = true;
    for (std::size_t k = 0; k < inputs.size(); ++k) {
      if (inputs[k].type == TensorType::kI32) inputs[k].bytes.assign(inputs[k].bytes.size(), '\1');
      set = set && (*context)->set_input(k, inputs[k].view());
    }
    if (set) {
      static_cast<void>(
          (*context)->compute(std::chrono::steady_clock::now() + std::chrono::milliseconds(20)));
    }
  }
  EXPECT_GT(loaded, 100);
  EXPECT_GT(refused, 100);
}

}  // namespace
}  // namespace nacre::test
