#include "host/engines.h"

#include <cstdlib>
#include <filesystem>
#include <utility>

namespace nacre {
namespace {

std::filesystem::path code_cache_of(const HostOptions& options) {
  if (options.code_cache) return *options.code_cache;
  if (const char* cache = std::getenv("NACRE_CACHE"); cache != nullptr && *cache != '\0') {
    return std::filesystem::path(cache) / "code";
  }
  if (const char* home = std::getenv("HOME"); home != nullptr && *home != '\0') {
    return std::filesystem::path(home) / ".cache" / "nacre" / "code";
  }
  return {};
}

engine::Compiler to_engine(Compiler compiler) {
  switch (compiler) {
    case Compiler::kCranelift:
      return engine::Compiler::kCranelift;
    case Compiler::kWinch:
      return engine::Compiler::kWinch;
    case Compiler::kPulley:
      return engine::Compiler::kPulley;
  }
  return engine::Compiler::kCranelift;
}

engine::EngineOptions to_engine(const HostOptions& options, SharedLogSink log) {
  engine::EngineOptions out;
  out.compiler = to_engine(options.compiler);
  out.interruptible = options.interruptible;
  out.meter_fuel = options.consume_fuel;
  out.cache_directory = code_cache_of(options);
  out.warn = [log = std::move(log)](std::string_view line) {
    nacre::log(log, LogSeverity::kWarning, line);
  };
  return out;
}

}  // namespace

Engines::Engines(const HostOptions& options, SharedLogSink log)
    : options_(to_engine(options, std::move(log))) {}

Result<engine::Engine> Engines::engine(bool interruptible) {
  const std::lock_guard lock(mutex_);
  auto& slot = engines_[interruptible ? 1 : 0];
  if (!slot) {
    engine::EngineOptions options = options_;
    options.interruptible = interruptible;
    auto made = engine::Engine::create(std::move(options));
    if (!made) return made;
    slot = *std::move(made);
  }
  return *slot;
}

Result<engine::Module> Engines::load_with(const GuestOptions& guest, bool interruptible) {
  const auto engine = this->engine(interruptible);
  if (!engine) return std::unexpected(engine.error());
  const engine::LoadOptions options{.allow_precompiled = guest.allow_precompiled};
  return guest.bytes.empty() ? engine->load_module_file(guest.path, options)
                             : engine->load_module(guest.bytes, options);
}

Result<engine::Module> Engines::load(const GuestOptions& guest) {
  if (guest.prepared) return guest.prepared->module;
  auto module = load_with(guest, options_.interruptible);
  if (module || !guest.allow_precompiled || options_.interruptible) return module;
  auto second = load_with(guest, true);
  return second && second->origin() == engine::CodeOrigin::kPrecompiled ? std::move(second)
                                                                        : std::move(module);
}

Result<std::vector<std::byte>> Engines::compile(std::span<const std::byte> wasm) {
  const auto engine = this->engine(options_.interruptible);
  if (!engine) return std::unexpected(engine.error());
  const auto module = engine->load_module(wasm, {});
  if (!module) return std::unexpected(module.error());
  return module->serialize();
}

}  // namespace nacre
