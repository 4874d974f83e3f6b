// Components as small texts through the whole engine: how they end, what they
// may import, what stops them.
#include <gmock/gmock.h>

#include <fstream>
#include <string>
#include <thread>

#include "../abi/fake_models.h"
#include "abi/component/component_state.h"
#include "engine/component_linking.h"
#include "engine/engine.h"
#include "run_guest.h"

namespace nacre::engine {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

/// A component whose run has this body ("i32.const 0" is ok, 1 is err).
/// `before`: imports and what else stands in front of the core module `$m`;
/// `core`: in front of its run; `with`: its imports.
std::string component(const std::string& body, const std::string& before = "",
                      const std::string& core = "", const std::string& with = "") {
  return "(component " + before + "(core module $m " + core +
         " (func $the_run (export \"run\") (result i32) " + body +
         ")) (core instance $i (instantiate $m " + with +
         ")) (func $run (result (result)) (canon lift (core func $i \"run\")))"
         "(instance $exported (export \"run\" (func $run)))"
         "(export \"wasi:cli/run@0.2.0\" (instance $exported)))";
}

/// Makes an import of the interface with nothing asked of it.
std::string imports(const std::string& interface) {
  return "(import \"" + interface + "\" (instance))";
}

/// What a component's store needs, over fake models.
struct Guest {
  test::FakeProvider provider{test::described()};
  GuestState guest{provider, {}};
  ComponentState state{guest};
};

Result<RunOutcome> run_component(const Engine& engine, std::string_view text,
                                 InstanceOptions options = {}) {
  Guest guest;
  options.guest_state = &guest.state;
  return run(engine, text, std::move(options));
}

TEST(Component, EndsWithItsResult) {
  const Engine engine = make_engine();
  for (const int code : {0, 1}) {
    const auto outcome = run_component(engine, component("i32.const " + std::to_string(code)));
    ASSERT_TRUE(outcome) << outcome.error().message;
    EXPECT_EQ(outcome->reason, ExitReason::kExited);
    EXPECT_EQ(outcome->exit_code, code);
  }
}

TEST(Component, ExitsFromWithin) {
  const std::string before = R"((import "wasi:cli/exit@0.2.3" (instance $exit
      (export "exit" (func (param "status" (result))))))
    (core func $exit (canon lower (func $exit "exit"))))";
  const std::string core = R"((import "host" "exit" (func $exit (param i32))))";
  const std::string with = R"((with "host" (instance (export "exit" (func $exit)))))";
  const Engine engine = make_engine();
  for (const int code : {0, 1}) {
    const auto outcome = run_component(
        engine, component("(call $exit (i32.const " + std::to_string(code) + ")) unreachable",
                          before, core, with));
    ASSERT_TRUE(outcome) << outcome.error().message;
    EXPECT_EQ(outcome->reason, ExitReason::kExited);
    EXPECT_EQ(outcome->exit_code, code);
  }
}

TEST(Component, ATrapHasItsBacktrace) {
  const auto outcome = run_component(
      make_engine(), component("call $deep i32.const 0", "", "(func $deep unreachable)"));
  ASSERT_TRUE(outcome) << outcome.error().message;
  EXPECT_EQ(outcome->reason, ExitReason::kTrapped);
  EXPECT_EQ(outcome->exit_code, 134);
  EXPECT_THAT(outcome->message, HasSubstr("unreachable"));
  ASSERT_GE(outcome->backtrace.size(), 2u);
  EXPECT_EQ(outcome->backtrace[0].function, "deep");
  EXPECT_EQ(outcome->backtrace[1].function, "the_run");
}

// It has no frames and is no trap of Wasm's, and still the guest's doing.
TEST(Component, AResultThatIsNoneIsAnOutcome) {
  const auto outcome = run_component(make_engine(), component("i32.const 7"));
  ASSERT_TRUE(outcome) << outcome.error().message;
  EXPECT_EQ(outcome->reason, ExitReason::kTrapped);
  EXPECT_NE(outcome->message, "");
}

