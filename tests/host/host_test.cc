// The host as an embedder sees it: guests as text, and what ends them.
#include <nacre/host.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <atomic>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "host_test_base.h"

namespace nacre {
namespace {

namespace fs = std::filesystem;
using namespace std::chrono_literals;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

constexpr std::string_view kLoop = R"((module
  (memory (export "memory") 1)
  (func (export "_start") (loop $again (br $again)))))";

constexpr std::string_view kTrap = R"((module $unlucky
  (memory (export "memory") 1)
  (func $falls_over unreachable)
  (func (export "_start") (call $falls_over))))";

// Copies standard input to standard output, up to 4 KB.
constexpr std::string_view kCat = R"((module
  (import "wasi_snapshot_preview1" "fd_read"
    (func $fd_read (param i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_write"
    (func $fd_write (param i32 i32 i32 i32) (result i32)))
  (memory (export "memory") 1)
  (func (export "_start")
    (i32.store (i32.const 0) (i32.const 4096))
    (i32.store (i32.const 4) (i32.const 4096))
    (drop (call $fd_read (i32.const 0) (i32.const 0) (i32.const 1) (i32.const 8)))
    (i32.store (i32.const 4) (i32.load (i32.const 8)))
    (drop (call $fd_write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 8))))))";

TEST_F(HostTest, ExitCodeIsTheGuests) {
  const auto outcome = make()->run(guest_of(kExit));
  ASSERT_TRUE(outcome) << outcome.error().message;
  EXPECT_EQ(outcome->reason, ExitReason::kExited);
  EXPECT_EQ(outcome->exit_code, 7);
  EXPECT_THAT(outcome->message, IsEmpty());
}

TEST_F(HostTest, AGuestFromAFile) {
  std::ofstream(dir_ / "seven.wat") << kExit;
  const auto outcome = make()->run({.path = (dir_ / "seven.wat").string()});
  ASSERT_TRUE(outcome) << outcome.error().message;
  EXPECT_EQ(outcome->exit_code, 7);
}

