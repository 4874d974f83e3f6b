// The same guests, as a core module and as a component of each version, on every backend: what they
// answer must be the same to the last bit.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "../in_ci.h"
#include "abi_test_base.h"

namespace nacre::test {
namespace {

using testing::HasSubstr;

class Matrix : public AbiTest {
 protected:
  /// The answer of this ABI and that of the module, which must be the same.
  static std::string same_as_module(const std::string& name,
                                    const std::vector<std::string>& options,
                                    const std::vector<std::string>& words,
                                    const std::vector<std::string>& lines = {}) {
    const std::string mine = answer(abi(), name, options, words, lines);
    EXPECT_EQ(mine, answer(kAbis.front(), name, options, words, lines));
    return mine;
  }

#ifdef NACRE_TEST_MODELS
  static std::string model() {
    return "net=" NACRE_TEST_MODELS "/efficientnet-lite0" +
           std::string(backend() == "torch" ? ".pt" : ".onnx") + ",backend=" + backend();
  }
  static std::string files() {
    const std::string file = "models/efficientnet-lite0";
    if (backend() == "torch") return file + ".pt";
    return backend() == "openvino" ? file + ".xml," + file + ".bin" : file + ".onnx";
  }
#endif
};

TEST_P(Matrix, InfersTheSame) {
  const ScratchDir dir;
  if (!vendor()) {
    const std::string checksum = same_as_module("bench_infer", {"--model", echo_model(dir)},
                                                {"echo", "5", "1", "1,4"}, {"argmax", "checksum"});
    EXPECT_THAT(checksum, HasSubstr("checksum"));
    return;
  }
#ifdef NACRE_TEST_MODELS
  const std::string checksum = same_as_module("bench_infer", {"--model", model()},
                                              {"net", "2", "1"}, {"argmax", "checksum"});
  EXPECT_THAT(checksum, HasSubstr("checksum"));
#else
  FAIL() << "the backend is built and its model is not there";
#endif
}

// Echo: the SDK's own checks, and many rounds of it. Runtimes: what is in two photos.
TEST_P(Matrix, AnswersTheSame) {
  if (!vendor()) {
    const ScratchDir dir;
    same_as_module("sdk_answers", {"--model", echo_model(dir)}, {});
    for (const char* size : {"16", "602112"})
      answer(abi(), "echo_hop", {"--model", echo_model(dir)}, {size, "200"});
    return;
  }
#ifdef NACRE_TEST_MODELS
  for (const auto& [photo, best] : {std::pair{"coffee.png", "967"}, {"chelsea.png", "285"}}) {
    const std::string by_name =
        same_as_module("classify", {"--model", model(), "--dir", NACRE_TEST_PHOTOS "::."},
                       {"--digits", "9", "net", photo});
    EXPECT_THAT(by_name, testing::StartsWith(best));
    // By bytes, through the guest's own hands, in the format that this backend is chosen for.
    const std::string by_bytes = same_as_module(
        "classify", {"--dir", NACRE_TEST_PHOTOS "::.", "--dir", NACRE_TEST_MODELS "::models"},
        {"--digits", "9", files(), photo});
    EXPECT_THAT(by_bytes, testing::StartsWith(best));
    if (backend() != "onnxruntime" && backend() != "openvino") continue;
    // And ONNX, of which the operator says that this backend reads it.
    const std::string onnx_by_bytes =
        same_as_module("classify",
                       {"--backend", "onnx=" + backend(), "--dir", NACRE_TEST_PHOTOS "::.", "--dir",
                        NACRE_TEST_MODELS "::models"},
                       {"--digits", "9", "models/efficientnet-lite0.onnx", photo});
    EXPECT_EQ(onnx_by_bytes, by_name);
  }
#else
  FAIL() << "the backend is built and its model is not there";
#endif
}

#ifdef NACRE_TEST_BASIC_PITCH
/// Networks in the formats that are not ONNX, by who reads them.
struct Format {
  std::string name;
  std::string file;
  std::string backend;
  std::string by_bytes;  ///< its encoding; empty: only an operator can name it
  std::string refused = "tensorflow:models/nmp/saved_model.pb";  ///< what is not taken as bytes
  std::string folder = NACRE_TEST_BASIC_PITCH;
  std::string dims = "1,43844,1";
};

class MatrixOfFormats : public testing::TestWithParam<std::tuple<Abi, Format>> {
 protected:
  static Ended infer(const Abi& abi, const std::vector<std::string>& options,
                     const std::string& model) {
    std::vector<std::string> words = {"run"};
    words.insert(words.end(), options.begin(), options.end());
    words.push_back(guest("bench_infer" + abi.ending));
    words.insert(words.end(), {model, "2", "1", std::get<1>(GetParam()).dims});
    return nacre(words);
  }
};

TEST_P(MatrixOfFormats, InfersTheSame) {
  const auto& [abi, format] = GetParam();
  if (!is_built(format.backend)) {
    if (in_ci()) FAIL() << "this build has no backend " << format.backend;
    GTEST_SKIP() << "this build has no backend " << format.backend;
  }
  const std::vector<std::string> answers = {"argmax", "checksum"};
  const std::string model =
      "net=" + format.folder + "/" + format.file + ",backend=" + format.backend;
  const Ended mine = infer(abi, {"--model", model}, "net");
  ASSERT_EQ(mine.exit_code, 0) << mine.out << mine.err;
  const std::string by_name = lines_of(mine.out, answers);
  EXPECT_THAT(by_name, HasSubstr("checksum"));
  EXPECT_EQ(by_name, lines_of(infer(kAbis.front(), {"--model", model}, "net").out, answers));

  const std::vector<std::string> folder = {"--dir", format.folder + "::models"};
  if (format.by_bytes.empty()) {
    const Ended refused = infer(abi, folder, format.refused);
    EXPECT_NE(refused.exit_code, 0) << refused.out;
    return;
  }
  const Ended brought = infer(abi, folder, format.by_bytes + ":models/" + format.file);
  ASSERT_EQ(brought.exit_code, 0) << brought.out << brought.err;
  EXPECT_EQ(lines_of(brought.out, answers), by_name);
}

INSTANTIATE_TEST_SUITE_P(
    AbisAndFormats, MatrixOfFormats,
    testing::Combine(testing::ValuesIn(kAbis),
                     testing::Values(Format{"tflite", "nmp.tflite", "tflite", "tensorflowlite"},
                                     Format{"openvino_tflite", "nmp.tflite", "openvino", ""},
                                     Format{"openvino_tensorflow", "nmp", "openvino", ""},
                                     Format{"openvino_paddle", "cls.pdmodel", "openvino", "",
                                            "openvino:models/cls.pdmodel:models/cls.pdiparams",
                                            NACRE_TEST_PADDLE, "1,3,48,192"})),
    [](const auto& one) {
      return std::get<0>(one.param).name + "_" + std::get<1>(one.param).name;
    });
#endif

INSTANTIATE_TEST_SUITE_P(AbisAndBackends, Matrix,
                         testing::Combine(testing::ValuesIn(kAbis),
                                          testing::Values("echo", "onnxruntime", "openvino",
                                                          "torch")),
                         AbiTest::name_of);

}  // namespace
}  // namespace nacre::test
