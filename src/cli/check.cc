#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "cli/command.h"
#include "cli/describe.h"
#include "cli/exit_codes.h"
#include "cli/guest_flags.h"
#include "cli/help.h"

namespace nacre::cli {
namespace {

struct CheckFlags {
  GuestFlags guest;
  bool load = false;
  bool json = false;
};

int check(CheckFlags& flags) {
  auto plan = flags.guest.plan({});
  if (!plan) return complain("check", plan.error().message, kUsage);
  // What fails to load is an answer here, and not the end.
  for (ModelSpec& spec : plan->host.models)
    spec.preload = false;
  auto host = Host::create(std::move(plan->host));
  if (!host) return complain("check", host.error().message, kFailure);
  const auto checked = (*host)->check(plan->guest, {.load_models = flags.load});
  if (!checked) return complain("check", checked.error().message, kFailure);
  if (flags.json) {
    nlohmann::ordered_json json = {{"guest", flags.guest.guest()}};
    json.update(to_json(*checked));
    fmt::print("{}\n", to_text(json));
  } else {
    fmt::print("guest: {}\n{}", flags.guest.guest(), to_text(*checked));
  }
  return checked->reasons.empty() ? kSuccess : kFailure;
}

}  // namespace

Command make_check(CLI::App& root) {
  CLI::App* app =
      root.add_subcommand("check", "Say whether a guest will run here, without running it");
  auto flags = std::make_shared<CheckFlags>();
  flags->guest.add(*app, "The guest: .wasm, .wat or (with --allow-precompiled) .cwasm");
  app->add_flag("--load", flags->load, "Load the models as well, which finds all that is wrong");
  app->add_flag("--json", flags->json, "Print JSON");
  set_help(
      *app, "nacre check [OPTIONS] GUEST",
      "Looks at imports, folders, memory against --max-memory, and of each model that the guest\n"
      "may use at its files, their sha256, their format, and whether a backend for it is here.\n"
      "Exits with 0 when all is well, and with 1 and the reasons when not.\n"
      "\n"
      "Examples:\n"
      "  nacre check build/guests/stdio.wasm\n"
      "  nacre check --max-memory 64M --dir build/photos::. build/guests/files.wasm\n"
      "  nacre check build/guests/classify.wasm --model "
      "net=build/models/efficientnet-lite0.onnx --load --json\n");
  return {app, [flags] { return check(*flags); }};
}

}  // namespace nacre::cli