TEST(Component, AStartFunctionTrapsOrLoops) {
  const Engine engine = make_engine({.interruptible = true});
  const auto trapped =
      run_component(engine, component("i32.const 0", "", "(func $s unreachable) (start $s)"));
  ASSERT_TRUE(trapped) << trapped.error().message;
  EXPECT_EQ(trapped->reason, ExitReason::kTrapped);
  const auto looped =
      run_component(engine, component("i32.const 0", "", "(func $s (loop (br 0))) (start $s)"),
                    {.timeout = std::chrono::milliseconds(50)});
  ASSERT_TRUE(looped) << looped.error().message;
  EXPECT_EQ(looped->reason, ExitReason::kTimedOut);
}

TEST(Component, TimeoutFuelAndMemoryLimitsHold) {
  const std::string loops = component("(loop (br 0)) unreachable");
  const auto late = run_component(make_engine({.interruptible = true}), loops,
                                  {.timeout = std::chrono::milliseconds(50)});
  ASSERT_TRUE(late) << late.error().message;
  EXPECT_EQ(late->reason, ExitReason::kTimedOut);
  EXPECT_EQ(late->exit_code, 124);

  const auto spent =
      run_component(make_engine({.meter_fuel = true}), loops, {.fuel = std::uint64_t{10'000}});
  ASSERT_TRUE(spent) << spent.error().message;
  EXPECT_EQ(spent->reason, ExitReason::kOutOfFuel);
  EXPECT_EQ(spent->fuel_consumed, 10'000u);

  const std::string grows =
      component("(i32.eq (memory.grow (i32.const 100)) (i32.const -1))", "", "(memory 1)");
  const auto refused = run_component(make_engine(), grows, {.max_memory = std::uint64_t{1} << 20});
  ASSERT_TRUE(refused) << refused.error().message;
  EXPECT_EQ(refused->exit_code, 1);
  EXPECT_TRUE(refused->memory_limit_hit);
  EXPECT_EQ(run_component(make_engine(), grows)->exit_code, 0);
  const auto never = run_component(make_engine(), component("i32.const 0", "", "(memory 100)"),
                                   {.max_memory = std::uint64_t{1} << 20});
  ASSERT_FALSE(never);
  EXPECT_EQ(never.error().code, ErrorCode::kTooLarge);
}

const std::string kTensorImport = R"(
  (import "wasi:nn/tensor@0.2.0-rc-2024-10-28" (instance $t
    (type $e (enum "FP16" "FP32" "FP64" "BF16" "U8" "I32" "I64"))
    (export "tensor-type" (type $ty (eq $e)))
    (export "tensor" (type $tensor (sub resource)))
    (export "[constructor]tensor" (func (param "dimensions" (list u32)) (param "ty" $ty)
      (param "data" (list u8)) (result (own $tensor))))))
  (alias export $t "tensor" (type $tensor))
  (core module $mem (memory (export "memory") 1))
  (core instance $mem (instantiate $mem))
  (alias core export $mem "memory" (core memory $memory))
  (core func $new (canon lower (func $t "[constructor]tensor") (memory $memory)))
  (core func $drop (canon resource.drop $tensor)))";
const std::string kTensorCore = R"(
  (import "host" "new" (func $new (param i32 i32 i32 i32 i32) (result i32)))
  (import "host" "drop" (func $drop (param i32))))";
const std::string kTensorWith =
    R"((with "host" (instance (export "new" (func $new))
  (export "drop" (func $drop)))))";
const std::string kNew =
    "(call $new (i32.const 0) (i32.const 0) (i32.const 4) "
    "(i32.const 0) (i32.const 1))";

std::string tensor_component(const std::string& body) {
  return component(body, kTensorImport, kTensorCore, kTensorWith);
}

