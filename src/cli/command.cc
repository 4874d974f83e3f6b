#include "cli/command.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <cstdio>

#include "cli/suggest.h"

namespace nacre::cli {

void say(std::string_view text) noexcept {
  static_cast<void>(std::fwrite(text.data(), 1, text.size(), stderr));
}

int complain(std::string_view command, std::string_view sentence, int exit_code) {
  say(fmt::format("nacre {}: {}\n", command, sentence));
  return exit_code;
}

CLI::Option* add_list(CLI::App& app, const std::string& name, std::vector<std::string>& values,
                      const std::string& type, const std::string& help) {
  return app.add_option(name, values, help)->type_name(type)->allow_extra_args(false);
}

CLI::Option* add_value(CLI::App& app, const std::string& name, std::string& value,
                       const std::string& type, const std::string& help) {
  return app.add_option(name, value, help)
      ->type_name(type)
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeLast);
}

Result<std::size_t> choose(std::string_view option, std::string_view word,
                           const std::vector<std::string>& choices) {
  const auto found = std::ranges::find(choices, word);
  if (found != choices.end()) return static_cast<std::size_t>(found - choices.begin());
  return fail(ErrorCode::kInvalidArgument,
              fmt::format("{} takes {}, not \"{}\"{}", option, fmt::join(choices, ", "), word,
                          did_you_mean(word, choices)));
}

void HostFlags::add_compiler(CLI::App& app) {
  add_value(app, "--engine", compiler_, "cranelift|winch|pulley",
            "Optimising compiler, fast compiler, or interpreter");
}

void HostFlags::add_cache(CLI::App& app) {
  add_value(app, "--cache-dir", cache_dir_, "DIR",
            "Keep compiled code in DIR (default $NACRE_CACHE/code or ~/.cache/nacre/code)");
  app.add_flag("--no-cache", no_cache_, "Keep no compiled code");
}

void HostFlags::add_common(CLI::App& app) {
  add_list(app, "--backend-dir", backend_dirs_, "DIR", "Look for backend modules in DIR first");
  add_value(app, "--log-level", log_level_, "debug|info|warning|error|off",
            "Least severe messages to print on standard error; debug names every failed wasi-nn "
            "call");
  app.add_flag("-v,--verbose", verbose_, "The same as --log-level debug");
}

Result<HostOptions> HostFlags::options() {
  const auto compiler = choose("--engine", compiler_, {"cranelift", "winch", "pulley"});
  if (!compiler) return std::unexpected(compiler.error());
  auto level = choose("--log-level", log_level_, {"debug", "info", "warning", "error", "off"});
  if (!level) return std::unexpected(level.error());
  if (verbose_) level = 0;

  HostOptions options;
  options.compiler = static_cast<Compiler>(*compiler);
  if (no_cache_) {
    options.code_cache = "";
  } else if (!cache_dir_.empty()) {
    options.code_cache = cache_dir_;
  }
  options.backend_dirs = backend_dirs_;
  options.log = [least = *level](LogLevel severity, std::string_view message) {
    constexpr std::array<std::string_view, 4> kNames = {"debug", "info", "warning", "error"};
    const auto at = static_cast<std::size_t>(severity);
    if (at < least || at >= kNames.size()) return;
    say(fmt::format("nacre: {}: {}\n", kNames[at], message));
  };
  progress_ = std::make_shared<Progress>();
  options.on_activity = [progress = progress_](std::string_view step) { progress->report(step); };
  return options;
}

}  // namespace nacre::cli
