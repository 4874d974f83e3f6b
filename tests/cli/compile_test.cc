// nacre compile, and what runs of its results.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>

#include "cli/process.h"

namespace nacre::test {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;
using testing::IsEmpty;

class CompileEngine : public testing::TestWithParam<std::string> {};

TEST_P(CompileEngine, TheResultRunsOnlyWhenAllowed) {
  const ScratchDir dir;
  const std::string out = dir / "guest.cwasm";
  const Ended made = nacre({"compile", "--engine", GetParam(), guest("stdio.wasm"), "-o", out});
  ASSERT_EQ(made.exit_code, 0) << made.err;
  EXPECT_THAT(made.out, IsEmpty());

  const Ended refused = nacre({"run", "--engine", GetParam(), out, "args", "x"});
  EXPECT_EQ(refused.exit_code, 125);
  EXPECT_THAT(refused.err, HasSubstr("--allow-precompiled"));

  for (const std::vector<std::string>& more :
       {std::vector<std::string>{}, {"--timeout", "20s"}, {"--max-memory", "64M"}}) {
    std::vector<std::string> words = {"run", "--engine", GetParam(), "--allow-precompiled"};
    words.insert(words.end(), more.begin(), more.end());
    for (const char* word : {"guest.cwasm", "args", "x"})
      words.emplace_back(word);
    const Ended ended = nacre(words, {.directory = dir.path()});
    EXPECT_EQ(ended.exit_code, 0) << ended.err;
    EXPECT_EQ(ended.out, "x\n");
  }
}
INSTANTIATE_TEST_SUITE_P(Engines, CompileEngine, testing::Values("cranelift", "winch", "pulley"));

TEST(Compile, WritesBesideTheGuestWithoutAName) {
  const ScratchDir dir;
  fs::copy_file(guest("stdio.wasm"), dir / "g.wasm");
  ASSERT_EQ(nacre({"compile", "g.wasm"}, {.directory = dir.path()}).exit_code, 0);
  EXPECT_TRUE(fs::exists(dir.path() / "g.cwasm"));
}

TEST(Compile, AnotherEnginesCodeIsRefused) {
  const ScratchDir dir;
  const std::string out = dir / "guest.cwasm";
  ASSERT_EQ(nacre({"compile", "--engine", "pulley", guest("stdio.wasm"), "-o", out}).exit_code, 0);
  const Ended ended = nacre({"run", "--allow-precompiled", out, "args"});
  EXPECT_EQ(ended.exit_code, 125);
  EXPECT_THAT(ended.err, HasSubstr("guest.cwasm: the code was compiled by pulley, and cranelift "
                                   "is to run it"));
}

TEST(Compile, FuelAndTimeoutNeedCodeThatWasMadeForThem) {
  const ScratchDir dir;
  const std::string plain = dir / "plain.cwasm";
  ASSERT_EQ(nacre({"compile", "--no-timeout", guest("stdio.wasm"), "-o", plain}).exit_code, 0);
  EXPECT_EQ(nacre({"run", "--allow-precompiled", plain, "args"}).exit_code, 0);
  EXPECT_EQ(nacre({"run", "--allow-precompiled", "--timeout", "9s", plain, "args"}).exit_code, 125);
  const std::string fuel = dir / "fuel.cwasm";
  ASSERT_EQ(nacre({"compile", "--fuel", guest("infinite_loop.wasm"), "-o", fuel}).exit_code, 0);
  EXPECT_EQ(nacre({"run", "--allow-precompiled", "--fuel", "10000", fuel}).exit_code, 134);
}

TEST(Compile, PlainWasmRunsWithPrecompiledAllowedToo) {
  EXPECT_EQ(nacre({"run", "--allow-precompiled", guest("stdio.wasm"), "args"}).exit_code, 0);
}

TEST(Compile, FailuresSaySoAndWriteNothing) {
  const ScratchDir dir;
  write_text(dir / "bad.wasm", "no wasm at all");
  const Ended bad = nacre({"compile", dir / "bad.wasm", "-o", dir / "out.cwasm"});
  EXPECT_EQ(bad.exit_code, 1);
  EXPECT_THAT(bad.err, HasSubstr("nacre compile: "));
  EXPECT_FALSE(fs::exists(dir.path() / "out.cwasm"));
  const Ended missing = nacre({"compile", dir / "missing.wasm"});
  EXPECT_EQ(missing.exit_code, 1);
  EXPECT_THAT(missing.err, HasSubstr("missing.wasm"));
  const Ended nowhere = nacre({"compile", guest("stdio.wasm"), "-o", dir / "no/such/out"});
  EXPECT_EQ(nowhere.exit_code, 1);
  EXPECT_THAT(nowhere.err, HasSubstr("no/such/out"));
}

TEST(Compile, AlteredCodeIsNoCode) {
  const ScratchDir dir;
  const std::string out = dir / "guest.cwasm";
  ASSERT_EQ(nacre({"compile", guest("stdio.wasm"), "-o", out}).exit_code, 0);
  fs::resize_file(out, 100);
  const Ended cut = nacre({"run", "--allow-precompiled", out, "args"});
  EXPECT_EQ(cut.exit_code, 125);
  EXPECT_THAT(cut.err, HasSubstr("guest.cwasm"));
}

}  // namespace
}  // namespace nacre::test
