// The host as an embedder sees it: guests as text, models of the echo backend.
#include <nacre/host.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <optional>
#include <string>
#include <thread>
#include <utility>

#include "base/sha256.h"

namespace nacre {
namespace {

namespace fs = std::filesystem;
using namespace std::chrono_literals;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

// Exits with 7.
constexpr std::string_view kExit = R"((module
  (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
  (memory (export "memory") 1)
  (func (export "_start") (call $exit (i32.const 7)))))";

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

/// Opens the model `name`, computes `times` times on 16 bytes that differ by `salt`, and compares.
/// Exit code: 0, a call's errno, or 99 for an output that is not the input.
std::string infer(const std::string& name, int times, int salt = 0) {
  std::string text = R"((module
  (import "wasi_ephemeral_nn" "load_by_name" (func $open (param i32 i32 i32) (result i32)))
  (import "wasi_ephemeral_nn" "init_execution_context" (func $init (param i32 i32) (result i32)))
  (import "wasi_ephemeral_nn" "set_input" (func $set (param i32 i32 i32) (result i32)))
  (import "wasi_ephemeral_nn" "compute" (func $compute (param i32) (result i32)))
  (import "wasi_ephemeral_nn" "get_output"
    (func $get (param i32 i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
  (memory (export "memory") 1)
  (data (i32.const 16) "NAME")
  (data (i32.const 64) "\60\00\00\00\01\00\00\00\03\00\00\00\80\00\00\00\10\00\00\00")
  (data (i32.const 96) "\10\00\00\00")
  (func $must (param i32) (if (local.get 0) (then (call $exit (local.get 0)))))
  (func (export "_start") (local $i i32)
    (call $must (call $open (i32.const 16) (i32.const LENGTH) (i32.const 32)))
    (call $must (call $init (i32.load (i32.const 32)) (i32.const 36)))
    (loop $again
      (i32.store (i32.const 128) (i32.add (local.get $i) (i32.const SALT)))
      (call $must (call $set (i32.load (i32.const 36)) (i32.const 0) (i32.const 64)))
      (call $must (call $compute (i32.load (i32.const 36))))
      (call $must (call $get (i32.load (i32.const 36)) (i32.const 0) (i32.const 256)
                             (i32.const 16) (i32.const 40)))
      (if (i32.ne (i32.load (i32.const 256)) (i32.load (i32.const 128)))
        (then (call $exit (i32.const 99))))
      (local.set $i (i32.add (local.get $i) (i32.const 1)))
      (br_if $again (i32.lt_u (local.get $i) (i32.const TIMES)))))))";
  const auto put = [&text](const std::string& word, const std::string& value) {
    text.replace(text.find(word), word.size(), value);
  };
  put("NAME", name);
  put("LENGTH", std::to_string(name.size()));
  put("TIMES", std::to_string(times));
  put("SALT", std::to_string(salt));
  return text;
}

std::span<const std::byte> bytes_of(std::string_view text) {
  return std::as_bytes(std::span(text.data(), text.size()));
}

GuestOptions guest_of(std::string_view text) {
  return {.path = "guest", .bytes = bytes_of(text)};
}

class HostTest : public testing::Test {
 protected:
  HostTest() {
    std::string name = fs::temp_directory_path() / "nacre-host-XXXXXX";
    if (::mkdtemp(name.data()) == nullptr) ADD_FAILURE() << "no scratch folder";
    dir_ = name;
  }
  ~HostTest() override { fs::remove_all(dir_); }

  static std::unique_ptr<Host> make(HostOptions options = {}) {
    options.code_cache = "";
    auto host = Host::create(std::move(options));
    if (!host) ADD_FAILURE() << host.error().message;
    return host ? *std::move(host) : nullptr;
  }

  /// An echo model that behaves as `lines` say.
  ModelSpec model(const std::string& name, const std::string& lines = "") const {
    std::ofstream(dir_ / name) << "nacre-echo v1\n" << lines;
    return {.name = name, .paths = {(dir_ / name).string()}};
  }

  fs::path dir_;
};

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

// Text that a configuration sends to standard output goes where the guest's own output goes.
TEST_F(HostTest, ShownTextIsTheEmbeddersToo) {
  constexpr std::string_view kShows = R"((module
    (import "wasi_ephemeral_nn" "load_by_name_with_config"
      (func $load (param i32 i32 i32 i32 i32) (result i32)))
    (import "wasi_ephemeral_nn" "init_execution_context"
      (func $init (param i32 i32) (result i32)))
    (import "wasi_ephemeral_nn" "set_input" (func $set (param i32 i32 i32) (result i32)))
    (import "wasi_ephemeral_nn" "compute" (func $compute (param i32) (result i32)))
    (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
    (memory (export "memory") 1)
    (data (i32.const 16) "chat{\22stream-stdout\22:true}a pearl")
    (data (i32.const 100) "\60\00\00\00\00\00\00\00\03\00\00\00\2a\00\00\00\07\00\00\00")
    (func (export "_start")
      (drop (call $load (i32.const 16) (i32.const 4) (i32.const 20) (i32.const 22) (i32.const 200)))
      (drop (call $init (i32.load (i32.const 200)) (i32.const 204)))
      (drop (call $set (i32.load (i32.const 204)) (i32.const 0) (i32.const 100)))
      (call $exit (call $compute (i32.load (i32.const 204)))))))";
  const std::string path = (dir_ / "chat.echo").string();
  std::ofstream(path) << "nacre-echo v1\ntext 100\n";
  const auto host = Host::create({.models = {{.name = "chat", .paths = {path}}}, .code_cache = ""});
  ASSERT_TRUE(host) << host.error().message;
  GuestOptions guest = guest_of(kShows);
  std::string out;
  guest.stdout_sink = [&out](std::span<const std::byte> bytes) {
    out.append(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  };
  auto outcome = (*host)->run(guest);
  ASSERT_TRUE(outcome) << outcome.error().message;
  EXPECT_EQ(outcome->exit_code, 0);
  EXPECT_EQ(out, "a pearl</s>");
  guest.stdout_sink = [](std::span<const std::byte>) { throw std::runtime_error("full"); };
  outcome = (*host)->run(guest);
  ASSERT_TRUE(outcome) << outcome.error().message;
  EXPECT_EQ(outcome->exit_code, 5);
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

TEST_F(HostTest, GuestsInThreadsShareGraphsAndKeepApart) {
  const auto host = make({.models = {model("net")}});
  const auto graph = host->models().open("net");
  ASSERT_TRUE(graph) << graph.error().message;
  std::vector<std::thread> threads;
  std::atomic<int> good = 0;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&, i] {
      const std::string text = infer("net", 2500, i * 1'000'000);
      const auto outcome = host->run(guest_of(text));
      if (outcome && outcome->exit_code == 0 && outcome->reason == ExitReason::kExited) ++good;
    });
  }
  for (std::thread& thread : threads)
    thread.join();
  EXPECT_EQ(good, 4);
  EXPECT_EQ(host->models().open("net").value(), *graph);
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

TEST_F(HostTest, AGuestMayUseOnlyTheModelsItWasGiven) {
  const auto host = make({.models = {model("mine"), model("other")}});
  const auto run = [&](const std::string& name) {
    const std::string text = infer(name, 1);
    GuestOptions guest = guest_of(text);
    guest.models = {"mine"};
    const auto outcome = host->run(guest);
    return outcome ? outcome->exit_code : -1;
  };
  EXPECT_EQ(run("mine"), 0);
  EXPECT_EQ(run("other"), 8);   // not_found
  EXPECT_EQ(run("nobody"), 8);  // the same: it cannot tell what others have
}

TEST_F(HostTest, AModelsRulesNameItsGuests) {
  ModelSpec by_name = model("byname");
  by_name.guests = {"one.wasm"};
  ModelSpec by_hash = model("byhash");
  const std::string text = infer("byhash", 1);
  Sha256 hash;
  hash.update(bytes_of(text));
  by_hash.guests = {"sha256:" + to_hex(hash.finish().value())};
  std::vector<std::string> lines;
  std::vector<std::string> steps;
  const auto host =
      make({.models = {by_name, by_hash, model("all")},
            .log = [&lines](LogLevel, std::string_view line) { lines.emplace_back(line); },
            .on_activity = [&steps](std::string_view what) { steps.emplace_back(what); }});
  const auto run = [&](const std::string& path, const std::string& guest_text,
                       std::optional<std::vector<std::string>> granted = {}) {
    lines.clear();
    steps.clear();
    GuestOptions guest{.path = path, .bytes = bytes_of(guest_text)};
    guest.models = std::move(granted);
    const auto outcome = host->run(guest);
    return outcome ? outcome->exit_code : -1;
  };
  constexpr int kNotFound = 8;
  EXPECT_EQ(run("anywhere/one.wasm", infer("byname", 1)), 0);
  EXPECT_EQ(run("two.wasm", infer("all", 1)), 0);
  EXPECT_EQ(run("any.wasm", text), 0);
  EXPECT_EQ(run("any.wasm", infer("byhash", 2)), kNotFound) << "other bytes, another hash";
  EXPECT_EQ(run("one.wasm", infer("byname", 1), {{"all"}}), kNotFound) << "both must allow it";
  EXPECT_EQ(run("two.wasm", infer("byname", 1), {{"byname"}}), kNotFound);

  // To the guest and in the log, another's model and one that does not exist are the same.
  EXPECT_EQ(run("two.wasm", infer("byname", 1)), kNotFound);
  std::vector<std::string> forbidden = lines;
  EXPECT_THAT(steps, testing::ElementsAre("compiling two.wasm", "")) << "nothing was loaded";
  for (std::string& line : forbidden) {
    if (const auto at = line.find("byname"); at != std::string::npos) line.replace(at, 6, "nobody");
  }
  EXPECT_EQ(run("two.wasm", infer("nobody", 1)), kNotFound);
  EXPECT_EQ(lines, forbidden);
  EXPECT_THAT(lines, testing::Contains(HasSubstr("nobody")));
  EXPECT_FALSE(lines.empty());
}

TEST_F(HostTest, AHashRuleHoldsForAGuestsFile) {
  const std::string text = infer("net", 1);
  std::ofstream(dir_ / "guest.wat") << text;
  ModelSpec spec = model("net");
  spec.guests = {"sha256:" + to_hex(sha256_of_file(dir_ / "guest.wat").value().digest)};
  const auto host = make({.models = {spec}});
  EXPECT_EQ(host->run({.path = (dir_ / "guest.wat").string()}).value().exit_code, 0);
  std::ofstream(dir_ / "guest.wat") << text << "\n";
  EXPECT_EQ(host->run({.path = (dir_ / "guest.wat").string()}).value().exit_code, 8);
}

TEST_F(HostTest, FailedCallsAreLoggedAtDebug) {
  std::vector<std::string> lines;
  const auto host = make({.log = [&lines](LogLevel level, std::string_view line) {
    if (level == LogLevel::kDebug) lines.emplace_back(line);
  }});
  const std::string text = infer("nobody", 1);
  EXPECT_EQ(host->run(guest_of(text)).value().exit_code, 8);
  EXPECT_THAT(lines,
              testing::Contains(testing::AllOf(HasSubstr("load_by_name"), HasSubstr("nobody"))));
}

TEST_F(HostTest, ABackendThatThrowsIsAnErrno) {
  const auto host =
      make({.models = {model("throws", "throw\n"), model("fails", "fail no luck\n")}});
  for (const char* name : {"throws", "fails"}) {
    const std::string text = infer(name, 1);
    const auto outcome = host->run(guest_of(text));
    ASSERT_TRUE(outcome) << outcome.error().message;
    EXPECT_EQ(outcome->exit_code, 5) << name;  // runtime_error
  }
}

TEST_F(HostTest, PreloadFailsTheStart) {
  ModelSpec spec{.name = "gone", .paths = {"/no/such/model.onnx"}};
  EXPECT_TRUE(Host::create({.models = {spec}}));
  spec.preload = true;
  const auto host = Host::create({.models = {spec}});
  ASSERT_FALSE(host);
  EXPECT_THAT(host.error().message, HasSubstr("/no/such/model.onnx"));
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

TEST_F(HostTest, ActivityBeginsAndEnds) {
  std::vector<std::string> steps;
  const auto host = make({.models = {model("net")}, .on_activity = [&steps](std::string_view what) {
                            steps.emplace_back(what);
                          }});
  const std::string text = infer("net", 1);
  ASSERT_TRUE(host->run(guest_of(text)));
  ASSERT_EQ(steps.size(), 4u);
  EXPECT_EQ(steps[0], "compiling guest");
  EXPECT_EQ(steps[1], "");
  EXPECT_THAT(steps[2], HasSubstr("model"));
  EXPECT_EQ(steps[3], "");
}

TEST_F(HostTest, NothingIsLoadedThatNoGuestNeeds) {
  const auto host = make({.models = {{.name = "net", .paths = {"net.onnx"}}}});
  ASSERT_TRUE(host->run(guest_of(kExit)));
  std::ifstream maps("/proc/self/maps");
  const std::string text{std::istreambuf_iterator<char>(maps), std::istreambuf_iterator<char>()};
  EXPECT_THAT(text, Not(HasSubstr("libnacre_backend")));
}

TEST_F(HostTest, BackendsAreListedEchoFirst) {
  const auto infos = make()->backends();
  ASSERT_FALSE(infos.empty());
  EXPECT_EQ(infos[0].name, "echo");
  EXPECT_TRUE(infos[0].available);
  for (const BackendInfo& info : infos) {
    EXPECT_EQ(info.why_not.empty(), info.available) << info.name;
  }
}

TEST_F(HostTest, OneBackendByName) {
  const auto host = make();
  const auto echo = host->backend("echo");
  ASSERT_TRUE(echo) << echo.error().message;
  EXPECT_TRUE(echo->available);
  const auto unknown = host->backend("ecko");
  ASSERT_FALSE(unknown);
  EXPECT_EQ(unknown.error().code, ErrorCode::kNotFound);
  EXPECT_THAT(unknown.error().message, HasSubstr("\"echo\""));
}

TEST_F(HostTest, DefaultBackendsMustBeKnown) {
  HostOptions options;
  options.default_backends = {{GraphEncoding::kOnnx, "nobody"}};
  const auto host = Host::create(std::move(options));
  ASSERT_FALSE(host);
  EXPECT_THAT(host.error().message, HasSubstr("\"nobody\""));
}

TEST_F(HostTest, LoadModelDescribesIt) {
  const auto graph = make()->load_model(model("m", "input x f32 1,?\n"));
  ASSERT_TRUE(graph) << graph.error().message;
  EXPECT_EQ((*graph)->backend(), "echo");
  ASSERT_EQ((*graph)->description().inputs.size(), 1u);
  EXPECT_EQ((*graph)->description().inputs[0].name, "x");
}

TEST(Version, IsThreeNumbers) {
  EXPECT_THAT(std::string(version()), testing::MatchesRegex("[0-9]+\\.[0-9]+\\.[0-9]+"));
  EXPECT_THAT(std::string(engine_version()), HasSubstr("Wasmtime 48"));
}

}  // namespace
}  // namespace nacre
