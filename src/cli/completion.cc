// Completion scripts, written from the CLI11 tree so that they cannot fall behind it: options with
// their words (a type name "a|b|c"), sub-commands, and files everywhere else.

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <string>
#include <vector>

#include "cli/command.h"
#include "cli/exit_codes.h"
#include "cli/help.h"

namespace nacre::cli {
namespace {

struct OptionInfo {
  std::vector<std::string> spellings;  ///< with their dashes
  std::string help;
  bool takes_value = false;
  std::string words;  ///< separated by blanks; empty: a file, or free text
};

std::vector<OptionInfo> options_of(const CLI::App& app) {
  std::vector<OptionInfo> out;
  for (const CLI::Option* option : app.get_options()) {
    OptionInfo info;
    for (const std::string& name : option->get_snames())
      info.spellings.push_back("-" + name);
    for (const std::string& name : option->get_lnames())
      info.spellings.push_back("--" + name);
    if (info.spellings.empty()) continue;
    info.help = option->get_description();
    info.takes_value = option->get_items_expected_max() > 0;
    std::string type = option->get_type_name();
    if (info.takes_value && type.find('|') != std::string::npos) {
      std::ranges::replace(type, '|', ' ');
      info.words = std::move(type);
    }
    out.push_back(std::move(info));
  }
  return out;
}

/// The words that the command's first argument may be, separated by blanks; empty: a file.
std::string words_of_argument(const CLI::App& app) {
  for (const CLI::Option* option : app.get_options()) {
    if (!option->get_lnames().empty() || !option->get_snames().empty()) continue;
    std::string words = option->get_type_name();
    std::ranges::replace(words, '|', ' ');
    return words;
  }
  return {};
}

std::string bash_script(const CLI::App& root) {
  const auto commands = root.get_subcommands([](const CLI::App*) { return true; });
  std::string cases;
  const auto add_case = [&cases](std::string_view command, const CLI::App& app) {
    std::vector<std::string> all;
    std::vector<std::string> valued;
    std::string words;
    for (const OptionInfo& option : options_of(app)) {
      all.insert(all.end(), option.spellings.begin(), option.spellings.end());
      if (!option.takes_value) continue;
      valued.insert(valued.end(), option.spellings.begin(), option.spellings.end());
      if (!option.words.empty()) {
        words += fmt::format("        {}) words=\"{}\" ;;\n", fmt::join(option.spellings, "|"),
                             option.words);
      }
    }
    cases += fmt::format(
        "    {})\n      options=\"{}\"\n      valued=\" {} \"\n      argument=\"{}\"\n"
        "      case \"$previous\" in\n{}        *) ;;\n      esac\n      ;;\n",
        command, fmt::join(all, " "), fmt::join(valued, " "), words_of_argument(app), words);
  };
  for (const CLI::App* command : commands)
    add_case(command->get_name(), *command);
  add_case("*", root);
  return fmt::format(R"(# bash completion for nacre; written by "nacre completion bash".
_nacre() {{
  local current="${{COMP_WORDS[COMP_CWORD]}}" previous="${{COMP_WORDS[COMP_CWORD - 1]}}"
  local command="${{COMP_WORDS[1]}}" options="" valued="" argument="" words="" i
  COMPREPLY=()
  if ((COMP_CWORD == 1)); then command=""; fi
  case "$command" in
{}  esac
  if [[ -n $words ]]; then
    mapfile -t COMPREPLY < <(compgen -W "$words" -- "$current")
    return
  fi
  if [[ $valued == *" $previous "* ]]; then
    mapfile -t COMPREPLY < <(compgen -f -- "$current")
    return
  fi
  if ((COMP_CWORD == 1)); then
    mapfile -t COMPREPLY < <(compgen -W "{} $options" -- "$current")
    return
  fi
  # What stands after the guest is the guest's.
  if [[ $command == run ]]; then
    for ((i = 2; i < COMP_CWORD; i++)); do
      if [[ ${{COMP_WORDS[i]}} != -* && $valued != *" ${{COMP_WORDS[i - 1]}} "* ]]; then
        options=""
      fi
    done
  fi
  if [[ $current == -* ]]; then
    mapfile -t COMPREPLY < <(compgen -W "$options" -- "$current")
    return
  fi
  if [[ -n $argument ]]; then
    mapfile -t COMPREPLY < <(compgen -W "$argument" -- "$current")
    return
  fi
  mapfile -t COMPREPLY < <(compgen -f -- "$current")
}}
complete -o filenames -F _nacre nacre
)",
                     cases, fmt::join(command_names(root), " "));
}

/// Text inside a zsh '[…]' description within single quotes.
std::string zsh_text(const std::string& text) {
  std::string out;
  for (const char c : text) {
    if (c == '\'') {
      out += "'\\''";
    } else {
      if (c == '[' || c == ']' || c == ':' || c == '\\') out += '\\';
      out += c;
    }
  }
  return out;
}

std::string zsh_script(const CLI::App& root) {
  const auto commands = root.get_subcommands([](const CLI::App*) { return true; });
  std::string list;
  std::string cases;
  const auto option_lines = [](const CLI::App& app, std::string_view indent) {
    std::string lines;
    for (const OptionInfo& option : options_of(app)) {
      for (const std::string& spelling : option.spellings) {
        const bool repeats = option.takes_value;
        const std::string value = !option.takes_value    ? ""
                                  : option.words.empty() ? ":value:_files"
                                                         : fmt::format(":value:({})", option.words);
        lines += fmt::format("{}'{}{}[{}]{}' \\\n", indent, repeats ? "*" : "", spelling,
                             zsh_text(option.help), value);
      }
    }
    return lines;
  };
  for (const CLI::App* command : commands) {
    const std::string& name = command->get_name();
    list += fmt::format("    '{}:{}'\n", name, zsh_text(command->get_description()));
    const std::string words = words_of_argument(*command);
    const std::string rest = !words.empty()  ? fmt::format("'1:argument:({})'", words)
                             : name == "run" ? "'1:guest:_files' '*::arguments:_files'"
                                             : "'*:file:_files'";
    cases += fmt::format("    {})\n      _arguments -S \\\n{}        {}\n      ;;\n", name,
                         option_lines(*command, "        "), rest);
  }
  return fmt::format(R"(#compdef nacre
# zsh completion for nacre; written by "nacre completion zsh".
_nacre() {{
  local -a commands
  commands=(
{}  )
  if ((CURRENT == 2)); then
    _describe 'command' commands
    _arguments -S \
{}        '*: :'
    return
  fi
  local command=${{words[2]}}
  shift words
  ((CURRENT--))
  case $command in
{}  esac
}}
if [[ ${{funcstack[1]}} == _nacre ]]; then
  _nacre "$@"
else
  compdef _nacre nacre
fi
)",
                     list, option_lines(root, "        "), cases);
}

}  // namespace

Command make_completion(CLI::App& root) {
  CLI::App* app = root.add_subcommand("completion", "Write a completion script for a shell");
  auto shell = std::make_shared<std::string>();
  app->add_option("SHELL", *shell, "bash or zsh")->type_name("bash|zsh")->required();
  set_help(*app, "nacre completion bash|zsh",
           "For bash: nacre completion bash > ~/.local/share/bash-completion/completions/nacre\n"
           "For zsh: write it to a file called _nacre in a folder of $fpath.\n"
           "\n"
           "Examples:\n"
           "  nacre completion bash\n"
           "  nacre completion zsh\n");
  return {app, [shell, &root] {
            const auto which = choose("completion", *shell, {"bash", "zsh"});
            if (!which) return complain("completion", which.error().message, kUsage);
            fmt::print("{}", *which == 0 ? bash_script(root) : zsh_script(root));
            return kSuccess;
          }};
}

}  // namespace nacre::cli
