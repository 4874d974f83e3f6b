#include "core/sniff.h"

#include "model_bytes.h"

#include <gtest/gtest.h>
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace nacre {
namespace {

std::span<const std::byte> bytes(std::string_view text) {
  return std::as_bytes(std::span(text));
}

std::optional<GraphEncoding> sniff_text(std::string_view text) {
  return sniff(bytes(text));
}

struct Sample {
  const char* name;
  GraphEncoding encoding;
  std::string model;
  bool every_prefix_is_none;  // the format says where it ends
};

class Sniff : public testing::TestWithParam<Sample> {};

TEST_P(Sniff, KnowsTheWhole) {
  EXPECT_EQ(sniff_text(GetParam().model), GetParam().encoding);
}

TEST_P(Sniff, KnowsNoPrefixForAnother) {
  const Sample& sample = GetParam();
  for (std::size_t size = 0; size < sample.model.size(); ++size) {
    const auto found = sniff_text(std::string_view(sample.model).substr(0, size));
    EXPECT_EQ(found.value_or(sample.encoding), sample.encoding) << size;
    EXPECT_FALSE(sample.every_prefix_is_none && found) << size;
  }
}

TEST_P(Sniff, SurvivesEveryByteChanged) {
  for (std::size_t i = 0; i < GetParam().model.size(); ++i) {
    for (const int change : {1, 0x80, 0xff}) {
      std::string model = GetParam().model;
      model[i] = static_cast<char>(model[i] ^ change);
      static_cast<void>(sniff_text(model));
    }
  }
}

INSTANTIATE_TEST_SUITE_P(
    Formats, Sniff,
    testing::Values(Sample{"Onnx", GraphEncoding::kOnnx, test::onnx_model(), false},
                    Sample{"Openvino", GraphEncoding::kOpenvino, test::openvino_xml(), false},
                    Sample{"Frozen", GraphEncoding::kTensorflow, test::frozen_graph(), false},
                    Sample{"SavedModel", GraphEncoding::kTensorflow, test::saved_model(), true},
                    Sample{"TorchScript", GraphEncoding::kPytorch, test::torchscript_zip(), true},
                    Sample{"Tflite", GraphEncoding::kTensorflowlite, test::tflite_model(), false},
                    Sample{"Paddle", GraphEncoding::kPaddle, test::paddle_program(), false},
                    Sample{"Gguf", GraphEncoding::kGgml, test::gguf_model(), false},
                    Sample{"Echo", GraphEncoding::kEcho, "nacre-echo v1\ninput a f32 1\n", false}),
    [](const auto& row) { return std::string(row.param.name); });

TEST(SniffNearMisses, AreNone) {
  const std::string zip = test::torchscript_zip();
  std::string no_code = zip;
  for (auto at = no_code.find("code/"); at != std::string::npos; at = no_code.find("code/")) {
    no_code[at] = 'm';
  }
  std::string gguf_of_zeros = "GGUF";
  gguf_of_zeros.resize(24);
  std::string gguf_too_many = test::gguf_model();
  gguf_too_many[14] = 1;
  std::string tflite_far_root = test::tflite_model();
  tflite_far_root[2] = 1;
  const std::vector<std::string> table = {
      "",
      std::string(1, '\0'),
      std::string(4096, '\0'),
      std::string(4096, 'a'),
      "nacre-echo v12\n",
      "nacre-echo  v1\n",
      " nacre-echo v1\n",
      "NACRE-ECHO V1\n",
      "GGUG" + test::gguf_model().substr(4),
      gguf_of_zeros,
      gguf_too_many,
      tflite_far_root,
      "<network version=\"11\"></network>",
      "<net version=\"11\">",
      "<net></net>",
      "<nets version=\"11\"></net>",
      "<!DOCTYPE html><html></html>",
      "<?xml version=\"1.0\"?>",
      no_code,
      zip + "x",
      "PK\x03\x04",
      test::onnx_model() + "\xff",
      test::onnx_model() + std::string("\x4b", 1),
      "{\"json\": true}",
      "\x08\x08",  // an IR version and no graph
      test::paddle_program() + "\x08",
      test::field(1, test::varint_field(1, 0) + test::varint_field(2, 0)),  // a block of nothing
  };
  for (const std::string& text : table) {
    EXPECT_EQ(sniff_text(text), std::nullopt) << testing::PrintToString(text.substr(0, 40));
  }
}

TEST(SniffParts, OpenvinoAndPaddleInEitherOrder) {
  const std::string xml = test::openvino_xml();
  const std::string program = test::paddle_program();
  const std::string weights(64, '\1');
  const auto parts = [](std::vector<std::string_view> texts) {
    std::vector<std::span<const std::byte>> all;
    for (const auto text : texts)
      all.push_back(bytes(text));
    return sniff(all);
  };
  EXPECT_EQ(parts({xml, weights}), GraphEncoding::kOpenvino);
  EXPECT_EQ(parts({weights, xml}), GraphEncoding::kOpenvino);
  EXPECT_EQ(parts({xml}), GraphEncoding::kOpenvino);
  EXPECT_EQ(parts({xml, xml}), std::nullopt);
  EXPECT_EQ(parts({weights, weights}), std::nullopt);
  EXPECT_EQ(parts({xml, weights, weights}), std::nullopt);
  EXPECT_EQ(parts({program, weights}), GraphEncoding::kPaddle);
  EXPECT_EQ(parts({weights, program}), GraphEncoding::kPaddle);
  EXPECT_EQ(parts({program, program}), std::nullopt);
  EXPECT_EQ(parts({program, weights, weights}), std::nullopt);
  EXPECT_EQ(parts({}), std::nullopt);
  EXPECT_EQ(parts({test::onnx_model(), weights}), std::nullopt);
}

}  // namespace
}  // namespace nacre