TEST_F(HostTest, StreamsAreWhatTheEmbedderGives) {
  GuestOptions guest = guest_of(kCat);
  guest.stdin_bytes = "hello";
  std::string out;
  guest.stdout_sink = [&out](std::span<const std::byte> bytes) {
    out.append(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  };
  const auto outcome = make()->run(guest);
  ASSERT_TRUE(outcome) << outcome.error().message;
  EXPECT_EQ(out, "hello");
}

TEST_F(HostTest, ATrapComesWithItsBacktrace) {
  const auto outcome = make()->run(guest_of(kTrap));
  ASSERT_TRUE(outcome) << outcome.error().message;
  EXPECT_EQ(outcome->reason, ExitReason::kTrapped);
  EXPECT_EQ(outcome->exit_code, 134);
  EXPECT_THAT(outcome->message, HasSubstr("unreachable"));
  EXPECT_THAT(outcome->backtrace, HasSubstr("falls_over"));
}

TEST_F(HostTest, WhatIsNoGuestIsAnError) {
  const auto host = make();
  const auto no_wasm = host->run(guest_of("this is no program"));
  ASSERT_FALSE(no_wasm);
  EXPECT_THAT(no_wasm.error().message, Not(IsEmpty()));
  EXPECT_FALSE(host->run({}));
  EXPECT_FALSE(host->run({.path = "/no/such/guest.wasm"}));
  GuestOptions guest = guest_of(kExit);
  guest.dirs.push_back({.host = "/no/such/folder", .guest = "."});
  const auto no_folder = host->run(guest);
  ASSERT_FALSE(no_folder);
  EXPECT_THAT(no_folder.error().message, HasSubstr("/no/such/folder"));
}

TEST_F(HostTest, LimitsThatTheHostWasNotMadeForAreErrors) {
  const auto host = make({.interruptible = false});
  GuestOptions guest = guest_of(kExit);
  guest.limits.timeout = 1s;
  const auto timeout = host->run(guest);
  ASSERT_FALSE(timeout);
  EXPECT_THAT(timeout.error().message, HasSubstr("interruptible"));
  guest.limits.timeout = 0s;
  ASSERT_FALSE(make()->run(guest));
  EXPECT_THAT(make()->run(guest).error().message, HasSubstr("no time at all"));
  guest.limits = {.fuel = 10};
  const auto fuel = host->run(guest);
  ASSERT_FALSE(fuel);
  EXPECT_THAT(fuel.error().message, HasSubstr("consume_fuel"));
}

TEST_F(HostTest, TimeoutEndsALoop) {
  GuestOptions guest = guest_of(kLoop);
  guest.limits.timeout = 100ms;
  std::atomic<bool> grace = false;
  guest.on_grace_expired = [&grace] { grace = true; };
  const auto outcome = make()->run(guest);
  ASSERT_TRUE(outcome) << outcome.error().message;
  EXPECT_EQ(outcome->reason, ExitReason::kTimedOut);
  EXPECT_EQ(outcome->exit_code, 124);
  EXPECT_FALSE(grace);
}

TEST_F(HostTest, TheLongestTimeoutIsNone) {
  GuestOptions guest = guest_of(kExit);
  guest.limits.timeout = std::chrono::nanoseconds::max();
  const auto outcome = make()->run(guest);
  ASSERT_TRUE(outcome) << outcome.error().message;
  EXPECT_EQ(outcome->reason, ExitReason::kExited);
}

TEST_F(HostTest, TimeoutCancelsTheBackend) {
  const auto host = make({.models = {model("hangs", "hang\n")}});
  const std::string text = infer("hangs", 1);
  GuestOptions guest = guest_of(text);
  guest.limits.timeout = 100ms;
  std::atomic<bool> grace = false;
  guest.on_grace_expired = [&grace] { grace = true; };
  const auto begun = std::chrono::steady_clock::now();
  const auto outcome = host->run(guest);
  ASSERT_TRUE(outcome) << outcome.error().message;
  EXPECT_EQ(outcome->reason, ExitReason::kTimedOut);
  EXPECT_EQ(outcome->exit_code, 124);
  EXPECT_FALSE(grace);
  EXPECT_LT(std::chrono::steady_clock::now() - begun, 10s);
}

TEST_F(HostTest, ABackendThatDoesNotListenExpiresTheGrace) {
  const auto host = make({.models = {model("deaf", "sleep_ms 2500\ndeaf\n")}});
  const std::string text = infer("deaf", 1);
  GuestOptions guest = guest_of(text);
  guest.limits.timeout = 100ms;
  std::atomic<int> grace = 0;
  guest.on_grace_expired = [&grace] { ++grace; };
  const auto outcome = host->run(guest);
  ASSERT_TRUE(outcome) << outcome.error().message;
  EXPECT_EQ(outcome->reason, ExitReason::kTimedOut);
  EXPECT_EQ(grace, 1);
}

// A pipe that nobody writes to stands for a guest that keeps the compiler busy.
TEST_F(HostTest, AGuestThatIsNotReadyInTimeExpiresTheGrace) {
  const std::string pipe = dir_ / "guest.wat";
  ASSERT_EQ(::mkfifo(pipe.c_str(), 0600), 0);
  GuestOptions guest{.path = pipe};
  guest.limits.timeout = 100ms;
  std::atomic<int> grace = 0;
  guest.on_grace_expired = [&] {
    ++grace;
    std::ofstream(pipe) << kExit;
  };
  const auto outcome = make()->run(guest);
  ASSERT_TRUE(outcome) << outcome.error().message;
  EXPECT_EQ(outcome->reason, ExitReason::kTimedOut);
  EXPECT_EQ(outcome->exit_code, 124);
  EXPECT_THAT(outcome->message, HasSubstr("compiled"));
  EXPECT_EQ(grace, 1);
}

TEST_F(HostTest, InterruptEndsAllGuests) {
  const auto host = make({.models = {model("hangs", "hang\n")}});
  const std::string computing = infer("hangs", 1);
  std::vector<std::thread> threads;
  std::atomic<int> interrupted = 0;
  std::atomic<int> ended = 0;
  for (const std::string_view text : {kLoop, std::string_view(computing), kLoop}) {
    threads.emplace_back([&, text] {
      const auto outcome = host->run(guest_of(text));
      if (outcome && outcome->reason == ExitReason::kInterrupted && outcome->exit_code == 130) {
        ++interrupted;
      }
      ++ended;
    });
  }
  // Some may not have begun yet, so more than one call can be needed.
  const auto limit = std::chrono::steady_clock::now() + 30s;
  while (ended < 3 && std::chrono::steady_clock::now() < limit) {
    host->interrupt();
    std::this_thread::sleep_for(10ms);
  }
  for (std::thread& thread : threads)
    thread.join();
  EXPECT_EQ(interrupted, 3);
}

// A pipe that nobody writes to stands for a guest that keeps the compiler busy.
TEST_F(HostTest, AnInterruptWhileTheGuestIsCompiledIsNotLost) {
  const auto host = make();
  const std::string pipe = dir_ / "guest.wat";
  ASSERT_EQ(::mkfifo(pipe.c_str(), 0600), 0);
  std::optional<Result<Outcome>> outcome;
  std::thread runner([&] { outcome = host->run({.path = pipe}); });
  {
    std::ofstream writer(pipe);  // opens when the host reads, so run() is under way
    host->interrupt();
    writer << kLoop;
  }
  runner.join();
  ASSERT_TRUE(*outcome) << outcome->error().message;
  EXPECT_EQ((*outcome)->reason, ExitReason::kInterrupted);
  EXPECT_EQ((*outcome)->exit_code, 130);
  // It was for the guests of that moment only.
  EXPECT_EQ(host->run(guest_of(kExit)).value().exit_code, 7);
}

TEST_F(HostTest, MemoryAndFuelLimits) {
  constexpr std::string_view kGrow = R"((module
    (memory (export "memory") 1)
    (func (export "_start")
      (loop $again
        (br_if $again (i32.ne (memory.grow (i32.const 16)) (i32.const -1))))
      unreachable)))";
  const auto host = make({.consume_fuel = true});
  GuestOptions guest = guest_of(kGrow);
  guest.limits.max_memory_bytes = 8 << 20;
  const auto memory = host->run(guest);
  ASSERT_TRUE(memory) << memory.error().message;
  EXPECT_EQ(memory->reason, ExitReason::kOutOfMemory);
  EXPECT_EQ(memory->exit_code, 134);
  EXPECT_THAT(memory->message, HasSubstr("limit"));

  guest = guest_of(kLoop);
  guest.limits.fuel = 10000;
  const auto fuel = host->run(guest);
  ASSERT_TRUE(fuel) << fuel.error().message;
  EXPECT_EQ(fuel->reason, ExitReason::kOutOfFuel);
  EXPECT_EQ(fuel->exit_code, 134);
}

