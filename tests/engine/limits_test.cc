// What stops a guest: memory, tables, fuel, time, interruption, its own stack.

#include <pthread.h>

#include <atomic>
#include <condition_variable>
#include <csignal>
#include <mutex>
#include <thread>

#include "engine/engine.h"
#include "gmock/gmock.h"
#include "run_guest.h"

namespace nacre::engine {
namespace {

using namespace std::chrono_literals;
using std::chrono::steady_clock;
using ::testing::AllOf;
using ::testing::HasSubstr;

constexpr std::string_view kLoopsForEver = R"((module $spinner
  (func $spin (loop (br 0)))
  (func (export "_start") (call $spin))))";

class LimitsOnEveryCompiler : public ::testing::TestWithParam<Compiler> {};
INSTANTIATE_TEST_SUITE_P(Compilers, LimitsOnEveryCompiler,
                         ::testing::Values(Compiler::kCranelift, Compiler::kWinch,
                                           Compiler::kPulley),
                         [](const auto& test) { return std::string(to_string(test.param)); });

// --- memory

constexpr std::uint64_t kPage = 65536;

// Grows page by page until it may not, then exits with the number of pages it has.
std::string grower(std::string_view at_the_end) {
  return wasi_guest(
      "(func (export \"_start\")"
      "  (loop $more (br_if $more (i32.ne (memory.grow (i32.const 1)) (i32.const -1))))" +
      std::string(at_the_end) + ")");
}

TEST_P(LimitsOnEveryCompiler, MemoryGrowAnswersMinusOneAtTheLimit) {
  const Engine engine = make_engine({.compiler = GetParam()});
  const auto outcome =
      run(engine, grower("(call $proc_exit (memory.size))"), {.max_memory = 10 * kPage});
  ASSERT_TRUE(outcome) << outcome.error().message;
  EXPECT_EQ(outcome->reason, ExitReason::kExited);
  EXPECT_EQ(outcome->exit_code, 10);
  EXPECT_TRUE(outcome->memory_limit_hit);
  EXPECT_THAT(outcome->message, AllOf(HasSubstr("720896 bytes"), HasSubstr("limit is 655360")));
}

TEST(MemoryLimit, ATrapAfterItSaysSo) {
  const auto outcome = run(make_engine(), grower("unreachable"), {.max_memory = 10 * kPage});
  ASSERT_TRUE(outcome);
  EXPECT_EQ(outcome->reason, ExitReason::kTrapped);
  EXPECT_EQ(outcome->exit_code, 134);
  EXPECT_TRUE(outcome->memory_limit_hit);
  EXPECT_THAT(outcome->message, AllOf(HasSubstr("unreachable"), HasSubstr("limit is 655360")));
}

TEST(MemoryLimit, AGuestThatStaysBelowHearsNothing) {
  const auto outcome = run(make_engine(), wasi_guest(R"(
    (func (export "_start") (drop (memory.grow (i32.const 8))) unreachable))"),
                           {.max_memory = 10 * kPage});
  ASSERT_TRUE(outcome);
  EXPECT_FALSE(outcome->memory_limit_hit);
  EXPECT_EQ(outcome->message.find("limit"), std::string::npos);
}

TEST(MemoryLimit, TheModulesOwnMaximumIsNotOurLimit) {
  const auto outcome = run(make_engine(), R"((module (memory 1 2)
    (func (export "_start") (drop (memory.grow (i32.const 5))) unreachable)))",
                           {.max_memory = 10 * kPage});
  ASSERT_TRUE(outcome);
  EXPECT_FALSE(outcome->memory_limit_hit);
}

TEST(MemoryLimit, CountsAllMemoriesTogether) {
  const auto outcome = run(make_engine(), R"((module (memory $a 3) (memory $b 3)
    (func (export "_start")
      (if (i32.ne (memory.grow $a (i32.const 4)) (i32.const 3)) (then unreachable))
      (if (i32.ne (memory.grow $b (i32.const 1)) (i32.const -1)) (then unreachable)))))",
                           {.max_memory = 10 * kPage});
  ASSERT_TRUE(outcome) << outcome.error().message;
  EXPECT_EQ(outcome->exit_code, 0);
  EXPECT_TRUE(outcome->memory_limit_hit);
}

