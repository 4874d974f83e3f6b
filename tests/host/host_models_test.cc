// The host as an embedder sees it: models of the echo backend, and which guest may use which.
#include <nacre/host.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <fstream>
#include <iterator>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "base/sha256.h"
#include "host_test_base.h"

namespace nacre {
namespace {

using testing::HasSubstr;
using testing::Not;

using HostModels = HostTest;

// Text that a configuration sends to standard output goes where the guest's own output goes.
TEST_F(HostModels, ShownTextIsTheEmbeddersToo) {
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

TEST_F(HostModels, GuestsInThreadsShareGraphsAndKeepApart) {
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

TEST_F(HostModels, AGuestMayUseOnlyTheModelsItWasGiven) {
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

TEST_F(HostModels, AModelsRulesNameItsGuests) {
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

TEST_F(HostModels, AHashRuleHoldsForAGuestsFile) {
  const std::string text = infer("net", 1);
  std::ofstream(dir_ / "guest.wat") << text;
  ModelSpec spec = model("net");
  spec.guests = {"sha256:" + to_hex(sha256_of_file(dir_ / "guest.wat").value().digest)};
  const auto host = make({.models = {spec}});
  EXPECT_EQ(host->run({.path = (dir_ / "guest.wat").string()}).value().exit_code, 0);
  std::ofstream(dir_ / "guest.wat") << text << "\n";
  EXPECT_EQ(host->run({.path = (dir_ / "guest.wat").string()}).value().exit_code, 8);
}

TEST_F(HostModels, FailedCallsAreLoggedAtDebug) {
  std::vector<std::string> lines;
  const auto host = make({.log = [&lines](LogLevel level, std::string_view line) {
    if (level == LogLevel::kDebug) lines.emplace_back(line);
  }});
  const std::string text = infer("nobody", 1);
  EXPECT_EQ(host->run(guest_of(text)).value().exit_code, 8);
  EXPECT_THAT(lines,
              testing::Contains(testing::AllOf(HasSubstr("load_by_name"), HasSubstr("nobody"))));
}

TEST_F(HostModels, ABackendThatThrowsIsAnErrno) {
  const auto host =
      make({.models = {model("throws", "throw\n"), model("fails", "fail no luck\n")}});
  for (const char* name : {"throws", "fails"}) {
    const std::string text = infer(name, 1);
    const auto outcome = host->run(guest_of(text));
    ASSERT_TRUE(outcome) << outcome.error().message;
    EXPECT_EQ(outcome->exit_code, 5) << name;  // runtime_error
  }
}

TEST_F(HostModels, PreloadFailsTheStart) {
  ModelSpec spec{.name = "gone", .paths = {"/no/such/model.onnx"}};
  EXPECT_TRUE(Host::create({.models = {spec}}));
  spec.preload = true;
  const auto host = Host::create({.models = {spec}});
  ASSERT_FALSE(host);
  EXPECT_THAT(host.error().message, HasSubstr("/no/such/model.onnx"));
}

TEST_F(HostModels, ActivityBeginsAndEnds) {
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

TEST_F(HostModels, NothingIsLoadedThatNoGuestNeeds) {
  const auto host = make({.models = {{.name = "net", .paths = {"net.onnx"}}}});
  ASSERT_TRUE(host->run(guest_of(kExit)));
  std::ifstream maps("/proc/self/maps");
  const std::string text{std::istreambuf_iterator<char>(maps), std::istreambuf_iterator<char>()};
  EXPECT_THAT(text, Not(HasSubstr("libnacre_backend")));
}

TEST_F(HostModels, BackendsAreListedEchoFirst) {
  const auto infos = make()->backends();
  ASSERT_FALSE(infos.empty());
  EXPECT_EQ(infos[0].name, "echo");
  EXPECT_TRUE(infos[0].available);
  for (const BackendInfo& info : infos) {
    EXPECT_EQ(info.why_not.empty(), info.available) << info.name;
  }
}

TEST_F(HostModels, OneBackendByName) {
  const auto host = make();
  const auto echo = host->backend("echo");
  ASSERT_TRUE(echo) << echo.error().message;
  EXPECT_TRUE(echo->available);
  const auto unknown = host->backend("ecko");
  ASSERT_FALSE(unknown);
  EXPECT_EQ(unknown.error().code, ErrorCode::kNotFound);
  EXPECT_THAT(unknown.error().message, HasSubstr("\"echo\""));
}

TEST_F(HostModels, DefaultBackendsMustBeKnown) {
  HostOptions options;
  options.default_backends = {{GraphEncoding::kOnnx, "nobody"}};
  const auto host = Host::create(std::move(options));
  ASSERT_FALSE(host);
  EXPECT_THAT(host.error().message, HasSubstr("\"nobody\""));
}

TEST_F(HostModels, LoadModelDescribesIt) {
  const auto graph = make()->load_model(model("m", "input x f32 1,?\n"));
  ASSERT_TRUE(graph) << graph.error().message;
  EXPECT_EQ((*graph)->backend(), "echo");
  ASSERT_EQ((*graph)->description().inputs.size(), 1u);
  EXPECT_EQ((*graph)->description().inputs[0].name, "x");
}

}  // namespace
}  // namespace nacre
