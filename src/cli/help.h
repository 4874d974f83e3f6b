// How --help looks: our usage line, and descriptions wrapped to the width of a terminal.
#ifndef NACRE_SRC_CLI_HELP_H_
#define NACRE_SRC_CLI_HELP_H_

#include <CLI/CLI.hpp>

#include <string>

namespace nacre::cli {

class HelpFormatter : public CLI::Formatter {
 public:
  /// `usage` as in "nacre run [OPTIONS] GUEST".
  explicit HelpFormatter(std::string usage);

  std::string make_usage(const CLI::App* app, std::string name) const override;
  std::string make_option(const CLI::Option* option, bool is_positional) const override;
  std::string make_footer(const CLI::App* app) const override;

 private:
  std::string usage_;
};

/// Gives `app` its usage line and `--help`, and what stands below the options.
void set_help(CLI::App& app, const std::string& usage, const std::string& footer);

}  // namespace nacre::cli

#endif  // NACRE_SRC_CLI_HELP_H_
