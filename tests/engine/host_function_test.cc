// Guests calling host functions: arguments, memory, and the guests that are refused.

#include "abi/host_function.h"

#include <array>
#include <cstring>
#include <thread>
#include <vector>

#include "engine/engine.h"
#include "gmock/gmock.h"
#include "run_guest.h"

namespace nacre::engine {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

struct Recorder {
  std::vector<std::vector<std::uint32_t>> calls;
  std::vector<std::size_t> memory_sizes;
  Instance* interrupts = nullptr;
};

Recorder& recorder(void* state) {
  return *static_cast<Recorder*>(state);
}

std::uint32_t one(void* state, GuestMemory& memory, const std::uint32_t* args) noexcept {
  recorder(state).calls.push_back({args[0]});
  recorder(state).memory_sizes.push_back(memory.bytes().size());
  return 11;
}

std::uint32_t three(void* state, GuestMemory&, const std::uint32_t* args) noexcept {
  recorder(state).calls.push_back({args[0], args[1], args[2]});
  return 0xffff'ffff;
}

// Adds one to the u32 at args[0].
std::uint32_t bump(void*, GuestMemory& memory, const std::uint32_t* args) noexcept {
  const auto value = read<std::uint32_t>(memory.bytes(), args[0]);
  if (!value) return 1;
  return write<std::uint32_t>(memory.bytes(), args[0], *value + 1) ? 0 : 1;
}

std::uint32_t sum16(void*, GuestMemory&, const std::uint32_t* args) noexcept {
  std::uint32_t sum = 0;
  for (std::size_t i = 0; i < 16; ++i)
    sum += args[i];
  return sum;
}

std::uint32_t interrupt_self(void* state, GuestMemory&, const std::uint32_t*) noexcept {
  recorder(state).interrupts->interrupt();
  return 0;
}

constexpr std::array kTable = {
    HostFunction{"test", "f", 1, one},
    HostFunction{"test", "f", 3, three},
    HostFunction{"test", "bump", 1, bump},
    HostFunction{"test", "sum16", 16, sum16},
    HostFunction{"test", "interrupt", 0, interrupt_self},
    HostFunction{"wasi_snapshot_preview1", "sock_extra", 1, one},
};

const Engine& shared_engine() {
  static const Engine kEngine = make_engine();
  return kEngine;
}

Result<RunOutcome> run_with(Recorder& state, std::string_view text) {
  return run(shared_engine(), text, {.host_functions = kTable, .guest_state = &state});
}

class CallsOnEveryCompiler : public ::testing::TestWithParam<Compiler> {};
INSTANTIATE_TEST_SUITE_P(Compilers, CallsOnEveryCompiler,
                         ::testing::Values(Compiler::kCranelift, Compiler::kWinch,
                                           Compiler::kPulley),
                         [](const auto& test) { return std::string(to_string(test.param)); });

TEST_P(CallsOnEveryCompiler, ArgumentsAndResultsCross) {
  Recorder state;
  const auto outcome = run(make_engine({.compiler = GetParam()}), R"((module
    (import "test" "f" (func $f (param i32) (result i32)))
    (import "test" "sum16" (func $sum (param i32 i32 i32 i32 i32 i32 i32 i32
                                             i32 i32 i32 i32 i32 i32 i32 i32) (result i32)))
    (memory (export "memory") 3)
    (func (export "_start")
      (if (i32.ne (call $f (i32.const -1)) (i32.const 11)) (then unreachable))
      (if (i32.ne (call $f (i32.const 5)) (i32.const 11)) (then unreachable))
      (if (i32.ne (i32.const 136) (call $sum
          (i32.const 1) (i32.const 2) (i32.const 3) (i32.const 4) (i32.const 5) (i32.const 6)
          (i32.const 7) (i32.const 8) (i32.const 9) (i32.const 10) (i32.const 11) (i32.const 12)
          (i32.const 13) (i32.const 14) (i32.const 15) (i32.const 16))) (then unreachable)))))",
                           {.host_functions = kTable, .guest_state = &state});
  ASSERT_TRUE(outcome) << outcome.error().message;
  EXPECT_EQ(outcome->exit_code, 0) << outcome->message;
  EXPECT_THAT(state.calls, ElementsAre(ElementsAre(0xffff'ffffU), ElementsAre(5U)));
  EXPECT_THAT(state.memory_sizes, ElementsAre(3 * 65536U, 3 * 65536U));
}

TEST(HostFunctions, TheImportedTypeChoosesAmongOneName) {
  Recorder state;
  const auto outcome = run_with(state, R"((module
    (import "test" "f" (func $f3 (param i32 i32 i32) (result i32)))
    (memory (export "memory") 1)
    (func (export "_start") (drop (call $f3 (i32.const 1) (i32.const 2) (i32.const 3))))))");
  ASSERT_TRUE(outcome) << outcome.error().message;
  EXPECT_THAT(state.calls, ElementsAre(ElementsAre(1U, 2U, 3U)));
}

// A linker has one definition for a name, so a guest cannot have both at once.
TEST(HostFunctions, BothTypesOfOneNameAtOnceAreRefused) {
  Recorder state;
  const auto outcome = run_with(state, R"((module
    (import "test" "f" (func $f3 (param i32 i32 i32) (result i32)))
    (import "test" "f" (func $f1 (param i32) (result i32)))
    (memory (export "memory") 1)
    (func (export "_start") (drop (call $f3 (i32.const 1) (i32.const 2) (i32.const 3))))))");
  ASSERT_FALSE(outcome);
  EXPECT_THAT(outcome.error().message, HasSubstr("test::f"));
}

