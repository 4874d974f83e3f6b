#include <fmt/format.h>

#include <filesystem>

#include "cli/command.h"
#include "cli/exit_codes.h"
#include "cli/help.h"
#include "cli/signals.h"

namespace nacre::cli {
namespace {

struct CompileFlags {
  HostFlags host;
  std::string guest;
  std::string output;
  bool no_timeout = false;
  bool fuel = false;
};

int compile(CompileFlags& flags) {
  auto options = flags.host.options();
  if (!options) return complain("compile", options.error().message, kUsage);
  options->interruptible = !flags.no_timeout;
  options->consume_fuel = flags.fuel;
  options->code_cache = "";  // the result is a file of its own
  if (flags.output.empty()) {
    flags.output = std::filesystem::path(flags.guest).replace_extension(".cwasm").string();
  }

  const auto wasm = read_guest_file(flags.guest);
  if (!wasm) return complain("compile", wasm.error().message, kFailure);
  auto host = Host::create(*std::move(options));
  if (!host) return complain("compile", host.error().message, kFailure);
  const auto code = (*host)->compile(*wasm);
  if (!code) return complain("compile", code.error().message, kFailure);
  if (auto written = write_file(flags.output, *code); !written) {
    return complain("compile", written.error().message, kFailure);
  }
  return kSuccess;
}

}  // namespace

Command make_compile(CLI::App& root) {
  CLI::App* app = root.add_subcommand("compile", "Compile a guest ahead of time");
  auto flags = std::make_shared<CompileFlags>();
  app->add_option("GUEST", flags->guest, "The guest: .wasm or .wat")->type_name("")->required();
  add_value(*app, "-o,--output", flags->output, "FILE",
            "Where to write the compiled code (default: GUEST with the ending .cwasm)");
  flags->host.add_compiler(*app);
  app->add_flag("--no-timeout", flags->no_timeout,
                "Leave out the checks that run --timeout needs; loops run a little faster");
  app->add_flag("--fuel", flags->fuel, "Count instructions, for run --fuel");
  flags->host.add_common(*app);
  set_help(*app, "nacre compile [OPTIONS] GUEST [-o FILE]",
           "The result is native code for this kind of processor and this version of nacre.\n"
           "Run it with the same --engine.\n"
           "\n"
           "Examples:\n"
           "  nacre compile build/guests/stdio.wasm -o stdio.cwasm\n"
           "  nacre run --allow-precompiled stdio.cwasm args hello\n");
  return {app, [flags] { return compile(*flags); }};
}

}  // namespace nacre::cli
