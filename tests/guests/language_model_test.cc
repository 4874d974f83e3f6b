// The guests of language models with a small one, on the command line that WasmEdge's users know.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "cli/process.h"

namespace nacre::test {
namespace {

using testing::HasSubstr;

const std::string kModel = NACRE_TEST_LANGUAGE_MODEL;

TEST(LanguageModel, ChatAnswersAndRemembers) {
  const Ended ended = nacre(
      {"run", "--dir", ".:.", "--nn-preload", "default:GGML:AUTO:" + kModel, guest("chat.wasm"),
       "--reverse-prompt", "</s>", "--temp", "0", "--n-predict", "40", "--stat"},
      {.input = "What is the capital of France?\nAnd of Italy?\n"});
  EXPECT_EQ(ended.exit_code, 0) << ended.err;
  EXPECT_THAT(ended.out, HasSubstr("Paris"));
  EXPECT_THAT(ended.out, HasSubstr("Rome"));
  EXPECT_THAT(ended.err, HasSubstr("\"cached_tokens\""));
}

// One thread: ggml's wait for each other by spinning, which costs much where other tests run.
Ended on_one_thread(const std::vector<std::string>& words) {
  std::vector<std::string> all = {"run", "--model", "default=" + kModel + ",threads=1"};
  all.insert(all.end(), words.begin(), words.end());
  return nacre(all);
}

TEST(LanguageModel, ASentenceIsMoreLikeItselfThanAnother) {
  const auto alike = [](const char* one, const char* other) {
    const Ended ended = on_one_thread({guest("embed.wasm"), one, other});
    EXPECT_EQ(ended.exit_code, 0) << ended.err;
    return std::strtod(ended.out.c_str(), nullptr);
  };
  EXPECT_NEAR(alike("A cat sleeps.", "A cat sleeps."), 1, 1e-3);
  EXPECT_LT(alike("A cat sleeps.", "Interest rates rose by two percent."), 0.999);
}

TEST(LanguageModel, WasmedgesHabitsWork) {
  const Ended ended = on_one_thread({guest("wasmedge_classic.wasm"), "The capital of France is",
                                     R"({"temp": 0, "n-predict": 3})"});
  EXPECT_EQ(ended.exit_code, 0) << ended.err;
  EXPECT_EQ(ended.out, " Paris.\n\n Paris.\n\n");
}

TEST(LanguageModel, WasmedgesGuestsMayBringTheirModelAsGgml) {
  const Ended ended =
      nacre({"run", "--dir", std::filesystem::path(kModel).parent_path().string() + "::.",
             guest("wasmedge_bare.wasm"), "--file", "smollm2.gguf", "The capital of France is",
             R"({"temp": 0, "n-predict": 3})"});
  EXPECT_EQ(ended.exit_code, 0) << ended.err;
  EXPECT_EQ(ended.out, "5 tokens\n Paris.\n\n");
}

TEST(LanguageModel, ATimeoutAndSignalsEndATextWithinAToken) {
  // 8,000 tokens would take a minute and more. A small cache is soon reserved.
  const std::string model = "default=" + kModel + ",threads=1,slots=1,ctx-size=8192";
  const char* endless = R"({"temp": 0, "ignore-eos": true})";
  const Ended whole = nacre({"run", "--timeout", "2s", "--model", model,
                             guest("wasmedge_classic.wasm"), "Once upon a time", endless});
  EXPECT_EQ(whole.exit_code, 124) << whole.err;
  EXPECT_LT(whole.took, std::chrono::milliseconds(4000));
  for (const int signal : {SIGINT, SIGTERM}) {
    Process process({program(), "run", "--model", model, guest("bench_text.wasm"), "--pieces",
                     "default", endless, "Once upon a time"});
    ASSERT_TRUE(process.wait_for_output("piece\npiece\n"));
    const auto sent = std::chrono::steady_clock::now();
    process.send(signal);
    EXPECT_EQ(process.wait().exit_code, 128 + signal);
    EXPECT_LT(std::chrono::steady_clock::now() - sent, std::chrono::seconds(1));
  }
}

TEST(LanguageModel, StatsCountTexts) {
  const Ended ended = nacre({"run", "--stats=json", "--model", "default=" + kModel + ",threads=1",
                             guest("bench_text.wasm"), "default", R"({"temp": 0, "n-predict": 4})",
                             "Once upon a time", "The capital of France is"});
  EXPECT_EQ(ended.exit_code, 0) << ended.err;
  const auto stats = nlohmann::json::parse(ended.err.substr(ended.err.find('{')))["models"][0];
  EXPECT_EQ(stats["requests"], 2);
  EXPECT_EQ(stats["errors"], 0);
  EXPECT_GT(stats["compute_ns"], 0);
}

const std::vector<std::string> kComponents = {".component.wasm", ".2024-08-19.component.wasm",
                                              ".2024-06-25.component.wasm"};

TEST(LanguageModel, ChatIsTheSameAsAComponent) {
  const auto chat = [](const std::string& program) {
    return nacre({"run", "--model", "default=" + kModel + ",threads=1", guest(program), "--temp",
                  "0", "--n-predict", "30"},
                 {.input = "What is the capital of France?\nAnd of Italy?\n"});
  };
  const Ended as_module = chat("chat.wasm");
  EXPECT_THAT(as_module.out, HasSubstr("Paris"));
  for (const std::string& kind : kComponents) {
    const Ended ended = chat("chat" + kind);
    EXPECT_EQ(ended.exit_code, 0) << ended.err;
    EXPECT_EQ(ended.out, as_module.out) << kind;
  }
}

// Read from the header alone, and the same as llama.cpp says of the loaded model.
TEST(LanguageModel, InspectReadsTheHeader) {
  const Ended header = nacre({"inspect", kModel});
  const Ended loaded = nacre({"inspect", "--backend", "llama", kModel});
  EXPECT_EQ(header.exit_code, 0) << header.err;
  EXPECT_EQ(loaded.exit_code, 0) << loaded.err;
  for (const char* fact : {"architecture: llama", "parameters: 134515008", "quantisation: Q4_1",
                           "layers: 30", "embedding_length: 576", "context: 8192",
                           "template: chatml", "vocabulary: 49152 tokens, BPE"}) {
    EXPECT_THAT(header.out, HasSubstr(fact));
    EXPECT_THAT(loaded.out, HasSubstr(fact));
  }
  EXPECT_THAT(header.out, HasSubstr("kv_bytes_per_token: 23040"));
}

// The model's own template makes of the questions what the model knows, and the second is
// understood only with the first.
TEST(LanguageModel, TheHostKeepsAChat) {
  const Ended ended = nacre({"run", "--wasi", "nn-prompt", "--model",
                             "default=" + kModel + ",threads=1,max-tokens=40,config={\"temp\":0}",
                             guest("ask.component.wasm"), "default",
                             "What is the capital of France?", "And of Italy?"});
  EXPECT_EQ(ended.exit_code, 0) << ended.err;
  EXPECT_THAT(ended.out, HasSubstr("Paris"));
  EXPECT_THAT(ended.out, HasSubstr("Rome"));
  EXPECT_EQ(ended.out.find("<|im_end|>"), std::string::npos) << ended.out;
}

TEST(LanguageModel, EmbeddingsOfAComponentAreTheModules) {
  const Ended as_module = on_one_thread({guest("embed.wasm"), "a cat", "a kitten"});
  EXPECT_EQ(as_module.exit_code, 0) << as_module.err;
  EXPECT_EQ(on_one_thread({guest("embed.component.wasm"), "a cat", "a kitten"}).out, as_module.out);
}

TEST(LanguageModel, APromptIsATensorForWhoKnowsOnlyTensors) {
  std::vector<std::string> programs = {"respond.wasm"};
  for (const std::string& kind : kComponents)
    programs.push_back("respond" + kind);
  for (const std::string& program : programs) {
    const Ended ended = nacre({"run", "--model",
                               "default=" + kModel + ",threads=1,max-tokens=3,config={\"temp\":0}",
                               guest(program), "default", "The capital of France is"});
    EXPECT_EQ(ended.exit_code, 0) << program << ended.err;
    EXPECT_EQ(ended.out, " Paris.\n\n") << program;
  }
}

}  // namespace
}  // namespace nacre::test
