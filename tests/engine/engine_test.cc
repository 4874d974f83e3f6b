#include "engine/engine.h"

#include <fstream>

#include "gmock/gmock.h"
#include "run_guest.h"

namespace nacre::engine {
namespace {

using ::testing::AllOf;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr std::string_view kReturns = R"((module (func (export "_start"))))";
constexpr std::string_view kExit42 = R"((module
  (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
  (memory (export "memory") 1)
  (func (export "_start") (call $exit (i32.const 42)))))";

class EveryCompiler : public ::testing::TestWithParam<Compiler> {};
INSTANTIATE_TEST_SUITE_P(Compilers, EveryCompiler,
                         ::testing::Values(Compiler::kCranelift, Compiler::kWinch,
                                           Compiler::kPulley),
                         [](const auto& test) { return std::string(to_string(test.param)); });

TEST_P(EveryCompiler, RunsAGuest) {
  const Engine engine = make_engine({.compiler = GetParam()});
  const auto outcome = run(engine, kExit42);
  ASSERT_TRUE(outcome) << outcome.error().message;
  EXPECT_EQ(outcome->reason, ExitReason::kExited);
  EXPECT_EQ(outcome->exit_code, 42);
  EXPECT_EQ(outcome->message, "");
}

TEST_P(EveryCompiler, RunsWithEveryCombinationOfChecks) {
  for (const bool interruptible : {false, true}) {
    for (const bool meter_fuel : {false, true}) {
      const Engine engine = make_engine(
          {.compiler = GetParam(), .interruptible = interruptible, .meter_fuel = meter_fuel});
      const auto outcome = run(engine, kExit42);
      ASSERT_TRUE(outcome) << outcome.error().message;
      EXPECT_EQ(outcome->exit_code, 42);
    }
  }
}

TEST(ParseCompiler, KnowsThreeWords) {
  EXPECT_EQ(*parse_compiler("cranelift"), Compiler::kCranelift);
  EXPECT_EQ(*parse_compiler("winch"), Compiler::kWinch);
  EXPECT_EQ(*parse_compiler("pulley"), Compiler::kPulley);
  const auto unknown = parse_compiler("Cranelift");
  ASSERT_FALSE(unknown);
  EXPECT_EQ(unknown.error().code, ErrorCode::kInvalidArgument);
  EXPECT_THAT(unknown.error().message, HasSubstr("cranelift, winch and pulley"));
}

TEST(Winch, SaysWhatItCannotCompile) {
  constexpr std::string_view kTailCall = R"((module (func $f return_call $f)
    (func (export "_start"))))";
  EXPECT_TRUE(make_engine().load_module(bytes_of(kTailCall), {}));
  const auto module =
      make_engine({.compiler = Compiler::kWinch}).load_module(bytes_of(kTailCall), {});
  ASSERT_FALSE(module);
  EXPECT_EQ(module.error().code, ErrorCode::kInvalidEncoding);
  EXPECT_THAT(module.error().message, AllOf(HasSubstr("winch"), HasSubstr("cranelift has them")));
}

TEST(EngineCreate, RefusesAnImpossibleStack) {
  for (const std::size_t stack : {std::size_t{0}, std::size_t{1000}, ~std::size_t{0}}) {
    const auto engine = Engine::create({.max_wasm_stack = stack});
    ASSERT_FALSE(engine);
    EXPECT_EQ(engine.error().code, ErrorCode::kInvalidArgument);
  }
  EXPECT_TRUE(Engine::create({.max_wasm_stack = 8 << 20}));
}

struct Refusal {
  std::string name;
  std::string bytes;
  ErrorCode code;
  std::string words;
};

class NotAModule : public ::testing::TestWithParam<Refusal> {};

std::string compiled_component_header() {
  std::string elf(
      "\x7f"
      "ELF\x02\x01\x01\xc8",
      8);
  elf.resize(64);
  elf[48] = 2;
  return elf;
}

