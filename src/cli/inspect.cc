#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "cli/command.h"
#include "cli/describe.h"
#include "cli/dialects.h"
#include "cli/exit_codes.h"
#include "cli/guest_flags.h"
#include "cli/help.h"

namespace nacre::cli {
namespace {

struct InspectFlags {
  HostFlags host;
  std::string file;
  std::string weights;
  std::string encoding;
  std::string target = "cpu";
  std::string backend;
  std::string dialect = "auto";
  bool allow_precompiled = false;
  bool json = false;

  /// A file that holds a guest, unless words were said that are for models.
  [[nodiscard]] bool is_guest() const {
    return encoding.empty() && backend.empty() && is_guest_file(file);
  }
};

Result<ModelSpec> spec_of(const InspectFlags& flags) {
  ModelSpec spec;
  spec.name = flags.file;
  spec.paths = {flags.file};
  if (!flags.weights.empty()) spec.paths.push_back(flags.weights);
  spec.backend = flags.backend;
  if (!flags.encoding.empty()) {
    const auto encoding = parse_graph_encoding(flags.encoding);
    if (!encoding) {
      return fail(ErrorCode::kInvalidArgument,
                  fmt::format("--encoding takes onnx, openvino, tensorflow, pytorch, "
                              "tensorflowlite, ggml, paddle, echo or autodetect, not \"{}\"",
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

template <typename Described>
void print(const char* what, const std::string& file, const Described& described, bool as_json) {
  if (as_json) {
    nlohmann::ordered_json json = {{what, file}};
    json.update(to_json(described));
    fmt::print("{}\n", to_text(json));
  } else {
    fmt::print("{}: {}\n{}", what, file, to_text(described));
  }
}

int inspect_guest(const InspectFlags& flags, HostOptions options) {
  const auto dialect = choose("--dialect", flags.dialect, {kDialects.begin(), kDialects.end()});
  if (!dialect) return complain("inspect", dialect.error().message, kUsage);
  auto host = Host::create(std::move(options));
  if (!host) return complain("inspect", host.error().message, kFailure);
  const auto guest = (*host)->describe({.path = flags.file,
                                        .dialect = static_cast<DialectChoice>(*dialect),
                                        .allow_precompiled = flags.allow_precompiled});
  if (!guest) {
    return complain("inspect", load_failure(guest.error(), flags.allow_precompiled), kFailure);
  }
  print("guest", flags.file, *guest, flags.json);
  return kSuccess;
}

int inspect(InspectFlags& flags) {
  auto options = flags.host.options();
  if (!options) return complain("inspect", options.error().message, kUsage);
  if (flags.is_guest() && flags.weights.empty()) return inspect_guest(flags, *std::move(options));
  if (flags.is_guest() || (!flags.weights.empty() && is_guest_file(flags.weights))) {
    return complain("inspect",
                    fmt::format("one guest or one model is shown at a time, and {} is a guest",
                                flags.is_guest() ? flags.file : flags.weights),
                    kUsage);
  }
  const auto spec = spec_of(flags);
  if (!spec) return complain("inspect", spec.error().message, kUsage);
  auto host = Host::create(*std::move(options));
  if (!host) return complain("inspect", host.error().message, kFailure);
  const auto graph = (*host)->inspect_model(*spec);
  if (!graph) {
    const std::string_view hint =
        flags.weights.empty() ? "" : " (one model is shown at a time; WEIGHTS is a part of it)";
    return complain("inspect", graph.error().message + std::string(hint), kFailure);
  }
  print("model", flags.file, **graph, flags.json);
  return kSuccess;
}

}  // namespace

Command make_inspect(CLI::App& root) {
  CLI::App* app =
      root.add_subcommand("inspect", "Show a model's inputs and outputs, or what a guest needs");
  auto flags = std::make_shared<InspectFlags>();
  app->add_option("FILE", flags->file,
                  "A model (for OpenVINO IR the .xml, for Paddle the .pdmodel), or a guest: its "
                  "content shows which")
      ->type_name("")
      ->required();
  app->add_option("WEIGHTS", flags->weights,
                  "A second file of the same model, where it is not found by its name: OpenVINO's "
                  ".bin, Paddle's .pdiparams, or what an ONNX model keeps its data in")
      ->type_name("");
  add_value(*app, "--encoding", flags->encoding,
            "autodetect|onnx|openvino|tensorflow|pytorch|tensorflowlite|ggml|paddle|echo",
            "What the file holds (default: decided from its bytes)");
  add_value(*app, "--backend", flags->backend, "NAME", "The runtime that reads it");
  add_value(*app, "--target", flags->target, "cpu|gpu|tpu|auto", "Where it would run");
  add_value(*app, "--dialect", flags->dialect, dialect_words(),
            "What a guest's wasi-nn numbers mean");
  app->add_flag("--allow-precompiled", flags->allow_precompiled,
                "Accept a guest that nacre compile made");
  app->add_flag("--json", flags->json, "Print JSON");
  flags->host.add_cache(*app);
  flags->host.add_common(*app);
  set_help(
      *app, "nacre inspect [OPTIONS] FILE [WEIGHTS]",
      "A model's dynamic dimension is shown as ?, in JSON as -1. A guest is compiled and checked\n"
      "as nacre run would, and not run.\n"
      "\n"
      "Examples:\n"
      "  nacre inspect build/models/efficientnet-lite0.onnx\n"
      "  nacre inspect --backend openvino --json build/models/efficientnet-lite0.onnx\n"
      "  nacre inspect build/guests/classify.wasm\n"
      "  nacre inspect --json build/guests/classify.component.wasm\n");
  return {app, [flags] { return inspect(*flags); }};
}

}  // namespace nacre::cli
