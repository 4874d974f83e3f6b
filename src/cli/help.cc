#include "cli/help.h"

#include <fmt/format.h>

#include <algorithm>
#include <memory>
#include <sstream>
#include <utility>

namespace nacre::cli {
namespace {

constexpr std::size_t kColumn = 26;  // where descriptions begin
constexpr std::size_t kWidth = 96;

}  // namespace

HelpFormatter::HelpFormatter(std::string usage) : usage_(std::move(usage)) {
  column_width(kColumn);
}

std::string HelpFormatter::make_usage(const CLI::App*, std::string) const {
  return fmt::format("Usage: {}\n", usage_);
}

std::string HelpFormatter::make_option(const CLI::Option* option, bool is_positional) const {
  std::string out = "  " + option->get_name(is_positional, true);
  if (!is_positional && !option->get_type_name().empty()) out += " " + option->get_type_name();
  std::size_t column = out.size();
  const auto break_line = [&] {
    out += '\n' + std::string(kColumn, ' ');
    column = kColumn;
  };
  if (column + 2 > kColumn) {
    break_line();
  } else {
    out.append(kColumn - column, ' ');
    column = kColumn;
  }
  std::istringstream words(option->get_description());
  for (std::string word; words >> word;) {
    if (column > kColumn && column + 1 + word.size() > kWidth) break_line();
    if (column > kColumn) {
      out += ' ';
      ++column;
    }
    out += word;
    column += word.size();
  }
  return out + '\n';
}

std::string HelpFormatter::make_footer(const CLI::App* app) const {
  return app->get_footer();
}

void set_help(CLI::App& app, const std::string& usage, const std::string& footer) {
  app.formatter(std::make_shared<HelpFormatter>(usage));
  app.footer(footer);
  app.get_help_ptr()->description("Print this help");
}

std::string usage_of(const CLI::App& app) {
  const auto formatter = std::dynamic_pointer_cast<HelpFormatter>(app.get_formatter());
  return formatter == nullptr ? app.get_name() : formatter->usage();
}

std::vector<std::string> command_names(const CLI::App& root) {
  std::vector<std::string> names;
  for (const CLI::App* command : root.get_subcommands([](const CLI::App*) { return true; }))
    names.push_back(command->get_name());
  return names;
}

}  // namespace nacre::cli
