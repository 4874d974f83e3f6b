#include <fmt/format.h>
#include <poll.h>
#include <unistd.h>

#include <atomic>
#include <nlohmann/json.hpp>
#include <string_view>
#include <utility>

#include "cli/command.h"
#include "cli/describe.h"
#include "cli/exit_codes.h"
#include "cli/guest_flags.h"
#include "cli/help.h"

namespace nacre::cli {
namespace {

struct RunFlags {
  GuestFlags guest;
  std::string stats;  ///< empty: none; "true": a table
};

/// Whether the guest is still read and compiled, for the sentence alone.
std::atomic<bool> compiling = false;

void end_the_process() noexcept {
  constexpr std::string_view kWaits =
      "nacre run: the guest's time is up, and what it waits for cannot be interrupted, so the "
      "program ends\n";
  constexpr std::string_view kCompiles =
      "nacre run: the guest was not read and compiled within its time, so the program ends: a "
      "longer --timeout once, and its code is kept; or --engine winch, which compiles faster\n";
  const std::string_view sentence = compiling ? kCompiles : kWaits;
  // It may be waiting for this very pipe, so nothing here may.
  pollfd standard_error = {.fd = STDERR_FILENO, .events = POLLOUT, .revents = 0};
  if (::poll(&standard_error, 1, 0) == 1) {
    static_cast<void>(!::write(STDERR_FILENO, sentence.data(), sentence.size()));
  }
  ::_exit(kTimedOut);
}

int exit_code_of(const Result<Outcome>& outcome, const GuestOptions& guest) {
  if (!outcome) {
    return complain("run", load_failure(outcome.error(), guest.allow_precompiled), kNotStarted);
  }
  if (!outcome->message.empty()) complain("run", outcome->message, 0);
  say(outcome->backtrace);
  // A process has only eight bits; a failure must not become 0 in them.
  const int code = outcome->exit_code;
  return code != 0 && (code & 0xff) == 0 ? 255 : code;
}

int run(RunFlags& flags, const std::vector<std::string>& guest_args) {
  if (!flags.stats.empty() && flags.stats != "true" && flags.stats != "json") {
    return complain("run", fmt::format("--stats takes nothing, or =json, not \"{}\"", flags.stats),
                    kUsage);
  }
  auto plan = flags.guest.plan(guest_args);
  if (!plan) return complain("run", plan.error().message, kUsage);
  plan->guest.on_grace_expired = end_the_process;
  plan->host.on_activity = [tell = std::move(plan->host.on_activity)](std::string_view step) {
    compiling = step.starts_with("compiling ");
    if (tell) tell(step);
  };

  auto host = Host::create(std::move(plan->host));
  if (!host) return complain("run", host.error().message, kNotStarted);
  const int code = exit_code_of((*host)->run(plan->guest), plan->guest);
  if (flags.stats == "json") {
    constexpr auto kReplace = nlohmann::json::error_handler_t::replace;
    say(to_json((*host)->models().status()).dump(-1, ' ', false, kReplace) + "\n");
  } else if (!flags.stats.empty()) {
    say(to_text((*host)->models().status()));
  }
  return code;
}

}  // namespace

Command make_run(CLI::App& root, const std::vector<std::string>& guest_args) {
  CLI::App* app = root.add_subcommand("run", "Run a WebAssembly guest");
  auto flags = std::make_shared<RunFlags>();
  flags->guest.add(*app,
                   "The guest: .wasm, .wat or (with --allow-precompiled) .cwasm. Everything after "
                   "it belongs to the guest");
  app->add_flag("--stats", flags->stats,
                "At the end, say on standard error what each model was asked and how long it took; "
                "--stats=json says it in one line of JSON")
      ->type_name("");
  set_help(
      *app, "nacre run [OPTIONS] GUEST [GUEST'S ARGUMENTS…]",
      "Exit codes: the guest's own; 2 for a wrong command line, 124 when its time was up,\n"
      "125 when it could not be started, 130 after Ctrl-C, 134 after a trap (with a backtrace)\n"
      "or a limit that was hit, 143 after SIGTERM. \"nacre check\" takes the same options and "
      "says\n"
      "whether the guest would run.\n"
      "\n"
      "Examples:\n"
      "  nacre run build/guests/stdio.wasm args one --two\n"
      "  nacre run --stats --model echo=@echo build/guests/echo_by_name.wasm\n"
      "  nacre run --timeout 5s --max-memory 64M --dir build/photos::.::ro "
      "build/guests/files.wasm list .\n"
      "  nacre run --model net=build/models/efficientnet-lite0.onnx --dir build/photos::. "
      "build/guests/classify.wasm net coffee.png\n"
      "  nacre run --nn-preload net:ONNX:CPU:build/models/efficientnet-lite0.onnx "
      "--dir .:build/photos build/guests/classify.wasm net coffee.png\n");
  return {app, [flags, &guest_args] { return run(*flags, guest_args); }};
}

}  // namespace nacre::cli
