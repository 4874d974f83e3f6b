// What an error resource may cost the host.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdint>
#include <string>
#include <vector>

#include "component_guest.h"

namespace nacre::test {
namespace {

using testing::StartsWith;

TEST(ErrorSentences, OfTheGuestsOwnAreKeptWhole) {
  ComponentGuest g;
  const std::string text(1'000'000, 'x');
  EXPECT_EQ(g.calls.said(g.calls.new_error(0, text)).sentence, text);
}

// 4096 errors that name an input of 64 MB would be 256 GB of the host's.
TEST(ErrorSentences, HoldNoMoreThanTheirShare) {
  ComponentGuest g;
  g.calls.drops_errors = false;
  const auto context = g.calls.init(g.calls.open("net").number);
  ASSERT_TRUE(context.ok);
  const std::string name(3'000'000, 'n');
  std::vector<std::uint32_t> errors;
  std::size_t held = 0;
  for (int i = 0; i < 100; ++i) {
    const auto refused = g.calls.compute(context.number, {{name, 12345}});
    ASSERT_FALSE(refused.ok);
    ASSERT_THAT(refused.sentence, StartsWith("Input \"nnn"));
    errors.push_back(refused.number);
    held += refused.sentence.size();
  }
  EXPECT_LT(held, 9u << 20);
  // Who drops them gets whole sentences again.
  for (const std::uint32_t error : errors)
    g.calls.drop_error(error);
  EXPECT_GT(g.calls.compute(context.number, {{name, 12345}}).sentence.size(), name.size());
}

TEST(ErrorSentences, AreNotCutThroughACharacter) {
  ComponentGuest g;
  const std::string most((8U << 20) - 10, 'x');
  static_cast<void>(g.calls.new_error(0, most));
  const std::string before(4095, 'x');
  EXPECT_EQ(g.calls.said(g.calls.new_error(0, before + "é and more")).sentence, before);
}

}  // namespace
}  // namespace nacre::test
