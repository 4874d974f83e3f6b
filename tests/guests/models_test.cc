// Guests with real models on every runtime of this build.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <csignal>
#include <cstring>
#include <filesystem>
#include <map>
#include <sstream>

#include "cli/process.h"

namespace nacre::test {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;
using testing::Not;

const std::string kOnnx = NACRE_TEST_MODELS "/efficientnet-lite0.onnx";

// Those that read the ONNX models here.
std::vector<std::string> backends() {
  std::vector<std::string> names;
  std::istringstream list(NACRE_TEST_BACKENDS);
  for (std::string name; std::getline(list, name, ',');)
    if (name == "onnxruntime" || name == "openvino") names.push_back(name);
  return names;
}

// ONNX Runtime would write down what it does in the user's folder, and send it home.
TEST(Runtimes, LeaveNothingInTheUsersFolder) {
  const ScratchDir home;
  const Ended ended =
      nacre({"backends", "--json"}, {.env = {{"HOME", home.path()}, {"XDG_CACHE_HOME", ""}}});
  ASSERT_EQ(ended.exit_code, 0) << ended.err;
  for (const std::string& backend : backends()) {
    const Ended ran =
        nacre({"run", "--no-cache", "--model", "net=" + kOnnx + ",backend=" + backend, "--dir",
               NACRE_TEST_PHOTOS "::.", guest("classify.wasm"), "net", "coffee.png"},
              {.env = {{"HOME", home.path()}, {"XDG_CACHE_HOME", ""}}});
    EXPECT_EQ(ran.exit_code, 0) << ran.err;
  }
  for (const auto& entry : fs::recursive_directory_iterator(home.path()))
    EXPECT_THAT(entry.path().native(), Not(HasSubstr("icrosoft")));
}

class Runtime : public testing::TestWithParam<std::string> {
 protected:
  static std::string model() { return "net=" + kOnnx + ",backend=" + GetParam(); }

  /// Class index to probability, in the order printed.
  static std::vector<std::pair<int, double>> classify(const std::string& model,
                                                      const std::string& photo) {
    const Ended ended = nacre({"run", "--model", model, "--dir", NACRE_TEST_PHOTOS "::.",
                               guest("classify.wasm"), "--digits", "6", "net", photo});
    EXPECT_EQ(ended.exit_code, 0) << ended.err;
    std::vector<std::pair<int, double>> best;
    std::istringstream lines(ended.out);
    for (std::string line; std::getline(lines, line);) {
      best.emplace_back(std::stoi(line), std::stod(line.substr(line.rfind(' '))));
    }
    EXPECT_EQ(best.size(), 5u) << ended.out;
    return best;
  }
};

TEST_P(Runtime, SeesCoffee) {
  const auto best = classify(model(), "coffee.png");
  ASSERT_FALSE(best.empty());
  EXPECT_EQ(best[0].first, 967);
  EXPECT_NEAR(best[0].second, 0.82, 0.01);
}

TEST_P(Runtime, SeesACat) {
  const auto best = classify(model(), "chelsea.png");
  ASSERT_GE(best.size(), 3u);
  EXPECT_EQ(best[0].first, 285);
  EXPECT_NEAR(best[0].second, 0.36, 0.01);
  EXPECT_EQ(best[1].first, 282);
  EXPECT_EQ(best[2].first, 281);
}

TEST_P(Runtime, ReadsAJpeg) {
  EXPECT_FALSE(classify(model(), "rocket.jpg").empty());
}

TEST_P(Runtime, WasmtimesSpellingOffersTheModel) {
  const ScratchDir dir;
  fs::create_directory(dir.path() / "net");
  fs::copy_file(kOnnx, dir.path() / "net" / "model.onnx");
  const Ended ended =
      nacre({"run", "-S", "nn,nn-graph=onnx::" + (dir.path() / "net").string(), "--dir",
             NACRE_TEST_PHOTOS "::.", guest("classify.wasm"), "net", "coffee.png"});
  EXPECT_EQ(ended.exit_code, 0) << ended.err;
  EXPECT_THAT(ended.out, HasSubstr("967"));
}

TEST_P(Runtime, TimeoutAndSignalsEndInference) {
  const std::vector<std::string> guest_words = {
      guest("compute_for_ever.wasm"), "net", "1", "3", "224", "224"};
  std::vector<std::string> words = {"run", "--timeout", "3s", "--model", model()};
  words.insert(words.end(), guest_words.begin(), guest_words.end());
  EXPECT_EQ(nacre(words).exit_code, 124);
  for (const int signal : {SIGINT, SIGTERM}) {
    words = {program(), "run", "--model", model()};
    words.insert(words.end(), guest_words.begin(), guest_words.end());
    Process process(words);
    ASSERT_TRUE(process.wait_for_output("computing"));
    const auto sent = std::chrono::steady_clock::now();
    process.send(signal);
    EXPECT_EQ(process.wait().exit_code, 128 + signal);
    EXPECT_LT(std::chrono::steady_clock::now() - sent, std::chrono::seconds(1));
  }
}

// ONNX Runtime stops inside of a loop, OpenVINO does not: the program ends all the same.
TEST_P(Runtime, TimeoutEndsALoopWithoutEnd) {
  const auto begin = std::chrono::steady_clock::now();
  const Ended ended =
      nacre({"run", "--timeout", "1s", "--model",
             "net=" NACRE_TEST_SOURCE_DIR "/tests/data/onnx/endless.onnx,backend=" + GetParam(),
             guest("compute_for_ever.wasm"), "net", "4", "64"});
  EXPECT_EQ(ended.exit_code, 124) << ended.err;
  EXPECT_EQ(ended.out, "computing\n");
  EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds(10));
}