INSTANTIATE_TEST_SUITE_P(
    Bytes, NotAModule,
    ::testing::Values(Refusal{"empty", "", ErrorCode::kInvalidEncoding, "it is empty"},
                      Refusal{"one_byte", "x", ErrorCode::kInvalidEncoding, "it begins with 78"},
                      Refusal{"png", "\x89PNG\r\n\x1a\n", ErrorCode::kInvalidEncoding,
                              "neither a WebAssembly module"},
                      Refusal{"magic_only", std::string("\0asm", 4), ErrorCode::kInvalidEncoding,
                              "could not be compiled"},
                      Refusal{"bad_version", std::string("\0asm\7\0\0\0", 8),
                              ErrorCode::kInvalidEncoding, "could not be compiled"},
                      Refusal{"truncated", std::string("\0asm\1\0\0\0\1\x20", 10),
                              ErrorCode::kInvalidEncoding, "could not be compiled"},
                      Refusal{"truncated_component", std::string("\0asm\x0d\0\1\0\7\x20", 10),
                              ErrorCode::kInvalidEncoding, "could not be compiled"},
                      Refusal{"compiled_component", compiled_component_header(),
                              ErrorCode::kSecurity, "precompiled"},
                      Refusal{"foreign_elf",
                              std::string("\x7f"
                                          "ELF\x02\x01\x01",
                                          7) +
                                  std::string(100, '\0'),
                              ErrorCode::kInvalidEncoding, "neither a WebAssembly module"},
                      Refusal{"bad_text", "(module (func", ErrorCode::kInvalidEncoding,
                              "not valid WebAssembly text"},
                      Refusal{"only_a_comment", ";; nothing", ErrorCode::kInvalidEncoding,
                              "not valid WebAssembly text"},
                      Refusal{"invalid_module", "(module (func (result i32) i64.const 1))",
                              ErrorCode::kInvalidEncoding, "type mismatch"}),
    [](const auto& test) { return test.param.name; });

TEST_P(NotAModule, IsRefusedInASentence) {
  const auto module = make_engine().load_module(bytes_of(GetParam().bytes), {});
  ASSERT_FALSE(module);
  EXPECT_EQ(module.error().code, GetParam().code);
  EXPECT_THAT(module.error().message, HasSubstr(GetParam().words));
}

TEST(ReadGuestFile, NamesTheFile) {
  const TemporaryFolder folder;
  const auto absent = read_guest_file(folder.path() / "absent.wasm");
  ASSERT_FALSE(absent);
  EXPECT_EQ(absent.error().code, ErrorCode::kNotFound);
  EXPECT_THAT(absent.error().message, HasSubstr("absent.wasm"));

  const auto directory = read_guest_file(folder.path());
  ASSERT_FALSE(directory);
  EXPECT_THAT(directory.error().message, HasSubstr("Is a directory"));

  const auto path = folder.path() / "guest.wat";
  std::ofstream(path) << kExit42;
  const auto bytes = read_guest_file(path);
  ASSERT_TRUE(bytes);
  EXPECT_TRUE(make_engine().load_module(*bytes, {}));
}

TEST(ReadGuestFile, ReadsNothingWithoutAnEnd) {
  const auto device = read_guest_file("/dev/zero");
  ASSERT_FALSE(device);
  EXPECT_THAT(device.error().message, AllOf(HasSubstr("/dev/zero"), HasSubstr("device")));

  const TemporaryFolder folder;
  const auto path = folder.path() / "large.wasm";
  std::ofstream(path) << "x";
  std::filesystem::resize_file(path, kMostGuestBytes + 1);  // sparse
  const auto large = read_guest_file(path);
  ASSERT_FALSE(large);
  EXPECT_EQ(large.error().code, ErrorCode::kTooLarge);
  EXPECT_THAT(large.error().message, HasSubstr("1073741824 bytes"));
}

