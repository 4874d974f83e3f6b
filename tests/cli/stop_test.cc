// What stops a guest: its limits, Ctrl-C, SIGTERM.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <csignal>

#include "cli/process.h"

namespace nacre::test {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;
using testing::IsEmpty;

// Generous where a sanitizer slows everything down.
constexpr auto kAtOnce = NACRE_TEST_SANITIZED ? 5000ms : 1000ms;

std::vector<std::string> words(std::vector<std::string> options, const std::string& file,
                               std::vector<std::string> args = {}) {
  options.insert(options.begin(), "run");
  options.push_back(guest(file));
  options.insert(options.end(), args.begin(), args.end());
  return options;
}

class StopTimeout : public testing::TestWithParam<std::string> {};
TEST_P(StopTimeout, EndsALoopWith124) {
  const Ended ended =
      nacre(words({"--engine", GetParam(), "--timeout", "300ms"}, "infinite_loop.wasm"));
  EXPECT_EQ(ended.exit_code, 124);
  EXPECT_THAT(ended.err, HasSubstr("300 ms"));
  EXPECT_GE(ended.took, 300ms);
  EXPECT_LT(ended.took, 300ms + 3 * kAtOnce);
}
INSTANTIATE_TEST_SUITE_P(Engines, StopTimeout, testing::Values("cranelift", "winch", "pulley"));

TEST(Stop, TimeoutHoldsInTheStartFunction) {
  const Ended ended = nacre(words({"--timeout", "200ms"}, "start_loops.wat"));
  EXPECT_EQ(ended.exit_code, 124);
}

TEST(Stop, TimeoutEndsEndlessComputing) {
  const ScratchDir dir;
  const Ended ended =
      nacre(words({"--timeout", "300ms", "--model", echo_model(dir)}, "compute_for_ever.wasm"));
  EXPECT_EQ(ended.exit_code, 124);
  EXPECT_EQ(ended.out, "computing\n");
}

TEST(Stop, TimeoutEndsEndlessPrinting) {
  EXPECT_EQ(nacre(words({"--timeout", "200ms"}, "print_for_ever.wasm")).exit_code, 124);
}

TEST(Stop, AGuestThatWaitsInTheHostEndsAfterTheGrace) {
  for (const char* file : {"read_stdin_for_ever.wasm", "sleep_for_ever.wasm"}) {
    std::vector<std::string> all = words({"--timeout", "200ms"}, file);
    all.insert(all.begin(), program());
    ProcessOptions options;
    options.keep_input_open = true;
    Process process(all, options);
    const Ended ended = process.wait();
    EXPECT_EQ(ended.exit_code, 124) << file;
    EXPECT_THAT(ended.err, HasSubstr("nacre run: ")) << file;
    EXPECT_LT(ended.took, 1200ms + 2 * kAtOnce) << file;
  }
}

// The guest fills a pipe that nobody reads; after four seconds the reader goes, and a program that
// is still there dies of it.
TEST(Stop, AReaderThatDoesNotReadHoldsNothingUp) {
  std::vector<std::string> all = words({"--timeout", "200ms"}, "print_for_ever.wasm");
  all.insert(all.begin(), {"/bin/sh", "-c",
                           R"({ { "$0" "$@" 2>&1; echo $? >&3; } | sleep 4; } 3>&1)", program()});
  Process process(all);
  EXPECT_EQ(process.wait().out, "124\n");
}

TEST(Stop, AGuestThatEndsInTimeIsNotDisturbed) {
  const Ended ended = nacre(words({"--timeout", "60s"}, "exit_code.wasm", {"3"}));
  EXPECT_EQ(ended.exit_code, 3);
  EXPECT_LT(ended.took, 30s);
}

TEST(Stop, AFileThatMayNotGrowIsTheGuestsProblem) {
  const ScratchDir dir;
  Process limited({"/bin/sh", "-c", "ulimit -f 60; exec \"$0\" \"$@\"", program(), "run", "--dir",
                   dir.path().string() + "::.", guest("files.wasm"), "write", "big",
                   std::string(100'000, 'x')});
  const Ended ended = limited.wait();
  EXPECT_EQ(ended.signal, 0);
  EXPECT_EQ(ended.exit_code, 1) << ended.err;
  EXPECT_THAT(ended.err, HasSubstr("big"));
}

TEST(Stop, MemoryLimitMakesGrowAnswerMinusOne) {
  const Ended ended = nacre(words({"--max-memory", "64M"}, "allocate_for_ever.wasm", {"stop"}));
  EXPECT_EQ(ended.exit_code, 0) << ended.err;
  const int mib = std::stoi(ended.out.substr(std::string("refused after ").size()));
  EXPECT_LT(mib, 64);
  EXPECT_GT(mib, 55);
}

TEST(Stop, ATrapAfterTheMemoryLimitSaysSo) {
  const Ended ended = nacre(words({"--max-memory", "64M"}, "allocate_for_ever.wasm"));
  EXPECT_EQ(ended.exit_code, 134);
  EXPECT_THAT(ended.err, HasSubstr("limit"));
}

TEST(Stop, AMemoryLimitBelowTheGuestsOwnIsRefused) {
  const Ended ended = nacre(words({"--max-memory", "1K"}, "stdio.wasm", {"args"}));
  EXPECT_EQ(ended.exit_code, 125);
  EXPECT_THAT(ended.err, HasSubstr("memory"));
}

TEST(Stop, FuelRunsOut) {
  const Ended ended = nacre(words({"--fuel", "1000000"}, "infinite_loop.wasm"));
  EXPECT_EQ(ended.exit_code, 134);
  EXPECT_THAT(ended.err, HasSubstr("fuel"));
  EXPECT_EQ(nacre(words({"--fuel", "100000000"}, "stdio.wasm", {"args", "x"})).exit_code, 0);
}

TEST(Stop, EndlessRecursionIsATrap) {
  const Ended ended = nacre(words({}, "recurse_for_ever.wasm"));
  EXPECT_EQ(ended.exit_code, 134);
  EXPECT_THAT(ended.err, HasSubstr("stack"));
}

class StopSignal : public testing::TestWithParam<int> {
 protected:
  int expected() const { return 128 + GetParam(); }
};

TEST_P(StopSignal, EndsALoopAtOnce) {
  std::vector<std::string> all = words({}, "print_for_ever.wasm");
  all.insert(all.begin(), program());
  Process process(all);
  ASSERT_TRUE(process.wait_for_output("still here"));
  const auto sent = std::chrono::steady_clock::now();
  process.send(GetParam());
  EXPECT_EQ(process.wait().exit_code, expected());
  EXPECT_LT(std::chrono::steady_clock::now() - sent, kAtOnce);
}

TEST_P(StopSignal, EndsAComputationAtOnce) {
  const ScratchDir dir;
  std::vector<std::string> all = words({"--model", echo_model(dir)}, "compute_for_ever.wasm");
  all.insert(all.begin(), program());
  Process process(all);
  ASSERT_TRUE(process.wait_for_output("computing"));
  const auto sent = std::chrono::steady_clock::now();
  process.send(GetParam());
  EXPECT_EQ(process.wait().exit_code, expected());
  EXPECT_LT(std::chrono::steady_clock::now() - sent, kAtOnce);
}

TEST_P(StopSignal, EndsACompilationAndLeavesNothingHalfWritten) {
  const ScratchDir dir;
  for (int i = 0; i < 6; ++i) {
    Process process({program(), "compile", guest("classify.wasm"), "-o", dir / "out.cwasm"});
    std::this_thread::sleep_for(i * 40ms);
    process.send(GetParam());
    const Ended ended = process.wait();
    if (ended.exit_code == 0) continue;  // it was faster
    // Before main() has set up anything, the signal itself ends the process.
    if (ended.signal != GetParam()) {
      EXPECT_EQ(ended.exit_code, expected()) << ended.err;
    }
  }
  for (const auto& entry : std::filesystem::directory_iterator(dir.path())) {
    EXPECT_EQ(entry.path().filename(), "out.cwasm");
    const Ended ended = nacre({"run", "--allow-precompiled", entry.path(), "--help"});
    EXPECT_EQ(ended.exit_code, 0) << ended.err;
  }
}

TEST_P(StopSignal, EndsABlockedRead) {
  std::vector<std::string> all = words({}, "read_stdin_for_ever.wasm");
  all.insert(all.begin(), program());
  ProcessOptions options;
  options.keep_input_open = true;
  Process process(all, options);
  std::this_thread::sleep_for(500ms);
  const auto sent = std::chrono::steady_clock::now();
  process.send(GetParam());
  EXPECT_EQ(process.wait().exit_code, expected());
  EXPECT_LT(std::chrono::steady_clock::now() - sent, kAtOnce);
}

INSTANTIATE_TEST_SUITE_P(Signals, StopSignal, testing::Values(SIGINT, SIGTERM));

}  // namespace
}  // namespace nacre::test
