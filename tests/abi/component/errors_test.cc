// What an error resource may cost the host.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "component_guest.h"

namespace nacre::test {
namespace {

using testing::StartsWith;

constexpr std::size_t kMostKept = 4096;

TEST(ErrorSentences, OfTheGuestsOwnAreKeptUpTo4KiB) {
  ComponentGuest g;
  const std::string fits(kMostKept, 'x');
  EXPECT_EQ(g.calls.said(g.calls.new_error(0, fits)).sentence, fits);
  EXPECT_EQ(g.calls.said(g.calls.new_error(0, fits + "y")).sentence, fits);
}

TEST(ErrorSentences, AreNotCutThroughACharacter) {
  ComponentGuest g;
  const std::string before(kMostKept - 1, 'x');
  EXPECT_EQ(g.calls.said(g.calls.new_error(0, before + "é and more")).sentence, before);
}

TEST(ErrorSentences, DoNotKeepANameOfAnyLength) {
  ComponentGuest g;
  g.calls.drops_errors = false;
  const auto context = g.calls.init(g.calls.open("net").number);
  ASSERT_TRUE(context.ok);
  const std::string name(10'000'000, 'n');
  const auto refused = g.calls.compute(context.number, {{name, 12345}});
  ASSERT_FALSE(refused.ok);
  EXPECT_THAT(refused.sentence, StartsWith("Input \"nnn"));
  EXPECT_EQ(refused.sentence.size(), kMostKept);
}

}  // namespace
}  // namespace nacre::test
