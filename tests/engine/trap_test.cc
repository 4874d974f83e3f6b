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

TEST(Trap, OfAnUncaughtExceptionHasWords) {
  const auto outcome = run(make_engine(), R"((module (tag $t)
    (func (export "_start") (throw $t))))");
  ASSERT_TRUE(outcome) << outcome.error().message;
  EXPECT_EQ(outcome->reason, ExitReason::kTrapped);
  EXPECT_NE(outcome->message, "the guest trapped: ");
}

}  // namespace
}  // namespace nacre::engine
