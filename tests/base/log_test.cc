#include "base/log.h"

#include <gtest/gtest.h>
#include <stdexcept>
#include <string>

namespace nacre {
namespace {

TEST(Log, GoesToTheSink) {
  std::string seen;
  const auto sink =
      std::make_shared<const LogSink>([&seen](LogSeverity severity, std::string_view line) {
        seen = std::to_string(static_cast<int>(severity)) + std::string(line);
      });
  log(sink, LogSeverity::kInfo, "hello");
  EXPECT_EQ(seen, "1hello");
}

TEST(Log, SwallowsWhatTheSinkThrows) {
  int calls = 0;
  const auto sink = std::make_shared<const LogSink>([&calls](LogSeverity, std::string_view) {
    ++calls;
    throw std::runtime_error("full disk");
  });
  log(sink, LogSeverity::kError, "x");
  EXPECT_EQ(calls, 1);
}

TEST(Log, WithoutASinkWarningsGoToStandardError) {
  testing::internal::CaptureStderr();
  log(nullptr, LogSeverity::kInfo, "quiet");
  log(nullptr, LogSeverity::kWarning, "careful");
  EXPECT_EQ(testing::internal::GetCapturedStderr(), "nacre: warning: careful\n");
}

}  // namespace
}  // namespace nacre
