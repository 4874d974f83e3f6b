// The throwaway process and what it may take.
#include "llama/child.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>
#include <chrono>
#include <fstream>
#include <iterator>
#include <string>

namespace nacre::llama {
namespace {

using testing::HasSubstr;
using Clock = std::chrono::steady_clock;

const std::string kHelper = NACRE_TEST_BACKENDS_DIR "/nacre_llama_helper";

Result<ChildOutcome> run(const char* word, const std::string& input, const ChildLimits& limits) {
  return run_child(kHelper, word, std::as_bytes(std::span(input)), limits);
}

TEST(Child, AnswersWhatItMade) {
  const auto made = run("schema", R"({"type": "boolean"})", {});
  ASSERT_TRUE(made) << made.error().message;
  EXPECT_TRUE(made->survived) << made->how << made->output;
  EXPECT_THAT(made->output, HasSubstr("root ::="));
}

TEST(Child, SaysWhyNot) {
  const auto made = run("schema", R"({"type": "nonsense"})", {});
  ASSERT_TRUE(made);
  EXPECT_FALSE(made->survived);
  EXPECT_FALSE(made->output.empty());
  EXPECT_FALSE(run("nothing", "", {})->survived);
}

// Optional properties, in any order: what is written down for them grows with their square.
std::string many_properties() {
  std::string schema = R"({"type": "object", "properties": {)";
  for (int i = 0; i < 5000; ++i)
    schema += (i == 0 ? "" : ",") + ("\"p" + std::to_string(i)) + "\":{}";
  return schema + "}}";
}

TEST(Child, GetsNoMoreMemoryThanItsLimit) {
  const auto made = run("schema", many_properties(), {.memory_bytes = std::uint64_t{1} << 20});
  ASSERT_TRUE(made);
  EXPECT_FALSE(made->survived);
  EXPECT_THAT(made->output, HasSubstr("needs more memory"));
}

TEST(Child, GetsNoMoreProcessorTimeThanItsLimit) {
  const auto made = run("schema", many_properties(),
                        {.seconds = 500, .cpu_seconds = 1, .memory_bytes = std::uint64_t{8} << 30});
  ASSERT_TRUE(made);
  EXPECT_FALSE(made->survived);
  EXPECT_THAT(made->how, HasSubstr("killed by signal"));
}

TEST(Child, IsKilledWhenItsTimeIsUp) {
  // An input that never ends: a pipe that nobody writes to.
  int ends[2];
  ASSERT_EQ(::pipe(ends), 0);
  const auto begun = Clock::now();
  const auto made = run_child(kHelper, "schema", ends[0], {.seconds = 1});
  ::close(ends[0]);
  ::close(ends[1]);
  ASSERT_TRUE(made);
  EXPECT_FALSE(made->survived);
  EXPECT_THAT(made->how, HasSubstr("stopped after 1 s"));
  EXPECT_LT(Clock::now() - begun, std::chrono::seconds(10));
}

TEST(Child, IsKilledThoughItClosedItsOutput) {
  const std::string script = testing::TempDir() + "closes_its_output.sh";
  std::ofstream(script) << "#!/bin/sh\nexec >&- 2>&-\nexec /bin/sleep 60\n";
  ASSERT_EQ(::chmod(script.c_str(), 0700), 0);
  const auto begun = Clock::now();
  const auto ended = run_child(script, "x", std::span<const std::byte>{}, {.seconds = 1});
  ASSERT_TRUE(ended) << ended.error().message;
  EXPECT_FALSE(ended->survived);
  EXPECT_THAT(ended->how, HasSubstr("stopped after 1 s"));
  EXPECT_LT(Clock::now() - begun, std::chrono::seconds(20));
}

TEST(Child, AModelGetsWhatItsBytesAndTheOperatorSay) {
  std::ifstream file(NACRE_TEST_MODELS_DIR "/smollm2.gguf", std::ios::binary);
  const std::string model((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
  ASSERT_GT(model.size(), 1'000'000U);
  ChildLimits limits = limits_for_model(model.size(), std::uint64_t{1} << 30);
  const auto loaded = run("model", model, limits);
  ASSERT_TRUE(loaded);
  EXPECT_TRUE(loaded->survived) << loaded->how << loaded->output;
  limits.memory_bytes = model.size() + (std::uint64_t{16} << 20);
  const auto refused = run("model", model, limits);
  ASSERT_TRUE(refused);
  EXPECT_FALSE(refused->survived);
  // Nothing that a file or an operator says wraps.
  EXPECT_GT(limits_for_model(UINT64_MAX, UINT64_MAX).memory_bytes, std::uint64_t{1} << 40);
}

TEST(Child, AProgramThatIsNotThereIsNamed) {
  const auto made = run_child("/nowhere/helper", "schema", 0, {});
  ASSERT_FALSE(made);
  EXPECT_EQ(made.error().code, ErrorCode::kUnsupportedOperation);
  EXPECT_THAT(made.error().message, HasSubstr("/nowhere/helper"));
}

}  // namespace
}  // namespace nacre::llama
