// Guests that want to do harm, or were written by somebody who had not read the specification: the
// host goes on, says why in a sentence, and neither time nor memory runs away.
#include <gmock/gmock.h>

#include <chrono>
#include <string>

#include "../abi/fake_models.h"
#include "abi/component/component_state.h"
#include "engine/engine.h"
#include "run_guest.h"

namespace nacre::engine {
namespace {

using ::testing::HasSubstr;
using namespace std::chrono_literals;

const Engine& engine() {
  static const Engine kEngine = make_engine({.interruptible = true});
  return kEngine;
}

struct Ended {
  std::string words;  ///< of the error or the outcome
  int exit_code = 125;
};

/// With a second to run, and what a component's store needs.
Ended end_of(std::string_view text, std::chrono::milliseconds timeout = 1000ms) {
  test::FakeProvider provider{test::described()};
  GuestState guest{provider, {}};
  ComponentState state{guest};
  auto module = engine().load_module(bytes_of(text), {});
  if (!module) return {module.error().message};
  auto instance = Instance::create(*module, {.standard_input = Closed{},
                                             .standard_output = Closed{},
                                             .guest_state = &state,
                                             .timeout = timeout});
  if (!instance) return {instance.error().message};
  const auto outcome = instance->run();
  if (!outcome) return {outcome.error().message};
  return {outcome->message, outcome->exit_code};
}

const std::string kRun = R"((func $run (result (result)) (canon lift (core func $i "run")))
  (instance $exported (export "run" (func $run)))
  (export "wasi:cli/run@0.2.0" (instance $exported)))";
const std::string kModule = R"((core module $m (func (export "run") (result i32) (i32.const 0))))";
const std::string kInstance = "(core instance $i (instantiate $m))";

std::string repeated(const std::string& text, int times) {
  std::string all;
  for (int i = 0; i < times; ++i)
    all += text;
  return all;
}

struct Attack {
  std::string name;
  std::string guest;
  std::string words;
  int exit_code = 125;
};

std::string component(const std::string& body) {
  return "(component " + body + ")";
}

std::string with_post_return(const std::string& body) {
  return component(R"((core module $m (func (export "run") (result i32) (i32.const 0))
      (func (export "post") (param i32) )" +
                   body + "))" + kInstance + R"((func $run (result (result))
      (canon lift (core func $i "run") (post-return (core func $i "post"))))
    (instance $exported (export "run" (func $run)))
    (export "wasi:cli/run@0.2.0" (instance $exported)))");
}

/// Each component makes two of the one before: as nested ones, or in a row.
std::string doubling(int times, bool nested) {
  std::string inner = "(component $c0)";
  for (int i = 1; i <= times; ++i) {
    const std::string before = "$c" + std::to_string(i - 1);
    const std::string two = repeated("(instance (instantiate " + before + "))", 2);
    const std::string head = "(component $c" + std::to_string(i) + " ";
    inner = nested ? head + inner + two + ")" : inner + head + two + ")";
  }
  return component(inner + "(instance (instantiate $c" + std::to_string(times) + "))" + kModule +
                   kInstance + kRun);
}

/// A tuple of two tuples of two tuples…
std::string wide_type() {
  std::string types = "(type $t0 (tuple u8 u8))";
  for (int i = 1; i < 32; ++i) {
    const std::string before = " $t" + std::to_string(i - 1);
    types += "(type $t" + std::to_string(i) + " (tuple" + before + before + "))";
  }
  return component(types + kModule + kInstance +
                   "(func $f (param \"x\" $t31) (canon lift (core func $i \"run\")))" + kRun);
}