// Beyond Nacre's own limit tensors are poisoned; handles to those are still the
// VM's to hold.
TEST(Component, AMillionLiveHandlesAreItsLimit) {
  const Engine engine = make_engine();
  const auto times = [](int n) {
    return tensor_component("(local $i i32) (loop (drop " + kNew +
                            ") (br_if 0 (i32.lt_u (local.tee $i (i32.add (local.get $i) "
                            "(i32.const 1))) (i32.const " +
                            std::to_string(n) + ")))) i32.const 0");
  };
  const auto many = run_component(engine, times(200'000));
  ASSERT_TRUE(many) << many.error().message;
  EXPECT_EQ(many->exit_code, 0) << many->message;
  const auto beyond = run_component(engine, times(1'000'001));
  ASSERT_TRUE(beyond) << beyond.error().message;
  EXPECT_EQ(beyond->reason, ExitReason::kTrapped);
  EXPECT_NE(beyond->message, "");
}

// The VM's own measure of a list, 128 MiB, is not Nacre's: a component hands
// over all its memory.
TEST(Component, AListMayBeAsLargeAsMemory) {
  const std::string text = tensor_component(
      "(drop (call $new (i32.const 0) (i32.const 0) "
      "(i32.const 4) (i32.const 0) "
      "(i32.const 268435456))) i32.const 0");
  std::string large = text;
  const std::string one_page = "(memory (export \"memory\") 1)";
  large.replace(large.find(one_page), one_page.size(), "(memory (export \"memory\") 4096)");
  const auto outcome = run_component(make_engine(), large);
  ASSERT_TRUE(outcome) << outcome.error().message;
  EXPECT_EQ(outcome->exit_code, 0) << outcome->message;
}

// Without the checks compiled in, a host call is where it ends.
TEST(Component, AnInterruptEndsItAtAHostCall) {
  Guest guest;
  InstanceOptions options;
  options.guest_state = &guest.state;
  auto instance = Instance::create(
      load(make_engine(), tensor_component("(loop (call $drop " + kNew + ") (br 0)) unreachable")),
      std::move(options));
  ASSERT_TRUE(instance) << instance.error().message;
  std::thread other([&] {
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
    instance->interrupt();
  });
  const auto outcome = instance->run();
  other.join();
  ASSERT_TRUE(outcome) << outcome.error().message;
  EXPECT_EQ(outcome->reason, ExitReason::kInterrupted);
  EXPECT_EQ(outcome->exit_code, 130);
}

// ---- imports
// -----------------------------------------------------------------------------------

TEST(ComponentImports, WhatIsMissingIsListedAtOnce) {
  const auto outcome = run_component(
      make_engine(), component("i32.const 0", imports("wasi:nn/tensor@0.2.0-rc-2024-10-28") +
                                                  imports("wasi:nn/training@0.2.0-rc-2024-10-28") +
                                                  imports("wasi:nn/graph@0.2.0-rc-2030-01-01") +
                                                  imports("wasi:http/types@0.2.0") +
                                                  "(import \"acme:widgets/spin\" (func))"));
  ASSERT_FALSE(outcome);
  EXPECT_EQ(outcome.error().code, ErrorCode::kUnsupportedOperation);
  EXPECT_THAT(outcome.error().message,
              AllOf(HasSubstr("wasi:nn/training@0.2.0-rc-2024-10-28"),
                    HasSubstr("wasi:nn/graph@0.2.0-rc-2030-01-01"), HasSubstr("2024-06-25"),
                    HasSubstr("wasi:http/types@0.2.0"), HasSubstr("acme:widgets/spin"),
                    Not(HasSubstr("wasi:nn/tensor@"))));
}

TEST(ComponentImports, ALibraryIsNoCommand) {
  const auto outcome = run_component(make_engine(), "(component)");
  ASSERT_FALSE(outcome);
  EXPECT_THAT(outcome.error().message, HasSubstr("wasi:cli/run"));
}

TEST(ComponentImports, AllVersionsOfWasiNnInOneGuest) {
  std::string all;
  for (const char* version : {"2024-06-25", "2024-08-19", "2024-10-28"}) {
    for (const char* interface : {"tensor", "graph", "inference", "errors"})
      all += imports(std::string("wasi:nn/") + interface + "@0.2.0-rc-" + version);
  }
  const auto outcome = run_component(make_engine(), component("i32.const 0", all));
  ASSERT_TRUE(outcome) << outcome.error().message;
  EXPECT_EQ(outcome->exit_code, 0);
}

// What offers_interface() promises the VM must keep, also after an upgrade.
TEST(ComponentImports, EveryInterfaceThatIsPromisedIsThere) {
  const Engine engine = make_engine();
  for (const std::string name : {"cli/environment",
                                 "cli/exit",
                                 "cli/stderr",
                                 "cli/stdin",
                                 "cli/stdout",
                                 "cli/terminal-input",
                                 "cli/terminal-output",
                                 "cli/terminal-stderr",
                                 "cli/terminal-stdin",
                                 "cli/terminal-stdout",
                                 "clocks/monotonic-clock",
                                 "clocks/wall-clock",
                                 "filesystem/preopens",
                                 "filesystem/types",
                                 "io/error",
                                 "io/poll",
                                 "io/streams",
                                 "random/insecure",
                                 "random/insecure-seed",
                                 "random/random",
                                 "sockets/instance-network",
                                 "sockets/ip-name-lookup",
                                 "sockets/network",
                                 "sockets/tcp",
                                 "sockets/tcp-create-socket",
                                 "sockets/udp",
                                 "sockets/udp-create-socket"}) {
    for (const char* version : {"@0.2.0", "@0.2.3", "@0.2.12"}) {
      const std::string interface = "wasi:" + name + version;
      EXPECT_TRUE(offers_interface(interface));
      const auto outcome = run_component(engine, component("i32.const 0", imports(interface)));
      EXPECT_TRUE(outcome) << interface << ": " << outcome.error().message;
    }
  }
  for (const std::string name :
       {"wasi:cli/stdout", "wasi:cli/stdout@0.3.0", "wasi:cli/stdout@0.2.13",
        "wasi:cli/nothing@0.2.0", "wasi:http/types@0.2.0", "wasi:nn/tensor", "wasi:nn/tensor@0.2.0",
        "wasi:cli/stdout@0.2.0-rc-2023-11-10", "wasi:cli/stdout@0.2.", "nacre:nn/backends",
        "nacre:nn/backends@0.2.0", "nacre:nn/nothing@0.1.0", "nacre:nn/text@0.2.0",
        "wasi:nn/prompt@0.2.0", "wasi:nn/prompt"}) {
    EXPECT_FALSE(offers_interface(name)) << name;
  }
}

// A function behind each interface, so that the check above is not of names
// alone.
TEST(ComponentImports, FunctionsOfWasiResolve) {
  const std::string all = R"(
    (import "wasi:clocks/monotonic-clock@0.2.0" (instance (export "resolution" (func (result u64)))))
    (import "wasi:random/random@0.2.0" (instance (export "get-random-u64" (func (result u64)))))
    (import "wasi:cli/environment@0.2.0" (instance
      (export "get-arguments" (func (result (list string)))))))";
  EXPECT_TRUE(run_component(make_engine(), component("i32.const 0", all)));
  const auto wrong = run_component(
      make_engine(), component("i32.const 0", R"((import "wasi:random/random@0.2.0" (instance
        (export "get-random-u64" (func (result u32))))))"));
  ASSERT_FALSE(wrong);
  EXPECT_THAT(wrong.error().message, HasSubstr("get-random-u64"));
}

