#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <utility>
#include <vector>

#include "cli/command.h"
#include "cli/describe.h"
#include "cli/exit_codes.h"
#include "cli/help.h"

namespace nacre::cli {
namespace {

struct BackendsFlags {
  HostFlags host;
  std::string name;
  bool json = false;
};

int backends(BackendsFlags& flags) {
  auto options = flags.host.options();
  if (!options) return complain("backends", options.error().message, kUsage);
  auto host = Host::create(*std::move(options));
  if (!host) return complain("backends", host.error().message, kFailure);

  std::vector<BackendInfo> infos;
  if (flags.name.empty()) {
    infos = (*host)->backends();
  } else {
    auto info = (*host)->backend(flags.name);
    if (!info) return complain("backends", info.error().message, kFailure);
    infos.push_back(*std::move(info));
  }
  if (flags.json) {
    nlohmann::ordered_json list = nlohmann::ordered_json::array();
    for (const BackendInfo& info : infos)
      list.push_back(to_json(info));
    fmt::print("{}\n", list.dump(2, ' ', false, nlohmann::json::error_handler_t::replace));
  } else {
    for (const BackendInfo& info : infos)
      fmt::print("{}", to_text(info));
  }
  // Asked for one by name, the exit code answers as well.
  return flags.name.empty() || infos.front().available ? kSuccess : kFailure;
}

}  // namespace

Command make_backends(CLI::App& root) {
  CLI::App* app =
      root.add_subcommand("backends", "List the runtimes that compute models, and what they can");
  auto flags = std::make_shared<BackendsFlags>();
  app->add_option("NAME", flags->name, "Only this one; exits with 1 when it is not available")
      ->type_name("echo|onnxruntime|openvino|torch|tflite|llama");  // for completion
  app->add_flag("--json", flags->json, "Print JSON");
  flags->host.add_common(*app);
  set_help(*app, "nacre backends [OPTIONS] [NAME]",
           "Examples:\n"
           "  nacre backends\n"
           "  nacre backends echo --json\n");
  return {app, [flags] { return backends(*flags); }};
}

}  // namespace nacre::cli
