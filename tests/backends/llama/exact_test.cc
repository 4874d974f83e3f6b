// A text alone and in company, beyond the 512 cells from where on ggml computes single queries
// another way than many.
#include "fixture.h"
#include "native.h"

#include <gtest/gtest.h>
#include <algorithm>
#include <string>
#include <thread>
#include <vector>

namespace nacre::test {
namespace {

constexpr std::uint64_t kOwner = 21;

/// Over 512 tokens, which contexts of one owner read once.
std::string history() {
  std::string text = "<|im_start|>system\nYou are a sailor, and this is your log.";
  for (int day = 1; day <= 50; ++day)
    text += " On day " + std::to_string(day) + " the wind blew from the west.";
  return text + "<|im_end|>\n";
}

const std::vector<std::string> kQuestions = {"Who are you?",
                                             "Name three colours.",
                                             "What is two plus two?",
                                             "Where did the wind blow from?",
                                             "What do cows eat?",
                                             "Name a planet.",
                                             "What is the largest ocean?",
                                             "Tell me a short story."};

/// What each guest got, all at once or one after the other.
std::vector<std::string> answers(const std::shared_ptr<Graph>& graph,
                                 const std::vector<std::string>& prompts, std::uint64_t owner,
                                 bool at_once) {
  std::vector<std::string> texts(prompts.size());
  std::vector<std::thread> guests;
  for (std::size_t i = 0; i < prompts.size(); ++i) {
    guests.emplace_back([&, i] {
      const auto context = text_context(graph, owner);
      TextContext& text = *context->text();
      EXPECT_TRUE(text.configure(R"({"temp": 0, "n-predict": 16})"));
      EXPECT_TRUE(text.set_prompt(prompts[i]));
      EXPECT_GT(metadata(text)["input_tokens"], 512);
      ErrorCode end{};
      texts[i] = stream(text, &end);
      EXPECT_EQ(end, ErrorCode::kEndOfSequence);
    });
    if (!at_once) guests.back().join();
  }
  for (std::thread& guest : guests)
    if (guest.joinable()) guest.join();
  return texts;
}

TEST(Exact, EveryTokenInCompanyIsNearTheNativeTop) {
  const auto graph = language_model("slots=8,ctx-size=1024");
  std::vector<std::string> prompts;
  for (const std::string& each : kQuestions)
    prompts.push_back(history() + question(each));
  // One comes first, so that the others find the history; then all at once.
  static_cast<void>(answers(graph, {prompts[0]}, kOwner, true));
  const auto texts = answers(graph, prompts, kOwner, true);

  Native native;
  const auto beginning = native.tokenize(history());
  native.read(beginning);
  std::size_t judged = 0;
  for (std::size_t i = 0; i < prompts.size(); ++i) {
    auto tokens = native.tokenize(prompts[i]);
    ASSERT_TRUE(std::equal(beginning.begin(), beginning.end(), tokens.begin()));
    native.keep(beginning.size());
    native.read(std::span(tokens).subspan(beginning.size()));
    for (const llama_token chosen : native.tokenize(texts[i])) {
      const auto logits = native.logits();
      const float top = *std::ranges::max_element(logits);
      EXPECT_GE(logits[static_cast<std::size_t>(chosen)], top - 0.5F)
          << prompts[i].substr(history().size()) << texts[i] << ": " << native.piece(chosen);
      ++judged;
      if (native.ends(chosen)) break;
      native.read({&chosen, 1});
    }
  }
  EXPECT_GT(judged, 60U);
}

TEST(Exact, ReproducibleTextsAreTheSameInCompany) {
  // Two that share nothing, in their own slots.
  const auto graph = language_model("slots=8,ctx-size=1024,reproducible=true");
  std::vector<std::string> two = {history() + question(kQuestions[3]),
                                  "Hello. " + history() + question(kQuestions[7])};
  EXPECT_EQ(answers(graph, two, 0, false), answers(graph, two, 0, true));
}

TEST(Exact, ReproducibleTextsOfOneGuestAreTheSameInCompany) {
  // Four contexts of one guest, which share what was read in whole chunks.
  const auto graph = language_model("slots=8,ctx-size=1024,reproducible=true");
  std::vector<std::string> prompts;
  for (const std::size_t i : {0, 3, 5, 7})
    prompts.push_back(history() + question(kQuestions[i]));
  const auto alone = answers(graph, prompts, kOwner + 1, false);
  EXPECT_EQ(alone, answers(graph, prompts, kOwner + 2, true));
  // The same without anything to share.
  const auto off = language_model("slots=1,ctx-size=1024,reproducible=true,prefix-cache=off");
  EXPECT_EQ(alone[3], answers(off, {prompts[3]}, 0, true)[0]);
}

}  // namespace
}  // namespace nacre::test
