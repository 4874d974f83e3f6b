// The same guests, as a core module and as a component of each version, on every backend: what they
// answer must be the same to the last bit.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <sstream>
#include <tuple>

#include "cli/process.h"

namespace nacre::test {
namespace {

using testing::HasSubstr;
using testing::Not;

struct Abi {
  std::string name;
  std::string ending;  ///< of a guest's file
};

const std::vector<Abi> kAbis = {{"module", ".wasm"},
                                {"component_2024_06_25", ".2024-06-25.component.wasm"},
                                {"component_2024_08_19", ".2024-08-19.component.wasm"},
                                {"component_2024_10_28", ".component.wasm"}};

bool is_built(const std::string& backend) {
  std::istringstream list(NACRE_TEST_BACKENDS);
  for (std::string name; std::getline(list, name, ',');) {
    if (name == backend) return true;
  }
  return backend == "echo";
}

/// The lines of a guest's output that begin with one of these words; all of them without words.
std::string lines_of(const std::string& text, const std::vector<std::string>& words) {
  std::string kept;
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) {
    const bool wanted = words.empty() || std::ranges::any_of(words, [&](const auto& w) {
                          return line.starts_with(w);
                        });
    if (wanted) kept += line + "\n";
  }
  return kept;
}

class Matrix : public testing::TestWithParam<std::tuple<Abi, std::string>> {
 protected:
  void SetUp() override {
    if (is_built(backend())) return;
    // Where nobody looks at the list of what was skipped, skipping would hide it.
    const char* ci = std::getenv("CI");
    if (ci != nullptr && *ci != '\0') FAIL() << "this build has no backend " << backend();
    GTEST_SKIP() << "this build has no backend " << backend();
  }

  static const Abi& abi() { return std::get<0>(GetParam()); }
  static const std::string& backend() { return std::get<1>(GetParam()); }
  static bool vendor() { return backend() != "echo"; }

  /// What `name` prints as `abi`: with the options of `nacre run` in front and its own words
  /// behind.
  static std::string answer(const Abi& abi, const std::string& name,
                            std::vector<std::string> options, const std::vector<std::string>& words,
                            const std::vector<std::string>& lines = {}) {
    options.insert(options.begin(), "run");
    options.push_back(guest(name + abi.ending));
    options.insert(options.end(), words.begin(), words.end());
    const Ended ended = nacre(options);
    EXPECT_EQ(ended.exit_code, 0) << abi.name << ": " << ended.out << ended.err;
    return lines_of(ended.out, lines);
  }

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
    return "net=" NACRE_TEST_MODELS "/efficientnet-lite0.onnx,backend=" + backend();
  }
  static std::string files() {
    const std::string file = "models/efficientnet-lite0";
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

// By name where wasi-nn has one for the element type, else as u8: the same bytes come back.
TEST_P(Matrix, CarriesEveryElementType) {
  const ScratchDir dir;
  // What must be said of each: the bytes of 3 × 2 elements, and of one in a scalar.
  std::vector<std::string> options;
  std::vector<std::string> names;
  const auto offer = [&](const std::string& name, const std::string& type,
                         const std::string& shape) {
    std::string path = NACRE_TEST_SOURCE_DIR "/tests/data/onnx/" + name + ".onnx";
    if (!vendor()) {
      path = dir / (name + ".echo");
      write_text(path, "nacre-echo v1\ninput x " + type + " " + shape + "\n");
    }
    options.insert(options.end(), {"--model", name + "=" + path + ",backend=" + backend()});
    names.push_back(name);
  };
  for (const std::string type : {"f16", "f32", "f64", "bf16", "u8", "i8", "u16", "i16", "i32",
                                 "u32", "i64", "u64", "bool", "string"}) {
    offer("identity_" + type, type, "?,2");
  }
  for (const std::string type : {"bool", "f32", "i16", "string", "u64"})
    offer("identity_scalar_" + type, type, "scalar");

  for (const std::string rows : {"3", "0"}) {
    std::vector<std::string> words = {rows};
    words.insert(words.end(), names.begin(), names.end());
    const std::string all = answer(abi(), "carry", options, words);
    const auto dims = [&](const std::string& more) { return "[" + rows + ",2" + more + "]"; };
    const bool module = abi().name == "module";
    const std::string bf16 = "identity_bf16: bf16 " + dims("") + " as ";
    for (const std::string& line :
         {"identity_f32: f32 " + dims("") + " as itself",
          "identity_i64: i64 " + dims("") + " as itself",
          bf16 + (module ? "u8 " + dims(",2") : "itself"),
          "identity_i8: i8 " + dims("") + " as u8 " + dims(""),
          "identity_u16: u16 " + dims("") + " as u8 " + dims(",2"),
          "identity_u32: u32 " + dims("") + " as u8 " + dims(",4"),
          "identity_u64: u64 " + dims("") + " as u8 " + dims(",8"),
          "identity_bool: bool " + dims("") + " as u8 " + dims(""),
          std::string("identity_scalar_u64: u64 [] as u8 [8], 8 bytes"),
          std::string("identity_scalar_bool: bool [] as u8 [], 1 bytes"),
          std::string("identity_scalar_f32: f32 [] as itself, 4 bytes")}) {
      EXPECT_THAT(all, HasSubstr(line));
    }
    if (backend() == "openvino") {
      EXPECT_THAT(all, HasSubstr("identity_string does not load: "));
      EXPECT_THAT(all, HasSubstr("string elements"));
    } else {
      // Six strings of 0 to 4 bytes with their lengths; none has no bytes at all.
      EXPECT_THAT(all, HasSubstr("identity_string: string " + dims("") + " as u8 [" +
                                 (rows == "0" ? "0], 0" : "34], 34") + " bytes"));
      EXPECT_THAT(all, HasSubstr("identity_scalar_string: string [] as u8 [4], 4 bytes"));
      EXPECT_THAT(all, Not(HasSubstr("does not load")));
    }
  }
}

INSTANTIATE_TEST_SUITE_P(AbisAndBackends, Matrix,
                         testing::Combine(testing::ValuesIn(kAbis),
                                          testing::Values("echo", "onnxruntime", "openvino")),
                         [](const auto& one) {
                           return std::get<0>(one.param).name + "_" + std::get<1>(one.param);
                         });

}  // namespace
}  // namespace nacre::test
