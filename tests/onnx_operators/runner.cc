#include "onnx_operators/runner.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <sstream>

#include "cli/process.h"

namespace nacre::onnx_operators_test {
namespace {

namespace fs = std::filesystem;
using test::Ended;

// A core module cannot give a graph back, and 64 are a guest's limit.
constexpr std::size_t kBatch = 60;

/// The answers on standard output, by test.
void take_answers(const std::string& out, std::map<std::string, Answer>& answers) {
  std::istringstream lines(out);
  for (std::string line; std::getline(lines, line);) {
    std::istringstream cells(line);
    std::string name;
    Answer answer;
    std::getline(cells, name, '\t');
    std::getline(cells, answer.status, '\t');
    std::getline(cells, answer.hash, '\t');
    std::getline(cells, answer.reason);
    if (!answer.status.empty()) answers[name] = answer;
  }
}

std::map<std::string, Answer> run_guest(const std::string& runtime, const fs::path& folder,
                                        const std::string& file,
                                        std::span<const std::string> tests) {
  return run_program({test::program(), "run", "--backend", "onnx=" + runtime, "--dir",
                      folder.string() + "::data::ro", test::guest(file), "data"},
                     tests);
}

}  // namespace

std::map<std::string, Answer> run_program(const std::vector<std::string>& words,
                                          std::span<const std::string> tests) {
  std::map<std::string, Answer> answers;
  while (!tests.empty()) {
    const auto batch = tests.first(std::min(kBatch, tests.size()));
    std::vector<std::string> command = words;
    command.insert(command.end(), batch.begin(), batch.end());
    const Ended ended = test::Process(command).wait();
    take_answers(ended.out, answers);
    const auto open = std::ranges::find_if(
        batch, [&](const std::string& name) { return !answers.contains(name); });
    tests = tests.subspan(static_cast<std::size_t>(open - batch.begin()));
    if (open == batch.end()) continue;
    const bool begun = ended.out.find("begin " + *open + "\n") != ended.out.npos;
    EXPECT_TRUE(begun) << words[0] << " does not get to " << *open << ": " << ended.err;
    if (!begun) return answers;
    const std::string how = ended.signal != 0 ? "signal " + std::to_string(ended.signal)
                                              : "exit code " + std::to_string(ended.exit_code);
    answers[*open] = {.status = "crash", .reason = "the process ended with " + how};
    tests = tests.subspan(1);
  }
  return answers;
}

std::vector<std::string> runtimes() {
  std::vector<std::string> names;
  std::istringstream list(NACRE_TEST_ONNX_RUNTIMES);
  for (std::string name; std::getline(list, name, ',');)
    names.push_back(name);
  return names;
}

std::map<std::string, Answer> run_directly(const std::string& runtime, const fs::path& folder,
                                           std::span<const std::string> tests) {
  return run_program({NACRE_TEST_ONNX_DIRECT + runtime, folder.string()}, tests);
}

std::map<std::string, Answer> run_as_module(const std::string& runtime, const fs::path& folder,
                                            std::span<const std::string> tests) {
  return run_guest(runtime, folder, "onnx_operators.wasm", tests);
}

std::map<std::string, Answer> run_as_component(const std::string& runtime, const fs::path& folder,
                                               std::span<const std::string> tests) {
  return run_guest(runtime, folder, "onnx_operators.component.wasm", tests);
}

}  // namespace nacre::onnx_operators_test