TEST(HostFunctions, AnotherTypeIsRefusedNamingWhatIsOffered) {
  Recorder state;
  const auto outcome = run_with(state, R"((module
    (import "test" "f" (func (param i64) (result i32)))
    (memory (export "memory") 1)
    (func (export "_start"))))");
  ASSERT_FALSE(outcome);
  EXPECT_EQ(outcome.error().code, ErrorCode::kUnsupportedOperation);
  EXPECT_THAT(outcome.error().message,
              HasSubstr("test.f (i64) -> i32: it is offered as (i32) -> i32 or (i32, i32, i32) -> "
                        "i32"));
}

TEST(HostFunctions, MayStandInTheWasiModule) {
  Recorder state;
  const auto outcome = run_with(state, R"((module
    (import "wasi_snapshot_preview1" "sock_extra" (func $f (param i32) (result i32)))
    (memory (export "memory") 1)
    (func (export "_start") (drop (call $f (i32.const 9))))))");
  ASSERT_TRUE(outcome) << outcome.error().message;
  EXPECT_THAT(state.calls, ElementsAre(ElementsAre(9U)));
}

TEST(HostFunctions, SeeTheMemoryAsItIsAfterItGrew) {
  Recorder state;
  const auto outcome = run_with(state, R"((module
    (import "test" "f" (func $f (param i32) (result i32)))
    (import "test" "bump" (func $bump (param i32) (result i32)))
    (memory (export "memory") 1)
    (func (export "_start")
      (drop (call $f (i32.const 0)))
      (if (i32.eqz (call $bump (i32.const 65536))) (then unreachable))
      (drop (memory.grow (i32.const 100)))
      (drop (call $f (i32.const 0)))
      (if (call $bump (i32.const 65536)) (then unreachable))
      (if (i32.ne (i32.load (i32.const 65536)) (i32.const 1)) (then unreachable))
      ;; the last word, and just beyond it
      (if (call $bump (i32.const 6619132)) (then unreachable))
      (if (i32.eqz (call $bump (i32.const 6619133))) (then unreachable))
      (if (i32.eqz (call $bump (i32.const -1))) (then unreachable)))))");
  ASSERT_TRUE(outcome) << outcome.error().message;
  EXPECT_EQ(outcome->exit_code, 0) << outcome->message;
  EXPECT_THAT(state.memory_sizes, ElementsAre(65536U, 101 * 65536U));
}

TEST(HostFunctions, CanBeCalledFromAStartFunction) {
  Recorder state;
  const auto outcome = run_with(state, R"((module
    (import "test" "f" (func $f (param i32) (result i32)))
    (memory (export "memory") 2)
    (func $s (drop (call $f (i32.const 4)))) (start $s)
    (func (export "_start") (drop (call $f (i32.const 5))))))");
  ASSERT_TRUE(outcome) << outcome.error().message;
  EXPECT_THAT(state.calls, ElementsAre(ElementsAre(4U), ElementsAre(5U)));
  EXPECT_THAT(state.memory_sizes, ElementsAre(131072U, 131072U));
}

TEST(HostFunctions, ATrapInAStartFunctionIsAnOutcome) {
  Recorder state;
  const auto outcome = run_with(state, R"((module
    (import "test" "f" (func $f (param i32) (result i32)))
    (memory (export "memory") 2)
    (func $s (drop (call $f (i32.const 4))) unreachable) (start $s)
    (func (export "_start"))))");
  ASSERT_TRUE(outcome) << outcome.error().message;
  EXPECT_EQ(outcome->reason, ExitReason::kTrapped);
  EXPECT_EQ(outcome->exit_code, 134);
}

