// What a guest prints, on its way to a function of the embedder's: same thread, same order, nothing
// kept back, and nobody else held up. Modules and components.
#include <gmock/gmock.h>
#include <unistd.h>

#include <condition_variable>
#include <fstream>
#include <future>
#include <mutex>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "engine/engine.h"
#include "run_guest.h"

namespace nacre::engine {
namespace {

using ::testing::StartsWith;
using namespace std::chrono_literals;

constexpr std::size_t kWrite = 4096;

/// The core of both: writes 4096 bytes `times` times to standard output with `$write ptr len`,
/// which answers 0 when it could, then does `$end failed`. Every write begins with its number, from
/// 1 on.
std::string writer(int times) {
  return R"((func $go (local $i i32) (local $failed i32)
      (loop $again
        (local.set $i (i32.add (local.get $i) (i32.const 1)))
        (i32.store (i32.const 8192) (local.get $i))
        (if (call $write (i32.const 8192) (i32.const 4096))
          (then (local.set $failed (i32.add (local.get $failed) (i32.const 1)))))
        (br_if $again (i32.lt_u (local.get $i) (i32.const )" +
         std::to_string(times) + ")))) (call $end (local.get $failed)))";
}

std::string writing_module(int times, const std::string& end) {
  return wasi_guest(R"((func $write (param i32 i32) (result i32)
      (i32.store (i32.const 0) (local.get 0))
      (i32.store (i32.const 4) (local.get 1))
      (call $fd_write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 8)))
    (func $end (param i32) )" +
                    end + ")" + writer(times) + R"((func (export "_start") (call $go)))");
}

std::string writing_component(int times, const std::string& end) {
  return R"((component
    (import "wasi:io/error@0.2.0" (instance $errors (export "error" (type (sub resource)))))
    (alias export $errors "error" (type $error))
    (import "wasi:io/streams@0.2.0" (instance $streams
      (alias outer 1 $error (type $error))
      (export "error" (type $named (eq $error)))
      (export "output-stream" (type $stream (sub resource)))
      (type $failure (variant (case "last-operation-failed" (own $named)) (case "closed")))
      (export "stream-error" (type $stream-error (eq $failure)))
      (export "[method]output-stream.blocking-write-and-flush"
        (func (param "self" (borrow $stream)) (param "contents" (list u8))
              (result (result (error $stream-error)))))))
    (alias export $streams "output-stream" (type $stream))
    (import "wasi:cli/exit@0.2.0" (instance $exits
      (export "exit" (func (param "status" (result))))))
    (import "wasi:cli/stdout@0.2.0" (instance $outs
      (alias outer 1 $stream (type $stream))
      (export "output-stream" (type $named (eq $stream)))
      (export "get-stdout" (func (result (own $named))))))
    (core module $memory (memory (export "memory") 2))
    (core instance $m (instantiate $memory))
    (core func $get (canon lower (func $outs "get-stdout")))
    (core func $put (canon lower
      (func $streams "[method]output-stream.blocking-write-and-flush") (memory (core memory $m "memory"))))
    (core module $code
      (import "m" "memory" (memory 2))
      (import "f" "get" (func $get (result i32)))
      (import "f" "put" (func $put (param i32 i32 i32 i32)))
      (global $stdout (mut i32) (i32.const 0))
      (func $write (param i32 i32) (result i32)
        (call $put (global.get $stdout) (local.get 0) (local.get 1) (i32.const 16))
        (i32.load8_u (i32.const 16)))
      (func $end (param i32) )" +
         end + ")" + writer(times) + R"(
      (func (export "run") (result i32)
        (global.set $stdout (call $get))
        (call $go)
        (i32.const 0)))
    (core instance $i (instantiate $code (with "m" (instance $m))
      (with "f" (instance (export "get" (func $get)) (export "put" (func $put))))))
    (func $run (result (result)) (canon lift (core func $i "run")))
    (instance $exported (export "run" (func $run)))
    (export "wasi:cli/run@0.2.0" (instance $exported))))";
}

enum class Kind : std::uint8_t { kModule, kComponent };

class StandardStreams : public testing::TestWithParam<Kind> {
 protected:
  /// `end` is done last, with the number of writes that failed as its local 0.
  static std::string guest(int times, const std::string& end = "") {
    return GetParam() == Kind::kModule ? writing_module(times, end) : writing_component(times, end);
  }

  static const Engine& engine() {
    static const Engine kEngine = make_engine();
    return kEngine;
  }