std::vector<Attack> attacks() {
  const std::string plain = kModule + kInstance;
  return {
      {"PostReturnTraps", with_post_return("unreachable"), "reached an `unreachable`", 134},
      {"PostReturnLoops", with_post_return("(loop (br 0))"), "within its timeout", 124},
      {"NoSuchResult",
       component(R"((core module $m (func (export "run") (result i32) (i32.const 77))))" +
                 kInstance + kRun),
       "discriminant", 134},
      {"RunIsAFunction",
       component(plain + R"((func $run (result (result)) (canon lift (core func $i "run")))
         (export "wasi:cli/run@0.2.0" (func $run)))"),
       "holds no function run"},
      {"RunIsEmpty",
       component(plain + R"((instance $e) (export "wasi:cli/run@0.2.0" (instance $e)))"),
       "holds no function run"},
      {"RunIsOfAnotherVersion",
       component(plain + R"((func $run (result (result)) (canon lift (core func $i "run")))
         (instance $e (export "run" (func $run))) (export "wasi:cli/run@0.3.0" (instance $e)))"),
       "no wasi:cli/run of version 0.2"},
      {"RunTakesMore",
       component(
           R"((core module $m (func (export "run") (param i32) (result i32) (i32.const 0))))" +
           kInstance + R"((func $run (param "a" u32) (result u32)
           (canon lift (core func $i "run")))
         (instance $e (export "run" (func $run))) (export "wasi:cli/run@0.2.0" (instance $e)))"),
       "type mismatch"},
      {"AsyncFunctions", component(plain + R"((func $run async (result (result))
           (canon lift (core func $i "run") async))
         (instance $e (export "run" (func $run))) (export "wasi:cli/run@0.2.0" (instance $e)))"),
       "async"},
      {"Streams", component("(type (stream u8))" + plain + kRun), "async"},
      {"TooManyCoreInstances",
       component(kModule + repeated("(core instance (instantiate $m))", 2000) + kInstance + kRun),
       "limit of 1000"},
      {"TooMuchMemoryInManyInstances",
       component(
           R"((core module $m (memory 1000) (func (export "run") (result i32) (i32.const 0))))" +
           repeated("(core instance (instantiate $m))", 100) + kInstance + kRun),
       "bytes of memory to start, the limit is"},
      {"TooManyTablesInManyInstances",
       component(R"((core module $m (table 100000 funcref)
           (func (export "run") (result i32) (i32.const 0))))" +
                 repeated("(core instance (instantiate $m))", 20) + kInstance + kRun),
       "table elements to start, the limit is"},
      {"TwoOfTheOneBeforeNested", doubling(40, true), "at most 20000 are compiled"},
      {"TwoOfTheOneBeforeInARow", doubling(40, false), "at most 20000 are compiled"},
      {"TwoOfTheOneBeforeWithoutEnd", doubling(80, false), "no end of components"},
      {"AWideType", wide_type(), "type size exceeds"},
      {"ContinuationsOfOtherProposals",
       "(module (type $f (func)) (type (cont $f)) (func (export \"_start\")))",
       "stack switching is disabled"},
      {"FourBillionTableElements", "(module (table 0xffffffff funcref) (func (export \"_start\")))",
       "4294967295 table elements to start"},
      {"AnAtomicWaitOnPlainMemory",
       R"((module (memory (export "memory") 1) (func (export "_start")
         (drop (memory.atomic.wait32 (i32.const 0) (i32.const 0) (i64.const -1))))))",
       "trapped", 134},
      {"EndlessTailCalls", "(module (func $f (export \"_start\") (return_call $f)))",
       "within its timeout", 124},
  };
}

class Hostile : public testing::TestWithParam<Attack> {};

INSTANTIATE_TEST_SUITE_P(Guests, Hostile, testing::ValuesIn(attacks()),
                         [](const auto& one) { return one.param.name; });

TEST_P(Hostile, EndsInASentence) {
  const auto begun = std::chrono::steady_clock::now();
  const Ended ended = end_of(GetParam().guest, 300ms);
  EXPECT_THAT(ended.words, HasSubstr(GetParam().words));
  EXPECT_EQ(ended.exit_code, GetParam().exit_code);
  EXPECT_LT(std::chrono::steady_clock::now() - begun, 5s);
}

TEST(HostileComponent, ComposedOnesThatAreInOrderRun) {
  // Twelve neighbours, each with a helper of its own that it makes ten times.
  std::string body;
  for (int i = 0; i < 12; ++i) {
    body += "(component (component $h)" + repeated("(instance (instantiate $h))", 10) +
            ")(instance (instantiate " + std::to_string(i) + "))";
  }
  const Ended ended = end_of(component(body + kModule + kInstance + kRun));
  EXPECT_EQ(ended.exit_code, 0) << ended.words;
}

