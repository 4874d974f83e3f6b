// Idle conversations whose slots others needed: what they had read is restored.
#include "fixture.h"

#include <gtest/gtest.h>
#include <memory>
#include <string>

namespace nacre::test {
namespace {

/// A conversation of its own.
class Talk {
 public:
  Talk(const std::shared_ptr<Graph>& graph, std::string system, std::uint64_t owner = 0)
      : context_(text_context(graph, owner)), talk_(std::move(system)) {
    EXPECT_TRUE(text().configure(R"({"temp": 0, "n-predict": 8})"));
  }

  std::string turn(const std::string& asked) {
    talk_ += question(asked);
    EXPECT_TRUE(text().set_prompt(talk_));
    const auto made = text().generate();
    EXPECT_TRUE(made) << made.error().message;
    std::string answer(text().output().value());
    talk_ += answer + "<|im_end|>\n";
    return answer;
  }

  int cached() { return metadata(text())["cached_tokens"].get<int>(); }
  int read() { return metadata(text())["input_tokens"].get<int>(); }
  TextContext& text() { return *context_->text(); }

 private:
  std::unique_ptr<ExecutionContext> context_;
  std::string talk_;
};

std::string system_prompt(const std::string& who) {
  std::string text = "<|im_start|>system\nYou are " + who + ".";
  for (int i = 0; i < 15; ++i)
    text += " You like the sea.";
  return text + "<|im_end|>\n";
}

TEST(Saved, AConversationThatLostItsSlotReadsOnlyWhatIsNew) {
  const auto graph = language_model("slots=1,ctx-size=512");
  const auto off = language_model("slots=1,ctx-size=512,prefix-cache=off");
  Talk sailor(graph, system_prompt("a sailor"));
  Talk baker(graph, system_prompt("a baker"));
  Talk sailor_alone(off, system_prompt("a sailor"));
  Talk baker_alone(off, system_prompt("a baker"));
  int before = 0;
  for (const char* asked : {"Who are you?", "What is two plus two?", "Where do you live?"}) {
    EXPECT_EQ(sailor.turn(asked), sailor_alone.turn(asked));
    EXPECT_EQ(sailor_alone.cached(), 0);
    EXPECT_GE(sailor.cached(), before);
    EXPECT_EQ(baker.turn(asked), baker_alone.turn(asked));
    EXPECT_GE(baker.cached(), before == 0 ? 0 : before - 10);
    before = sailor.read();
  }
}

TEST(Saved, AStreamThatGoesOnIsTheSame) {
  // Three tokens, then another guest has the only slot, then the rest.
  const auto graph = language_model("slots=1,ctx-size=512,run-ahead=0,wait-ms=30000");
  Talk sailor(graph, system_prompt("a sailor"));
  const std::string whole = sailor.turn("Who are you?");
  TextContext& text = sailor.text();
  std::string all;
  for (int i = 0; i < 3; ++i) {
    ASSERT_OK(text.next());
    all += text.piece();
  }
  // A stream under way keeps its slot for ten seconds.
  Talk baker(graph, system_prompt("a baker"));
  baker.turn("Who are you?");
  all += stream(text);
  EXPECT_EQ(all, whole);
}

TEST(Saved, NothingIsKeptWithoutBytesForIt) {
  for (const char* bytes : {"0", "1000"}) {
    const auto graph = language_model(std::string("slots=1,ctx-size=512,saved-bytes=") + bytes);
    Talk sailor(graph, system_prompt("a sailor"));
    Talk baker(graph, system_prompt("a baker"));
    sailor.turn("Who are you?");
    baker.turn("Who are you?");
    sailor.turn("Where do you live?");
    EXPECT_EQ(sailor.cached(), 0);
  }
}

TEST(Saved, TheOldestIsForgottenFirst) {
  // About 23 KB a token, and 100 tokens: one conversation fits, two do not.
  const auto graph = language_model("slots=1,ctx-size=512,saved-bytes=4M");
  Talk sailor(graph, system_prompt("a sailor"));
  Talk baker(graph, system_prompt("a baker"));
  Talk miller(graph, system_prompt("a miller"));
  sailor.turn("Who are you?");
  baker.turn("Who are you?");   // the sailor's is saved
  miller.turn("Who are you?");  // the baker's, and the sailor's is forgotten
  ASSERT_GT(miller.read() * 23'040, 2 << 20);
  ASSERT_LT(miller.read() * 23'040, 4 << 20);
  baker.turn("Where do you live?");
  EXPECT_GT(baker.cached(), 80);
  sailor.turn("Where do you live?");
  EXPECT_EQ(sailor.cached(), 0);
}

TEST(Saved, ItGoesWithItsContext) {
  const auto graph = language_model("slots=1,ctx-size=512");
  Talk baker(graph, system_prompt("a baker"));
  for (int i = 0; i < 3; ++i) {
    // Where one was, the next may be: it must not find what belonged to that.
    Talk sailor(graph, system_prompt("a sailor"));
    sailor.turn("Who are you?");
    EXPECT_EQ(sailor.cached(), 0);
    baker.turn("Who are you?");
  }
}

TEST(Saved, ReproducibleTextsAreTheSameAsWithout) {
  const auto graph = language_model("slots=1,ctx-size=512,reproducible=true");
  const auto off = language_model("slots=1,ctx-size=512,reproducible=true,prefix-cache=off");
  Talk sailor(graph, system_prompt("a sailor"));
  Talk baker(graph, system_prompt("a baker"));
  Talk alone(off, system_prompt("a sailor"));
  for (const char* asked : {"Who are you?", "What is two plus two?"}) {
    EXPECT_EQ(sailor.turn(asked), alone.turn(asked));
    baker.turn(asked);
  }
}

}  // namespace
}  // namespace nacre::test
