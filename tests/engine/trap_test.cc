// How a guest ended, in words, with the names of its functions.

#include "engine/engine.h"

#include "gmock/gmock.h"
#include "run_guest.h"

namespace nacre::engine {
namespace {

using ::testing::HasSubstr;

struct Case {
  std::string name;
  std::string body;
  std::string words;
};

class Trap : public ::testing::TestWithParam<Case> {};
INSTANTIATE_TEST_SUITE_P(
    Kinds, Trap,
    ::testing::Values(
        Case{"unreachable", "unreachable", "unreachable"},
        Case{"load", "(drop (i32.load (i32.const -1)))", "outside its memory"},
        Case{"store", "(i32.store (i32.const 65533) (i32.const 0))", "outside its memory"},
        Case{"fill", "(memory.fill (i32.const 0) (i32.const 0) (i32.const -1))",
             "outside its memory"},
        Case{"divide", "(drop (i32.div_u (i32.const 1) (i32.const 0)))", "by zero"},
        Case{"overflow", "(drop (i32.div_s (i32.const 0x80000000) (i32.const -1)))", "overflowed"},
        Case{"convert", "(drop (i32.trunc_f32_s (f32.const nan)))", "float to an integer"},
        Case{"null_call", "(call_indirect (type $v) (i32.const 1))", "null function pointer"},
        Case{"wrong_type", "(call_indirect (type $w) (i32.const 1) (i32.const 0))", "another type"},
        Case{"table_bounds", "(call_indirect (type $v) (i32.const 99))", "table outside"}),
    [](const auto& test) { return test.param.name; });

TEST_P(Trap, SaysWhatHappenedAndWhere) {
  for (const Compiler compiler : {Compiler::kCranelift, Compiler::kWinch, Compiler::kPulley}) {
    const auto outcome = run(make_engine({.compiler = compiler}),
                             "(module $mod (memory 1) (type $v (func)) (type $w (func (param i32)))"
                             "(table 2 funcref) (elem (i32.const 0) $inner)"
                             "(func $inner " +
                                 GetParam().body +
                                 ")"
                                 "(func $outer (call $inner)) (export \"_start\" (func $outer)))");
    ASSERT_TRUE(outcome) << outcome.error().message;
    EXPECT_EQ(outcome->reason, ExitReason::kTrapped);
    EXPECT_EQ(outcome->exit_code, 134);
    EXPECT_THAT(outcome->message, HasSubstr("the guest trapped: "));
    EXPECT_THAT(outcome->message, HasSubstr(GetParam().words)) << to_string(compiler);
    ASSERT_EQ(outcome->backtrace.size(), 2U) << to_string(compiler);
    EXPECT_EQ(outcome->backtrace[0].module, "mod");
    EXPECT_EQ(outcome->backtrace[0].function, "inner");
    EXPECT_EQ(outcome->backtrace[0].function_index, 0U);
    EXPECT_GT(outcome->backtrace[0].module_offset, 0U);
    EXPECT_EQ(outcome->backtrace[1].function, "outer");
  }
}

TEST(Backtrace, NamesAreDemangledAndAbsentNamesHaveNumbers) {
  const auto outcome = run(make_engine(), R"((module
    (func $_ZN5nacre4failEi unreachable)
    (func (call $_ZN5nacre4failEi))
    (func (export "_start") (call 1))))");
  ASSERT_TRUE(outcome);
  const std::string text = format_backtrace(outcome->backtrace);
  EXPECT_THAT(text, HasSubstr("nacre::fail(int)\n"));
  EXPECT_THAT(text, HasSubstr("function 1\n"));
  EXPECT_EQ(std::count(text.begin(), text.end(), '\n'), 3);
}

/// A mangled function with parameters pair<int, int>, a pair of two of those, and so on: each
/// parameter's text is twice as long as the one before.
std::string doubling_name(int doublings) {
  const auto substitution = [](int i) {
    constexpr std::string_view kDigits = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ";
    const int before = i - 1;  // S_ is the first, S0_ the second
    std::string digits;
    if (before >= 36) digits += kDigits[static_cast<std::size_t>(before / 36)];
    digits += kDigits[static_cast<std::size_t>(before % 36)];
    return "S" + digits + "_";
  };
  std::string name = "_Z1fSt4pairIiiE";
  for (int i = 1; i <= doublings; ++i)
    name += "S_I" + substitution(i) + substitution(i) + "E";
  return name;
}

TEST(Backtrace, ANameThatStandsForGigabytesIsShownAsItIs) {
  const std::string name = doubling_name(50);
  const std::string body = "(func $" + name + " unreachable)";
  const std::string module = "(module " + body + "(func (export \"_start\") (call $" + name + ")))";
  const std::string component =
      "(component (core module $m " + body + "(func (export \"run\") (result i32) (call $" + name +
      ") i32.const 0)) (core instance $i (instantiate $m)) (func $run (result (result)) "
      "(canon lift (core func $i \"run\"))) (instance $e (export \"run\" (func $run))) "
      "(export \"wasi:cli/run@0.2.0\" (instance $e)))";
  for (const std::string& guest : {module, component}) {
    const auto outcome = run(make_engine(), guest);
    ASSERT_TRUE(outcome) << outcome.error().message;
    EXPECT_EQ(outcome->message,
              "the guest trapped: it reached an `unreachable` instruction (abort, a failed "
              "assertion, a panic)");
    EXPECT_THAT(format_backtrace(outcome->backtrace), HasSubstr(name.substr(0, 300) + "…\n"));
  }
  // Of what is short enough, the worst is short.
  const auto outcome = run(
      make_engine(), "(module (func $" + doubling_name(6) + " (export \"_start\") unreachable))");
  ASSERT_TRUE(outcome);
  EXPECT_THAT(outcome->backtrace.at(0).function, testing::StartsWith("f(std::pair<int, int>"));
  EXPECT_LT(outcome->backtrace.at(0).function.size(), 10'000U);
}

TEST(Backtrace, NamesAreFitForATerminal) {
  const std::string text = "(module $mod (func (export \"_start\") (call 1)) (func $\"a\\1b[2J" +
                           std::string(2'000'000, 'x') + "\" unreachable))";
  const auto outcome = run(make_engine(), text);
  ASSERT_TRUE(outcome);
  const std::string shown = format_backtrace(outcome->backtrace);
  EXPECT_THAT(shown, HasSubstr("mod!a\\x1b[2Jxxxx"));
  EXPECT_LT(shown.size(), 1000U);
}

TEST(Trap, OfTheHostsIsNoLongerThanAPersonReads) {
  // No memory for WASI: a trap of a host function, whose own words come with a backtrace.
  const auto outcome = run(make_engine(), R"((module
    (import "wasi_snapshot_preview1" "fd_write"
      (func $write (param i32 i32 i32 i32) (result i32)))
    (func $")" + std::string(1'000'000, 'x') + R"(" (export "_start")
      (drop (call $write (i32.const 1) (i32.const 0) (i32.const 0) (i32.const 0))))))");
  ASSERT_TRUE(outcome) << outcome.error().message;
  EXPECT_EQ(outcome->message, "the guest trapped: missing required memory export");
}

TEST(Trap, OfAnUncaughtExceptionHasWords) {
  const auto outcome = run(make_engine(), R"((module (tag $t)
    (func (export "_start") (throw $t))))");
  ASSERT_TRUE(outcome) << outcome.error().message;
  EXPECT_EQ(outcome->reason, ExitReason::kTrapped);
  EXPECT_NE(outcome->message, "the guest trapped: ");
}

}  // namespace
}  // namespace nacre::engine
