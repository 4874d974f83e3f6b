#include "host/describe_guest.h"

#include <algorithm>
#include <array>
#include <filesystem>
#include <fstream>
#include <utility>

#include "abi/dialect.h"
#include "abi/witx/functions.h"
#include "host/guest_run.h"

namespace nacre {
namespace {

constexpr std::string_view kPreview1Module = "wasi_snapshot_preview1";

GuestImport to_import(const engine::ExternInfo& import, bool component, bool offered) {
  if (!component) {
    return {.interface = import.module,
            .version = {},
            .name = import.name,
            .type = import.type,
            .offered = offered};
  }
  const auto at = import.name.find('@');
  return {.interface = import.name.substr(0, at),
          .version = at == std::string::npos ? std::string() : import.name.substr(at + 1),
          .name = {},
          .type = {},
          .offered = offered};
}

/// Which WASI one import belongs to; kNone for none. wasi-nn counts on its own.
WasiPreview wasi_of(const GuestImport& import) {
  const std::string_view interface = import.interface;
  if (interface == kPreview1Module) return WasiPreview::kPreview1;
  if (interface == "wasi_unstable") return WasiPreview::kOther;
  if (!interface.starts_with("wasi:") || interface.starts_with("wasi:nn/")) {
    return WasiPreview::kNone;
  }
  return import.version.starts_with("0.2.") ? WasiPreview::kPreview2 : WasiPreview::kOther;
}

void note_wasi(const GuestImport& import, GuestDescription& description) {
  const WasiPreview wasi = wasi_of(import);
  if (wasi == WasiPreview::kNone) return;
  if (description.wasi == WasiPreview::kNone) {
    description.wasi = wasi;
  } else if (description.wasi != wasi) {
    description.wasi = WasiPreview::kOther;
  }
  auto& versions = description.wasi_versions;
  if (!import.version.empty() && std::ranges::find(versions, import.version) == versions.end()) {
    versions.push_back(import.version);
  }
}

GuestMemoryLimits to_limits(const engine::MemoryInfo& memory) {
  return {.min_pages = memory.min_pages,
          .max_pages = memory.max_pages,
          .page_bytes = memory.page_bytes,
          .address_bits = memory.is_64 ? 64U : 32U,
          .shared = memory.shared};
}

DialectChoice to_choice(Dialect dialect) {
  switch (dialect) {
    case Dialect::kWitx:
    case Dialect::kUndecided:
      return DialectChoice::kWitx;
    case Dialect::kWasmedge:
      return DialectChoice::kWasmedge;
    case Dialect::kWamr:
      return DialectChoice::kWamr;
    case Dialect::kLegacy:
      return DialectChoice::kLegacy;
    case Dialect::kWit:
      return DialectChoice::kWit;
    case Dialect::kWamrLegacy:
      return DialectChoice::kWamrLegacy;
  }
  return DialectChoice::kAuto;
}

}  // namespace

// An instance that never runs says all that run() would.
std::string refusal_of(const engine::Module& module, std::span<const DirMapping> dirs,
                       bool nn_prompt) {
  engine::InstanceOptions options;
  options.prompt = nn_prompt;
  options.host_functions = witx::functions();
  for (const DirMapping& dir : dirs) {
    options.directories.push_back(
        {.host = dir.host, .guest = dir.guest, .read_only = dir.read_only});
  }
  options.standard_input = engine::Closed{};
  options.standard_output = engine::Closed{};
  options.standard_error = engine::Closed{};
  if (auto made = engine::Instance::create(module, std::move(options)); !made) {
    return std::move(made.error().message);
  }
  if (module.is_component()) return {};
  auto start = module.check_start();
  return start ? std::string() : std::move(start.error().message);
}

Result<GuestDescription> describe_guest(const engine::Module& module, const GuestOptions& guest) {
  const auto nn = nn_imports(module);
  const auto offered = module.offered_imports(witx::functions(), guest.nn_prompt);
  if (!offered) return std::unexpected(offered.error());

  GuestDescription out;
  out.component = module.is_component();
  out.precompiled = module.origin() == engine::CodeOrigin::kPrecompiled;
  for (std::size_t i = 0; i < module.imports().size(); ++i) {
    out.imports.push_back(to_import(module.imports()[i], out.component, (*offered)[i]));
    note_wasi(out.imports.back(), out);
  }
  if (module.memories()) {
    auto& memories = out.memories.emplace();
    std::ranges::transform(*module.memories(), std::back_inserter(memories), to_limits);
  }
  out.entry = module.entry();
  if (!nn.none()) {
    DialectDecision decision = choose_dialect(nn, guest.dialect);
    out.dialect = to_choice(decision.dialect);
    out.dialect_reason = std::move(decision.reason);
  }
  out.refusal = refusal_of(module, {}, guest.nn_prompt);
  return out;
}

bool is_guest_file(const std::string& path) {
  std::error_code error;
  // Only of a regular file: what is read from a pipe is gone.
  if (!std::filesystem::is_regular_file(path, error)) return false;
  std::array<char, 4096> beginning{};
  std::ifstream file(path, std::ios::binary);
  file.read(beginning.data(), beginning.size());
  const std::span<const char> got(beginning.data(), static_cast<std::size_t>(file.gcount()));
  return engine::is_guest(std::as_bytes(got));
}

}  // namespace nacre
