// Runs every ONNX operator test on every runtime three times: by the vendor's own API, and through
// a guest as a core module and as a component; and compares with the record beside this file.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <string>
#include <vector>

#include "cli/process.h"
#include "onnx_operators/runner.h"
#include "onnx_operators/table.h"

namespace nacre::onnx_operators_test {
namespace {

namespace fs = std::filesystem;
using test::read_text;

const fs::path kData = NACRE_TEST_ONNX_DATA;
const fs::path kRecords = NACRE_TEST_SOURCE_DIR "/tests/onnx_operators";
const fs::path kDocument = NACRE_TEST_SOURCE_DIR "/docs/onnx_operators.md";
constexpr std::size_t kTests = 1072;  // of libonnx-testdata 1.12

bool renewing() {
  return std::getenv("NACRE_RENEW") != nullptr;
}

fs::path record_of(const std::string& runtime) {
  return kRecords / (runtime + ".tsv");
}

std::vector<std::string> all_tests() {
  std::vector<std::string> tests;
  for (const auto& entry : fs::recursive_directory_iterator(kData)) {
    if (entry.path().filename() == "model.onnx")
      tests.push_back(fs::relative(entry.path().parent_path(), kData).string());
  }
  std::ranges::sort(tests);
  return tests;
}

/// Whether the vendor's own answer to a test changes from run to run.
bool is_random(const std::string& runtime, const std::string& name, const std::string& hash) {
  for (int i = 0; i < 4; ++i) {
    auto again = run_directly(runtime, kData, {&name, 1});
    if (again[name].hash != hash) return true;
  }
  return false;
}

class Operators : public testing::TestWithParam<std::string> {};

TEST_P(Operators, AreAsRecorded) {
  const std::vector<std::string> tests = all_tests();
  ASSERT_EQ(tests.size(), kTests) << "in " << kData;
  auto direct = run_directly(GetParam(), kData, tests);
  auto core = run_as_module(GetParam(), kData, tests);
  auto component = run_as_component(GetParam(), kData, tests);

  Table now;
  for (const std::string& name : tests) {
    const Answer& own = direct[name];
    const Answer& ours = component[name];  // it hears the host's sentences
    EXPECT_NE(own.status, "broken") << name << ": " << own.reason;
    Row row{.direct = own.status, .nacre = ours.status, .bytes = "-", .reason = ours.reason};
    if (own.hash != "-" && ours.hash != "-") {
      row.bytes = own.hash == ours.hash ? "same" : "differ";
      const bool agree = core[name].hash == ours.hash;
      const bool settled = agree && (row.bytes == "same" || ours.status == "pass");
      if (!settled && is_random(GetParam(), name, own.hash)) row.bytes = "random";
    }
    if (row.bytes != "random") {
      EXPECT_EQ(core[name].status, ours.status)
          << name << ": the core module says " << core[name].reason << ", the component "
          << ours.reason;
      EXPECT_EQ(core[name].hash, ours.hash) << name << ": the two ABIs give other bytes";
    }
    if (row.reason.empty() && !own.reason.empty()) row.reason = "directly: " + own.reason;
    if (row.bytes == "random") row.reason = "random numbers";
    now[name] = row;
  }
  for (const std::string& wrong : broken_promises(now))
    ADD_FAILURE() << "What the vendor's API passes, Nacre has to pass with the same bytes. "
                  << wrong;
  if (renewing()) {
    test::write_text(record_of(GetParam()), to_text(now));
    return;
  }
  for (const std::string& difference :
       differences(parse_table(read_text(record_of(GetParam()))), now))
    ADD_FAILURE() << difference
                  << ". If that is meant, renew the record as tests/onnx_operators/README.md says.";
}

INSTANTIATE_TEST_SUITE_P(Runtimes, Operators, testing::ValuesIn(runtimes()),
                         [](const auto& one) { return one.param; });

}  // namespace
}  // namespace nacre::onnx_operators_test
