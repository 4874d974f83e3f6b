#include "engine/engine.h"

#include <fstream>
#include <sstream>

#include "gmock/gmock.h"
#include "run_guest.h"

namespace nacre::engine {
namespace {

using ::testing::HasSubstr;

const Engine& shared_engine() {
  static const Engine kEngine = make_engine();
  return kEngine;
}

Printed run_wasi(std::string_view body, InstanceOptions options = {}) {
  return run_and_read(shared_engine(), wasi_guest(body), std::move(options));
}

std::string contents(const std::filesystem::path& path) {
  std::ostringstream text;
  text << std::ifstream(path).rdbuf();
  return text.str();
}

constexpr std::string_view kPrintArguments = R"(
  (func (export "_start")
    (drop (call $args_sizes_get (i32.const 16) (i32.const 20)))
    (drop (call $args_get (i32.const 1024) (i32.const 4096)))
    (call $print (i32.const 4096) (i32.load (i32.const 20)))))";

TEST(Wasi, PassesArguments) {
  const auto ran = run_wasi(kPrintArguments, {.args = {"guest", "--top", "", "naïve 光"}});
  ASSERT_TRUE(ran.outcome) << ran.outcome.error().message;
  EXPECT_EQ(ran.out, std::string("guest\0--top\0\0naïve 光\0", 24));
}

TEST(Wasi, PassesTheEnvironmentAndNothingElse) {
  ::setenv("NACRE_TEST_SECRET", "x", 1);
  const auto ran = run_wasi(R"(
    (func (export "_start")
      (drop (call $environ_sizes_get (i32.const 16) (i32.const 20)))
      (drop (call $environ_get (i32.const 1024) (i32.const 4096)))
      (call $print (i32.const 4096) (i32.load (i32.const 20)))))",
                            {.env = {{"A", "1"}, {"B", "x=y"}}});
  ASSERT_TRUE(ran.outcome) << ran.outcome.error().message;
  EXPECT_EQ(ran.out, std::string("A=1\0B=x=y\0", 10));
}

TEST(Wasi, RefusesTextItCannotCarry) {
  const auto refused = [](InstanceOptions options) {
    const auto ran = run_wasi(kPrintArguments, std::move(options));
    ASSERT_FALSE(ran.outcome);
    EXPECT_EQ(ran.outcome.error().code, ErrorCode::kInvalidArgument);
    EXPECT_THAT(ran.outcome.error().message, HasSubstr("environment variable"));
  };
  for (const std::string& bad : {std::string("a\0b", 3), std::string("\xff\xfe")}) {
    const auto ran = run_wasi(kPrintArguments, {.args = {"guest", bad}});
    ASSERT_FALSE(ran.outcome);
    EXPECT_THAT(ran.outcome.error().message,
                AllOf(HasSubstr("argument 1 of the guest, \""), HasSubstr("must be UTF-8")));
    refused({.env = {{bad, "x"}}});
    refused({.env = {{"x", bad}}});
  }
  refused({.env = {{"", "x"}}});
  refused({.env = {{"a=b", "x"}}});
}

TEST(Wasi, ExitCodesAreTheGuestsOwn) {
  for (const std::uint32_t code : {0U, 1U, 7U, 125U, 126U, 200U, 255U, 256U, 4'000'000'000U}) {
    const auto ran = run_wasi("(func (export \"_start\") (call $proc_exit (i32.const " +
                              std::to_string(code) + ")))");
    ASSERT_TRUE(ran.outcome) << ran.outcome.error().message;
    EXPECT_EQ(ran.outcome->reason, ExitReason::kExited);
    EXPECT_EQ(ran.outcome->exit_code, static_cast<int>(code));
    EXPECT_EQ(ran.outcome->message, "");
    EXPECT_TRUE(ran.outcome->backtrace.empty());
  }
}

TEST(Wasi, AGuestMayExitInItsStartFunction) {
  const auto ran = run_wasi(R"((func $s (call $proc_exit (i32.const 3))) (start $s)
    (func (export "_start") unreachable))");
  ASSERT_TRUE(ran.outcome) << ran.outcome.error().message;
  EXPECT_EQ(ran.outcome->reason, ExitReason::kExited);
  EXPECT_EQ(ran.outcome->exit_code, 3);
}

// Copies standard input to standard output until its end.
constexpr std::string_view kCat = R"(
  (func (export "_start") (local $n i32)
    (loop $more
      (i32.store (i32.const 0) (i32.const 4096))
      (i32.store (i32.const 4) (i32.const 1000))
      (if (call $fd_read (i32.const 0) (i32.const 0) (i32.const 1) (i32.const 8))
        (then (call $proc_exit (i32.const 1))))
      (local.set $n (i32.load (i32.const 8)))
      (if (local.get $n)
        (then (call $print (i32.const 4096) (local.get $n)) (br $more))))))";

