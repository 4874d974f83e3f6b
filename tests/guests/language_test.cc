// Guests of language models, on the echo backend's text model: its tokens are words and its answer
// is the prompt.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <iterator>
#include <regex>
#include <string>
#include <vector>

#include "cli/process.h"

namespace nacre::test {
namespace {

using testing::HasSubstr;
using testing::Not;

class Language : public testing::Test {
 protected:
  std::string model(int words) const {
    write_text(dir_ / "chat.echo", "nacre-echo v1\ntext " + std::to_string(words) + "\n");
    return "default=" + (dir_ / "chat.echo");
  }
  const ScratchDir dir_;
};

TEST_F(Language, WasmedgesHabitsWork) {
  const Ended ended =
      nacre({"run", "--model", model(100), guest("wasmedge_classic.wasm"), "one two"});
  EXPECT_EQ(ended.exit_code, 0) << ended.err;
  EXPECT_EQ(ended.out, "one two</s>\none two\n");
  EXPECT_THAT(ended.err, HasSubstr("2 tokens in, 3 out"));
}

TEST_F(Language, AContextThatIsFullIsNoFailure) {
  const Ended ended = nacre({"run", "--model", model(10), guest("wasmedge_classic.wasm"),
                             "1 2 3 4 5 6", R"({"temp": 0})"});
  EXPECT_EQ(ended.exit_code, 0) << ended.err;
  EXPECT_EQ(ended.out, "1 2 3 4\n1 2 3 4\n");
}

// Many of WasmEdge's examples print nothing of the answer themselves.
TEST_F(Language, AnAnswerIsShownByTheHostWhereTheGuestConfiguresIt) {
  const Ended ended = nacre({"run", "--model", model(100), guest("wasmedge_classic.wasm"),
                             "one two", R"({"stream-stdout": true})"});
  EXPECT_EQ(ended.exit_code, 0) << ended.err;
  EXPECT_EQ(ended.out, "one two</s>one two</s>\none two\n");
}

// Its imports are those of any guest: that its model speaks tells whose it is.
TEST_F(Language, WasmedgesGuestsThatImportNothingSpecialWork) {
  const auto bare = [&](int words, std::vector<std::string> args) {
    std::vector<std::string> all = {"run", "--model", model(words), guest("wasmedge_bare.wasm")};
    all.insert(all.end(), args.begin(), args.end());
    return nacre(all);
  };
  const Ended whole = bare(100, {"one two"});
  EXPECT_EQ(whole.exit_code, 0) << whole.err;
  EXPECT_EQ(whole.out, "2 tokens\none two</s>\n");
  EXPECT_EQ(bare(100, {"one two", R"({"n-predict": 1})"}).out, "2 tokens\none\n");
  const Ended full = bare(10, {"1 2 3 4 5 6"});
  EXPECT_EQ(full.out, "6 tokens\n1 2 3 4\n");
  EXPECT_THAT(full.err, HasSubstr("Context full"));
  EXPECT_THAT(bare(10, {"1 2 3 4 5 6 7 8"}).err, HasSubstr("Prompt too long"));

  const Ended absent = nacre(
      {"run", "--nn-preload", "default:GGML:AUTO:absent.gguf", guest("wasmedge_bare.wasm"), "one"});
  EXPECT_THAT(absent.err, HasSubstr("load: Model not found"));
}

TEST_F(Language, ChatStreamsAndRemembers) {
  const Ended ended =
      nacre({"run", "--model", model(100), guest("chat.wasm"), "--system", "", "--stat"},
            {.input = "first\nsecond\n"});
  EXPECT_EQ(ended.exit_code, 0) << ended.err;
  EXPECT_THAT(ended.out,
              HasSubstr("[Bot]: <|im_start|>user first<|im_end|> <|im_start|>assistant"));
  // The second prompt holds the first turn with its answer, and then the second.
  EXPECT_THAT(ended.out, HasSubstr("assistant<|im_end|> <|im_start|>user second<|im_end|>"));
  EXPECT_THAT(ended.err, HasSubstr("\"output_tokens\""));
}

TEST_F(Language, ChatForgetsTheOldestTurnWhenTheContextIsFull) {
  const Ended ended = nacre({"run", "--model", model(12), guest("chat.wasm"), "--system", ""},
                            {.input = "first\nsecond\nthird\n"});
  EXPECT_EQ(ended.exit_code, 0) << ended.err;
  const std::string last = ended.out.substr(ended.out.rfind("[Bot]"));
  EXPECT_THAT(last, HasSubstr("third"));
  EXPECT_THAT(last, Not(HasSubstr("first")));
}

// The echo model says what the prompt was.
TEST_F(Language, ChatWritesEachFamilysTemplate) {
  const auto prompt = [&](const std::string& family) {
    const Ended ended = nacre({"run", "--model", model(100), guest("chat.wasm"), "--system", "Be.",
                               "--prompt-template", family},
                              {.input = "one\ntwo\n"});
    EXPECT_EQ(ended.exit_code, 0) << ended.err;
    return ended.out;
  };
  EXPECT_THAT(prompt("chatml"), HasSubstr("<|im_start|>system Be.<|im_end|> <|im_start|>user "
                                          "one<|im_end|> <|im_start|>assistant"));
  EXPECT_THAT(prompt("llama-2-chat"), HasSubstr("<s>[INST] <<SYS>> Be. <</SYS>> one [/INST]"));
  EXPECT_THAT(prompt("llama-3-chat"),
              HasSubstr("<|begin_of_text|><|start_header_id|>system<|end_header_id|> Be.<|eot_id|>"
                        "<|start_header_id|>user<|end_header_id|> one<|eot_id|>"
                        "<|start_header_id|>assistant<|end_header_id|>"));
  EXPECT_EQ(nacre({"run", "--model", model(100), guest("chat.wasm"), "--prompt-template", "no"})
                .exit_code,
            2);
}

TEST_F(Language, ALineThatNeverFitsIsSaidAndTheChatGoesOn) {
  const Ended ended = nacre({"run", "--model", model(10), guest("chat.wasm"), "--system", ""},
                            {.input = "1 2 3 4 5 6 7 8 9\nshort\n"});
  EXPECT_EQ(ended.exit_code, 0) << ended.err;
  EXPECT_THAT(ended.err, HasSubstr("too long"));
  EXPECT_THAT(ended.out, HasSubstr("short"));
}

TEST_F(Language, ChatSaysWhatItCannotOpen) {
  const Ended ended = nacre({"run", guest("chat.wasm")}, {.input = "hello\n"});
  EXPECT_EQ(ended.exit_code, 1);
  EXPECT_THAT(ended.err, HasSubstr("the model 'default' is not known to the host; run it with "
                                   "--model default=FILE"));
}

TEST_F(Language, AMissingFileIsAnErrnoOfItsOwn) {
  const Ended ended =
      nacre({"run", "--model", "default=" + (dir_ / "gone.echo"), guest("chat.wasm")});
  EXPECT_EQ(ended.exit_code, 1);
  EXPECT_THAT(ended.err, HasSubstr("cannot be opened: model_not_found"));
}

// ---- the same in every ABI

/// The component of each version of wasi:nn.
std::vector<std::string> components(const std::string& name) {
  return {guest(name + ".component.wasm"), guest(name + ".2024-08-19.component.wasm"),
          guest(name + ".2024-06-25.component.wasm")};
}

TEST_F(Language, ChatIsTheSameAsAComponent) {
  const ProcessOptions input{.input = "first\nsecond\n1 2 3 4 5 6 7 8 9 10 11 12 13\nthird\n"};
  const auto chat = [&](const std::string& program) {
    return nacre({"run", "--model", model(18), program, "--system", "", "--stat"}, input);
  };
  const Ended as_module = chat(guest("chat.wasm"));
  ASSERT_EQ(as_module.exit_code, 0) << as_module.err;
  EXPECT_THAT(as_module.out, HasSubstr("third"));
  EXPECT_THAT(as_module.err, HasSubstr("too long"));
  EXPECT_THAT(as_module.err, HasSubstr("the context is full"));
  for (const std::string& program : components("chat")) {
    const Ended ended = chat(program);
    EXPECT_EQ(ended.exit_code, 0) << program << ended.err;
    EXPECT_EQ(ended.out, as_module.out) << program;
    EXPECT_THAT(ended.err, HasSubstr("too long")) << program;
  }
}

// At once, and not after a person has written the first line.
TEST_F(Language, AnotherKindOfModelIsSaidToBeNoLanguageModel) {
  write_text(dir_ / "net.echo", "nacre-echo v1\ninput a f32 1\n");
  for (const std::string name : {"chat", "embed"}) {
    auto programs = components(name);
    programs.push_back(guest(name + ".wasm"));
    for (const std::string& program : programs) {
      std::vector<std::string> words = {"run", "--model", "default=" + (dir_ / "net.echo"),
                                        program};
      if (name == "embed") words.insert(words.end(), {"one", "two"});
      const Ended ended = nacre(words);
      EXPECT_EQ(ended.exit_code, 1) << program;
      EXPECT_EQ(ended.out, "") << program;
      EXPECT_EQ(ended.err, name +
                               ": the model 'default' is no language model; give one that is "
                               "(GGUF)\n");
    }
  }
}

TEST_F(Language, TheHostKeepsAChatWhereItIsAskedTo) {
  for (const std::string& program : components("ask")) {
    const Ended ended = nacre({"run", "--wasi", "nn-prompt", "--model", model(100), program,
                               "default", "one", "two", "three"});
    EXPECT_EQ(ended.exit_code, 0) << program << ended.err;
    EXPECT_EQ(ended.out,
              "user: one assistant:\n"
              "user: one assistant: user: one assistant: user: two assistant:\n"
              "user: one assistant: user: one assistant: user: two assistant: user: one assistant: "
              "user: one assistant: user: two assistant: user: three assistant:\n");
  }
}

TEST_F(Language, PromptWithoutItsFlagIsRefusedAndTheFlagIsSaid) {
  for (const std::string& program : components("ask")) {
    const Ended ended = nacre({"run", "--model", model(100), program, "default", "one"});
    EXPECT_EQ(ended.out, "");
    EXPECT_NE(ended.exit_code, 0) << program;
    EXPECT_THAT(ended.err, HasSubstr("--wasi nn-prompt")) << program;
    EXPECT_THAT(ended.err, HasSubstr("wasi:nn/prompt@0.2.0-rc-2024-")) << program;
  }
  const std::string program = guest("ask.component.wasm");
  EXPECT_THAT(nacre({"check", program}).out, HasSubstr("only with --wasi nn-prompt"));
  EXPECT_EQ(nacre({"check", "--wasi", "nn-prompt", program}).exit_code, 0);
}

TEST_F(Language, AChatNeedsALanguageModelWithATemplate) {
  write_text(dir_ / "net.echo", "nacre-echo v1\ninput a f32 1\n");
  write_text(dir_ / "chatless.echo", "nacre-echo v1\ntext 100\nchatless\n");
  const auto ask = [&](const std::string& file) {
    return nacre({"run", "-S", "nn-prompt", "--model", "default=" + (dir_ / file),
                  guest("ask.component.wasm"), "default", "one"});
  };
  EXPECT_EQ(ask("net.echo").exit_code, 1);
  EXPECT_THAT(ask("net.echo").err, HasSubstr("no language model"));
  EXPECT_THAT(ask("chatless.echo").err, HasSubstr("chatless"));
}

TEST_F(Language, ATimeoutEndsAnAnswerAndAStream) {
  write_text(dir_ / "slow.echo", "nacre-echo v1\ntext 100\nhang\n");
  const std::string slow = "default=" + (dir_ / "slow.echo");
  for (const std::vector<std::string>& words :
       {std::vector<std::string>{guest("ask.component.wasm"), "default", "one"},
        std::vector<std::string>{guest("chat.component.wasm")}}) {
    std::vector<std::string> all = {"run",   "--wasi",  "nn-prompt", "--timeout",
                                    "500ms", "--model", slow};
    all.insert(all.end(), words.begin(), words.end());
    const Ended ended = nacre(all, {.input = "hello\n"});
    EXPECT_EQ(ended.exit_code, 124) << words.front() << ended.err;
  }
}

TEST_F(Language, APromptIsATensorForWhoKnowsOnlyTensors) {
  auto programs = components("respond");
  programs.push_back(guest("respond.wasm"));  // witx `compute`
  for (const std::string& program : programs) {
    const Ended ended =
        nacre({"run", "--model", model(100), program, "default", "one two", "three"});
    EXPECT_EQ(ended.exit_code, 0) << program << ended.err;
    EXPECT_EQ(ended.out, "one two</s>\nthree</s>\n") << program;
  }
}

TEST_F(Language, WhatTheBenchMeasuresIsTheAnswer) {
  const Ended ended = nacre({"run", "--model", model(100), guest("bench_text.wasm"), "--pieces",
                             "default", "{}", "one two three", "three"});
  EXPECT_EQ(ended.exit_code, 0) << ended.err;
  const auto lines = [&](const char* pattern) {
    const std::regex line(pattern);
    return std::distance(std::sregex_iterator(ended.out.begin(), ended.out.end(), line), {});
  };
  EXPECT_EQ(lines("ready\n"), 2);
  EXPECT_EQ(lines("piece\n"), 3 + 1);
  EXPECT_EQ(lines("rest [0-9.]+ [20]\n"), 2);
  EXPECT_EQ(lines("text a63947c27151dd91\n"), 1);  // FNV-1a of "one two three"
}

}  // namespace
}  // namespace nacre::test