TEST(MemoryLimit, IsThatOfOne32BitMemoryUnlessItIsStated) {
  constexpr std::string_view kTwo = R"((module (memory $a 0) (memory $b 0)
    (func (export "_start")
      (if (i32.ne (memory.grow $a (i32.const 65536)) (i32.const 0)) (then unreachable))
      (if (i32.ne (memory.grow $b (i32.const 1)) (i32.const -1)) (then unreachable)))))";
  constexpr std::string_view k64Bit = R"((module (memory i64 0)
    (func (export "_start")
      (if (i64.ne (memory.grow (i64.const 65537)) (i64.const -1)) (then unreachable)))))";
  for (const std::string_view guest : {kTwo, k64Bit}) {
    const auto outcome = run(make_engine(), guest);
    ASSERT_TRUE(outcome) << outcome.error().message;
    EXPECT_EQ(outcome->exit_code, 0) << outcome->message;
    EXPECT_TRUE(outcome->memory_limit_hit);
  }
  EXPECT_EQ(run(make_engine(), k64Bit, {.max_memory = std::uint64_t{8} << 30})->exit_code, 134);
}

TEST(MemoryLimit, AGuestThatNeedsMoreFromTheStartDoesNotStart) {
  const auto outcome = run(make_engine(), R"((module (memory 11) (func (export "_start"))))",
                           {.max_memory = 10 * kPage});
  ASSERT_FALSE(outcome);
  EXPECT_EQ(outcome.error().code, ErrorCode::kTooLarge);
  EXPECT_THAT(outcome.error().message, AllOf(HasSubstr("720896 bytes"), HasSubstr("655360")));
}

TEST(TableLimit, TableGrowAnswersMinusOne) {
  constexpr std::string_view kGuest = R"((module (table $t 10 funcref)
    (func (export "_start")
      (if (i32.ne (table.grow $t (ref.null func) (i32.const 90)) (i32.const 10))
        (then unreachable))
      (if (i32.ne (table.grow $t (ref.null func) (i32.const 1)) (i32.const -1))
        (then unreachable)))))";
  const auto outcome = run(make_engine(), kGuest, {.max_table_elements = 100});
  ASSERT_TRUE(outcome) << outcome.error().message;
  EXPECT_EQ(outcome->exit_code, 0) << outcome->message;
  const auto refused = run(make_engine(), kGuest, {.max_table_elements = 9});
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::kTooLarge);
  EXPECT_THAT(refused.error().message, HasSubstr("10 table elements"));
}

// --- fuel

