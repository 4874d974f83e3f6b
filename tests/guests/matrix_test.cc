// The same guests, as a core module and as a component of each version, on every backend: what they
// answer must be the same to the last bit.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

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

INSTANTIATE_TEST_SUITE_P(AbisAndBackends, Matrix,
                         testing::Combine(testing::ValuesIn(kAbis),
                                          testing::Values("echo", "onnxruntime", "openvino",
                                                          "torch")),
                         AbiTest::name_of);

}  // namespace
}  // namespace nacre::test