// An import of nothing is met by nothing: one thing of each interface shows
// that it is there.
TEST(ComponentImports, EveryInterfaceHasWhatItsNamePromises) {
  const Engine engine = make_engine();
  const auto resource = [](const std::string& name) {
    return "(export \"" + name + "\" (type (sub resource)))";
  };
  std::vector<std::pair<std::string, std::string>> things = {
      {"wasi:io/error@0.2.0", resource("error")},
      {"wasi:io/poll@0.2.0", resource("pollable")},
      {"wasi:io/streams@0.2.0", resource("input-stream")},
      {"wasi:cli/terminal-input@0.2.0", resource("terminal-input")},
      {"wasi:cli/terminal-output@0.2.0", resource("terminal-output")},
      {"wasi:filesystem/types@0.2.0", resource("descriptor")},
      {"wasi:sockets/network@0.2.0", resource("network")},
      {"wasi:sockets/tcp@0.2.0", resource("tcp-socket")},
      {"wasi:sockets/udp@0.2.0", resource("udp-socket")},
      {"wasi:sockets/ip-name-lookup@0.2.0", resource("resolve-address-stream")},
      {"wasi:random/insecure@0.2.0", "(export \"get-insecure-random-u64\" (func (result u64)))"},
      {"wasi:random/insecure-seed@0.2.0",
       "(export \"insecure-seed\" (func (result (tuple u64 u64))))"}};
  for (const std::string version : {"2024-06-25", "2024-08-19", "2024-10-28"}) {
    for (const auto& [interface, name] : {std::pair{"tensor", "tensor"},
                                          {"graph", "graph"},
                                          {"inference", "graph-execution-context"},
                                          {"errors", "error"}}) {
      things.emplace_back("wasi:nn/" + std::string(interface) + "@0.2.0-rc-" + version,
                          resource(name));
    }
  }
  things.emplace_back("nacre:nn/text@0.1.0", resource("text-context"));
  std::string all;
  for (const auto& [interface, thing] : things) {
    const std::string import = "(import \"" + interface + "\" (instance " + thing + "))";
    const auto outcome = run_component(engine, component("i32.const 0", import));
    EXPECT_TRUE(outcome) << interface << ": " << outcome.error().message;
    all += import;
    const std::string wrong =
        "(import \"" + interface + "\" (instance " + resource("nothing-of-it") + "))";
    EXPECT_FALSE(run_component(engine, component("i32.const 0", wrong))) << interface;
  }
  EXPECT_TRUE(run_component(engine, component("i32.const 0", all)));
}