TEST(Wasi, StandardInputFromBytes) {
  std::string text(5000, 'x');
  for (std::size_t i = 0; i < text.size(); ++i)
    text[i] = static_cast<char>('a' + i % 26);
  const auto ran = run_wasi(kCat, {.standard_input = InputBytes(text)});
  ASSERT_TRUE(ran.outcome);
  EXPECT_EQ(ran.outcome->exit_code, 0);
  EXPECT_EQ(ran.out, text);
}

TEST(Wasi, ClosedStandardInputIsAtItsEnd) {
  const auto ran = run_wasi(kCat, {.standard_input = Closed{}});
  ASSERT_TRUE(ran.outcome);
  EXPECT_EQ(ran.outcome->exit_code, 0);
  EXPECT_EQ(ran.out, "");
}

TEST(Wasi, StandardStreamsOfTheProcess) {
  testing::internal::CaptureStdout();
  const auto outcome = run(shared_engine(), wasi_guest(R"(
    (data (i32.const 100) "to the process\n")
    (func (export "_start") (call $print (i32.const 100) (i32.const 15))))"));
  EXPECT_EQ(testing::internal::GetCapturedStdout(), "to the process\n");
  ASSERT_TRUE(outcome);
}

TEST(Wasi, StandardErrorIsItsOwnStream) {
  const auto ran = run_wasi(R"(
    (data (i32.const 100) "oops")
    (func (export "_start")
      (i32.store (i32.const 0) (i32.const 100))
      (i32.store (i32.const 4) (i32.const 4))
      (call $proc_exit (call $fd_write (i32.const 2) (i32.const 0) (i32.const 1) (i32.const 8)))))");
  ASSERT_TRUE(ran.outcome);
  EXPECT_EQ(ran.outcome->exit_code, 0);
  EXPECT_EQ(ran.out, "");
  EXPECT_EQ(ran.err, "oops");
}

TEST(Wasi, OutputNobodyWantsGoesNowhere) {
  InstanceOptions options;
  options.standard_output = Closed{};
  const auto outcome = run(shared_engine(), wasi_guest(R"(
    (func (export "_start") (call $print (i32.const 0) (i32.const 65536))))"),
                           std::move(options));
  ASSERT_TRUE(outcome);
  EXPECT_EQ(outcome->exit_code, 0);
}

TEST(Wasi, ClocksAndRandomBytes) {
  const auto ran = run_wasi(R"(
    (func (export "_start") (local $before i64)
      ;; the realtime clock stands after 2020
      (if (call $clock_time_get (i32.const 0) (i64.const 1) (i32.const 16))
        (then (call $proc_exit (i32.const 1))))
      (if (i64.lt_u (i64.load (i32.const 16)) (i64.const 1577836800000000000))
        (then (call $proc_exit (i32.const 2))))
      ;; the monotonic clock moves on
      (drop (call $clock_time_get (i32.const 1) (i64.const 1) (i32.const 16)))
      (local.set $before (i64.load (i32.const 16)))
      (loop $wait
        (drop (call $clock_time_get (i32.const 1) (i64.const 1) (i32.const 16)))
        (br_if $wait (i64.eq (i64.load (i32.const 16)) (local.get $before))))
      (if (i64.lt_u (i64.load (i32.const 16)) (local.get $before))
        (then (call $proc_exit (i32.const 3))))
      ;; two draws differ
      (if (call $random_get (i32.const 32) (i32.const 8)) (then (call $proc_exit (i32.const 4))))
      (if (call $random_get (i32.const 40) (i32.const 8)) (then (call $proc_exit (i32.const 5))))
      (if (i64.eq (i64.load (i32.const 32)) (i64.load (i32.const 40)))
        (then (call $proc_exit (i32.const 6))))))");
  ASSERT_TRUE(ran.outcome) << ran.outcome.error().message;
  EXPECT_EQ(ran.outcome->exit_code, 0);
}

// Opens NAME under the first directory with OFLAGS and reads it to standard output, or writes
// "new" to it if RIGHTS has the right to write. Exits with the first errno that is not 0.
std::string open_guest(std::string_view name, int oflags, bool write) {
  const std::string size = std::to_string(name.size());
  const std::string step = write ? "fd_write" : "fd_read";
  return "(data (i32.const 200) \"" + std::string(name) +
         "\") (data (i32.const 300) \"new\")"
         "(func (export \"_start\") (local $e i32)"
         "  (local.set $e (call $path_open (i32.const 3) (i32.const 1) (i32.const 200) "
         "(i32.const " +
         size + ") (i32.const " + std::to_string(oflags) + ") (i64.const " + (write ? "64" : "2") +
         ") (i64.const 0) (i32.const 0) (i32.const 16)))"
         "  (if (local.get $e) (then (call $proc_exit (local.get $e))))"
         "  (i32.store (i32.const 0) (i32.const 300))"
         "  (i32.store (i32.const 4) (i32.const " +
         (write ? "3" : "100") +
         "))"
         "  (local.set $e (call $" +
         step +
         " (i32.load (i32.const 16)) (i32.const 0) (i32.const 1) (i32.const 8)))"
         "  (if (local.get $e) (then (call $proc_exit (local.get $e))))" +
         (write ? "" : "  (call $print (i32.const 300) (i32.load (i32.const 8)))") + ")";
}

constexpr int kCreate = 1;
constexpr int kTruncate = 8;

TEST(Wasi, ReadsAndWritesInALentDirectory) {
  const TemporaryFolder folder;
  std::ofstream(folder.path() / "in.txt") << "hello";
  const InstanceOptions lent{.directories = {{folder.path(), "/data", false}}};

  const auto name = run_wasi(R"((func (export "_start")
    (call $proc_exit (call $fd_prestat_dir_name (i32.const 3) (i32.const 100) (i32.const 5)))))",
                             lent);
  EXPECT_EQ(name.outcome->exit_code, 0);

  const auto read = run_wasi(open_guest("in.txt", 0, false), lent);
  ASSERT_TRUE(read.outcome) << read.outcome.error().message;
  EXPECT_EQ(read.outcome->exit_code, 0);
  EXPECT_EQ(read.out, "hello");

  const auto wrote = run_wasi(open_guest("out.txt", kCreate | kTruncate, true), lent);
  EXPECT_EQ(wrote.outcome->exit_code, 0);
  EXPECT_EQ(contents(folder.path() / "out.txt"), "new");
}

