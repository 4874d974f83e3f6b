#include "llama/engine/neighbours.h"

#include <gtest/gtest.h>
#include <cstdint>
#include <string_view>
#include <utility>
#include <vector>

namespace nacre::llama {
namespace {

// "x" flows, "-" is idle, "." is empty.
std::vector<SlotUse> row(std::string_view picture) {
  std::vector<SlotUse> slots;
  for (const char each : picture)
    slots.push_back({.flowing = each == 'x', .tokens = each == '.' ? 0U : 100U});
  return slots;
}

std::string after_all(std::vector<SlotUse> slots, int* exchanges = nullptr) {
  int count = 0;
  while (const auto next = towards_neighbours(slots)) {
    EXPECT_TRUE(slots[next->flowing].flowing);
    EXPECT_FALSE(slots[next->other].flowing);
    EXPECT_EQ(next->tokens, slots[next->flowing].tokens + slots[next->other].tokens);
    std::swap(slots[next->flowing], slots[next->other]);
    if (++count > 100) return "no end";
  }
  if (exchanges != nullptr) *exchanges = count;
  std::string picture;
  for (const SlotUse& each : slots)
    picture += each.flowing ? 'x' : each.tokens == 0 ? '.' : '-';
  return picture;
}

TEST(Neighbours, WhoLiesSideBySideStays) {
  for (const char* each : {"", "x", "-", "..x-", "xx", "-xx.", ".xxx", "xxxx", "...."})
    EXPECT_FALSE(towards_neighbours(row(each))) << each;
}

TEST(Neighbours, ComeTogetherWhereItCostsLeast) {
  EXPECT_EQ(after_all(row("x.x")), "xx.");
  EXPECT_EQ(after_all(row("x-x.")), ".-xx");
  EXPECT_EQ(after_all(row("x--x.x")), ".--xxx");
  int exchanges = 0;
  EXPECT_EQ(after_all(row("x.xx.x.."), &exchanges), "xxxx....");
  EXPECT_EQ(exchanges, 1);
}

TEST(Neighbours, TheShorterTextMoves) {
  std::vector<SlotUse> slots = row("x..x");
  slots[0].tokens = 2000;
  const auto next = towards_neighbours(slots);
  ASSERT_TRUE(next);
  EXPECT_EQ(next->flowing, 3U);
  EXPECT_EQ(next->other, 1U);
  EXPECT_EQ(next->tokens, 100U);
}

TEST(Neighbours, EveryPictureEndsInOneRow) {
  for (std::uint32_t bits = 0; bits < 6561; ++bits) {
    std::string picture;
    for (std::uint32_t rest = bits, i = 0; i < 8; ++i, rest /= 3)
      picture += "x-."[rest % 3];
    const std::string end = after_all(row(picture));
    const auto first = end.find('x');
    const auto last = end.rfind('x');
    if (first == end.npos) continue;
    EXPECT_EQ(end.substr(first, last - first + 1), std::string(last - first + 1, 'x')) << picture;
  }
}

}  // namespace
}  // namespace nacre::llama
