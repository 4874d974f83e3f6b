// Many contexts at once: batching, the prefix cache, admission.
#include "fixture.h"

#include <nacre/model_stats.h>
#include <nacre/registry.h>

#include "core/loader.h"

#include <malloc.h>
#include <unistd.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <atomic>
#include <chrono>
#include <fstream>
#include <string>
#include <thread>
#include <vector>

namespace nacre::test {
namespace {

using testing::HasSubstr;
using namespace std::chrono_literals;
using Clock = std::chrono::steady_clock;

const std::vector<std::string> kQuestions = {"What is the capital of France?",
                                             "Name three colours.",
                                             "What is two plus two?",
                                             "Who wrote Hamlet?",
                                             "What do cows eat?",
                                             "Name a planet.",
                                             "What is the largest ocean?",
                                             "How many days has a week?"};

std::string answer(const std::shared_ptr<Graph>& graph, const std::string& asked, int tokens,
                   std::uint64_t owner = 0) {
  const auto context = text_context(graph, owner);
  TextContext& text = *context->text();
  EXPECT_TRUE(text.configure(R"({"temp": 0, "n-predict": )" + std::to_string(tokens) + "}"));
  EXPECT_TRUE(text.set_prompt(question(asked)));
  const auto made = text.generate();
  EXPECT_TRUE(made) << made.error().message;
  return std::string(text.output().value());
}

/// To the first questions, one after the other.
std::vector<std::string> answers_alone(const std::shared_ptr<Graph>& graph, std::size_t count) {
  std::vector<std::string> answers;
  for (std::size_t i = 0; i < count; ++i)
    answers.push_back(answer(graph, kQuestions[i], 24));
  return answers;
}

class Company : public testing::TestWithParam<std::size_t> {};
INSTANTIATE_TEST_SUITE_P(Guests, Company, testing::Values(2, 8),
                         [](const auto& each) { return std::to_string(each.param); });

TEST_P(Company, TextsAreTheSameAsAlone) {
  // Below 512 cells ggml computes one query and many the same way.
  const auto graph = language_model("slots=8,ctx-size=256");
  const auto alone = answers_alone(graph, GetParam());
  std::vector<std::string> together(GetParam());
  std::vector<std::thread> guests;
  for (std::size_t i = 0; i < GetParam(); ++i)
    guests.emplace_back([&, i] { together[i] = answer(graph, kQuestions[i], 24); });
  for (std::thread& guest : guests)
    guest.join();
  EXPECT_EQ(together, alone);
}

TEST_P(Company, ReproducibleTextsAreTheSameAsAlone) {
  const auto graph = language_model("slots=8,ctx-size=1024,reproducible=true");
  std::vector<std::string> alone(GetParam());
  for (std::size_t i = 0; i < GetParam(); ++i)
    alone[i] = answer(graph, kQuestions[i], 12);
  std::vector<std::string> together(GetParam());
  std::vector<std::thread> guests;
  for (std::size_t i = 0; i < GetParam(); ++i)
    guests.emplace_back([&, i] { together[i] = answer(graph, kQuestions[i], 12); });
  for (std::thread& guest : guests)
    guest.join();
  EXPECT_EQ(together, alone);
}

// llama.cpp computes together only what lies side by side.
TEST(Company, TextsUnderWayAreBroughtSideBySide) {
  const auto exchanges = std::make_shared<std::atomic<int>>(0);  // the log's as well
  const auto catalog = BackendCatalog::create(
      {.module_dirs = {NACRE_TEST_BACKENDS_DIR},
       .log = std::make_shared<const LogSink>([=](LogSeverity, std::string_view line) {
         if (line.find("changed places") != line.npos) ++*exchanges;
       }),
       .thread_budget = 1});
  const auto spec = parse_model_spec("m=" + std::string(kModelFile) + ",slots=6,ctx-size=256");
  const auto loaded = load_model(*catalog, spec.value());
  ASSERT_OK(loaded);
  const auto first_words = [](TextContext& text, std::size_t i) {
    EXPECT_TRUE(text.configure(R"({"temp": 0, "n-predict": 4})"));
    EXPECT_TRUE(text.set_prompt(question(kQuestions[i])));
    EXPECT_TRUE(text.generate());
    return question(kQuestions[i]) + std::string(text.output().value()) + "\n";
  };
  const auto goes_on = [](TextContext& text, const std::string& history) {
    EXPECT_TRUE(text.configure(R"({"temp": 0, "ignore-eos": true, "n-predict": 40})"));
    EXPECT_TRUE(text.set_prompt(history + question("And then?")));
    EXPECT_TRUE(text.generate());
    EXPECT_GE(metadata(text)["cached_tokens"].get<int>(), 10);
    return std::string(text.output().value());
  };
  constexpr std::size_t kTalks = 6;
  std::vector<std::string> alone;
  for (std::size_t i = 0; i < kTalks; ++i) {
    const auto context = text_context(language_model("slots=1,ctx-size=256"));
    alone.push_back(goes_on(*context->text(), first_words(*context->text(), i)));
  }
  std::vector<std::unique_ptr<ExecutionContext>> contexts;
  std::vector<std::string> histories;
  for (std::size_t i = 0; i < kTalks; ++i) {
    contexts.push_back(text_context(*loaded));
    histories.push_back(first_words(*contexts[i]->text(), i));
  }
  EXPECT_EQ(*exchanges, 0);
  // Every other one, and then those that had to make room.
  for (const std::size_t start : {0U, 1U}) {
    std::vector<std::string> texts(kTalks);
    std::vector<std::thread> guests;
    for (std::size_t i = start; i < kTalks; i += 2)
      guests.emplace_back([&, i] { texts[i] = goes_on(*contexts[i]->text(), histories[i]); });
    for (std::thread& guest : guests)
      guest.join();
    for (std::size_t i = start; i < kTalks; i += 2)
      EXPECT_EQ(texts[i], alone[i]) << i;
    EXPECT_GT(*exchanges, 0);
  }
}

TEST(Company, MoreGuestsThanSlotsTakeTurns) {
  const auto graph = language_model("slots=2,ctx-size=256");
  std::vector<std::string> texts(6);
  std::vector<std::thread> guests;
  for (std::size_t i = 0; i < texts.size(); ++i)
    guests.emplace_back([&, i] { texts[i] = answer(graph, kQuestions[i], 8); });
  for (std::thread& guest : guests)
    guest.join();
  for (std::size_t i = 0; i < texts.size(); ++i)
    EXPECT_EQ(texts[i], answer(graph, kQuestions[i], 8));
}

TEST(Company, TwoStreamsOnOneThreadDoNotDisturbEachOther) {
  const auto graph = language_model("slots=2,ctx-size=256");
  const std::string alone[] = {answer(graph, kQuestions[0], 10), answer(graph, kQuestions[3], 10)};
  const auto a = text_context(graph);
  const auto b = text_context(graph);
  std::string texts[2];
  TextContext* each[] = {a->text(), b->text()};
  for (std::size_t i = 0; i < 2; ++i) {
    ASSERT_OK(each[i]->configure(R"({"temp": 0, "n-predict": 10})"));
    ASSERT_OK(each[i]->set_prompt(question(kQuestions[i == 0 ? 0 : 3])));
  }
  for (bool more[] = {true, true}; more[0] || more[1];) {
    for (std::size_t i = 0; i < 2; ++i) {
      if (!more[i]) continue;
      more[i] = each[i]->next().has_value();
      texts[i] += each[i]->piece();
    }
  }
  EXPECT_EQ(texts[0], alone[0]);
  EXPECT_EQ(texts[1], alone[1]);
}

TEST(Company, AdmissionAnswersBusyWhenAllSlotsFlow) {
  const auto graph = language_model("slots=1,ctx-size=256,wait-ms=50,waiting=1");
  const auto streaming = text_context(graph);
  ASSERT_OK(streaming->text()->configure(R"({"temp": 0, "ignore-eos": true})"));
  ASSERT_OK(streaming->text()->set_prompt("Once upon a time"));
  ASSERT_OK(streaming->text()->next());
  const auto other = text_context(graph);
  ASSERT_OK(other->text()->set_prompt("Once upon a time"));
  const auto refused = other->text()->next();
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::kBusy);
  EXPECT_THAT(refused.error().message, HasSubstr("1 slots"));
  ASSERT_OK(streaming->text()->next());  // undisturbed
  streaming->text()->finish();
  ASSERT_OK(other->text()->next());
}

TEST(Company, NobodyButSoManyMayWait) {
  const auto graph = language_model("slots=1,ctx-size=256,wait-ms=2000,waiting=1");
  const auto streaming = text_context(graph);
  ASSERT_OK(streaming->text()->configure(R"({"temp": 0, "ignore-eos": true})"));
  ASSERT_OK(streaming->text()->set_prompt("Once upon a time"));
  ASSERT_OK(streaming->text()->next());
  const auto second = text_context(graph);
  const auto third = text_context(graph);
  ASSERT_OK(second->text()->set_prompt("Once"));
  ASSERT_OK(third->text()->set_prompt("Once"));
  std::thread waits([&] { EXPECT_EQ(second->text()->next().error().code, ErrorCode::kBusy); });
  std::this_thread::sleep_for(200ms);
  const auto begun = Clock::now();
  EXPECT_EQ(third->text()->next().error().code, ErrorCode::kBusy);
  EXPECT_LT(Clock::now() - begun, 1s);
  waits.join();
}

TEST(Company, ASecondTurnReadsOnlyWhatIsNew) {
  const auto graph = language_model("slots=2,ctx-size=1024");
  const auto context = text_context(graph);
  TextContext& text = *context->text();
  ASSERT_OK(text.configure(R"({"temp": 0, "n-predict": 20})"));
  std::string talk = question("What is the capital of France?");
  ASSERT_OK(text.set_prompt(talk));
  ASSERT_OK(text.generate());
  const auto first = metadata(text);
  EXPECT_EQ(first["cached_tokens"], 0);
  talk += std::string(text.output().value()) + "\n" + question("And of Italy?");
  ASSERT_OK(text.set_prompt(talk));
  ASSERT_OK(text.generate());
  const auto second = metadata(text);
  EXPECT_GE(second["cached_tokens"].get<int>(), first["input_tokens"].get<int>());
  const std::string cached(text.output().value());
  // The same without the cache.
  const auto off = text_context(language_model("slots=2,ctx-size=1024,prefix-cache=off"));
  ASSERT_OK(off->text()->configure(R"({"temp": 0, "n-predict": 20})"));
  ASSERT_OK(off->text()->set_prompt(talk));
  ASSERT_OK(off->text()->generate());
  EXPECT_EQ(metadata(*off->text())["cached_tokens"], 0);
  EXPECT_EQ(off->text()->output().value(), cached);
}

TEST(Company, ASystemPromptIsReadOncePerGuest) {
  const auto graph = language_model("slots=4,ctx-size=512");
  std::string system = "<|im_start|>system\nYou are a sailor.";
  for (int i = 0; i < 40; ++i)
    system += " You love the sea.";
  system += "<|im_end|>\n";
  const auto cached_of = [&](std::uint64_t owner, ExecutionContext& context,
                             const std::string& asked) {
    static_cast<void>(owner);
    TextContext& text = *context.text();
    EXPECT_TRUE(text.configure(R"({"temp": 0, "n-predict": 4})"));
    EXPECT_TRUE(text.set_prompt(system + question(asked)));
    EXPECT_TRUE(text.generate());
    return metadata(text)["cached_tokens"].get<int>();
  };
  const auto first = text_context(graph, 7);
  EXPECT_EQ(cached_of(7, *first, "Who are you?"), 0);
  const auto second = text_context(graph, 7);
  EXPECT_GT(cached_of(7, *second, "Where are you?"), 150);
  const std::string shared(second->text()->output().value());
  // Another guest learns nothing of it, and a context that belongs to nobody neither.
  const auto stranger = text_context(graph, 8);
  EXPECT_EQ(cached_of(8, *stranger, "Where are you?"), 0);
  EXPECT_EQ(stranger->text()->output().value(), shared);
  const auto nobody = text_context(graph, 0);
  EXPECT_EQ(cached_of(0, *nobody, "Where are you?"), 0);
  const auto nobody_else = text_context(graph, 0);
  EXPECT_EQ(cached_of(0, *nobody_else, "Where are you?"), 0);
}

TEST(Company, WhatAModelTookIsGivenBack) {
  const auto resident = [] {
    ::malloc_trim(0);
    std::ifstream statm("/proc/self/statm");
    long size = 0;
    long pages = 0;
    statm >> size >> pages;
    return pages * ::sysconf(_SC_PAGESIZE);
  };
  long first = 0;
  for (int cycle = 0; cycle < 5; ++cycle) {
    // Options of its own, so that no other test keeps the graph.
    EXPECT_FALSE(answer(language_model("slots=3,ctx-size=768"), kQuestions[0], 3).empty());
    if (cycle == 0) first = resident();
  }
  EXPECT_LE(resident(), first + (10 << 20));
}

TEST(Company, AStreamFlowsWhileALongPromptIsRead) {
  const auto graph = language_model("slots=2,ctx-size=2048");
  const auto streaming = text_context(graph);
  ASSERT_OK(streaming->text()->configure(R"({"temp": 0, "ignore-eos": true})"));
  ASSERT_OK(streaming->text()->set_prompt("Once upon a time"));
  ASSERT_OK(streaming->text()->next());
  const auto reading = text_context(graph);
  std::string prompt;
  for (int i = 0; i < 600; ++i)
    prompt += " sea";
  ASSERT_OK(reading->text()->configure(R"({"temp": 0, "n-predict": 1})"));
  ASSERT_OK(reading->text()->set_prompt(prompt));
  std::atomic<bool> asked{false};
  std::atomic<bool> read{false};
  std::thread other([&] {
    asked = true;
    EXPECT_TRUE(reading->text()->generate());
    read = true;
  });
  int pieces = 0;
  while (!read) {
    const bool counts = asked;
    ASSERT_OK(streaming->text()->next());
    if (counts) ++pieces;
  }
  other.join();
  // A chunk of 16 tokens per piece: 600 / 16 = 38. Not fewer, as if the prompt held the stream up;
  // not many more, as if the stream held the prompt up.
  EXPECT_GE(pieces, 25);
  EXPECT_LE(pieces, 55);
}

TEST(Company, APromptIsReadWhileManyTextsFlow) {
  const auto graph = language_model("slots=6,ctx-size=1024");
  constexpr int kStreams = 5;
  std::atomic<bool> asked{false};
  std::atomic<bool> read{false};
  std::atomic<int> flowing{0};
  std::atomic<int> pieces{0};
  std::vector<std::thread> streams;
  for (int i = 0; i < kStreams; ++i) {
    streams.emplace_back([&] {
      const auto context = text_context(graph);
      EXPECT_TRUE(context->text()->configure(R"({"temp": 0, "ignore-eos": true})"));
      EXPECT_TRUE(context->text()->set_prompt("Once upon a time"));
      EXPECT_TRUE(context->text()->next());
      ++flowing;
      while (!read) {
        const bool counts = asked;
        ASSERT_OK(context->text()->next());
        if (counts) ++pieces;
      }
    });
  }
  while (flowing < kStreams)
    std::this_thread::yield();
  const auto reading = text_context(graph);
  std::string prompt;
  for (int i = 0; i < 320; ++i)
    prompt += " sea";
  EXPECT_TRUE(reading->text()->configure(R"({"temp": 0, "n-predict": 1})"));
  EXPECT_TRUE(reading->text()->set_prompt(prompt));
  asked = true;
  EXPECT_TRUE(reading->text()->generate());
  read = true;
  for (std::thread& each : streams)
    each.join();
  // 20 steps, each with a token of every stream, and what was ahead.
  EXPECT_GE(pieces, kStreams * 12);
  EXPECT_LE(pieces, kStreams * 35);
}

TEST_P(Company, StreamsAreTheSameAsAlone) {
  const auto graph = language_model("slots=8,ctx-size=256");
  const auto alone = answers_alone(graph, GetParam());
  std::vector<std::string> together(GetParam());
  std::vector<std::thread> guests;
  for (std::size_t i = 0; i < GetParam(); ++i) {
    guests.emplace_back([&, i] {
      const auto context = text_context(graph);
      EXPECT_TRUE(context->text()->configure(R"({"temp": 0, "n-predict": 24})"));
      EXPECT_TRUE(context->text()->set_prompt(question(kQuestions[i])));
      together[i] = stream(*context->text());
    });
  }
  for (std::thread& guest : guests)
    guest.join();
  EXPECT_EQ(together, alone);
}

TEST(Company, TimeInTheQueueIsCounted) {
  const auto graph = language_model("slots=1,ctx-size=256,wait-ms=300");
  const auto counters = std::make_shared<ModelCounters>();
  graph->count_in(counters);
  const auto streaming = text_context(graph);
  ASSERT_OK(streaming->text()->configure(R"({"temp": 0, "ignore-eos": true})"));
  ASSERT_OK(streaming->text()->set_prompt("Once upon a time"));
  ASSERT_OK(streaming->text()->next());
  EXPECT_LT(counters->read().queue_time, 200ms);
  const auto other = text_context(graph);
  ASSERT_OK(other->text()->set_prompt("Once"));
  EXPECT_EQ(other->text()->generate().error().code, ErrorCode::kBusy);
  EXPECT_GE(counters->read().queue_time, 300ms);
  EXPECT_EQ(counters->read().errors, 1U);
  EXPECT_LT(counters->read().compute_time, counters->read().queue_time);
  streaming->text()->finish();
  EXPECT_EQ(counters->read().requests, 2U);
}

}  // namespace
}  // namespace nacre::test