/// Makes a tensor of four bytes and asks for its data, for which the host calls `realloc`, whose
/// body it is: of four parameters, the last is the size. `$again` makes another tensor.
std::string asks_for_data(const std::string& realloc) {
  return R"((component
    (import "wasi:nn/tensor@0.2.0-rc-2024-10-28" (instance $nn
      (export "tensor" (type $tensor (sub resource)))
      (type $types (enum "FP16" "FP32" "FP64" "BF16" "U8" "I32" "I64"))
      (export "tensor-type" (type $type (eq $types)))
      (export "[constructor]tensor" (func (param "dimensions" (list u32)) (param "ty" $type)
        (param "data" (list u8)) (result (own $tensor))))
      (export "[method]tensor.data" (func (param "self" (borrow $tensor)) (result (list u8))))))
    (core module $base
      (memory (export "memory") 1)
      (type $make (func (param i32 i32 i32 i32 i32) (result i32)))
      (table (export "table") 1 funcref)
      (data (i32.const 0) "\04\00\00\00")
      (func $again (drop (call_indirect (type $make) (i32.const 0) (i32.const 1) (i32.const 4)
        (i32.const 0) (i32.const 4) (i32.const 0))))
      (func (export "realloc") (param i32 i32 i32 i32) (result i32) )" +
         realloc + R"())
    (core instance $b (instantiate $base))
    (core func $make (canon lower (func $nn "[constructor]tensor")
      (memory (core memory $b "memory"))))
    (core func $data (canon lower (func $nn "[method]tensor.data")
      (memory (core memory $b "memory")) (realloc (core func $b "realloc"))))
    (core module $m
      (import "" "make" (func $make (param i32 i32 i32 i32 i32) (result i32)))
      (import "" "data" (func $data (param i32 i32)))
      (import "" "table" (table 1 funcref))
      (elem (i32.const 0) func $make)
      (func (export "run") (result i32)
        (call $data (call $make (i32.const 0) (i32.const 1) (i32.const 4) (i32.const 0)
          (i32.const 4)) (i32.const 64))
        (i32.const 0)))
    (core instance $i (instantiate $m (with "" (instance (export "make" (func $make))
      (export "data" (func $data)) (export "table" (table $b "table"))))))
    )" + kRun +
         ")";
}

TEST(HostileComponent, AllocatorsThatMisbehave) {
  const Ended good = end_of(asks_for_data("(i32.const 1024)"));
  EXPECT_EQ(good.exit_code, 0) << good.words;
  EXPECT_THAT(end_of(asks_for_data("unreachable")).words, HasSubstr("reached an `unreachable`"));
  EXPECT_EQ(end_of(asks_for_data("(loop (br 0)) (i32.const 0)"), 200ms).exit_code, 124);
  // At the edge, beyond it, and where the end wraps to the beginning.
  EXPECT_EQ(end_of(asks_for_data("(i32.const 65532)")).exit_code, 0);
  for (const std::string bad : {"65533", "65536", "-1", "-4", "2147483648"}) {
    const Ended ended = end_of(asks_for_data("(i32.const " + bad + ")"));
    EXPECT_EQ(ended.exit_code, 134) << bad;
    EXPECT_THAT(ended.words, HasSubstr("trapped")) << bad;
  }
  // Grown away under the host's hands, but grown: the answer goes where memory is then.
  EXPECT_EQ(
      end_of(asks_for_data("(drop (memory.grow (i32.const 100))) (i32.const 6000000)")).exit_code,
      0);
  // The component model forbids a call out of it.
  const Ended again = end_of(asks_for_data("(call $again) (i32.const 1024)"));
  EXPECT_EQ(again.exit_code, 134);
  EXPECT_THAT(again.words, HasSubstr("cannot leave component instance"));
  EXPECT_THAT(
      end_of(asks_for_data("(call 1 (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0))"))
          .words,
      HasSubstr("call stack is exhausted"));
}

}  // namespace
}  // namespace nacre::engine
