#include "engine/watchdog.h"

#include <gtest/gtest.h>

#include <atomic>
#include <thread>

namespace nacre::engine {
namespace {

using namespace std::chrono_literals;

TEST(Watchdog, CalledOffInTimeItSaysNothing) {
  std::atomic<int> calls = 0;
  const auto begin = std::chrono::steady_clock::now();
  {
    const Watchdog watchdog(10s, 10s, [&] { ++calls; }, [&] { ++calls; });
  }
  EXPECT_EQ(calls, 0);
  EXPECT_LT(std::chrono::steady_clock::now() - begin, 5s);
}

TEST(Watchdog, CallsTwiceInOrder) {
  std::atomic<int> first = 0;
  std::atomic<int> second = 0;
  std::atomic<int> order = 0;
  const Watchdog watchdog(20ms, 20ms, [&] { first = ++order; }, [&] { second = ++order; });
  while (order < 2)
    std::this_thread::sleep_for(1ms);
  EXPECT_EQ(first, 1);
  EXPECT_EQ(second, 2);
}

TEST(Watchdog, CalledOffInTheGraceItCallsOnce) {
  std::atomic<int> expired = 0;
  std::atomic<int> grace = 0;
  {
    const Watchdog watchdog(1ms, 10s, [&] { ++expired; }, [&] { ++grace; });
    while (expired == 0)
      std::this_thread::sleep_for(1ms);
  }
  EXPECT_EQ(expired, 1);
  EXPECT_EQ(grace, 0);
}

TEST(Watchdog, WaitsForACallbackUnderWay) {
  std::atomic<bool> begun = false;
  std::atomic<bool> done = false;
  {
    const Watchdog watchdog(
        0ms, 10s,
        [&] {
          begun = true;
          std::this_thread::sleep_for(50ms);
          done = true;
        },
        nullptr);
    while (!begun)
      std::this_thread::sleep_for(1ms);
  }
  EXPECT_TRUE(done);
}

TEST(Watchdog, LongestTimeoutsDoNotWrap) {
  std::atomic<int> calls = 0;
  {
    const Watchdog watchdog(std::chrono::milliseconds::max(), 1s, [&] { ++calls; }, nullptr);
    std::this_thread::sleep_for(20ms);
  }
  EXPECT_EQ(calls, 0);
}

}  // namespace
}  // namespace nacre::engine