TEST(HostFunctions, NeedAMemoryTheyCanUse) {
  const auto refusal = [](std::string_view memory) {
    Recorder state;
    const auto module = shared_engine().load_module(
        bytes_of("(module (import \"test\" \"f\" (func (param i32) (result i32)))" +
                 std::string(memory) + "(func (export \"_start\")))"),
        {});
    EXPECT_TRUE(module) << module.error().message;
    const auto instance =
        Instance::create(*module, {.host_functions = kTable, .guest_state = &state});
    EXPECT_FALSE(instance);
    return instance ? Error{} : instance.error();
  };
  const Error none = refusal("");
  EXPECT_EQ(none.code, ErrorCode::kMissingMemory);
  EXPECT_THAT(none.message, AllOf(HasSubstr("test.f"), HasSubstr("exports no 'memory'")));
  EXPECT_THAT(refusal("(memory 1)").message, HasSubstr("exports no 'memory'"));
  EXPECT_THAT(refusal(R"((memory (export "mem") 1))").message, HasSubstr("exports no 'memory'"));
  EXPECT_THAT(refusal(R"((global (export "memory") i32 (i32.const 0)))").message,
              HasSubstr("constant global of i32"));
  EXPECT_THAT(refusal(R"((func (export "memory")))").message, HasSubstr("() -> ()"));
  EXPECT_THAT(refusal(R"((memory (export "memory") i64 1))").message, HasSubstr("64-bit"));
}

TEST(HostFunctions, ASharedMemoryIsRefusedInWords) {
  Recorder state;
  const auto outcome = [&]() -> Result<RunOutcome> {
    const auto module = shared_engine().load_module(
        bytes_of(R"((module (import "test" "f" (func (param i32) (result i32)))
                     (memory (export "memory") 1 1 shared) (func (export "_start"))))"),
        {});
    if (!module) return std::unexpected(module.error());
    auto instance = Instance::create(*module, {.host_functions = kTable, .guest_state = &state});
    if (!instance) return std::unexpected(instance.error());
    return instance->run();
  }();
  ASSERT_FALSE(outcome);
  EXPECT_THAT(outcome.error().message, HasSubstr("shared"));
}

TEST(HostFunctions, AGuestThatImportsNoneNeedsNoMemory) {
  Recorder state;
  for (const std::string_view memory : {"", R"((global (export "memory") i32 (i32.const 0)))",
                                        R"((memory (export "memory") i64 1))"}) {
    const auto outcome =
        run_with(state, "(module " + std::string(memory) + "(func (export \"_start\")))");
    ASSERT_TRUE(outcome) << outcome.error().message;
    EXPECT_EQ(outcome->exit_code, 0);
  }
}

TEST(HostFunctions, AStoppedGuestDoesNotGetControlBack) {
  Recorder state;
  auto instance = Instance::create(load(shared_engine(), R"((module
    (import "test" "interrupt" (func $stop (result i32)))
    (import "test" "f" (func $f (param i32) (result i32)))
    (memory (export "memory") 1)
    (func (export "_start")
      (drop (call $stop))
      (drop (call $f (i32.const 1))))))"),
                                   {.host_functions = kTable, .guest_state = &state});
  ASSERT_TRUE(instance);
  state.interrupts = &*instance;
  const auto outcome = instance->run();
  ASSERT_TRUE(outcome);
  EXPECT_EQ(outcome->reason, ExitReason::kInterrupted);
  EXPECT_EQ(outcome->exit_code, 130);
  EXPECT_TRUE(state.calls.empty());
}

// Two guests of one module at once: each call must see its own memory and state.
TEST(HostFunctions, GuestsDoNotMeet) {
  constexpr std::string_view kGuest = R"((module
    (import "test" "bump" (func $bump (param i32) (result i32)))
    (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
    (memory (export "memory") 1)
    (func (export "_start") (local $i i32)
      (loop $again
        (if (call $bump (i32.const 64)) (then unreachable))
        (local.set $i (i32.add (local.get $i) (i32.const 1)))
        (br_if $again (i32.lt_u (local.get $i) (i32.const 20000))))
      (if (i32.ne (i32.load (i32.const 64)) (i32.const 20000)) (then unreachable)))))";
  const Module module = load(shared_engine(), kGuest);
  std::vector<std::thread> threads;
  std::array<int, 4> codes{-1, -1, -1, -1};
  for (int& code : codes) {
    threads.emplace_back([&module, &code] {
      Recorder state;
      auto instance = Instance::create(module, {.host_functions = kTable, .guest_state = &state});
      if (!instance) return;
      const auto outcome = instance->run();
      if (outcome) code = outcome->exit_code;
    });
  }
  for (std::thread& thread : threads)
    thread.join();
  EXPECT_THAT(codes, ElementsAre(0, 0, 0, 0));
}

}  // namespace
}  // namespace nacre::engine
