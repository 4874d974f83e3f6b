// Guests of language models, on the echo backend's text model: its tokens are words and its answer
// is the prompt.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

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
  EXPECT_THAT(ended.err, HasSubstr("the model 'default' cannot be opened: not_found"));
}

}  // namespace
}  // namespace nacre::test