TEST(Module, ListsImportsAndExports) {
  const Module module = load(make_engine(), R"((module
    (import "a" "f" (func (param i32 i64) (result f64)))
    (import "a" "t" (table 1 2 funcref))
    (import "b" "g" (global (mut f32)))
    (import "b" "m" (memory 1))
    (memory (export "memory") 2 16)
    (func (export "_start"))))");
  ASSERT_EQ(module.imports().size(), 4U);
  EXPECT_EQ(module.imports()[0].module, "a");
  EXPECT_EQ(module.imports()[0].name, "f");
  EXPECT_EQ(module.imports()[0].kind, ExternInfo::Kind::kFunction);
  EXPECT_EQ(module.imports()[0].type, "(i32, i64) -> f64");
  EXPECT_EQ(module.imports()[1].type, "table of funcref, 1 to 2 elements");
  EXPECT_EQ(module.imports()[2].type, "mutable global of f32");
  EXPECT_EQ(module.imports()[3].type, "memory, 32-bit, 1 pages or more");
  ASSERT_EQ(module.exports().size(), 2U);
  EXPECT_EQ(module.exports()[0].name, "memory");
  EXPECT_EQ(module.exports()[0].type, "memory, 32-bit, 2 to 16 pages");
  EXPECT_EQ(module.exports()[1].type, "() -> ()");
}

TEST_P(EveryCompiler, PrecompiledCodeRunsWhereItIsAllowed) {
  const Engine engine = make_engine({.compiler = GetParam()});
  const auto code = load(engine, kExit42).serialize();
  ASSERT_TRUE(code) << code.error().message;

  const auto refused = engine.load_module(*code, {});
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::kSecurity);
  EXPECT_THAT(refused.error().message, HasSubstr("precompiled"));

  const auto module = engine.load_module(*code, {.allow_precompiled = true});
  ASSERT_TRUE(module) << module.error().message;
  EXPECT_EQ(module->origin(), CodeOrigin::kPrecompiled);
  auto instance = Instance::create(*module, {});
  ASSERT_TRUE(instance);
  EXPECT_EQ(instance->run()->exit_code, 42);
}

TEST(Precompiled, OfOtherOptionsIsRefusedInASentence) {
  const auto code = load(make_engine(), kExit42).serialize();
  const Engine other = make_engine({.interruptible = true});
  const auto module = other.load_module(*code, {.allow_precompiled = true});
  ASSERT_FALSE(module);
  EXPECT_EQ(module.error().code, ErrorCode::kInvalidEncoding);
  EXPECT_THAT(module.error().message,
              AllOf(HasSubstr("was compiled without the checks that a timeout needs; "),
                    HasSubstr("compile it again")));
  const auto fuel =
      make_engine({.meter_fuel = true}).load_module(*code, {.allow_precompiled = true});
  ASSERT_FALSE(fuel);
  EXPECT_THAT(fuel.error().message, HasSubstr("was compiled without the counting that fuel needs"));

  const auto cut =
      make_engine().load_module(std::span(*code).first(200), {.allow_precompiled = true});
  ASSERT_FALSE(cut);
  EXPECT_THAT(cut.error().message, HasSubstr("compile it again here"));
}

TEST(Precompiled, OfAnotherCompilerIsSaidWithBothNames) {
  const auto code = load(make_engine(), kExit42).serialize();
  for (const Compiler other : {Compiler::kWinch, Compiler::kPulley}) {
    const auto module =
        make_engine({.compiler = other}).load_module(*code, {.allow_precompiled = true});
    ASSERT_FALSE(module);
    EXPECT_THAT(module.error().message, HasSubstr("the code was compiled by cranelift, and " +
                                                  std::string(to_string(other)) + " is to run it"));
  }
}

TEST(Instance, RunsOnceOnly) {
  auto instance = Instance::create(load(make_engine(), kReturns), {});
  ASSERT_TRUE(instance);
  EXPECT_EQ(instance->run()->exit_code, 0);
  const auto again = instance->run();
  ASSERT_FALSE(again);
  EXPECT_EQ(again.error().code, ErrorCode::kInvalidArgument);
}

TEST(Instance, NeedsAStartFunction) {
  const Engine engine = make_engine();
  const auto library = run(engine, "(module)");
  ASSERT_FALSE(library);
  EXPECT_THAT(library.error().message, HasSubstr("no _start"));
  const auto odd = run(engine, R"((module (func (export "_start") (param i32))))");
  ASSERT_FALSE(odd);
  EXPECT_THAT(odd.error().message, HasSubstr("(i32) -> ()"));
  const auto global = run(engine, R"((module (global (export "_start") i32 (i32.const 0))))");
  ASSERT_FALSE(global);
  EXPECT_THAT(global.error().message, HasSubstr("constant global of i32"));
}

