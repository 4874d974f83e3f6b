#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "cli/command.h"
#include "cli/describe.h"
#include "cli/exit_codes.h"
#include "cli/help.h"

namespace nacre::cli {
namespace {

struct InspectFlags {
  HostFlags host;
  std::vector<std::string> model;
  std::string encoding;
  std::string target = "cpu";
  std::string backend;
  bool json = false;
};

Result<ModelSpec> spec_of(const InspectFlags& flags) {
  ModelSpec spec;
  spec.name = flags.model.front();
  spec.paths = flags.model;
  spec.backend = flags.backend;
  if (!flags.encoding.empty()) {
    const auto encoding = parse_graph_encoding(flags.encoding);
    if (!encoding) {
      return fail(ErrorCode::kInvalidArgument,
                  fmt::format("--encoding takes onnx, openvino, tensorflow, pytorch, "
                              "tensorflowlite, ggml, echo or autodetect, not \"{}\"",
                              flags.encoding));
    }
    spec.encoding = *encoding;
  }
  const auto target = parse_execution_target(flags.target);
  if (!target) {
    return fail(ErrorCode::kInvalidArgument,
                fmt::format("--target takes cpu, gpu, tpu or auto, not \"{}\"", flags.target));
  }
  spec.target = *target;
  return spec;
}

int inspect(InspectFlags& flags) {
  auto options = flags.host.options();
  if (!options) return complain("inspect", options.error().message, kUsage);
  const auto spec = spec_of(flags);
  if (!spec) return complain("inspect", spec.error().message, kUsage);
  auto host = Host::create(*std::move(options));
  if (!host) return complain("inspect", host.error().message, kFailure);
  const auto graph = (*host)->load_model(*spec);
  if (!graph) return complain("inspect", graph.error().message, kFailure);

  if (flags.json) {
    nlohmann::ordered_json json = {{"model", flags.model.front()}};
    json.update(to_json(**graph));
    fmt::print("{}\n", json.dump(2, ' ', false, nlohmann::json::error_handler_t::replace));
  } else {
    fmt::print("model: {}\n{}", flags.model.front(), to_text(**graph));
  }
  return kSuccess;
}

}  // namespace

Command make_inspect(CLI::App& root) {
  CLI::App* app = root.add_subcommand("inspect", "Show a model's inputs and outputs");
  auto flags = std::make_shared<InspectFlags>();
  app->add_option("MODEL", flags->model, "The model's file; for OpenVINO IR the .xml")
      ->type_name("")
      ->expected(1, 2)
      ->required();
  add_value(*app, "--encoding", flags->encoding,
            "autodetect|onnx|openvino|tensorflow|pytorch|tensorflowlite|ggml|echo",
            "What the file holds (default: decided from its bytes)");
  add_value(*app, "--backend", flags->backend, "NAME", "The runtime that reads it");
  add_value(*app, "--target", flags->target, "cpu|gpu|tpu|auto", "Where it would run");
  app->add_flag("--json", flags->json, "Print JSON");
  flags->host.add_common(*app);
  set_help(*app, "nacre inspect [OPTIONS] MODEL [WEIGHTS]",
           "A dynamic dimension is shown as ?, in JSON as -1.\n"
           "\n"
           "Examples:\n"
           "  nacre inspect build/models/efficientnet-lite0.onnx\n"
           "  nacre inspect --backend openvino --json build/models/efficientnet-lite0.onnx\n");
  return {app, [flags] { return inspect(*flags); }};
}

}  // namespace nacre::cli