TEST_F(HostTest, APreparedGuestRunsManyTimesWithoutItsFile) {
  const auto host = make({.models = {model("net")}});
  const fs::path path = dir_ / "guest.wat";
  std::ofstream(path) << infer("net", 3);
  const auto prepared = host->prepare({.path = path.string()});
  ASSERT_TRUE(prepared) << prepared.error().message;
  fs::remove(path);
  std::vector<std::thread> threads;
  std::atomic<int> good = 0;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&] {
      for (int run = 0; run < 50; ++run) {
        const auto outcome = host->run({.path = "guest", .prepared = *prepared});
        if (outcome && outcome->exit_code == 0 && outcome->reason == ExitReason::kExited) ++good;
      }
    });
  }
  for (std::thread& thread : threads)
    thread.join();
  EXPECT_EQ(good, 200);
  // What it is not: a pass for what each run is asked anew.
  const auto stranger = host->run({.prepared = *prepared, .models = std::vector<std::string>{}});
  ASSERT_TRUE(stranger) << stranger.error().message;
  EXPECT_EQ(stranger->exit_code, 8);  // not_found
  const auto described = host->describe({.prepared = *prepared});
  ASSERT_TRUE(described) << described.error().message;
  EXPECT_EQ(described->entry, "_start");
}

TEST_F(HostTest, PreparingFailsAsRunningDoes) {
  const auto host = make();
  const auto absent = host->prepare({.path = (dir_ / "absent.wasm").string()});
  ASSERT_FALSE(absent);
  EXPECT_EQ(absent.error().code, ErrorCode::kNotFound);
  EXPECT_FALSE(host->prepare({}));
  EXPECT_FALSE(host->prepare(guest_of("no guest")));
}

TEST_F(HostTest, CompiledCodeRunsOnlyWhenAllowed) {
  const auto host = make();
  const auto code = host->compile(bytes_of(kExit));
  ASSERT_TRUE(code) << code.error().message;
  GuestOptions guest{.path = "guest", .bytes = *code};
  EXPECT_FALSE(host->run(guest));
  guest.allow_precompiled = true;
  EXPECT_EQ(host->run(guest).value().exit_code, 7);
  // A host whose guests cannot be stopped runs it as well.
  EXPECT_EQ(make({.interruptible = false})->run(guest).value().exit_code, 7);
}

TEST(Version, IsThreeNumbers) {
  EXPECT_THAT(std::string(version()), testing::MatchesRegex("[0-9]+\\.[0-9]+\\.[0-9]+"));
  EXPECT_THAT(std::string(engine_version()), HasSubstr("Wasmtime 48"));
}

}  // namespace
}  // namespace nacre
