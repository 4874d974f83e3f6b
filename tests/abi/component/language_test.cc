// Language models for components without a VM: wasi:nn's proposed `prompt` and nacre:nn/text, on
// the echo backend's text. Its tokens are words, its answer to a prompt is the prompt and then
// "</s>"; a chat is written down as "user: ... assistant: ... assistant:".
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <optional>
#include <string>
#include <string_view>

#include "../../core/support.h"
#include "../../keep_cancelling.h"
#include "component_guest.h"

namespace nacre::test {
namespace {

using testing::Contains;
using testing::HasSubstr;
using testing::Not;

struct LanguageGuest : ComponentGuest {
  explicit LanguageGuest(std::string_view lines = "text 100\n", GuestStateOptions options = {})
      : ComponentGuest(described(), std::move(options)) {
    provider.add("chat", echo_graph(lines));
  }
  std::uint32_t graph(std::string_view name = "chat") { return calls.open(name).number; }

  // -- prompt

  bool init(std::uint32_t of) {
    nacre_shim_bytes why{};
    const bool ok = wasi_nn.prompt_init(nullptr, &state, of, &chat, &why);
    if (!ok) said = string_of(why);
    return ok;
  }
  bool ask(std::string_view question) {
    nacre_shim_bytes answer{};
    const bool ok = wasi_nn.prompt_compute(nullptr, &state, chat, shim(question), &answer);
    said = string_of(answer);
    return ok;
  }

  // -- text

  bool open_text(std::uint32_t of) { return nn.text_open(nullptr, &state, of, &text, &error); }
  bool configure(std::string_view json) {
    return nn.text_configure(nullptr, &state, text, shim(json), &error);
  }
  bool set_prompt(std::string_view prompt) {
    return nn.text_set_prompt(nullptr, &state, text, shim(prompt), &error);
  }
  /// The next piece; "none" at the end, "error" where it is one.
  std::string next() {
    nacre_shim_bytes piece{};
    if (!nn.text_next(nullptr, &state, text, &piece, &error)) return "error";
    return piece.data == nullptr ? "none" : string_of(piece);
  }
  std::string generate() {
    nacre_shim_bytes all{};
    return nn.text_generate(nullptr, &state, text, &all, &error) ? string_of(all) : "error";
  }
  std::string metadata() {
    nacre_shim_bytes json{};
    return nn.text_metadata(nullptr, &state, text, &json, &error) ? string_of(json) : "error";
  }
  std::string sentence() const { return string_of(error.data); }

