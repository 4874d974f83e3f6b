// Tokens that are decoded while a guest handles a piece: the text is the same, and they are few.
#include "fixture.h"

#include <gtest/gtest.h>
#include <chrono>
#include <string>
#include <thread>
#include <vector>

namespace nacre::test {
namespace {

using namespace std::chrono_literals;
using Clock = std::chrono::steady_clock;

constexpr std::string_view kNone = "slots=2,ctx-size=256,run-ahead=0";
constexpr std::string_view kSome = "slots=2,ctx-size=256,run-ahead=3";

struct Streamed {
  std::vector<std::string> pieces;
  std::string text;
  nlohmann::json metadata;
  ErrorCode end{};
};

/// A stream whose guest is sometimes slower than the model and sometimes faster.
Streamed slow_stream(TextContext& text) {
  Streamed all;
  for (int i = 0;; ++i) {
    const auto more = text.next();
    all.pieces.emplace_back(text.piece());
    if (!more) {
      all.end = more.error().code;
      break;
    }
    if (i % 5 == 0) std::this_thread::sleep_for(60ms);
    // What has been decoded ahead is not told of.
    EXPECT_EQ(metadata(text)["output_tokens"], i + 1);
  }
  all.text = text.output().value();
  all.metadata = metadata(text);
  return all;
}

class Ahead : public testing::TestWithParam<const char*> {};
INSTANTIATE_TEST_SUITE_P(
    Configurations, Ahead,
    testing::Values(R"({"temp": 0})", R"({"temp": 0, "n-predict": 7})",
                    R"({"temp": 0.9, "seed": 5, "n-predict": 24})",
                    R"({"temp": 0.9, "seed": 6, "repeat-penalty": 1.4, "n-predict": 24})",
                    R"({"temp": 0, "reverse-prompt": "is Paris"})",
                    R"({"temp": 0, "ignore-eos": true, "ctx-size": 64})",
                    R"json({"temp": 0, "grammar": "root ::= (\"a\" | \"b\" | \" \")+",
                            "n-predict": 12})json"));

TEST_P(Ahead, TheStreamIsTheSameAsWithout) {
  Streamed with[2];
  Streamed* to = with;
  for (const std::string_view options : {kNone, kSome}) {
    const auto context = text_context(language_model(options));
    TextContext& text = *context->text();
    ASSERT_OK(text.configure(GetParam()));
    ASSERT_OK(text.set_prompt(question("What is the capital of France?")));
    *to = slow_stream(text);
    // And again from the beginning: samplers and cache are as they were.
    text.finish();
    EXPECT_EQ(slow_stream(text).pieces, to->pieces);
    ++to;
  }
  EXPECT_EQ(with[0].pieces, with[1].pieces);
  EXPECT_EQ(with[0].text, with[1].text);
  EXPECT_EQ(with[0].end, with[1].end);
  EXPECT_EQ(with[0].metadata["finish_reason"], with[1].metadata["finish_reason"]);
}

/// How many tokens after the prompt were decoded for a guest that took one piece and went away.
int decoded_after_one(std::string_view options) {
  const std::string prompt = "Once upon a time";
  const auto context = text_context(language_model(options));
  TextContext& text = *context->text();
  EXPECT_TRUE(text.configure(R"({"temp": 0, "n-predict": 12})"));
  EXPECT_TRUE(text.set_prompt(prompt));
  EXPECT_TRUE(text.generate());
  const std::string more(text.output().value());

  const auto fresh = text_context(language_model(options));
  TextContext& once = *fresh->text();
  EXPECT_TRUE(once.configure(R"({"temp": 0})"));
  EXPECT_TRUE(once.set_prompt(prompt));
  EXPECT_TRUE(once.next());
  std::this_thread::sleep_for(2s);
  // The cache tells how far the text had come.
  EXPECT_TRUE(once.configure(R"({"n-predict": 1})"));
  EXPECT_TRUE(once.set_prompt(prompt + more));
  EXPECT_EQ(metadata(once)["input_tokens"], 4 + 12);
  EXPECT_TRUE(once.generate());
  return metadata(once)["cached_tokens"].get<int>() - 4;
}

TEST(Ahead, AGuestThatNeverAsksAgainCostsSoManyTokens) {
  EXPECT_EQ(decoded_after_one("slots=2,ctx-size=256,run-ahead=0"), 0);
  EXPECT_EQ(decoded_after_one("slots=2,ctx-size=256,run-ahead=3"), 3);
}

TEST(Ahead, ItIsDroppedByAPromptAnEndAndAConfiguration) {
  const auto alone = [](const char* config, const std::string& prompt) {
    const auto context = text_context(language_model(kNone));
    EXPECT_TRUE(context->text()->configure(config));
    EXPECT_TRUE(context->text()->set_prompt(prompt));
    return stream(*context->text());
  };
  const char* greedy = R"({"temp": 0, "n-predict": 8})";
  const char* sampled = R"({"temp": 1, "seed": 11, "n-predict": 8})";
  const std::string france = question("What is the capital of France?");
  const std::string cows = question("What do cows eat?");
  const auto context = text_context(language_model(kSome));
  TextContext& text = *context->text();
  for (const auto wait : {0ms, 4ms, 200ms}) {
    const auto some_pieces = [&] {
      for (int i = 0; i < 3; ++i)
        ASSERT_OK(text.next());
      std::this_thread::sleep_for(wait);
    };
    ASSERT_OK(text.configure(greedy));
    ASSERT_OK(text.set_prompt(france));
    some_pieces();
    ASSERT_OK(text.set_prompt(cows));
    EXPECT_EQ(text.output().value(), "");
    some_pieces();
    text.finish();
    EXPECT_EQ(stream(text), alone(greedy, cows));
    text.finish();
    some_pieces();
    ASSERT_OK(text.configure(sampled));
    EXPECT_EQ(stream(text), alone(sampled, cows));
    text.finish();
    some_pieces();
    ASSERT_OK(text.generate());
    EXPECT_EQ(text.output().value(), alone(sampled, cows));
  }
}

TEST(Ahead, ARefusedConfigurationLeavesTheStream) {
  const auto context = text_context(language_model(kSome));
  TextContext& text = *context->text();
  ASSERT_OK(text.configure(R"({"temp": 0, "n-predict": 8})"));
  ASSERT_OK(text.set_prompt(question("What do cows eat?")));
  const std::string whole = stream(text);
  text.finish();
  ASSERT_OK(text.next());
  std::string all(text.piece());
  EXPECT_FALSE(text.configure(R"({"temp": "hot"})"));
  all += stream(text);
  EXPECT_EQ(all, whole);
}

TEST(Ahead, AContextMayGoAtAnyMoment) {
  const auto graph = language_model(kSome);
  for (int i = 0; i < 30; ++i) {
    const auto context = text_context(graph);
    TextContext& text = *context->text();
    ASSERT_OK(text.configure(R"({"temp": 0, "ignore-eos": true})"));
    ASSERT_OK(text.set_prompt("Once upon a time"));
    ASSERT_OK(text.next());
    if (i % 3 == 0) std::this_thread::sleep_for(std::chrono::milliseconds(i));
  }
}

TEST(Ahead, TheEndOfAContextAndItsModelWaitsForAStepAtMost) {
  // As at a guest's exit and at an unload. 60 tokens would take half a second and more.
  auto graph = language_model("slots=1,ctx-size=512,run-ahead=60");
  auto context = text_context(graph);
  TextContext& text = *context->text();
  ASSERT_OK(text.configure(R"({"temp": 0, "ignore-eos": true, "n-predict": 60})"));
  ASSERT_OK(text.set_prompt("Once upon a time"));
  auto begun = Clock::now();
  ASSERT_OK(text.generate());
  const auto sixty = Clock::now() - begun;
  text.finish();
  ASSERT_OK(text.next());
  const std::weak_ptr<Graph> watched = graph;
  begun = Clock::now();
  graph.reset();
  context.reset();
  EXPECT_TRUE(watched.expired());
  EXPECT_LT(Clock::now() - begun, sixty / 2);
}

}  // namespace
}  // namespace nacre::test
