// The program `nacre`: one sub-command a file, all of them over include/nacre alone.

#include <nacre/host.h>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <exception>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "cli/command.h"
#include "cli/exit_codes.h"
#include "cli/help.h"
#include "cli/signals.h"
#include "cli/suggest.h"

namespace nacre::cli {
namespace {

int usage_error(const CLI::App& app, std::string_view sentence) {
  const std::string name =
      app.get_parent() == nullptr ? "nacre" : fmt::format("nacre {}", app.get_name());
  say(fmt::format("{}: {}\nTry \"{} --help\".\n", name, sentence, name));
  return kUsage;
}

std::vector<std::string> spellings(const CLI::App& app) {
  std::vector<std::string> all;
  for (const CLI::Option* option : app.get_options()) {
    for (const std::string& name : option->get_lnames())
      all.push_back("--" + name);
    for (const std::string& name : option->get_snames())
      all.push_back("-" + name);
  }
  return all;
}

/// Of words that nothing takes; after "nacre check GUEST" they are what "nacre run" would take.
std::string too_many(const CLI::App& app) {
  const std::vector<std::string> words = app.remaining();
  return fmt::format(
      "\"{}\" is one too many; it is {}{}", words.empty() ? "" : words.front(), usage_of(app),
      app.get_name() == "check" ? ", since the guest does not run and needs no arguments" : "");
}

/// The words of one app, walked as CLI11 will: what is not an option of it is known before any of
/// CLI11's own rules apply, and so is the first word that belongs to no option.
struct Walk {
  std::optional<std::string> unknown;  ///< an option that does not exist
  std::size_t first_plain;             ///< index of the first plain word, or words.size()
};

Walk walk(const CLI::App& app, std::span<const std::string> words, bool stop_at_plain) {
  Walk result{.unknown = std::nullopt, .first_plain = words.size()};
  const auto takes_value = [](const CLI::Option& option) {
    return option.get_items_expected_max() > 0;
  };
  for (std::size_t i = 0; i < words.size(); ++i) {
    const std::string& word = words[i];
    if (word == "--") {
      result.first_plain = std::min(result.first_plain, i);
      return result;
    }
    if (word.size() < 2 || word[0] != '-') {
      result.first_plain = std::min(result.first_plain, i);
      if (stop_at_plain) return result;
      continue;
    }
    if (word[1] == '-') {
      const auto equals = word.find('=');
      const CLI::Option* option = app.get_option_no_throw(word.substr(0, equals));
      if (option == nullptr) {
        result.unknown = word.substr(0, equals);
        return result;
      }
      if (takes_value(*option) && equals == std::string::npos) ++i;
      continue;
    }
    for (std::size_t letter = 1; letter < word.size(); ++letter) {
      const CLI::Option* option = app.get_option_no_throw(std::string("-") + word[letter]);
      if (option == nullptr) {
        result.unknown = word;
        return result;
      }
      if (!takes_value(*option)) continue;
      if (letter + 1 == word.size()) ++i;
      break;
    }
  }
  return result;
}

int dispatch(std::vector<std::string> words) {
  CLI::App root("Machine-learning inference for WebAssembly guests (wasi-nn).");
  root.name("nacre");
  root.set_version_flag("--version", fmt::format("nacre {} ({})", version(), engine_version()),
                        "Print the versions of nacre and its engine");
  root.require_subcommand(1);
  set_help(root, "nacre COMMAND [OPTIONS] …",
           "\"nacre COMMAND --help\" says more, with examples.\n"
           "\n"
           "Examples:\n"
           "  nacre --version\n"
           "  nacre run --help\n");

  std::vector<std::string> guest_args;
  const std::vector<Command> commands = {
      make_run(root, guest_args), make_check(root),      make_compile(root), make_backends(root),
      make_inspect(root),         make_completion(root), make_help(root)};

  // Our own look at the words first, for better answers than "extras".
  const Walk top = walk(root, words, true);
  if (top.unknown) {
    return usage_error(root, fmt::format("there is no option {}{}", *top.unknown,
                                         did_you_mean(*top.unknown, spellings(root))));
  }
  if (top.first_plain < words.size()) {
    const std::string& name = words[top.first_plain];
    const auto names = command_names(root);
    if (std::ranges::find(names, name) == names.end()) {
      const std::string hint = did_you_mean(name, names);
      return usage_error(root, fmt::format("there is no command \"{}\"{}", name,
                                           hint.empty() && name.ends_with("wasm")
                                               ? fmt::format("; did you mean nacre run {}?", name)
                                               : hint));
    }
    const CLI::App& app = *root.get_subcommand(name);
    const bool is_run = name == "run";
    const std::size_t from = top.first_plain + 1;
    const Walk rest = walk(app, std::span(words).subspan(from), is_run);
    if (rest.unknown) {
      return usage_error(app, fmt::format("there is no option {}{}", *rest.unknown,
                                          did_you_mean(*rest.unknown, spellings(app))));
    }
    if (is_run) {
      // `--` before GUEST ends nacre's own options; GUEST is the next word whatever it looks like.
      std::size_t guest = from + rest.first_plain;
      if (guest < words.size() && words[guest] == "--") ++guest;
      if (guest < words.size()) {
        guest_args.assign(words.begin() + static_cast<std::ptrdiff_t>(guest) + 1, words.end());
        words.resize(guest + 1);
      }
    }
  }

  if (words.empty()) {
    return usage_error(
        root, fmt::format("a command is wanted: {}", fmt::join(command_names(root), ", ")));
  }
  std::ranges::reverse(words);  // as CLI11 wants them
  try {
    root.parse(std::move(words));
  } catch (const CLI::Success& success) {  // --help, --version
    return root.exit(success);
  } catch (const CLI::ExtrasError& error) {
    const auto parsed = root.get_subcommands();
    return parsed.empty() ? usage_error(root, error.what())
                          : usage_error(*parsed.front(), too_many(*parsed.front()));
  } catch (const CLI::ParseError& error) {
    const auto parsed = root.get_subcommands();
    return usage_error(parsed.empty() ? root : *parsed.front(), error.what());
  }
  for (const Command& command : commands) {
    if (command.app->parsed()) return command.body();
  }
  return kUsage;
}

/// What was printed must have arrived, or the command has not done what it says.
int finish(int code) noexcept {
  errno = 0;
  const bool flushed = std::fflush(stdout) == 0;
  if (flushed && std::ferror(stdout) == 0) return code;
  say("nacre: standard output could not be written");
  if (errno != 0) {
    say(": ");
    say(std::strerror(errno));
  }
  say("\n");
  return code == kSuccess ? kFailure : code;
}

}  // namespace
}  // namespace nacre::cli

int main(int argc, char** argv) {
  nacre::cli::exit_on_signals();
  try {
    return nacre::cli::finish(
        nacre::cli::dispatch(std::vector<std::string>(argv + 1, argv + argc)));
  } catch (const std::exception& error) {
    nacre::cli::say("nacre: ");
    nacre::cli::say(error.what());
    nacre::cli::say("\n");
    return nacre::cli::kFailure;
  }
}
