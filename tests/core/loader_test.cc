#include "core/loader.h"

#include "model_bytes.h"
#include "support.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

namespace nacre {
namespace {

namespace fs = std::filesystem;
using testing::AnyOf;
using testing::HasSubstr;

const std::string kEcho = "nacre-echo v1\ninput a f32 2\n";

Error load_error(const std::vector<std::string>& texts, GraphEncoding encoding,
                 ExecutionTarget target = ExecutionTarget::kCpu, const GuestLimits& limits = {}) {
  static const auto catalog = BackendCatalog::create();
  std::vector<std::span<const std::byte>> parts;
  for (const std::string& text : texts)
    parts.push_back(test::bytes_of(text));
  auto graph = load_guest_model(*catalog, parts, encoding, target, limits);
  return graph ? Error{ErrorCode{}, "loaded"} : graph.error();
}

void expect(const Error& error, ErrorCode code, const std::string& part) {
  EXPECT_EQ(error.code, code) << error.message;
  EXPECT_THAT(error.message, HasSubstr(part));
}

TEST(LoadGuestModel, EchoByAutodetectOrByName) {
  EXPECT_EQ(load_error({kEcho}, GraphEncoding::kAutodetect).message, "loaded");
  EXPECT_EQ(load_error({kEcho}, GraphEncoding::kEcho).message, "loaded");
}

TEST(LoadGuestModel, RefusesWhatIsNoModel) {
  expect(load_error({}, GraphEncoding::kAutodetect), ErrorCode::kInvalidArgument, "none was given");
  expect(load_error({""}, GraphEncoding::kOnnx), ErrorCode::kInvalidEncoding, "empty");
  expect(load_error({"x"}, GraphEncoding::kAutodetect), ErrorCode::kInvalidEncoding, "known: ONNX");
  for (std::uint32_t i = 0; i < kGraphEncodingNames.size(); ++i) {
    for (const std::string& text :
         {std::string("x"), std::string(5000, 'a'), std::string(64, '\0')}) {
      const Error error = load_error({text}, static_cast<GraphEncoding>(i));
      EXPECT_EQ(error.code, ErrorCode::kInvalidEncoding) << i << ": " << error.message;
    }
  }
}

TEST(LoadGuestModel, AnotherFormatsBytesSayWhatTheyAre) {
  expect(load_error({kEcho}, GraphEncoding::kOnnx), ErrorCode::kInvalidEncoding,
         "onnx was stated, and the bytes are echo");
  expect(load_error({test::gguf_model()}, GraphEncoding::kPytorch), ErrorCode::kInvalidEncoding,
         "state ggml");
}

TEST(LoadGuestModel, PaddleIsForTheOperatorToName) {
  const std::string program = test::paddle_program();
  for (const auto encoding :
       {GraphEncoding::kAutodetect, GraphEncoding::kOpenvino, GraphEncoding::kPaddle}) {
    expect(load_error({program}, encoding), ErrorCode::kUnsupportedOperation, "from files only");
    expect(load_error({std::string(16, '\0'), program}, encoding), ErrorCode::kUnsupportedOperation,
           "an operator can name");
  }
}

TEST(LoadGuestModel, ALineThatIsWrongIsNamed) {
  expect(load_error({"nacre-echo v1\nexplode\n"}, GraphEncoding::kAutodetect),
         ErrorCode::kInvalidEncoding, "line 2");
}

TEST(LoadGuestModel, AnIrMayNotNestWithoutEnd) {
  std::string xml = "<net version=\"11\">";
  for (int i = 0; i < 20'000; ++i)
    xml += "<layers><layer><body>";
  for (int i = 0; i < 20'000; ++i)
    xml += "</body></layer></layers>";
  xml += "</net>";
  expect(load_error({xml}, GraphEncoding::kOpenvino), ErrorCode::kInvalidEncoding, "nested deeper");
  expect(load_error({"weights", xml}, GraphEncoding::kAutodetect), ErrorCode::kInvalidEncoding,
         "nested deeper");
}

TEST(LoadGuestModel, LimitsHold) {
  expect(load_error(std::vector<std::string>(17, "x"), GraphEncoding::kAutodetect),
         ErrorCode::kTooLarge, "17 parts");
  GuestLimits limits;
  limits.max_model_bytes = 10;
  expect(load_error({"123456", "12345"}, GraphEncoding::kOnnx, ExecutionTarget::kCpu, limits),
         ErrorCode::kTooLarge, "11 bytes, and the limit is 10");
}

TEST(LoadGuestModel, TargetsThatAreNotThere) {
  for (const auto target : {ExecutionTarget::kGpu, ExecutionTarget::kTpu}) {
    expect(load_error({kEcho}, GraphEncoding::kAutodetect, target),
           ErrorCode::kUnsupportedOperation, "it has: cpu");
  }
  EXPECT_EQ(load_error({kEcho}, GraphEncoding::kAutodetect, ExecutionTarget::kAuto).message,
            "loaded");
}

TEST(LoadGuestModel, ExternalDataIsRefusedBeforeABackendIsLookedFor) {
  // A tensor with external_data (13) as an initialiser (5) of the graph (7).
  const std::string tensor = test::field(8, "w") + test::field(13, test::field(1, "location") +
                                                                       test::field(2, "near.bin"));
  const std::string model =
      test::varint_field(1, 8) + test::field(7, test::field(5, tensor) + test::field(2, "g"));
  expect(load_error({model}, GraphEncoding::kOnnx), ErrorCode::kSecurity, "w");
  expect(load_error({model}, GraphEncoding::kAutodetect), ErrorCode::kSecurity, "w");
}

TEST(LoadGuestModel, AMissingBackendIsNamed) {
  const Error error = load_error({test::gguf_model()}, GraphEncoding::kAutodetect);
  expect(error, ErrorCode::kUnsupportedOperation, "the backend \"llama\" is not installed");
}

class LoadModel : public testing::Test {
 protected:
  void SetUp() override { fs::create_directories(dir_); }
  void TearDown() override { fs::remove_all(dir_); }
  std::string write(const std::string& name, const std::string& text) {
    std::ofstream(dir_ / name, std::ios::binary) << text;
    return (dir_ / name).string();
  }
  Result<std::shared_ptr<Graph>> load(std::vector<std::string> paths,
                                      GraphEncoding encoding = GraphEncoding::kAutodetect) {
    ModelSpec spec;
    spec.name = "m";
    spec.paths = std::move(paths);
    spec.encoding = encoding;
    return load_model(*catalog_, spec);
  }

  std::shared_ptr<BackendCatalog> catalog_ = BackendCatalog::create();
  const fs::path dir_ =
      fs::path(testing::TempDir()) /
      ("loader_" + std::string(testing::UnitTest::GetInstance()->current_test_info()->name()));
};

TEST_F(LoadModel, EchoFromAFileAndFromNone) {
  auto graph = load({write("echo.txt", kEcho)});
  ASSERT_TRUE(graph) << graph.error().message;
  EXPECT_EQ((*graph)->description().inputs[0].name, "a");
  EXPECT_EQ((*graph)->encoding(), GraphEncoding::kEcho);
  graph = load({}, GraphEncoding::kEcho);
  ASSERT_TRUE(graph) << graph.error().message;
  EXPECT_FALSE(load({}));
}

TEST_F(LoadModel, AMissingFileIsItsOwnError) {
  const std::string path = (dir_ / "none.onnx").string();
  expect(load({path}).error(), ErrorCode::kModelNotFound, path);
  expect(load({write("here", "x") + "/below"}).error(), ErrorCode::kModelNotFound, "below");
  expect(load({dir_.string()}).error(), ErrorCode::kModelNotFound, "saved_model.pb");
}

TEST_F(LoadModel, WhatIsNoFileIsSaidToBeNone) {
  const std::string pipe = (dir_ / "pipe.onnx").string();
  ASSERT_EQ(::mkfifo(pipe.c_str(), 0600), 0);
  for (const std::string& path : {pipe, std::string("/dev/zero")})
    expect(load({path}).error(), ErrorCode::kRuntimeError,
           path + " cannot be read: it is a pipe or");
  expect(load({dir_.string()}).error(), ErrorCode::kModelNotFound, "is a folder, and of folders");
}

TEST_F(LoadModel, TwoModelsAreNotOne) {
  const std::string echo = write("a.echo", kEcho);
  const std::string xml = write("a.xml", test::openvino_xml());
  const std::string weights = write("b.bin", std::string(64, '\1'));
  const std::string gguf = write("c.gguf", test::gguf_model());
  expect(load({xml, gguf}).error(), ErrorCode::kInvalidEncoding, gguf + " is a whole model (ggml)");
  expect(load({gguf, xml}).error(), ErrorCode::kInvalidEncoding, gguf + " is a whole model (ggml)");
  expect(load({xml, xml}).error(), ErrorCode::kInvalidEncoding,
         xml + " is a whole model (openvino)");
  expect(load({echo, weights}).error(), ErrorCode::kInvalidEncoding,
         echo + " is a whole model (echo)");
  // The XML and its weights are one: what is missing here is what reads it.
  for (const auto& paths : {std::vector{xml, weights}, std::vector{weights, xml}})
    expect(load(paths).error(), ErrorCode::kUnsupportedOperation, "\"openvino\" is not installed");
}

TEST_F(LoadModel, AWrongFileIsNamed) {
  const std::string path = write("words.txt", "just words");
  expect(load({path}).error(), ErrorCode::kInvalidEncoding, path);
  expect(load({path}, GraphEncoding::kOnnx).error(), ErrorCode::kInvalidEncoding, "");
}

TEST_F(LoadModel, OnnxMayNotReachOutOfItsFolder) {
  const std::string tensor =
      test::field(8, "w") +
      test::field(13, test::field(1, "location") + test::field(2, "../near.bin"));
  const std::string model =
      test::varint_field(1, 8) + test::field(7, test::field(5, tensor) + test::field(2, "g"));
  write("near.bin", "data");
  fs::create_directories(dir_ / "inner");
  expect(load({write("inner/model.onnx", model)}).error(), ErrorCode::kSecurity, "w");
}

TEST_F(LoadModel, ABackendThatIsNoneIsNotAModelThatIsNone) {
  ModelSpec spec;
  spec.name = "m";
  spec.paths = {write("a.echo", kEcho)};
  spec.backend = "ecko";
  expect(load_model(*catalog_, spec).error(), ErrorCode::kUnsupportedOperation,
         "did you mean \"echo\"?");
}

TEST_F(LoadModel, UnknownOptionsAreAnError) {
  ModelSpec spec;
  spec.name = "m";
  spec.encoding = GraphEncoding::kEcho;
  spec.options = {{"colour", "red"}};
  expect(load_model(*catalog_, spec).error(), ErrorCode::kInvalidArgument, "\"colour\"");
}

}  // namespace
}  // namespace nacre