TEST_P(Runtime, InspectDescribesTheModel) {
  const Ended ended = nacre({"inspect", "--backend", GetParam(), kOnnx});
  EXPECT_EQ(ended.exit_code, 0) << ended.err;
  EXPECT_THAT(ended.out, HasSubstr("backend: " + GetParam()));
  EXPECT_THAT(ended.out, HasSubstr("3,224,224]"));
  EXPECT_THAT(ended.out, HasSubstr("opset"));
}

TEST_P(Runtime, ExternalDataOfAGuestIsRefused) {
  const ScratchDir dir;
  // The bait that a host without a look at the bytes would open.
  write_text(dir / "near.bin", std::string(16, 'x'));
  const Ended ended = nacre({"run", guest("load_external_data.wasm")}, {.directory = dir.path()});
  EXPECT_EQ(ended.exit_code, 0) << ended.out << ended.err;
}

INSTANTIATE_TEST_SUITE_P(Backends, Runtime, testing::ValuesIn(backends()),
                         [](const auto& one) { return one.param; });

TEST(Agreement, EveryRuntimeGivesTheSameProbabilities) {
  std::map<std::string, std::map<int, double>> by_backend;
  for (const std::string& backend : backends()) {
    const Ended ended = nacre({"run", "--model", "net=" + kOnnx + ",backend=" + backend, "--dir",
                               NACRE_TEST_PHOTOS "::.", guest("classify.wasm"), "--digits", "6",
                               "--top", "20", "net", "coffee.png"});
    ASSERT_EQ(ended.exit_code, 0) << ended.err;
    std::istringstream lines(ended.out);
    for (std::string line; std::getline(lines, line);) {
      by_backend[backend][std::stoi(line)] = std::stod(line.substr(line.rfind(' ')));
    }
  }
  const auto& first = by_backend.begin()->second;
  for (const auto& [backend, probabilities] : by_backend) {
    EXPECT_GE(probabilities.size(), 20u);
    for (const auto& [index, probability] : probabilities) {
      // A class at the end of one list may have just missed the other.
      const double other = first.contains(index) ? first.at(index) : 0;
      EXPECT_NEAR(probability, other, 1e-3) << backend << " class " << index;
    }
  }
}

