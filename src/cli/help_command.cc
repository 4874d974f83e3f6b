#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "cli/command.h"
#include "cli/exit_codes.h"
#include "cli/help.h"
#include "cli/suggest.h"

namespace nacre::cli {
namespace {

int print_help(const CLI::App& root, const std::string& command) {
  if (command.empty()) {
    // Not root.help(), which is that of the command that was parsed: this one.
    fmt::print("{}", root.get_formatter()->make_help(&root, "", CLI::AppFormatMode::Normal));
    return kSuccess;
  }
  const auto names = command_names(root);
  if (std::ranges::find(names, command) == names.end()) {
    return complain(
        "help", fmt::format("there is no command \"{}\"{}", command, did_you_mean(command, names)),
        kUsage);
  }
  fmt::print("{}", root.get_subcommand(command)->help());
  return kSuccess;
}

}  // namespace

Command make_help(CLI::App& root) {
  CLI::App* app = root.add_subcommand("help", "Say what a command does, as COMMAND --help does");
  auto command = std::make_shared<std::string>();
  // Last of the commands, so that all of them are known.
  app->add_option("COMMAND", *command, "The command; without one, all of them")
      ->type_name(fmt::format("{}", fmt::join(command_names(root), "|")));
  set_help(*app, "nacre help [COMMAND]",
           "Examples:\n"
           "  nacre help\n"
           "  nacre help run\n");
  return {app, [command, &root] { return print_help(root, *command); }};
}

}  // namespace nacre::cli