TEST_P(LimitsOnEveryCompiler, FuelRunsOut) {
  const Engine engine = make_engine({.compiler = GetParam(), .meter_fuel = true});
  const auto outcome = run(engine, kLoopsForEver, {.fuel = 10'000});
  ASSERT_TRUE(outcome) << outcome.error().message;
  EXPECT_EQ(outcome->reason, ExitReason::kOutOfFuel);
  EXPECT_EQ(outcome->exit_code, 134);
  EXPECT_EQ(outcome->message, "the guest used up its fuel of 10000 units");
  EXPECT_FALSE(outcome->backtrace.empty());
}

TEST(Fuel, IsCountedAndWithoutALimitNeverRunsOut) {
  const Engine engine = make_engine({.meter_fuel = true});
  constexpr std::string_view kShort = R"((module (func (export "_start") nop nop nop)))";
  const auto counted = run(engine, kShort, {.fuel = 10'000});
  ASSERT_TRUE(counted);
  EXPECT_EQ(counted->exit_code, 0);
  ASSERT_TRUE(counted->fuel_consumed);
  EXPECT_GT(*counted->fuel_consumed, 0U);
  EXPECT_LT(*counted->fuel_consumed, 100U);
  const auto free = run(engine, kShort);
  ASSERT_TRUE(free);
  EXPECT_EQ(free->exit_code, 0);
  EXPECT_FALSE(free->fuel_consumed);
}

TEST(Fuel, NeedsAnEngineThatCounts) {
  const auto outcome = run(make_engine(), kLoopsForEver, {.fuel = 10});
  ASSERT_FALSE(outcome);
  EXPECT_THAT(outcome.error().message, HasSubstr("meter_fuel"));
}

// --- time

TEST_P(LimitsOnEveryCompiler, ATimeoutStopsALoop) {
  const Engine engine = make_engine({.compiler = GetParam(), .interruptible = true});
  std::atomic<int> timeouts = 0;
  const auto begin = steady_clock::now();
  const auto outcome =
      run(engine, kLoopsForEver, {.timeout = 50ms, .on_timeout = [&] { ++timeouts; }});
  const auto took = steady_clock::now() - begin;
  ASSERT_TRUE(outcome) << outcome.error().message;
  EXPECT_EQ(outcome->reason, ExitReason::kTimedOut);
  EXPECT_EQ(outcome->exit_code, 124);
  EXPECT_EQ(outcome->message, "the guest did not finish within its timeout of 50 ms");
  ASSERT_FALSE(outcome->backtrace.empty());
  EXPECT_EQ(outcome->backtrace.front().function, "spin");
  EXPECT_EQ(timeouts, 1);
  EXPECT_GE(took, 50ms);
  EXPECT_LT(took, 900ms);
}

TEST(Timeout, OfAGuestThatFinishesIsNotHeardOf) {
  const Engine engine = make_engine({.interruptible = true});
  std::atomic<int> called = 0;
  const auto begin = steady_clock::now();
  const auto outcome = run(engine, R"((module (func (export "_start"))))",
                           {.timeout = std::chrono::hours(24 * 365 * 1000),
                            .on_timeout = [&] { ++called; },
                            .on_grace_expired = [&] { ++called; }});
  ASSERT_TRUE(outcome);
  EXPECT_EQ(outcome->exit_code, 0);
  EXPECT_EQ(called, 0);
  EXPECT_LT(steady_clock::now() - begin, 5s);
}

TEST(Timeout, StopsALoopInAStartFunction) {
  const auto outcome = run(
      make_engine({.interruptible = true}),
      R"((module (func $s (loop (br 0))) (start $s) (func (export "_start"))))", {.timeout = 50ms});
  ASSERT_TRUE(outcome) << outcome.error().message;
  EXPECT_EQ(outcome->reason, ExitReason::kTimedOut);
}

TEST(Timeout, NeedsAnInterruptibleEngine) {
  const auto outcome = run(make_engine(), kLoopsForEver, {.timeout = 50ms});
  ASSERT_FALSE(outcome);
  EXPECT_THAT(outcome.error().message, HasSubstr("interruptible"));
}

// A host function that waits until its owner cancels it.
struct Waiter {
  std::mutex mutex;
  std::condition_variable wake;
  bool cancelled = false;
  int returned_to_guest = 0;
};

std::uint32_t wait_for_cancel(void* state, GuestMemory&, const std::uint32_t*) noexcept {
  auto& waiter = *static_cast<Waiter*>(state);
  std::unique_lock lock(waiter.mutex);
  waiter.wake.wait(lock, [&] { return waiter.cancelled; });
  return 5;
}

std::uint32_t came_back(void* state, GuestMemory&, const std::uint32_t*) noexcept {
  ++static_cast<Waiter*>(state)->returned_to_guest;
  return 0;
}

constexpr HostFunction kWaiting[] = {{"test", "wait", 0, wait_for_cancel},
                                     {"test", "came_back", 0, came_back}};

TEST(Timeout, CancelsWhatTheGuestWaitsFor) {
  Waiter waiter;
  const auto outcome =
      run(make_engine({.interruptible = true}), R"((module
    (import "test" "wait" (func $wait (result i32)))
    (import "test" "came_back" (func $came_back (result i32)))
    (memory (export "memory") 1)
    (func (export "_start") (drop (call $wait)) (drop (call $came_back)))))",
          {.host_functions = kWaiting, .guest_state = &waiter, .timeout = 50ms, .on_timeout = [&] {
             const std::lock_guard lock(waiter.mutex);
             waiter.cancelled = true;
             waiter.wake.notify_all();
           }});
  ASSERT_TRUE(outcome) << outcome.error().message;
  EXPECT_EQ(outcome->reason, ExitReason::kTimedOut);
  EXPECT_EQ(outcome->exit_code, 124);
  EXPECT_EQ(waiter.returned_to_guest, 0);
}

// The guest waits for a pipe, as one waits for standard input, and no epoch reaches it there. Only
// when the grace is over is the pipe written to; then the guest, back in its loop, stops.
TEST(Timeout, TellsWhenTheGraceIsOver) {
  int ends[2];
  ASSERT_EQ(::pipe(ends), 0);
  ASSERT_EQ(::dup2(ends[0], STDIN_FILENO), STDIN_FILENO);
  std::atomic<int> order = 0;
  std::atomic<int> timeout_was = 0;
  std::atomic<int> grace_was = 0;
  const auto begin = steady_clock::now();
  const auto outcome = run(make_engine({.interruptible = true}), wasi_guest(R"(
    (func (export "_start")
      (i32.store (i32.const 0) (i32.const 4096))
      (i32.store (i32.const 4) (i32.const 1))
      (drop (call $fd_read (i32.const 0) (i32.const 0) (i32.const 1) (i32.const 8)))
      (loop (br 0))))"),
                           {.timeout = 50ms,
                            .on_timeout = [&] { timeout_was = ++order; },
                            .on_grace_expired =
                                [&] {
                                  grace_was = ++order;
                                  EXPECT_EQ(::write(ends[1], "x", 1), 1);
                                }});
  const auto took = steady_clock::now() - begin;
  ::close(ends[0]);
  ::close(ends[1]);
  ASSERT_TRUE(outcome) << outcome.error().message;
  EXPECT_EQ(outcome->reason, ExitReason::kTimedOut);
  EXPECT_EQ(timeout_was, 1);
  EXPECT_EQ(grace_was, 2);
  EXPECT_GE(took, 50ms + kTimeoutGrace);
  EXPECT_LT(took, 10s);
}

TEST(Timeout, OfOneGuestLeavesTheOthersAlone) {
  const Engine engine = make_engine({.interruptible = true});
  // Counts for long enough that the other's timeout comes meanwhile, then exits with 5.
  const Module counter = load(engine, wasi_guest(R"(
    (func (export "_start") (local $until i64)
      (drop (call $clock_time_get (i32.const 1) (i64.const 1) (i32.const 16)))
      (local.set $until (i64.add (i64.load (i32.const 16)) (i64.const 400000000)))
      (loop $wait
        (drop (call $clock_time_get (i32.const 1) (i64.const 1) (i32.const 16)))
        (br_if $wait (i64.lt_u (i64.load (i32.const 16)) (local.get $until))))
      (call $proc_exit (i32.const 5))))"));
  int code = -1;
  std::thread other([&] {
    auto instance = Instance::create(counter, {.timeout = 60s});
    if (!instance) return;
    if (const auto outcome = instance->run()) code = outcome->exit_code;
  });
  for (int i = 0; i < 3; ++i) {
    const auto outcome = run(engine, kLoopsForEver, {.timeout = 30ms});
    ASSERT_TRUE(outcome);
    EXPECT_EQ(outcome->reason, ExitReason::kTimedOut);
  }
  other.join();
  EXPECT_EQ(code, 5);
}

// --- interruption

TEST_P(LimitsOnEveryCompiler, InterruptFromAnotherThread) {
  const Engine engine = make_engine({.compiler = GetParam(), .interruptible = true});
  auto instance = Instance::create(load(engine, kLoopsForEver), {});
  ASSERT_TRUE(instance);
  std::thread other([&] {
    std::this_thread::sleep_for(50ms);
    instance->interrupt();
  });
  const auto outcome = instance->run();
  other.join();
  ASSERT_TRUE(outcome);
  EXPECT_EQ(outcome->reason, ExitReason::kInterrupted);
  EXPECT_EQ(outcome->exit_code, 130);
  EXPECT_EQ(outcome->message, "the guest was interrupted");
}

TEST(Interrupt, BeforeTheRunCounts) {
  auto instance = Instance::create(load(make_engine({.interruptible = true}), kLoopsForEver), {});
  ASSERT_TRUE(instance);
  instance->interrupt();
  const auto outcome = instance->run();
  ASSERT_TRUE(outcome);
  EXPECT_EQ(outcome->reason, ExitReason::kInterrupted);
}

Instance* signalled = nullptr;

TEST(Interrupt, FromASignalHandler) {
  auto instance = Instance::create(load(make_engine({.interruptible = true}), kLoopsForEver), {});
  ASSERT_TRUE(instance);
  signalled = &*instance;
  ASSERT_NE(std::signal(SIGUSR1, [](int) { signalled->interrupt(); }), SIG_ERR);
  const pthread_t runner = ::pthread_self();
  std::thread other([runner] {
    std::this_thread::sleep_for(50ms);
#if defined(__SANITIZE_THREAD__)
    static_cast<void>(runner);  // it would hold the signal back: a loop in a guest calls nothing
    ::raise(SIGUSR1);
#else
    ::pthread_kill(runner, SIGUSR1);
#endif
  });
  const auto outcome = instance->run();
  other.join();
  std::signal(SIGUSR1, SIG_DFL);
  ASSERT_TRUE(outcome);
  EXPECT_EQ(outcome->reason, ExitReason::kInterrupted);
}

TEST(Interrupt, TheFirstReasonStays) {
  auto instance =
      Instance::create(load(make_engine({.interruptible = true}), kLoopsForEver), {.timeout = 10s});
  ASSERT_TRUE(instance);
  instance->interrupt();
  EXPECT_EQ(instance->run()->reason, ExitReason::kInterrupted);
}

// --- stack

TEST_P(LimitsOnEveryCompiler, EndlessRecursionIsATrap) {
  const auto outcome = run(make_engine({.compiler = GetParam()}), R"((module $deep
    (func $down (call $down) (call $down))
    (func (export "_start") (call $down))))");
  ASSERT_TRUE(outcome) << outcome.error().message;
  EXPECT_EQ(outcome->reason, ExitReason::kTrapped);
  EXPECT_EQ(outcome->exit_code, 134);
  EXPECT_THAT(outcome->message, HasSubstr("call stack is exhausted"));
  ASSERT_FALSE(outcome->backtrace.empty());
  EXPECT_EQ(outcome->backtrace.front().function, "down");
}

TEST(Stack, ATooSmallThreadIsRefusedNotOverrun) {
  const Engine engine = make_engine({.max_wasm_stack = 1 << 20});
  struct Job {
    const Engine* engine;
    Result<RunOutcome> result = fail(ErrorCode::kUnknown, "did not run");
  } job{&engine};
  pthread_attr_t attributes;
  ASSERT_EQ(::pthread_attr_init(&attributes), 0);
  ASSERT_EQ(::pthread_attr_setstacksize(&attributes, 1 << 20), 0);
  pthread_t thread;
  ASSERT_EQ(::pthread_create(
                &thread, &attributes,
                [](void* data) -> void* {
                  auto& mine = *static_cast<Job*>(data);
                  mine.result = run(*mine.engine, R"((module (func (export "_start"))))");
                  return nullptr;
                },
                &job),
            0);
  ::pthread_join(thread, nullptr);
  ::pthread_attr_destroy(&attributes);
  ASSERT_FALSE(job.result);
  EXPECT_THAT(job.result.error().message, HasSubstr("larger stack"));
}

}  // namespace
}  // namespace nacre::engine