TEST(Wasi, AReadOnlyDirectoryStaysAsItIs) {
  const TemporaryFolder folder;
  std::ofstream(folder.path() / "in.txt") << "hello";
  const InstanceOptions lent{.directories = {{folder.path(), "/data", true}}};

  const auto read = run_wasi(open_guest("in.txt", 0, false), lent);
  EXPECT_EQ(read.outcome->exit_code, 0);
  EXPECT_EQ(read.out, "hello");

  EXPECT_NE(run_wasi(open_guest("out.txt", kCreate, true), lent).outcome->exit_code, 0);
  EXPECT_NE(run_wasi(open_guest("in.txt", 0, true), lent).outcome->exit_code, 0);
  EXPECT_NE(run_wasi(open_guest("in.txt", kTruncate, true), lent).outcome->exit_code, 0);
  EXPECT_FALSE(std::filesystem::exists(folder.path() / "out.txt"));
  EXPECT_EQ(contents(folder.path() / "in.txt"), "hello");
}

TEST(Wasi, NothingAboveADirectoryCanBeReached) {
  const TemporaryFolder folder;
  std::ofstream(folder.path() / "secret.txt") << "secret";
  std::filesystem::create_directory(folder.path() / "lent");
  std::filesystem::create_symlink(folder.path() / "secret.txt", folder.path() / "lent/absolute");
  std::filesystem::create_symlink("../secret.txt", folder.path() / "lent/relative");
  const InstanceOptions lent{.directories = {{folder.path() / "lent", "/", false}}};
  for (const std::string_view name :
       {"../secret.txt", "absolute", "relative", "/etc/passwd", "x/../../secret.txt"}) {
    const auto ran = run_wasi(open_guest(name, 0, false), lent);
    ASSERT_TRUE(ran.outcome);
    EXPECT_NE(ran.outcome->exit_code, 0) << name;
    EXPECT_EQ(ran.out, "") << name;
  }
}

TEST(Wasi, NoDirectoryMeansNoFiles) {
  constexpr int kBadDescriptor = 8;
  EXPECT_EQ(run_wasi(open_guest("in.txt", 0, false)).outcome->exit_code, kBadDescriptor);
}

TEST(Wasi, DirectoriesThatCannotBeLentAreNamed) {
  const TemporaryFolder folder;
  std::ofstream(folder.path() / "file") << "x";
  const auto error_for = [](PreopenedDirectory directory) {
    const auto ran = run_wasi(kCat, {.directories = {std::move(directory)}});
    EXPECT_FALSE(ran.outcome);
    return ran.outcome ? Error{} : ran.outcome.error();
  };
  const Error absent = error_for({folder.path() / "absent", "/", false});
  EXPECT_EQ(absent.code, ErrorCode::kNotFound);
  EXPECT_THAT(absent.message, HasSubstr("absent"));
  const Error file = error_for({folder.path() / "file", "/", false});
  EXPECT_EQ(file.code, ErrorCode::kInvalidArgument);
  EXPECT_THAT(file.message, HasSubstr("Not a directory"));
  EXPECT_THAT(error_for({folder.path(), "", false}).message, HasSubstr("name for the guest"));
  EXPECT_THAT(error_for({folder.path(), "\xff", false}).message, HasSubstr("UTF-8"));
}

}  // namespace
}  // namespace nacre::engine
