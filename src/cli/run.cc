#include <fmt/format.h>
#include <poll.h>
#include <unistd.h>

#include <filesystem>

#include "cli/command.h"
#include "cli/exit_codes.h"
#include "cli/help.h"
#include "cli/values.h"

extern "C" char** environ;

namespace nacre::cli {
namespace {

struct RunFlags {
  HostFlags host;
  std::string guest;
  std::vector<std::string> dirs;
  std::vector<std::string> env;
  std::vector<std::string> models;
  std::vector<std::string> backends;
  std::vector<std::string> wasi;
  std::string dialect = "auto";
  std::string timeout;
  std::string max_memory;
  std::string fuel;
  bool models_only = false;
  bool allow_precompiled = false;
};

struct Plan {
  HostOptions host;
  GuestOptions guest;
};

/// Every value of the command line, parsed; the first that cannot be is the error.
Result<Plan> plan_of(RunFlags& flags, const std::vector<std::string>& guest_args) {
  const auto wrong = [](std::string_view option, const Error& error) {
    return fail(error.code, fmt::format("{}: {}", option, error.message));
  };
  auto host = flags.host.options();
  if (!host) return std::unexpected(host.error());
  Plan plan{.host = *std::move(host), .guest = {}};

  bool inherit_env = false;
  for (const std::string& text : flags.wasi) {
    auto wasi = parse_wasi_options(text);
    if (!wasi) return wrong("-S", wasi.error());
    for (ModelSpec& spec : wasi->models)
      plan.host.models.push_back(std::move(spec));
    inherit_env = inherit_env || wasi->inherit_env;
  }
  for (const std::string& text : flags.models) {
    auto spec = parse_model_spec(text);
    if (!spec) return wrong("--model", spec.error());
    plan.host.models.push_back(*std::move(spec));
  }

  for (const std::string& text : flags.backends) {
    auto chosen = parse_default_backend(text);
    if (!chosen) return wrong("--backend", chosen.error());
    plan.host.default_backends.push_back(*std::move(chosen));
  }

  GuestOptions& guest = plan.guest;
  guest.path = flags.guest;
  guest.args = guest_args;
  for (const std::string& text : flags.dirs) {
    auto dir = parse_dir(text);
    if (!dir) return wrong("--dir", dir.error());
    guest.dirs.push_back(*std::move(dir));
  }
  for (char** variable = environ; inherit_env && *variable != nullptr; ++variable) {
    if (auto entry = parse_env(*variable); entry && *entry) guest.env.push_back(**entry);
  }
  for (const std::string& text : flags.env) {
    auto entry = parse_env(text);
    if (!entry) return wrong("--env", entry.error());
    if (*entry) guest.env.push_back(**entry);
  }
  if (!flags.timeout.empty()) {
    auto timeout = parse_duration(flags.timeout);
    if (!timeout) return wrong("--timeout", timeout.error());
    guest.limits.timeout = *timeout;
  }
  // The checks that let a loop be stopped cost a little; without --timeout nobody needs them,
  // since Ctrl-C ends the process.
  plan.host.interruptible = guest.limits.timeout.has_value();
  if (!flags.max_memory.empty()) {
    auto bytes = parse_byte_size(flags.max_memory);
    if (!bytes) return wrong("--max-memory", bytes.error());
    guest.limits.max_memory_bytes = *bytes;
  }
  if (!flags.fuel.empty()) {
    auto fuel = parse_count(flags.fuel);
    if (!fuel) return wrong("--fuel", fuel.error());
    guest.limits.fuel = *fuel;
    plan.host.consume_fuel = true;
  }
  const auto dialect =
      choose("--dialect", flags.dialect, {"auto", "witx", "wasmedge", "wamr", "legacy"});
  if (!dialect) return std::unexpected(dialect.error());
  guest.dialect = static_cast<DialectChoice>(*dialect);
  guest.models_only = flags.models_only;
  guest.allow_precompiled = flags.allow_precompiled;
  guest.on_grace_expired = [] {
    constexpr std::string_view kSentence =
        "nacre run: the guest's time is up, and what it waits for cannot be interrupted, so the "
        "program ends\n";
    // It may be waiting for this very pipe, so nothing here may.
    pollfd standard_error = {.fd = STDERR_FILENO, .events = POLLOUT, .revents = 0};
    if (::poll(&standard_error, 1, 0) == 1) {
      static_cast<void>(!::write(STDERR_FILENO, kSentence.data(), kSentence.size()));
    }
    ::_exit(kTimedOut);
  };
  return plan;
}

int run(RunFlags& flags, const std::vector<std::string>& guest_args) {
  auto plan = plan_of(flags, guest_args);
  if (!plan) return complain("run", plan.error().message, kUsage);

  auto host = Host::create(std::move(plan->host));
  if (!host) return complain("run", host.error().message, kNotStarted);
  const auto outcome = (*host)->run(plan->guest);
  if (!outcome) {
    std::string sentence = outcome.error().message;
    if (outcome.error().code == ErrorCode::kSecurity && !plan->guest.allow_precompiled) {
      sentence += " (--allow-precompiled, for a file of your own making)";
    }
    return complain("run", sentence, kNotStarted);
  }
  if (!outcome->message.empty()) complain("run", outcome->message, 0);
  say(outcome->backtrace);
  // A process has only eight bits; a failure must not become 0 in them.
  const int code = outcome->exit_code;
  return code != 0 && (code & 0xff) == 0 ? 255 : code;
}

}  // namespace

Command make_run(CLI::App& root, const std::vector<std::string>& guest_args) {
  CLI::App* app = root.add_subcommand("run", "Run a WebAssembly guest");
  auto flags = std::make_shared<RunFlags>();
  app->add_option("GUEST", flags->guest,
                  "The guest: .wasm, .wat or (with --allow-precompiled) .cwasm. Everything after "
                  "it belongs to the guest")
      ->type_name("")
      ->required();
  add_list(*app, "--dir", flags->dirs, "HOST[::GUEST[::ro]]",
           "Lend a folder to the guest, under the name GUEST, read-only with ::ro. With single "
           "colons it is GUEST:HOST[:readonly]");
  add_list(*app, "--env", flags->env, "NAME[=VALUE]",
           "Give the guest a variable; without a value, the one nacre has");
  add_list(*app, "--model", flags->models, "NAME=PATH[:PATH...][,KEY=VALUE...]",
           "Offer a model by name. Keys: encoding, target, backend, threads, streams, precision, "
           "preload, and what the backend knows");
  add_list(*app, "-S", flags->wasi, "KEY[=VALUE],...",
           "As Wasmtime has it: nn-graph=ENCODING::DIR offers the model in DIR under DIR's name");
  add_list(*app, "--backend", flags->backends, "ENCODING=NAME",
           "Let NAME compute models of that encoding, where the model itself names no backend: "
           "onnx=openvino");
  app->add_flag("--models-only", flags->models_only, "Refuse models that the guest brings itself");
  add_value(*app, "--dialect", flags->dialect, "auto|witx|wasmedge|wamr|legacy",
            "What the guest's wasi-nn numbers mean; auto decides from its imports");
  add_value(*app, "--timeout", flags->timeout, "TIME",
            "Stop the guest after TIME: 5s, 500ms, 2m, or seconds");
  add_value(*app, "--max-memory", flags->max_memory, "SIZE",
            "The most linear memory it may have: bytes, 64M, 1GiB");
  add_value(*app, "--fuel", flags->fuel, "N", "Stop the guest after about N instructions");
  flags->host.add_compiler(*app);
  app->add_flag("--allow-precompiled", flags->allow_precompiled,
                "Run a .cwasm. It is native code that runs unchecked: only your own");
  flags->host.add_cache(*app);
  flags->host.add_common(*app);
  set_help(
      *app, "nacre run [OPTIONS] GUEST [GUEST'S ARGUMENTS…]",
      "Exit codes: the guest's own; 2 for a wrong command line, 124 when its time was up,\n"
      "125 when it could not be started, 130 after Ctrl-C, 134 after a trap (with a backtrace)\n"
      "or a limit that was hit, 143 after SIGTERM.\n"
      "\n"
      "Examples:\n"
      "  nacre run build/guests/stdio.wasm args one --two\n"
      "  nacre run --model echo=@echo build/guests/echo_by_name.wasm\n"
      "  nacre run --timeout 5s --max-memory 64M --dir build/photos::.::ro "
      "build/guests/files.wasm list .\n"
      "  nacre run --model net=build/models/efficientnet-lite0.onnx --dir build/photos::. "
      "build/guests/classify.wasm net coffee.png\n");
  return {app, [flags, &guest_args] { return run(*flags, guest_args); }};
}

}  // namespace nacre::cli
