#include "base/stacks.h"

#include <gtest/gtest.h>

#include <cstddef>
#include <limits>
#include <thread>

namespace nacre {
namespace {

constexpr std::size_t kMiB = std::size_t{1} << 20;
constexpr std::size_t kKiB64 = std::size_t{64} << 10;

// Frames of 1 KiB at least, that stay.
__attribute__((noinline)) std::size_t recurse(std::size_t times) {
  volatile char frame[1024];
  frame[0] = 1;
  return times == 0 ? 0 : recurse(times - 1) + static_cast<std::size_t>(frame[0]);
}

TEST(Stacks, WhatIsLeftIsLess) {
  std::size_t left = 0;
  ASSERT_TRUE(run_on_stack(4 * kMiB, [&]() noexcept { left = stack_left().value_or(0); }));
  EXPECT_GT(left, 3 * kMiB);
  EXPECT_LE(left, 4 * kMiB + kKiB64);
  std::size_t inside = 0;
  ASSERT_TRUE(run_on_stack(4 * kMiB, [&]() noexcept {
    volatile char used[kMiB];
    used[0] = 0;
    [&]() __attribute__((noinline)) { inside = stack_left().value_or(0); }();
    used[kMiB - 1] = used[0];
  }));
  EXPECT_LE(inside, left - kMiB + kKiB64);
}

TEST(Stacks, ALargeOneIsLarge) {
  std::size_t count = 0;
  ASSERT_TRUE(run_on_stack(256 * kMiB, [&]() noexcept { count = recurse(100'000); }));
  EXPECT_EQ(count, 100'000U);
}

TEST(Stacks, ThisThreadIsTakenWhereItsStackIsEnough) {
  const auto here = std::this_thread::get_id();
  std::thread::id ran;
  const auto note = [&]() noexcept { ran = std::this_thread::get_id(); };
  ASSERT_TRUE(run_with_stack(kKiB64, note));
  EXPECT_EQ(ran, here);
  ASSERT_TRUE(run_with_stack(256 * kMiB, note));
  EXPECT_NE(ran, here);
}

TEST(Stacks, WhatCannotBeHadIsSaid) {
  bool ran = false;
  EXPECT_FALSE(
      run_on_stack(std::numeric_limits<std::size_t>::max() / 2, [&]() noexcept { ran = true; }));
  EXPECT_FALSE(run_on_stack(1, [&]() noexcept { ran = true; }));
  EXPECT_FALSE(ran);
}

}  // namespace
}  // namespace nacre
