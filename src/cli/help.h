// How --help looks: our usage line, and descriptions wrapped to the width of a terminal.
#ifndef NACRE_SRC_CLI_HELP_H_
#define NACRE_SRC_CLI_HELP_H_

#include <CLI/CLI.hpp>

#include <string>
#include <vector>

namespace nacre::cli {

class HelpFormatter : public CLI::Formatter {
 public:
  /// `usage` as in "nacre run [OPTIONS] GUEST".
  explicit HelpFormatter(std::string usage);

  std::string make_usage(const CLI::App* app, std::string name) const override;
  std::string make_option(const CLI::Option* option, bool is_positional) const override;
  std::string make_footer(const CLI::App* app) const override;

  [[nodiscard]] const std::string& usage() const noexcept { return usage_; }

 private:
  std::string usage_;
};

/// Gives `app` its usage line and `--help`, and what stands below the options.
void set_help(CLI::App& app, const std::string& usage, const std::string& footer);

/// The usage line that set_help gave it: "nacre run [OPTIONS] GUEST".
[[nodiscard]] std::string usage_of(const CLI::App& app);

/// The names of its sub-commands, in the order they were made.
[[nodiscard]] std::vector<std::string> command_names(const CLI::App& root);

}  // namespace nacre::cli

#endif  // NACRE_SRC_CLI_HELP_H_
