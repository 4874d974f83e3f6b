#include "host/engines.h"

#include <cstdlib>
#include <filesystem>
#include <utility>
#include <vector>

#include "base/sha256.h"

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

Result<engine::Module> Engines::load_with(std::span<const std::byte> bytes, bool allow_precompiled,
                                          bool interruptible) {
  const auto engine = this->engine(interruptible);
  if (!engine) return std::unexpected(engine.error());
  return engine->load_module(bytes, {.allow_precompiled = allow_precompiled});
}

Result<engine::Module> Engines::load_bytes(std::span<const std::byte> bytes,
                                           bool allow_precompiled) {
  auto module = load_with(bytes, allow_precompiled, options_.interruptible);
  if (module || !allow_precompiled || options_.interruptible) return module;
  auto second = load_with(bytes, allow_precompiled, true);
  return second && second->origin() == engine::CodeOrigin::kPrecompiled ? std::move(second)
                                                                        : std::move(module);
}

Result<LoadedGuest> Engines::load(const GuestOptions& guest, bool with_hash) {
  if (guest.prepared) return guest.prepared->code;
  const bool from_file = guest.bytes.empty();
  std::vector<std::byte> file;
  if (from_file) {
    auto read = engine::read_guest_file(guest.path);
    if (!read) return std::unexpected(std::move(read.error()));
    file = *std::move(read);
  }
  // What is hashed is what is run, so both are of these bytes.
  const std::span<const std::byte> bytes =
      from_file ? std::span<const std::byte>(file) : guest.bytes;
  std::string sha256;
  if (with_hash) {
    Sha256 hash;
    hash.update(bytes);
    const auto digest = hash.finish();
    if (!digest) return fail(ErrorCode::kRuntimeError, "SHA-256 is not available from libcrypto");
    sha256 = to_hex(*digest);
  }
  auto module = load_bytes(bytes, guest.allow_precompiled);
  if (!module) {
    if (from_file) module.error().message = guest.path + ": " + module.error().message;
    return std::unexpected(std::move(module.error()));
  }
  return LoadedGuest{.module = *std::move(module), .sha256 = std::move(sha256)};
}

Result<std::vector<std::byte>> Engines::compile(std::span<const std::byte> wasm) {
  const auto engine = this->engine(options_.interruptible);
  if (!engine) return std::unexpected(engine.error());
  const auto module = engine->load_module(wasm, {});
  if (!module) return std::unexpected(module.error());
  return module->serialize();
}

}  // namespace nacre
