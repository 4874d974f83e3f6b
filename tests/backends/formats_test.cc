// `autodetect` on models as real tools wrote them: each is known, no part of one passes for
// another format, and a wrong encoding is answered with the right one.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <optional>
#include <ostream>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/sniff.h"
#include "paddle_program.h"
#include "tensors.h"
#include "tf_graph.h"
#include "tflite_models.h"

namespace nacre::test {
namespace {

using testing::HasSubstr;

struct RealModel {
  const char* name;
  std::string path;  ///< what an operator names
  std::string file;  ///< what tells its format
  GraphEncoding encoding;
  const char* backend;
};
std::ostream& operator<<(std::ostream& out, const RealModel& model) {
  return out << model.path;
}

const std::string kPitch = NACRE_TEST_BASIC_PITCH_DIR;
const std::string kPaddle = NACRE_TEST_PADDLE_DIR;
const std::string kModels = NACRE_TEST_MODELS_DIR;

class Formats : public testing::TestWithParam<RealModel> {
 protected:
  static std::optional<GraphEncoding> sniff_text(std::string_view text) {
    return sniff(std::as_bytes(std::span(text)));
  }
};

TEST_P(Formats, AreKnownAndLoadWithoutBeingNamed) {
  EXPECT_EQ(sniff_text(read_file(GetParam().file)), GetParam().encoding);
  auto graph = load_path(GetParam().path);
  ASSERT_TRUE(graph) << graph.error().message;
  EXPECT_EQ((*graph)->encoding(), GetParam().encoding);
  EXPECT_EQ((*graph)->backend(), GetParam().backend);
}

TEST_P(Formats, NoPartPassesForAnother) {
  const std::string whole = read_file(GetParam().file);
  const auto check = [&](std::size_t begin, std::size_t size) {
    const auto found = sniff_text(std::string_view(whole).substr(begin, size));
    EXPECT_EQ(found.value_or(GetParam().encoding), GetParam().encoding)
        << size << " bytes from " << begin;
  };
  for (std::size_t size = 0; size < 2000 && size < whole.size(); ++size)
    check(0, size);
  for (std::size_t i = 1; i < 100; ++i) {
    check(0, whole.size() * i / 100);
    check(whole.size() * i / 100, whole.npos);
  }
}

TEST_P(Formats, AWrongEncodingIsAnsweredWithTheRightOne) {
  for (const auto encoding :
       {GraphEncoding::kOnnx, GraphEncoding::kOpenvino, GraphEncoding::kTensorflow,
        GraphEncoding::kTensorflowlite, GraphEncoding::kPytorch, GraphEncoding::kGgml,
        GraphEncoding::kPaddle}) {
    if (encoding == GetParam().encoding) continue;
    const std::string stated(to_string(encoding));
    for (const auto& graph : {load_path(GetParam().path, "encoding=" + stated),
                              load_bytes({read_file(GetParam().file)}, encoding)}) {
      if (!graph && graph.error().code == ErrorCode::kUnsupportedOperation) {
        // Of what guests cannot state nothing is advised to them.
        EXPECT_EQ(GetParam().encoding, GraphEncoding::kPaddle) << graph.error().message;
        continue;
      }
      ASSERT_FALSE(graph) << stated;
      EXPECT_EQ(graph.error().code, ErrorCode::kInvalidEncoding) << graph.error().message;
      EXPECT_THAT(graph.error().message,
                  HasSubstr("state " + std::string(to_string(GetParam().encoding))));
    }
  }
}

INSTANTIATE_TEST_SUITE_P(
    Real, Formats,
    testing::Values(RealModel{"Onnx", kPitch + "/nmp.onnx", kPitch + "/nmp.onnx",
                              GraphEncoding::kOnnx, "onnxruntime"},
                    RealModel{"LargerOnnx", kModels + "/efficientnet-lite0.onnx",
                              kModels + "/efficientnet-lite0.onnx", GraphEncoding::kOnnx,
                              "onnxruntime"},
                    RealModel{"Tflite", kPitch + "/nmp.tflite", kPitch + "/nmp.tflite",
                              GraphEncoding::kTensorflowlite, "tflite"},
                    RealModel{"SavedModel", kPitch + "/nmp", kPitch + "/nmp/saved_model.pb",
                              GraphEncoding::kTensorflow, "openvino"},
                    RealModel{"Paddle", kPaddle + "/det.pdmodel", kPaddle + "/det.pdmodel",
                              GraphEncoding::kPaddle, "openvino"},
                    RealModel{"Openvino", kModels + "/efficientnet-lite0.xml",
                              kModels + "/efficientnet-lite0.xml", GraphEncoding::kOpenvino,
                              "openvino"}),
    [](const auto& row) { return std::string(row.param.name); });

TEST(NearMisses, AreNoFormat) {
  const auto none = [](std::string_view bytes) {
    return !sniff(std::as_bytes(std::span(bytes))).has_value();
  };
  const std::string graph = tf_sum_graph();
  EXPECT_FALSE(none(graph));
  EXPECT_TRUE(none(graph + "\x01")) << "a byte too many";
  EXPECT_TRUE(none(graph.substr(1)));
  EXPECT_TRUE(none(pb_bytes(1, pb_bytes(1, "name")))) << "a node without an operator";
  EXPECT_TRUE(none(pb_number(1, 1) + pb_bytes(2, pb_bytes(1, "no graph"))));
  // CoreML's Model: a version, a description with inputs, and fields of large numbers.
  EXPECT_TRUE(none(pb_number(1, 7) + pb_bytes(2, pb_bytes(1, pb_bytes(1, "x"))) +
                   pb_bytes(502, pb_number(1, 1))));
  // Paddle's ProgramDesc: blocks, each with a number, and versions.
  EXPECT_FALSE(none(paddle_sum().program()));
  EXPECT_TRUE(none(paddle_sum().program() + "\x01"));
  EXPECT_TRUE(none(paddle_sum().weights() + paddle_layer().weights())) << "parameters alone";
  EXPECT_TRUE(none(pb_bytes(1, pb_number(1, 0) + pb_number(2, 0)) + pb_bytes(4, pb_number(1, 0))));
  const std::string saved = tf_saved_model(graph, {{"x", "x:0"}}, {{"sum", "sum:0"}});
  EXPECT_FALSE(none(saved));
  EXPECT_TRUE(none(saved.substr(0, saved.size() - 1)));
  std::string lite = tflite_twice().bytes();
  EXPECT_FALSE(none(lite));
  for (const char* other : {"TFL2", "TFL4", "tfl3", "ARMN", "ORTM"})
    EXPECT_TRUE(none(lite.replace(4, 4, other))) << other;
  // ONNX Runtime's own format, of the same kind of bytes as TFLite's.
  const std::string hdf5 = "\x89HDF\r\n\x1a\n" + std::string(100, '\0');
  EXPECT_TRUE(none(hdf5));
  EXPECT_TRUE(none(std::string("\x80\x02}q\x00.", 6))) << "a pickle";
  EXPECT_TRUE(none("ggml" + std::string(100, '\0'))) << "GGUF's predecessor";
}

}  // namespace
}  // namespace nacre::test