/// An import of `function`, where `T` is the resource of another interface.
std::string of_resource(const std::string& home, const std::string& resource,
                        const std::string& interface, const std::string& function) {
  return "(import \"" + home + "\" (instance $home (export \"" + resource +
         "\" (type (sub resource))))) (alias export $home \"" + resource +
         "\" (type $outer)) (import \"" + interface +
         "\" (instance (alias outer 1 $outer (type $mine)) (export \"" + resource +
         "\" (type $T (eq $mine))) " + function + "))";
}

// The interfaces that hold nothing but functions, most of them of others' resources.
TEST(ComponentImports, FunctionsOfOthersResourcesResolve) {
  const Engine engine = make_engine();
  const std::string sockets = R"(
    (type $family' (enum "ipv4" "ipv6"))
    (export "ip-address-family" (type $family (eq $family')))
    (type $code' (enum "unknown" "access-denied" "not-supported" "invalid-argument"
      "out-of-memory" "timeout" "concurrency-conflict" "not-in-progress" "would-block"
      "invalid-state" "new-socket-limit" "address-not-bindable" "address-in-use"
      "remote-unreachable" "connection-refused" "connection-reset" "connection-aborted"
      "datagram-too-large" "name-unresolvable" "temporary-resolver-failure"
      "permanent-resolver-failure"))
    (export "error-code" (type $code (eq $code'))))";
  const auto socket = [&](const std::string& kind) {
    return of_resource("wasi:sockets/" + kind + "@0.2.0", kind + "-socket",
                       "wasi:sockets/" + kind + "-create-socket@0.2.0",
                       sockets + "(export \"create-" + kind +
                           "-socket\" (func (param \"address-family\" $family) "
                           "(result (result (own $T) (error $code)))))");
  };
  const auto returns = [](const std::string& name, const std::string& type) {
    return "(export \"" + name + "\" (func (result " + type + ")))";
  };
  const auto terminal = [&](const std::string& stream, const std::string& resource) {
    return of_resource("wasi:cli/terminal-" + resource + "@0.2.0", "terminal-" + resource,
                       "wasi:cli/terminal-" + stream + "@0.2.0",
                       returns("get-terminal-" + stream, "(option (own $T))"));
  };
  const std::string streams = "wasi:io/streams@0.2.0";
  std::vector<std::string> all = {
      R"((import "wasi:cli/exit@0.2.0" (instance (export "exit" (func (param "status" (result)))))))",
      R"((import "wasi:clocks/wall-clock@0.2.0" (instance
        (type $time' (record (field "seconds" u64) (field "nanoseconds" u32)))
        (export "datetime" (type $time (eq $time'))) (export "now" (func (result $time))))))",
      of_resource(streams, "input-stream", "wasi:cli/stdin@0.2.0",
                  returns("get-stdin", "(own $T)")),
      of_resource(streams, "output-stream", "wasi:cli/stdout@0.2.0",
                  returns("get-stdout", "(own $T)")),
      of_resource(streams, "output-stream", "wasi:cli/stderr@0.2.0",
                  returns("get-stderr", "(own $T)")),
      terminal("stdin", "input"),
      terminal("stdout", "output"),
      terminal("stderr", "output"),
      of_resource("wasi:filesystem/types@0.2.0", "descriptor", "wasi:filesystem/preopens@0.2.0",
                  returns("get-directories", "(list (tuple (own $T) string))")),
      of_resource("wasi:sockets/network@0.2.0", "network", "wasi:sockets/instance-network@0.2.0",
                  returns("instance-network", "(own $T)")),
      socket("tcp"),
      socket("udp"),
      R"((import "nacre:nn/backends@0.1.0" (instance (export "list" (func (result (list string)))))))"};
  for (const std::string& imports : all) {
    const auto outcome = run_component(engine, component("i32.const 0", imports));
    EXPECT_TRUE(outcome) << imports << ": " << outcome.error().message;
    std::string wrong = imports;
    wrong.replace(wrong.rfind("(func"), 5, "(func (param \"no-such-parameter\" u8)");
    EXPECT_FALSE(run_component(engine, component("i32.const 0", wrong))) << wrong;
  }
}

// The proposed interface is offered beside every version, and only on demand.
TEST(ComponentImports, PromptIsThereWhereItIsAskedFor) {
  const Engine engine = make_engine();
  for (const std::string version : {"2024-06-25", "2024-08-19", "2024-10-28"}) {
    const std::string name = "wasi:nn/prompt@0.2.0-rc-" + version;
    const std::string wants =
        component("i32.const 0", of_resource("wasi:nn/graph@0.2.0-rc-" + version, "graph", name,
                                             R"((export "context" (type $chat (sub resource)))
        (export "init" (func (param "graph" (own $T)) (result (result (own $chat) (error string)))))
        (export "[method]context.compute" (func (param "self" (borrow $chat))
          (param "prompt" string) (result (result string (error string))))))"));
    EXPECT_TRUE(offers_interface(name));
    const auto refused = run_component(engine, wants);
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, ErrorCode::kUnsupportedOperation);
    EXPECT_THAT(refused.error().message, AllOf(HasSubstr("--wasi nn-prompt"), HasSubstr(name)));
    InstanceOptions options;
    options.prompt = true;
    const auto outcome = run_component(engine, wants, std::move(options));
    EXPECT_TRUE(outcome) << outcome.error().message;
  }
}

TEST(ComponentImports, TextOpensOnTheGraphOfEveryVersion) {
  const Engine engine = make_engine();
  for (const auto& [version, date] : {std::pair<std::string, std::string>{"2024-06-25", "20240625"},
                                      {"2024-08-19", "20240819"},
                                      {"2024-10-28", "20241028"}}) {
    const std::string opens = of_resource(
        "wasi:nn/graph@0.2.0-rc-" + version, "graph", "nacre:nn/text-rc" + date + "@0.1.0",
        R"((export "open" (func (param "graph" (borrow $T)) (result u32))))");
    // The function is there; its type is another.
    const auto outcome = run_component(engine, component("i32.const 0", opens));
    ASSERT_FALSE(outcome);
    EXPECT_THAT(outcome.error().message, HasSubstr("open"));
    EXPECT_THAT(outcome.error().message, Not(HasSubstr("not offered")));
  }
}

// A world's `use` imports a type by name; nobody has to offer one.
TEST(ComponentImports, ANamedTypeIsNothingToOffer) {
  const std::string uses = R"((type $e (enum "a" "b")) (import "choice" (type $choice (eq $e))))";
  const auto outcome = run_component(make_engine(), component("i32.const 0", uses));
  ASSERT_TRUE(outcome) << outcome.error().message;
  EXPECT_EQ(outcome->exit_code, 0);
}

TEST(ComponentImports, AreListedWithExports) {
  const Module module = load(
      make_engine(),
      component("i32.const 0", imports("wasi:io/poll@0.2.0") + "(import \"acme:a/b\" (func))"));
  EXPECT_TRUE(module.is_component());
  ASSERT_EQ(module.imports().size(), 2u);
  EXPECT_EQ(module.imports()[0].name, "wasi:io/poll@0.2.0");
  EXPECT_EQ(module.imports()[0].kind, ExternInfo::Kind::kInterface);
  EXPECT_EQ(module.imports()[1].kind, ExternInfo::Kind::kFunction);
  ASSERT_EQ(module.exports().size(), 1u);
  EXPECT_EQ(module.exports()[0].name, "wasi:cli/run@0.2.0");
}

// ---- compiled code
// -----------------------------------------------------------------------------

TEST(ComponentCode, ComesFromTheCacheTheSecondTime) {
  const TemporaryFolder folder;
  const Engine engine = make_engine({.cache_directory = folder.path()});
  const std::string text = component("i32.const 1");
  for (const CodeOrigin origin : {CodeOrigin::kCompiled, CodeOrigin::kCache}) {
    const Module module = load(engine, text);
    EXPECT_EQ(module.origin(), origin);
    Guest guest;
    auto instance = Instance::create(module, {.guest_state = &guest.state});
    ASSERT_TRUE(instance) << instance.error().message;
    EXPECT_EQ(instance->run()->exit_code, 1);
  }
}

TEST(ComponentCode, IsWrittenOutAndReadBackOnlyWhereAllowed) {
  const Engine engine = make_engine();
  const auto code = load(engine, component("i32.const 1")).serialize();
  ASSERT_TRUE(code) << code.error().message;
  const auto refused = engine.load_module(*code, {});
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::kSecurity);
  const auto module = engine.load_module(*code, {.allow_precompiled = true});
  ASSERT_TRUE(module) << module.error().message;
  EXPECT_TRUE(module->is_component());
  EXPECT_EQ(module->origin(), CodeOrigin::kPrecompiled);
  Guest guest;
  auto instance = Instance::create(*module, {.guest_state = &guest.state});
  ASSERT_TRUE(instance) << instance.error().message;
  EXPECT_EQ(instance->run()->exit_code, 1);
}

}  // namespace
}  // namespace nacre::engine