TEST(Imports, AllThatIsMissingIsListedAtOnce) {
  const auto instance = Instance::create(load(make_engine(), R"((module
    (import "wasi_snapshot_preview1" "fd_write" (func (param i32 i32 i32 i32) (result i32)))
    (import "wasi_snapshot_preview1" "fd_close" (func (param i64) (result i32)))
    (import "wasi_snapshot_preview1" "no_such" (func))
    (import "wasi_unstable" "fd_read" (func (param i32 i32 i32 i32) (result i32)))
    (import "env" "memory" (memory 1))
    (import "env" "puts" (func (param i32)))
    (func (export "_start"))))"),
                                         {});
  ASSERT_FALSE(instance);
  EXPECT_EQ(instance.error().code, ErrorCode::kUnsupportedOperation);
  const std::string& message = instance.error().message;
  EXPECT_THAT(message, HasSubstr("wasi_snapshot_preview1.fd_close (i64) -> i32: it is offered as "
                                 "(i32) -> i32"));
  EXPECT_THAT(message, HasSubstr("wasi_snapshot_preview1.no_such"));
  EXPECT_THAT(message, HasSubstr("wasi_unstable.fd_read"));
  EXPECT_THAT(message, HasSubstr("WASI before preview 1"));
  EXPECT_THAT(message, HasSubstr("env.memory memory, 32-bit"));
  EXPECT_THAT(message, HasSubstr("env.puts"));
  EXPECT_THAT(message, Not(HasSubstr("fd_write")));
}

TEST(Imports, OfInterfacesMakeItAComponentsCoreModule) {
  const auto outcome = run(make_engine(), R"((module
    (import "wasi_snapshot_preview1" "no_such" (func))
    (import "wasi:io/error@0.2.0" "[resource-drop]error" (func (param i32)))
    (import "wasi:nn/graph@0.2.0-rc-2024-10-28" "load" (func (param i32)))
    (func (export "_start"))))");
  ASSERT_FALSE(outcome);
  EXPECT_EQ(outcome.error().code, ErrorCode::kUnsupportedOperation);
  EXPECT_THAT(outcome.error().message,
              AllOf(HasSubstr("the core module of a component"), HasSubstr("wasi:io/error@0.2.0"),
                    Not(HasSubstr("\n"))));
}

TEST(Imports, AListThatNobodyReadsIsCut) {
  std::string text = "(module (func (export \"_start\"))";
  text.insert(text.find("(func"), R"((import "a\1b[2J" "b\0ac" (func)))");
  for (int i = 0; i < 1000; ++i)
    text.insert(text.find("(func (export"),
                "(import \"env\" \"f" + std::to_string(i) + "\" (func))");
  const auto outcome = run(make_engine(), text + ")");
  ASSERT_FALSE(outcome);
  const std::string& message = outcome.error().message;
  EXPECT_THAT(message, HasSubstr("\n  a\\x1b[2J.b\\x0ac () -> ()\n"));
  EXPECT_THAT(message, EndsWith("\n  and 951 more"));
  EXPECT_LT(message.size(), 10'000U);
}

TEST(Imports, TypesAreCutToo) {
  std::string params;
  for (int i = 0; i < 1000; ++i)
    params += " i64";
  const auto outcome = run(make_engine(), "(module (import \"a\" \"b\" (func (param" + params +
                                              ") (result" + params + "))))");
  ASSERT_FALSE(outcome);
  EXPECT_LT(outcome.error().message.size(), 1000U);
  EXPECT_THAT(outcome.error().message, HasSubstr("and 968 more"));
}

TEST(Instance, HasOneThread) {
  for (const std::string_view threads :
       {R"((module (memory (export "memory") 1 2 shared) (func (export "_start"))))",
        R"((module (import "wasi" "thread-spawn" (func (param i32) (result i32)))
             (import "env" "memory" (memory 1 2 shared)) (func (export "_start"))))"}) {
    const auto outcome = run(make_engine(), threads);
    ASSERT_FALSE(outcome);
    EXPECT_EQ(outcome.error().code, ErrorCode::kUnsupportedOperation);
    EXPECT_THAT(outcome.error().message, HasSubstr("thread"));
  }
}

}  // namespace
}  // namespace nacre::engine