  const nacre_wasi_nn_callbacks& wasi_nn = component_callbacks();
  const nacre_nn_callbacks& nn = nacre_nn_component_callbacks();
  std::uint32_t chat = 0;
  std::uint32_t text = 0;
  std::string said;
  nacre_shim_error error{};
};

// ---- prompt: the host keeps the history --------------------------------------------------------

TEST(Prompt, AnswersWithoutTheEndTokenAndRemembers) {
  LanguageGuest g;
  ASSERT_TRUE(g.init(g.graph())) << g.said;
  ASSERT_TRUE(g.ask("one")) << g.said;
  EXPECT_EQ(g.said, "user: one assistant:");
  ASSERT_TRUE(g.ask("two")) << g.said;
  EXPECT_EQ(g.said, "user: one assistant: user: one assistant: user: two assistant:");
}

TEST(Prompt, TwoChatsDoNotMeet) {
  LanguageGuest g;
  ASSERT_TRUE(g.init(g.graph()));
  const auto first = g.chat;
  ASSERT_TRUE(g.init(g.graph()));
  ASSERT_TRUE(g.ask("second"));
  g.chat = first;
  ASSERT_TRUE(g.ask("first"));
  EXPECT_EQ(g.said, "user: first assistant:");
}

TEST(Prompt, TakesTheGraphOverAlsoWhenItFails) {
  LanguageGuest g;
  const auto good = g.graph();
  ASSERT_TRUE(g.init(good));
  EXPECT_FALSE(g.calls.init(good).ok);
  EXPECT_TRUE(g.ask("still there"));  // the chat keeps what it needs
  const auto tensors = g.graph("net");
  EXPECT_FALSE(g.init(tensors));
  EXPECT_FALSE(g.calls.init(tensors).ok);
  EXPECT_FALSE(g.init(tensors));
  EXPECT_THAT(g.said, HasSubstr("is no graph"));
}

TEST(Prompt, WantsALanguageModelWithATemplate) {
  LanguageGuest g;
  EXPECT_FALSE(g.init(g.graph("net")));
  EXPECT_THAT(g.said, HasSubstr("no language model"));
  g.provider.add("chatless", echo_graph("text 100\nchatless\n"));
  EXPECT_FALSE(g.init(g.graph("chatless")));
  EXPECT_THAT(g.said, HasSubstr("chatless"));
  EXPECT_THAT(g.log, Contains(HasSubstr("prompt.init")));
  // Neither holds a context of the guest's.
  GuestStateOptions options;
  options.limits.max_contexts = 1;
  LanguageGuest one("text 100\nchatless\n", options);
  for (int i = 0; i < 3; ++i) {
    EXPECT_FALSE(one.init(one.graph()));
    EXPECT_THAT(one.said, HasSubstr("chatless"));
  }
}

TEST(Prompt, ForgetsTheOldestWhereTheChatGrowsTooLong) {
  LanguageGuest g("text 16\n");
  ASSERT_TRUE(g.init(g.graph()));
  ASSERT_TRUE(g.ask("first")) << g.said;
  ASSERT_TRUE(g.ask("second")) << g.said;
  EXPECT_THAT(g.said, HasSubstr("first"));
  ASSERT_TRUE(g.ask("third")) << g.said;
  EXPECT_THAT(g.said, Not(HasSubstr("first")));
  EXPECT_THAT(g.said, HasSubstr("third"));
}

TEST(Prompt, AQuestionThatNeverFitsIsAnErrorAndWasNeverAsked) {
  LanguageGuest g("text 16\n");
  ASSERT_TRUE(g.init(g.graph()));
  ASSERT_TRUE(g.ask("first"));
  EXPECT_FALSE(g.ask("1 2 3 4 5 6 7 8 9 10 11 12 13"));
  EXPECT_THAT(g.said, HasSubstr("tokens"));
  ASSERT_TRUE(g.ask("second"));
  EXPECT_THAT(g.said, AllOf(HasSubstr("first"), Not(HasSubstr("13"))));
}

TEST(Prompt, AnAnswerThatTheContextCutsIsAnAnswer) {
  LanguageGuest g("text 10\n");
  ASSERT_TRUE(g.init(g.graph()));
  ASSERT_TRUE(g.ask("1 2 3 4")) << g.said;
  EXPECT_EQ(g.said, "user: 1 2 3");
}

TEST(Prompt, AnswersAreUtf8WhateverTheModelWrites) {
  LanguageGuest g;
  ASSERT_TRUE(g.init(g.graph()));
  // The engine lets no such question through; here it stands for what a model writes.
  ASSERT_TRUE(g.ask("caf\xC3\xA9 \xF0\x9F\x90\x9A \xC3"));
  EXPECT_EQ(g.said, "user: caf\xC3\xA9 \xF0\x9F\x90\x9A \xEF\xBF\xBD assistant:");
}

TEST(Prompt, CountsAgainstTheLimitOfContexts) {
  GuestStateOptions options;
  options.limits.max_contexts = 1;
  LanguageGuest g("text 100\n", options);
  ASSERT_TRUE(g.init(g.graph()));
  const auto held = g.chat;
  EXPECT_FALSE(g.init(g.graph()));
  EXPECT_THAT(g.said, HasSubstr("limit"));
  g.wasi_nn.prompt_drop(nullptr, &g.state, held);
  EXPECT_TRUE(g.init(g.graph()));
}

TEST(Prompt, ADroppedChatIsGone) {
  LanguageGuest g;
  ASSERT_TRUE(g.init(g.graph()));
  g.wasi_nn.prompt_drop(nullptr, &g.state, g.chat);
  g.wasi_nn.prompt_drop(nullptr, &g.state, g.chat);
  EXPECT_FALSE(g.ask("anybody there"));
  EXPECT_THAT(g.said, HasSubstr("no such conversation"));
  // The number of an ordinary context is none of a chat's.
  g.chat = g.calls.init(g.graph()).number;
  EXPECT_FALSE(g.ask("hello"));
}

TEST(Prompt, ACancelEndsAnAnswerAndTheQuestionWasNeverAsked) {
  LanguageGuest g("text 100\nhang\n");
  ASSERT_TRUE(g.init(g.graph()));
  const KeepCancelling stopper([&] { g.guest.cancel(); });
  EXPECT_FALSE(g.ask("hello"));
  EXPECT_FALSE(g.ask("hello"));
  EXPECT_THAT(g.said, HasSubstr("being stopped"));
}

// ---- text: piece by piece ----------------------------------------------------------------------

TEST(Text, StreamsToNoneAndBeginsAnewAfterFinish) {
  LanguageGuest g;
  const auto graph = g.graph();
  ASSERT_TRUE(g.open_text(graph)) << g.sentence();
  g.calls.drop_graph(graph);  // it was lent; the context keeps the model
  ASSERT_TRUE(g.set_prompt("one two"));
  for (int round = 0; round < 2; ++round) {
    EXPECT_EQ(g.next(), "one");
    EXPECT_EQ(g.next(), " two");
    EXPECT_EQ(g.next(), "none");
    EXPECT_EQ(g.next(), "none");
    g.nn.text_finish(nullptr, &g.state, g.text);
  }
}

TEST(Text, APieceMayBeNoUtf8AndAPromptToo) {
  LanguageGuest g;
  ASSERT_TRUE(g.open_text(g.graph()));
  ASSERT_TRUE(g.set_prompt("\xC3 \xA9"));
  EXPECT_EQ(g.next(), "\xC3");
  EXPECT_EQ(g.next(), " \xA9");
}

TEST(Text, TheWholeAtOnceHasTheEndTokenInLetters) {
  LanguageGuest g;
  ASSERT_TRUE(g.open_text(g.graph()));
  ASSERT_TRUE(g.set_prompt("one two"));
  EXPECT_EQ(g.generate(), "one two</s>");
}

TEST(Text, AFullContextEndsATextLikeAnyOther) {
  LanguageGuest g("text 10\n");
  ASSERT_TRUE(g.open_text(g.graph()));
  ASSERT_TRUE(g.set_prompt("1 2 3 4 5 6"));
  for (const char* piece : {"1", " 2", " 3", " 4", "none"})
    EXPECT_EQ(g.next(), piece);
  EXPECT_EQ(g.generate(), "1 2 3 4");
}

TEST(Text, ConfigurationAndMetadata) {
  LanguageGuest g;
  ASSERT_TRUE(g.open_text(g.graph()));
  EXPECT_THAT(g.metadata(), HasSubstr("\"input_tokens\": 0"));
  ASSERT_TRUE(g.configure(R"({"n-predict": 1})"));
  ASSERT_TRUE(g.set_prompt("one two"));
  EXPECT_EQ(g.next(), "one");
  EXPECT_EQ(g.next(), "none");
  EXPECT_THAT(g.metadata(), HasSubstr("\"input_tokens\": 2"));
  EXPECT_FALSE(g.configure("no JSON"));
  EXPECT_EQ(g.error.code, kWitInvalidEncoding);
  EXPECT_FALSE(g.configure(R"({"n-predict": "many"})"));
  EXPECT_EQ(g.error.code, kWitInvalidArgument);
  EXPECT_FALSE(g.configure(std::string(kMaxTextConfigBytes + 1, ' ')));
  EXPECT_EQ(g.error.code, kWitTooLarge);
}

TEST(Text, APromptThatIsTooLongIsToldApartAndItsTokensCounted) {
  LanguageGuest g("text 10\n");
  ASSERT_TRUE(g.open_text(g.graph()));
  EXPECT_FALSE(g.set_prompt("1 2 3 4 5 6 7 8"));
  EXPECT_EQ(g.error.code, kWitTooLarge);
  EXPECT_THAT(g.metadata(), HasSubstr("\"input_tokens\": 8"));
  EXPECT_EQ(g.next(), "error");
  EXPECT_EQ(g.error.code, kWitInvalidArgument);
}

TEST(Text, WithoutAPromptThereIsNothingToSay) {
  LanguageGuest g;
  ASSERT_TRUE(g.open_text(g.graph()));
  EXPECT_EQ(g.next(), "error");
  EXPECT_THAT(g.sentence(), HasSubstr("prompt"));
  EXPECT_EQ(g.generate(), "error");
}

TEST(Text, OnlyLanguageModelsHaveIt) {
  GuestStateOptions options;
  options.limits.max_contexts = 1;
  LanguageGuest g("text 100\n", options);
  for (int i = 0; i < 3; ++i) {
    EXPECT_FALSE(g.open_text(g.graph("net")));
    EXPECT_EQ(g.error.code, kWitUnsupportedOperation);
  }
  EXPECT_FALSE(g.open_text(0));
  EXPECT_EQ(g.error.code, kWitInvalidArgument);
  EXPECT_TRUE(g.open_text(g.graph()));  // and none of them held a context
  EXPECT_FALSE(g.open_text(g.graph()));
  EXPECT_THAT(g.sentence(), HasSubstr("limit"));
}

TEST(Text, NumbersThatAreNoneAreErrors) {
  LanguageGuest g;
  ASSERT_TRUE(g.open_text(g.graph()));
  g.nn.text_drop(nullptr, &g.state, g.text);
  g.nn.text_drop(nullptr, &g.state, g.text);
  g.nn.text_finish(nullptr, &g.state, g.text);
  EXPECT_FALSE(g.set_prompt("one"));
  EXPECT_EQ(g.error.code, kWitInvalidArgument);
  g.text = g.calls.init(g.graph("net")).number;  // a context without text
  EXPECT_EQ(g.next(), "error");
  EXPECT_EQ(g.metadata(), "error");
  EXPECT_EQ(g.error.code, kWitInvalidArgument);
}

TEST(Text, ACancelEndsIt) {
  LanguageGuest g("text 100\nhang\n");
  ASSERT_TRUE(g.open_text(g.graph()));
  ASSERT_TRUE(g.set_prompt("hello"));
  const KeepCancelling stopper([&] { g.guest.cancel(); });
  EXPECT_EQ(g.next(), "error");
  EXPECT_EQ(g.error.code, kWitTimeout);
}

}  // namespace
}  // namespace nacre::test
