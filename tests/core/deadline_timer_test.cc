#include "core/deadline_timer.h"

#include <gtest/gtest.h>
#include <atomic>
#include <chrono>
#include <thread>
#include <vector>

namespace nacre {
namespace {

using namespace std::chrono_literals;
using Clock = std::chrono::steady_clock;

struct Counter final : DeadlineListener {
  void deadline_passed() noexcept override {
    called_at = Clock::now();
    ++calls;
  }
  std::atomic<int> calls = 0;
  Clock::time_point called_at;
};

TEST(DeadlineTimer, CallsOnceWhenTheTimeIsUp) {
  Counter counter;
  const auto deadline = Clock::now() + 20ms;
  {
    const DeadlineGuard guard(deadline, counter);
    while (counter.calls == 0)
      std::this_thread::sleep_for(1ms);
    std::this_thread::sleep_for(20ms);
  }
  EXPECT_EQ(counter.calls, 1);
  EXPECT_GE(counter.called_at, deadline);
}

TEST(DeadlineTimer, AnEarlierOneGoesFirst) {
  Counter late;
  Counter early;
  const DeadlineGuard one(Clock::now() + 10min, late);
  const DeadlineGuard two(Clock::now() + 10ms, early);
  while (early.calls == 0)
    std::this_thread::sleep_for(1ms);
  EXPECT_EQ(late.calls, 0);
}

TEST(DeadlineTimer, NeverCallsAfterTheGuard) {
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([] {
      for (int i = 0; i < 500; ++i) {
        // On the heap, so that a call after the end is a use after free that sanitizers see.
        auto counter = std::make_unique<Counter>();
        {
          const DeadlineGuard guard(Clock::now() + std::chrono::microseconds(i % 50), *counter);
          if (i % 3 == 0) std::this_thread::yield();
        }
        EXPECT_LE(counter->calls, 1);
      }
    });
  }
  for (auto& thread : threads)
    thread.join();
}

}  // namespace
}  // namespace nacre
