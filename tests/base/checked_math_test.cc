#include "base/checked_math.h"

#include <gtest/gtest.h>
#include <cstdint>
#include <limits>

namespace nacre {
namespace {

constexpr std::uint64_t kMax = std::numeric_limits<std::uint64_t>::max();

TEST(CheckedMath, AddsUpToTheEdge) {
  EXPECT_EQ(checked_add(kMax - 1, 1), kMax);
  EXPECT_EQ(checked_add(kMax, 1), std::nullopt);
}

TEST(CheckedMath, MultipliesUpToTheEdge) {
  EXPECT_EQ(checked_mul(std::uint64_t{1} << 32, (std::uint64_t{1} << 32) - 1),
            kMax - (std::uint64_t{1} << 32) + 1);
  EXPECT_EQ(checked_mul(std::uint64_t{1} << 32, std::uint64_t{1} << 32), std::nullopt);
  EXPECT_EQ(checked_mul(kMax, 0), 0U);
}

TEST(CheckedMath, CastsOnlyWhatFits) {
  EXPECT_EQ((checked_cast<std::uint32_t>(std::uint64_t{0xffffffff})), 0xffffffffU);
  EXPECT_EQ((checked_cast<std::uint32_t>(std::uint64_t{0x100000000})), std::nullopt);
  EXPECT_EQ((checked_cast<std::uint32_t>(-1)), std::nullopt);
  EXPECT_EQ((checked_cast<std::int64_t>(kMax)), std::nullopt);
}

TEST(CheckedMath, RangesDoNotWrap) {
  EXPECT_TRUE(range_fits(0, 0, 0));
  EXPECT_TRUE(range_fits(3, 7, 10));
  EXPECT_FALSE(range_fits(4, 7, 10));
  EXPECT_FALSE(range_fits(11, 0, 10));
  EXPECT_FALSE(range_fits(8, kMax, 10));
  EXPECT_FALSE(range_fits(kMax, kMax, 10));
}

}  // namespace
}  // namespace nacre