#ifdef NACRE_TEST_IR
TEST(Openvino, ReadsItsOwnFormat) {
  const std::string ir = "net=" NACRE_TEST_MODELS "/efficientnet-lite0.xml:" NACRE_TEST_MODELS
                         "/efficientnet-lite0.bin";
  const Ended ended = nacre({"run", "--model", ir, "--dir", NACRE_TEST_PHOTOS "::.",
                             guest("classify.wasm"), "net", "coffee.png"});
  EXPECT_EQ(ended.exit_code, 0) << ended.err;
  EXPECT_THAT(ended.out, testing::StartsWith("967"));
  // By bytes, in both orders.
  for (const char* files : {"models/efficientnet-lite0.xml,models/efficientnet-lite0.bin",
                            "models/efficientnet-lite0.bin,models/efficientnet-lite0.xml"}) {
    const Ended loaded = nacre({"run", "--dir", NACRE_TEST_MODELS "::models",
                                guest("load_file.wasm"), "0", "0", files, "0"});
    EXPECT_EQ(loaded.exit_code, 0) << files << loaded.out << loaded.err;
  }
}
#endif

// A folder with what the classic guests read: fixture/model.onnx and fixture/tensor.bgr.
void put_fixture(const ScratchDir& dir) {
  fs::create_directory(dir.path() / "fixture");
  fs::copy_file(kOnnx, dir.path() / "fixture" / "model.onnx");
  std::string tensor(602112, '\0');
  for (std::size_t i = 0; i < tensor.size(); i += 4) {
    const float value = static_cast<float>(i % 1021) / 1021.0f;
    std::memcpy(&tensor[i], &value, 4);
  }
  write_text(dir.path() / "fixture" / "tensor.bgr", tensor);
}

TEST(WasmtimesGuest, RunsUnmodified) {
  const ScratchDir dir;
  put_fixture(dir);
  const Ended ended = nacre(
      {"run", "--dir", dir.path().string() + "::.", "-S", "nn", guest("wasmtime_classic.wasm")});
  EXPECT_EQ(ended.exit_code, 0) << ended.err;
  EXPECT_THAT(ended.out, HasSubstr("Executed graph inference"));
}

TEST(WamrsGuest, RunsUnmodifiedAndSaysTheSame) {
  const ScratchDir dir;
  put_fixture(dir);
  const std::string folder = dir.path().string() + "::.";
  const Ended wasmtimes = nacre({"run", "--dir", folder, guest("wasmtime_classic.wasm")});
  const Ended by_bytes = nacre({"run", "--dir", folder, guest("wamr_classic.wasm")});
  const Ended by_name = nacre({"run", "--dir", folder, "--wasi-nn-graph=m:onnx:cpu:" + kOnnx,
                               guest("wamr_classic.wasm"), "m"});
  ASSERT_EQ(wasmtimes.exit_code, 0) << wasmtimes.err;
  EXPECT_EQ(by_bytes.exit_code, 0) << by_bytes.err;
  EXPECT_EQ(by_name.exit_code, 0) << by_name.err;
  EXPECT_EQ(std::ranges::count(by_bytes.out, '\n'), 5);
  EXPECT_THAT(wasmtimes.out, testing::EndsWith(by_bytes.out));
  EXPECT_EQ(by_name.out, by_bytes.out);
}

TEST(BrokenModels, EveryBeginningOfAModelIsRefused) {
  // Once a MB; the backends' own tests look closer.
  const ScratchDir dir;
  fs::copy_file(kOnnx, dir.path() / "m.onnx");
  const Ended ended = nacre({"run", "--dir", dir.path().string() + "::.",
                             guest("load_truncated.wasm"), "1", "m.onnx", "1048576"});
  EXPECT_EQ(ended.exit_code, 0) << ended.out << ended.err;
}

TEST(Concurrency, TwoProcessesAtOnce) {
  std::vector<std::unique_ptr<Process>> runs;
  for (int i = 0; i < 2; ++i) {
    runs.push_back(std::make_unique<Process>(std::vector<std::string>{
        program(), "run", "--model", "net=" + kOnnx, "--dir", NACRE_TEST_PHOTOS "::.",
        guest("classify.wasm"), "net", "coffee.png"}));
  }
  for (auto& run : runs)
    EXPECT_THAT(run->wait().out, testing::StartsWith("967"));
}

}  // namespace
}  // namespace nacre::test