  static Result<RunOutcome> run_into(const std::string& text, OutputSink sink) {
    return run(engine(), text, {.standard_output = std::move(sink)});
  }
};

INSTANTIATE_TEST_SUITE_P(All, StandardStreams, testing::Values(Kind::kModule, Kind::kComponent),
                         [](const auto& one) {
                           return std::string(one.param == Kind::kModule ? "Module" : "Component");
                         });

std::uint32_t number_of(std::string_view write) {
  std::uint32_t number = 0;
  std::memcpy(&number, write.data(), sizeof(number));
  return number;
}

TEST_P(StandardStreams, ArriveInOrderOnTheGuestsThread) {
  std::uint32_t writes = 0;
  bool in_order = true;
  bool same_thread = true;
  const auto outcome =
      run_into(guest(1000), [&, here = std::this_thread::get_id()](std::string_view bytes) {
        ++writes;
        in_order = in_order && bytes.size() == kWrite && number_of(bytes) == writes;
        same_thread = same_thread && std::this_thread::get_id() == here;
      });
  ASSERT_TRUE(outcome) << outcome.error().message;
  EXPECT_EQ(outcome->exit_code, 0) << outcome->message;
  EXPECT_EQ(writes, 1000u);
  EXPECT_TRUE(in_order);
  EXPECT_TRUE(same_thread);
}

TEST_P(StandardStreams, AllThatWasWrittenBeforeATrapArrives) {
  std::size_t bytes = 0;
  const auto outcome =
      run_into(guest(30, "unreachable"), [&](std::string_view text) { bytes += text.size(); });
  ASSERT_TRUE(outcome) << outcome.error().message;
  EXPECT_EQ(outcome->reason, ExitReason::kTrapped);
  EXPECT_EQ(bytes, 30 * kWrite);
}

TEST_P(StandardStreams, AReaderThatWaitsHoldsUpItsGuestOnly) {
  std::mutex mutex;
  std::condition_variable changed;
  unsigned waiting = 0;
  bool released = false;
  // More than there are processors: with a thread for each, a shared one would be left.
  const unsigned many = std::thread::hardware_concurrency() + 2;
  const Module module = load(engine(), guest(2));
  std::vector<std::thread> slow;
  for (unsigned i = 0; i < many; ++i) {
    slow.emplace_back([&] {
      auto instance =
          Instance::create(module, {.standard_output = OutputSink([&](std::string_view) {
                                      std::unique_lock lock(mutex);
                                      ++waiting;
                                      changed.notify_all();
                                      changed.wait(lock, [&] { return released; });
                                    })});
      EXPECT_EQ(instance.value().run().value().exit_code, 0);
    });
  }
  {
    std::unique_lock lock(mutex);
    EXPECT_TRUE(changed.wait_for(lock, 20s, [&] { return waiting == many; })) << waiting;
  }
  auto quick = std::async(std::launch::async, [&] {
    std::size_t bytes = 0;
    static_cast<void>(run_into(guest(100), [&](std::string_view text) { bytes += text.size(); }));
    return bytes;
  });
  EXPECT_EQ(quick.wait_for(20s), std::future_status::ready);
  {
    const std::lock_guard lock(mutex);
    released = true;
    changed.notify_all();
  }
  for (std::thread& one : slow)
    one.join();
  EXPECT_EQ(quick.get(), 100 * kWrite);
}

TEST_P(StandardStreams, AHundredMegabytesNeedNoMemory) {
  const auto resident = [] {
    std::size_t pages = 0;
    std::ifstream("/proc/self/statm") >> pages >> pages;
    return pages * static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
  };
  static_cast<void>(run_into(guest(100), [](std::string_view) {}));
  const std::size_t before = resident();
  std::size_t bytes = 0;
  std::size_t most = 0;
  const auto outcome = run_into(guest(100 << 8), [&](std::string_view text) {
    bytes += text.size();
    if (bytes % (std::size_t{10} << 20) == 0) most = std::max(most, resident());
  });
  ASSERT_TRUE(outcome) << outcome.error().message;
  EXPECT_EQ(bytes, std::size_t{100} << 20);
  EXPECT_LT(most, before + (std::size_t{10} << 20));
}

TEST_P(StandardStreams, ASinkThatThrowsIsAnErrorOfTheGuestsWriteAndOfLaterOnes) {
  std::size_t calls = 0;
  const std::string four_failed = "(if (i32.ne (local.get 0) (i32.const 4)) (then unreachable))";
  const auto outcome = run_into(guest(5, four_failed), [&](std::string_view) {
    if (++calls == 2) throw std::runtime_error("the disk is full");
  });
  ASSERT_TRUE(outcome) << outcome.error().message;
  EXPECT_EQ(outcome->exit_code, 0) << outcome->message;
  EXPECT_EQ(calls, 2u);
}

TEST_P(StandardStreams, ASinkMayRunAGuest) {
  std::size_t inner = 0;
  const auto outcome = run_into(guest(3), [&](std::string_view) {
    const auto nested = run_into(guest(2), [&](std::string_view bytes) { inner += bytes.size(); });
    EXPECT_EQ(nested.value().exit_code, 0);
  });
  ASSERT_TRUE(outcome) << outcome.error().message;
  EXPECT_EQ(outcome->exit_code, 0) << outcome->message;
  EXPECT_EQ(inner, 3 * 2 * kWrite);
}

}  // namespace
}  // namespace nacre::engine
