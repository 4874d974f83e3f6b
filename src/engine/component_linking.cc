#include "engine/component_linking.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <span>
#include <string>

#include "abi/component/component_state.h"
#include "abi/printable.h"
#include "engine/linking.h"

namespace nacre::engine {
namespace {

constexpr std::array<std::string_view, 3> kWasiNnVersions = {
    "0.2.0-rc-2024-06-25", "0.2.0-rc-2024-08-19", "0.2.0-rc-2024-10-28"};
constexpr std::array<std::string_view, 4> kWasiNnInterfaces = {"tensor", "graph", "inference",
                                                               "errors"};

// Proposed and in no version yet; offered with each version's graph, where the operator says so.
constexpr std::string_view kWasiNnPrompt = "prompt";

constexpr std::string_view kNacreNnVersion = "0.1.0";
constexpr std::array<std::string_view, 10> kNacreNnInterfaces = {"types",
                                                                 "backends",
                                                                 "graphs",
                                                                 "graphs-rc20240625",
                                                                 "graphs-rc20240819",
                                                                 "graphs-rc20241028",
                                                                 "text",
                                                                 "text-rc20240625",
                                                                 "text-rc20240819",
                                                                 "text-rc20241028"};

// WASI 0.2 as the VM offers it, up to this patch version.
constexpr unsigned kWasiPatch = 12;
constexpr std::array<std::string_view, 27> kWasiInterfaces = {"wasi:cli/environment",
                                                              "wasi:cli/exit",
                                                              "wasi:cli/stderr",
                                                              "wasi:cli/stdin",
                                                              "wasi:cli/stdout",
                                                              "wasi:cli/terminal-input",
                                                              "wasi:cli/terminal-output",
                                                              "wasi:cli/terminal-stderr",
                                                              "wasi:cli/terminal-stdin",
                                                              "wasi:cli/terminal-stdout",
                                                              "wasi:clocks/monotonic-clock",
                                                              "wasi:clocks/wall-clock",
                                                              "wasi:filesystem/preopens",
                                                              "wasi:filesystem/types",
                                                              "wasi:io/error",
                                                              "wasi:io/poll",
                                                              "wasi:io/streams",
                                                              "wasi:random/insecure",
                                                              "wasi:random/insecure-seed",
                                                              "wasi:random/random",
                                                              "wasi:sockets/instance-network",
                                                              "wasi:sockets/ip-name-lookup",
                                                              "wasi:sockets/network",
                                                              "wasi:sockets/tcp",
                                                              "wasi:sockets/tcp-create-socket",
                                                              "wasi:sockets/udp",
                                                              "wasi:sockets/udp-create-socket"};

constexpr std::string_view kWasiNn = "wasi:nn/";
constexpr std::string_view kNacreNn = "nacre:nn/";

bool contains(std::span<const std::string_view> words, std::string_view word) {
  return std::ranges::find(words, word) != words.end();
}

/// Splits "package/interface@version".
struct InterfaceName {
  explicit InterfaceName(std::string_view name) {
    const auto at = name.find('@');
    base = name.substr(0, at);
    if (at != std::string_view::npos) version = name.substr(at + 1);
  }
  std::string_view base;
  std::string_view version;
};

bool is_wasi_02(std::string_view version) {
  constexpr std::string_view kPrefix = "0.2.";
  if (!version.starts_with(kPrefix)) return false;
  version.remove_prefix(kPrefix.size());
  unsigned patch = 0;
  const auto [end, error] = std::from_chars(version.data(), version.data() + version.size(), patch);
  return error == std::errc() && end == version.data() + version.size() && patch <= kWasiPatch;
}

/// Why an interface is not offered, where there is more to say than that.
std::string hint_for(const InterfaceName& name) {
  if (name.base.starts_with(kWasiNn)) {
    return fmt::format(" (offered: version {}, {} and {} of tensor, graph, inference and errors)",
                       kWasiNnVersions[0], kWasiNnVersions[1], kWasiNnVersions[2]);
  }
  if (name.base.starts_with(kNacreNn)) {
    return fmt::format(" (offered: {}, version {})", fmt::join(kNacreNnInterfaces, ", "),
                       kNacreNnVersion);
  }
  if (name.base.starts_with("wasi:http/")) return " (HTTP is not offered to guests)";
  if (name.base.starts_with("wasi:")) {
    return fmt::format(
        " (offered: cli, clocks, filesystem, io, random and sockets, version 0.2.0 "
        "to 0.2.{})",
        kWasiPatch);
  }
  return {};
}

using Count = std::size_t (*)(const wasmtime_component_type_t*, const wasm_engine_t*);
using Nth = bool (*)(const wasmtime_component_type_t*, const wasm_engine_t*, std::size_t,
                     const char**, std::size_t*, wasmtime_component_item_t*);

std::vector<ExternInfo> items_of(const wasmtime_component_t* component, const wasm_engine_t* engine,
                                 Count count, Nth nth) {
  const ComponentTypeHandle type(wasmtime_component_type(component));
  std::vector<ExternInfo> items;
  for (std::size_t i = 0; i < count(type.get(), engine); ++i) {
    const char* name = nullptr;
    std::size_t size = 0;
    wasmtime_component_item_t item;
    if (!nth(type.get(), engine, i, &name, &size, &item)) continue;
    // A type that is only given a name (a world's `use`) is nothing to offer.
    if (item.kind == WASMTIME_COMPONENT_ITEM_TYPE) {
      wasmtime_component_item_delete(&item);
      continue;
    }
    const bool function = item.kind == WASMTIME_COMPONENT_ITEM_COMPONENT_FUNC;
    items.push_back({.module = {},
                     .name = std::string(name, size),
                     .kind = function ? ExternInfo::Kind::kFunction : ExternInfo::Kind::kInterface,
                     .type = {}});
    wasmtime_component_item_delete(&item);
  }
  return items;
}

}  // namespace

bool offers_interface(std::string_view name) {
  const InterfaceName split(name);
  if (split.base.starts_with(kWasiNn)) {
    const std::string_view interface = split.base.substr(kWasiNn.size());
    return (contains(kWasiNnInterfaces, interface) || interface == kWasiNnPrompt) &&
           contains(kWasiNnVersions, split.version);
  }
  if (split.base.starts_with(kNacreNn)) {
    return contains(kNacreNnInterfaces, split.base.substr(kNacreNn.size())) &&
           split.version == kNacreNnVersion;
  }
  return is_wasi_02(split.version) && contains(kWasiInterfaces, split.base);
}

bool is_prompt_interface(std::string_view name) {
  const InterfaceName split(name);
  return split.base.starts_with(kWasiNn) && split.base.substr(kWasiNn.size()) == kWasiNnPrompt &&
         contains(kWasiNnVersions, split.version);
}

std::string missing_permissions(const std::vector<ExternInfo>& imports, bool prompt) {
  std::string missing;
  for (const ExternInfo& import : imports) {
    if (prompt || !is_prompt_interface(import.name)) continue;
    missing += "\n  " + import.name;
  }
  if (missing.empty()) return missing;
  return "the guest imports wasi:nn's prompt interface, which is a proposal and offered only where "
         "it is asked for, with --wasi nn-prompt (GuestOptions::nn_prompt):" +
         missing;
}

Result<ComponentLinkerHandle> make_component_linker(const wasm_engine_t* engine) {
  ComponentLinkerHandle linker(wasmtime_component_linker_new(engine));
  if (ErrorHandle error{wasmtime_component_linker_add_wasip2(linker.get())}) {
    return fail(ErrorCode::kRuntimeError, "WASI could not be set up: " + message_of(*error));
  }
  for (std::uint32_t version = 0; version < kWasiNnVersions.size(); ++version) {
    if (ErrorHandle error{
            nacre_component_linker_add_wasi_nn(linker.get(), version, &component_callbacks())}) {
      return fail(ErrorCode::kRuntimeError,
                  fmt::format("wasi:nn {} could not be set up: {}", kWasiNnVersions[version],
                              message_of(*error)));
    }
  }
  if (ErrorHandle error{
          nacre_component_linker_add_nacre_nn(linker.get(), &nacre_nn_component_callbacks())}) {
    return fail(ErrorCode::kRuntimeError,
                fmt::format("nacre:nn could not be set up: {}", message_of(*error)));
  }
  return linker;
}

Result<ComponentPreHandle> resolve_imports(const wasmtime_component_linker_t* linker,
                                           const wasmtime_component_t* component,
                                           const std::vector<ExternInfo>& imports) {
  MissingImports missing;
  for (const ExternInfo& import : imports) {
    if (offers_interface(import.name)) continue;
    missing.add(
        fmt::format("  {}{}", printable(import.name, 400), hint_for(InterfaceName(import.name))));
  }
  if (!missing.empty()) {
    return fail(ErrorCode::kUnsupportedOperation,
                "the guest imports what is not offered here:" + missing.text());
  }
  nacre_component_pre_t* pre = nullptr;
  if (ErrorHandle error{nacre_component_instantiate_pre(linker, component, &pre)}) {
    return fail(ErrorCode::kUnsupportedOperation,
                "the guest cannot be linked: " + message_of(*error));
  }
  return ComponentPreHandle(pre);
}

std::vector<ExternInfo> component_imports(const wasmtime_component_t* component,
                                          const wasm_engine_t* engine) {
  return items_of(component, engine, wasmtime_component_type_import_count,
                  wasmtime_component_type_import_nth);
}

std::vector<ExternInfo> component_exports(const wasmtime_component_t* component,
                                          const wasm_engine_t* engine) {
  return items_of(component, engine, wasmtime_component_type_export_count,
                  wasmtime_component_type_export_nth);
}

}  // namespace nacre::engine
