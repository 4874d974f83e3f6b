// Runs tests that are folders (guests/onnx_operators/case.h): by a vendor's own API, and through
// Nacre by a guest; and reads what came of them.
#ifndef NACRE_TESTS_ONNX_OPERATORS_RUNNER_H_
#define NACRE_TESTS_ONNX_OPERATORS_RUNNER_H_

#include <filesystem>
#include <map>
#include <span>
#include <string>
#include <vector>

namespace nacre::onnx_operators_test {

/// What a runner said of one test.
struct Answer {
  std::string status;  ///< "pass", "fail", "unsupported", "crash"; empty: it was not run
  std::string hash = "-";
  std::string reason;
};

/// Runs `words` with tests as further arguments, many to a process. When a process ends early, or
/// is killed because it does not end, the test under way has the answer "crash", and the next
/// process goes on after it.
[[nodiscard]] std::map<std::string, Answer> run_program(const std::vector<std::string>& words,
                                                        std::span<const std::string> tests);

/// The runtimes of this build that read ONNX.
[[nodiscard]] std::vector<std::string> runtimes();

/// By the runtime's own API, without Nacre.
[[nodiscard]] std::map<std::string, Answer> run_directly(const std::string& runtime,
                                                         const std::filesystem::path& folder,
                                                         std::span<const std::string> tests);

/// By the guest onnx_operators as a core module, or as a component.
[[nodiscard]] std::map<std::string, Answer> run_as_module(const std::string& runtime,
                                                          const std::filesystem::path& folder,
                                                          std::span<const std::string> tests);
[[nodiscard]] std::map<std::string, Answer> run_as_component(const std::string& runtime,
                                                             const std::filesystem::path& folder,
                                                             std::span<const std::string> tests);

}  // namespace nacre::onnx_operators_test

#endif  // NACRE_TESTS_ONNX_OPERATORS_RUNNER_H_
