// The same guest as a core module and as a component of each version, on every backend.
#ifndef NACRE_TESTS_GUESTS_ABI_TEST_BASE_H_
#define NACRE_TESTS_GUESTS_ABI_TEST_BASE_H_

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <sstream>
#include <string>
#include <tuple>
#include <vector>

#include "cli/process.h"

namespace nacre::test {

struct Abi {
  std::string name;
  std::string ending;  ///< of a guest's file
};

inline const std::vector<Abi> kAbis = {{"module", ".wasm"},
                                       {"component_2024_06_25", ".2024-06-25.component.wasm"},
                                       {"component_2024_08_19", ".2024-08-19.component.wasm"},
                                       {"component_2024_10_28", ".component.wasm"}};

inline bool is_built(const std::string& backend) {
  std::istringstream list(NACRE_TEST_BACKENDS);
  for (std::string name; std::getline(list, name, ',');) {
    if (name == backend) return true;
  }
  return backend == "echo";
}

/// The lines of a guest's output that begin with one of these words; all of them without words.
inline std::string lines_of(const std::string& text, const std::vector<std::string>& words) {
  std::string kept;
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) {
    const bool wanted = words.empty() || std::ranges::any_of(words, [&](const auto& w) {
                          return line.starts_with(w);
                        });
    if (wanted) kept += line + "\n";
  }
  return kept;
}

/// A test for each ABI on each backend; one that was not built is skipped, and in CI a failure.
class AbiTest : public testing::TestWithParam<std::tuple<Abi, std::string>> {
 public:
  static std::string name_of(const testing::TestParamInfo<ParamType>& test) {
    return std::get<0>(test.param).name + "_" + std::get<1>(test.param);
  }

 protected:
  void SetUp() override {
    if (is_built(backend())) return;
    // Where nobody looks at the list of what was skipped, skipping would hide it.
    const char* ci = std::getenv("CI");
    if (ci != nullptr && *ci != '\0') FAIL() << "this build has no backend " << backend();
    GTEST_SKIP() << "this build has no backend " << backend();
  }

  static const Abi& abi() { return std::get<0>(GetParam()); }
  static const std::string& backend() { return std::get<1>(GetParam()); }
  static bool vendor() { return backend() != "echo"; }

  /// What `name` prints as `abi`: with the options of `nacre run` in front and its own words
  /// behind.
  static std::string answer(const Abi& abi, const std::string& name,
                            std::vector<std::string> options, const std::vector<std::string>& words,
                            const std::vector<std::string>& lines = {}) {
    options.insert(options.begin(), "run");
    options.push_back(guest(name + abi.ending));
    options.insert(options.end(), words.begin(), words.end());
    const Ended ended = nacre(options);
    EXPECT_EQ(ended.exit_code, 0) << abi.name << ": " << ended.out << ended.err;
    return lines_of(ended.out, lines);
  }
};

}  // namespace nacre::test

#endif  // NACRE_TESTS_GUESTS_ABI_TEST_BASE_H_
