#include "cli/guest_flags.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <iterator>
#include <optional>
#include <utility>

#include "cli/command.h"
#include "cli/dialects.h"
#include "cli/suggest.h"
#include "cli/values.h"

extern "C" char** environ;

namespace nacre::cli {
namespace {

std::unexpected<Error> wrong(std::string_view option, const Error& error) {
  return fail(error.code, fmt::format("{}: {}", option, error.message));
}

// A single colon is WasmEdge's GUEST:HOST, and other programs' HOST:GUEST. Before it, "." is what
// WasmEdge's users write.
void warn_of_the_other_order(std::string_view text, const DirMapping& dir) {
  std::error_code error;
  if (text.find(':') == text.npos || text.find("::") != text.npos || dir.guest == dir.host ||
      dir.guest == "." || !std::filesystem::is_directory(dir.guest, error)) {
    return;
  }
  say(fmt::format(
      "nacre: --dir {0} lends the folder {1} under the name {2}, since a single colon is "
      "GUEST:HOST; the other way round it is {2}::{1}\n",
      text, dir.host, dir.guest));
}

}  // namespace

void GuestFlags::add(CLI::App& app, const std::string& guest_help) {
  app.add_option("GUEST", guest_, guest_help)->type_name("")->required();
  add_list(app, "--dir", dirs_, "HOST[::GUEST[::ro]]",
           "Lend a folder to the guest, under the name GUEST, read-only with ::ro. With single "
           "colons it is GUEST:HOST[:readonly]");
  add_list(app, "--env", env_, "NAME[=VALUE]",
           "Give the guest a variable; without a value, the one nacre has");
  add_list(app, "--model", models_, "NAME=PATH[:PATH...][,KEY=VALUE...]",
           "Offer a model by name. Keys: encoding, target, backend, threads, streams, precision, "
           "preload, sha256, and what the backend knows");
  add_list(app, "--models", models_files_, "FILE",
           "Offer the models that a TOML file lists (docs/models.md)");
  add_list(app, "-S,--wasi", wasi_, "KEY[=VALUE],...",
           "As Wasmtime has it: nn-graph=ENCODING::DIR offers the model in DIR under DIR's name. "
           "nn-prompt offers components wasi:nn's proposed interface prompt");
  add_list(app, "--nn-preload", nn_preload_, "NAME:ENCODING:TARGET:PATH[:PATH...]",
           "As WasmEdge has it: offers a model; of two with one name the first counts");
  add_list(app, "--wasi-nn-graph", wamr_graphs_, "NAME:ENCODING:TARGET:PATH[:PATH...]",
           "As WAMR has it: offers a model");
  add_list(app, "--grant", grants_, "NAME",
           "Of all these models, let the guest use only those that are granted");
  add_list(app, "--backend", backends_, "ENCODING=NAME",
           "Let NAME compute models of that encoding, where the model itself names no backend: "
           "onnx=openvino");
  app.add_flag("--models-only", models_only_, "Refuse models that the guest brings itself");
  add_value(app, "--dialect", dialect_, dialect_words(),
            "What the guest's wasi-nn numbers mean; auto decides from its imports");
  add_value(app, "--timeout", timeout_, "TIME",
            "Stop the guest after TIME: 5s, 500ms, 2m, or seconds. What is preloaded is loaded "
            "before, without a limit");
  add_value(app, "--max-memory", max_memory_, "SIZE",
            "The most linear memory it may have: bytes, 64M, 1GiB");
  add_value(app, "--fuel", fuel_, "N", "Stop the guest after about N instructions");
  host_.add_compiler(app);
  app.add_flag("--allow-precompiled", allow_precompiled_,
               "Accept a .cwasm. It is native code that runs unchecked: only your own");
  host_.add_cache(app);
  host_.add_common(app);
}

Result<void> GuestFlags::plan_wasi(Plan& plan, bool& inherit_env) const {
  for (const std::string& text : wasi_) {
    auto wasi = parse_wasi_options(text);
    if (!wasi) return wrong("-S", wasi.error());
    std::ranges::move(wasi->models, std::back_inserter(plan.host.models));
    inherit_env = inherit_env || wasi->inherit_env;
    plan.guest.nn_prompt = plan.guest.nn_prompt || wasi->nn_prompt;
  }
  return {};
}

Result<void> GuestFlags::plan_models(Plan& plan) const {
  std::vector<ModelSpec>& models = plan.host.models;
  for (const std::string& path : models_files_) {
    auto specs = read_models_file(path);
    if (!specs) return wrong("--models", specs.error());
    std::ranges::move(*specs, std::back_inserter(models));
  }
  std::vector<std::string> preloaded;
  for (const std::string& text : nn_preload_) {
    auto spec = parse_nn_preload(text);
    if (!spec) return wrong("--nn-preload", spec.error());
    if (std::ranges::find(preloaded, spec->name) != preloaded.end()) continue;
    preloaded.push_back(spec->name);
    models.push_back(*std::move(spec));
  }
  for (const std::string& text : wamr_graphs_) {
    auto spec = parse_wamr_graph(text);
    if (!spec) return wrong("--wasi-nn-graph", spec.error());
    models.push_back(*std::move(spec));
  }
  for (const std::string& text : models_) {
    auto spec = parse_model_spec(text);
    if (!spec) return wrong("--model", spec.error());
    models.push_back(*std::move(spec));
  }
  return {};
}

Result<void> GuestFlags::plan_backends(HostOptions& host) const {
  for (const std::string& text : backends_) {
    auto chosen = parse_default_backend(text);
    if (!chosen) return wrong("--backend", chosen.error());
    host.default_backends.push_back(*std::move(chosen));
  }
  return {};
}

Result<void> GuestFlags::plan_grants(Plan& plan) const {
  if (grants_.empty()) return {};
  std::vector<std::string> names;
  std::ranges::transform(plan.host.models, std::back_inserter(names), &ModelSpec::name);
  for (const std::string& grant : grants_) {
    if (std::ranges::find(names, grant) != names.end()) continue;
    return fail(ErrorCode::kInvalidArgument, fmt::format("--grant: there is no model \"{}\"{}",
                                                         grant, did_you_mean(grant, names)));
  }
  plan.guest.models = grants_;
  return {};
}

Result<void> GuestFlags::plan_guest(GuestOptions& guest, bool inherit_env) const {
  for (const std::string& text : dirs_) {
    auto dir = parse_dir(text);
    if (!dir) return wrong("--dir", dir.error());
    warn_of_the_other_order(text, *dir);
    const auto same = std::ranges::find(guest.dirs, dir->guest, &DirMapping::guest);
    if (same != guest.dirs.end()) {
      return fail(ErrorCode::kInvalidArgument,
                  fmt::format("--dir: the folders {} and {} are both to be called \"{}\"; each "
                              "wants a name of its own, as in --dir {}::NAME",
                              same->host, dir->host, dir->guest, dir->host));
    }
    guest.dirs.push_back(*std::move(dir));
  }
  for (char** variable = environ; inherit_env && *variable != nullptr; ++variable) {
    if (auto entry = parse_env(*variable); entry && *entry) guest.env.push_back(**entry);
  }
  for (const std::string& text : env_) {
    auto entry = parse_env(text);
    if (!entry) return wrong("--env", entry.error());
    if (*entry) guest.env.push_back(**entry);
  }
  const auto dialect = choose("--dialect", dialect_, {kDialects.begin(), kDialects.end()});
  if (!dialect) return std::unexpected(dialect.error());
  guest.dialect = static_cast<DialectChoice>(*dialect);
  guest.models_only = models_only_;
  guest.allow_precompiled = allow_precompiled_;
  return {};
}

Result<void> GuestFlags::plan_limits(Plan& plan) const {
  GuestLimits& limits = plan.guest.limits;
  if (!timeout_.empty()) {
    auto timeout = parse_duration(timeout_);
    if (!timeout) return wrong("--timeout", timeout.error());
    limits.timeout = *timeout;
  }
  // The checks that let a loop be stopped cost a little; without --timeout nobody needs them,
  // since Ctrl-C ends the process.
  plan.host.interruptible = limits.timeout.has_value();
  if (!max_memory_.empty()) {
    auto bytes = parse_byte_size(max_memory_);
    if (!bytes) return wrong("--max-memory", bytes.error());
    limits.max_memory_bytes = *bytes;
  }
  if (!fuel_.empty()) {
    auto fuel = parse_count(fuel_);
    if (!fuel) return wrong("--fuel", fuel.error());
    limits.fuel = *fuel;
    plan.host.consume_fuel = true;
  }
  return {};
}

Result<Plan> GuestFlags::plan(const std::vector<std::string>& guest_args) {
  auto host = host_.options();
  if (!host) return std::unexpected(host.error());
  Plan plan{.host = *std::move(host), .guest = {}};
  plan.guest.path = guest_;
  plan.guest.args = guest_args;
  bool inherit_env = false;
  const auto planned = [&]() -> Result<void> {
    if (auto ok = plan_wasi(plan, inherit_env); !ok) return ok;
    if (auto ok = plan_models(plan); !ok) return ok;
    if (auto ok = plan_backends(plan.host); !ok) return ok;
    if (auto ok = plan_grants(plan); !ok) return ok;
    if (auto ok = plan_guest(plan.guest, inherit_env); !ok) return ok;
    return plan_limits(plan);
  }();
  if (!planned) return std::unexpected(planned.error());
  return plan;
}

std::string load_failure(const Error& error, bool allow_precompiled) {
  // A guest that is precompiled is all that run() and describe() refuse for security.
  const bool hint = error.code == ErrorCode::kSecurity && !allow_precompiled;
  return error.message + (hint ? " (--allow-precompiled, for a file of your own making)" : "");
}

}  // namespace nacre::cli
