// Without TensorFlow Lite's library: files are read by OpenVINO, bytes are refused in words. A
// program of its own, since a library once opened stays.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>

#include "backends/tensors.h"
#include "tflite_models.h"

namespace nacre::test {
namespace {

using testing::HasSubstr;

class TfliteMissing : public testing::Test {
 protected:
  void SetUp() override {
    setenv("NACRE_TFLITE_LIBRARY", "/nowhere/libtensorflowlite_c.so", 1);
    std::ofstream(path_, std::ios::binary) << tflite_twice().bytes();
  }
  void TearDown() override { std::filesystem::remove(path_); }

  const std::string path_ = testing::TempDir() + "/tflite_missing.tflite";
};

TEST_F(TfliteMissing, TheBackendSaysHowToGetIt) {
  const auto opened = catalog().open("tflite");
  ASSERT_FALSE(opened);
  EXPECT_EQ(opened.error().code, ErrorCode::kUnsupportedOperation);
  EXPECT_THAT(opened.error().message, HasSubstr("/nowhere/libtensorflowlite_c.so"));
  EXPECT_THAT(opened.error().message, HasSubstr("NACRE_TFLITE_LIBRARY"));
}

TEST_F(TfliteMissing, FilesAreReadByOpenvinoWhichIsSaid) {
  auto graph = load_path(path_);
  ASSERT_TRUE(graph) << graph.error().message;
  EXPECT_EQ((*graph)->backend(), "openvino");
  std::string served;
  for (const Property& p : (*graph)->description().properties)
    if (p.key == "served_by") served = p.value;
  EXPECT_THAT(served, HasSubstr("openvino"));
  EXPECT_THAT(served, HasSubstr("libtensorflowlite_c.so"));
  EXPECT_EQ(
      compute(*graph, {plain<float>(TensorType::kF32, {2, 3}, {1, 2, 3, 4, 5, 6})}).value()[0],
      plain<float>(TensorType::kF32, {2, 3}, {2, 4, 6, 8, 10, 12}));
}

TEST_F(TfliteMissing, BytesAreRefusedNamingTheLibrary) {
  const auto graph = load_bytes({tflite_twice().bytes()}, GraphEncoding::kTensorflowlite);
  ASSERT_FALSE(graph);
  EXPECT_EQ(graph.error().code, ErrorCode::kUnsupportedOperation);
  EXPECT_THAT(graph.error().message, HasSubstr("libtensorflowlite_c.so"));
  EXPECT_THAT(graph.error().message, HasSubstr("only files that the operator names"));
}

TEST_F(TfliteMissing, WhoNamesTheBackendGetsNoOther) {
  const auto graph = load_path(path_, "backend=tflite");
  ASSERT_FALSE(graph);
  EXPECT_EQ(graph.error().code, ErrorCode::kUnsupportedOperation);
}

TEST_F(TfliteMissing, ALibraryOfAnotherKindIsNamedToo) {
  setenv("NACRE_TFLITE_LIBRARY", "libm.so.6", 1);
  const auto opened = catalog().open("tflite");
  ASSERT_FALSE(opened);
  EXPECT_EQ(opened.error().code, ErrorCode::kUnsupportedOperation);
  EXPECT_THAT(opened.error().message, HasSubstr("TfLiteVersion"));
}

}  // namespace
}  // namespace nacre::test
