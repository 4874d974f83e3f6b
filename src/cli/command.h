// One sub-command: its place in the CLI11 tree, and what it does.
//
// Each make_… function declares its options on `root` and returns the body that runs once the
// command line has been parsed. A body returns the process's exit code; what goes wrong it has
// said on standard error by then.
#ifndef NACRE_SRC_CLI_COMMAND_H_
#define NACRE_SRC_CLI_COMMAND_H_

#include <nacre/error.h>
#include <nacre/host.h>

#include <CLI/CLI.hpp>

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "cli/progress.h"

namespace nacre::cli {

struct Command {
  CLI::App* app = nullptr;
  std::function<int()> body;
};

/// `guest_args` is filled before the body runs: what stands after GUEST.
[[nodiscard]] Command make_run(CLI::App& root, const std::vector<std::string>& guest_args);
[[nodiscard]] Command make_check(CLI::App& root);
[[nodiscard]] Command make_compile(CLI::App& root);
[[nodiscard]] Command make_backends(CLI::App& root);
[[nodiscard]] Command make_inspect(CLI::App& root);
[[nodiscard]] Command make_completion(CLI::App& root);
/// Last of all: it offers the commands that `root` has by then.
[[nodiscard]] Command make_help(CLI::App& root);

/// Prints on standard error. Where that is closed or full, nobody hears it and nothing else
/// changes: fmt::print would throw, on a thread that may not.
void say(std::string_view text) noexcept;

/// Prints "nacre COMMAND: SENTENCE" on standard error and returns `exit_code`.
int complain(std::string_view command, std::string_view sentence, int exit_code);

/// The options that several commands share, and the HostOptions they make.
class HostFlags {
 public:
  void add_compiler(CLI::App& app);  ///< --engine
  void add_cache(CLI::App& app);     ///< --cache-dir, --no-cache
  void add_common(CLI::App& app);    ///< --backend-dir, --log-level, -v

  /// Errors are usage errors.
  [[nodiscard]] Result<HostOptions> options();

 private:
  std::string compiler_ = "cranelift";
  std::string cache_dir_;
  bool no_cache_ = false;
  std::vector<std::string> backend_dirs_;
  std::string log_level_ = "warning";
  bool verbose_ = false;
  std::shared_ptr<Progress> progress_;
};

/// An option that may be repeated and takes one value each time.
CLI::Option* add_list(CLI::App& app, const std::string& name, std::vector<std::string>& values,
                      const std::string& type, const std::string& help);

/// An option of one value; `type` may list the words it takes ("a|b|c"), which completion offers.
CLI::Option* add_value(CLI::App& app, const std::string& name, std::string& value,
                       const std::string& type, const std::string& help);

/// The position of `word` among `choices`, or an error that lists them.
[[nodiscard]] Result<std::size_t> choose(std::string_view option, std::string_view word,
                                         const std::vector<std::string>& choices);

}  // namespace nacre::cli

#endif  // NACRE_SRC_CLI_COMMAND_H_
