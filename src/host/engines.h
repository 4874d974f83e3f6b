// The engines of one host, each made on first use: a command that runs no guest starts none.
//
// Threading: any thread.
#ifndef NACRE_SRC_HOST_ENGINES_H_
#define NACRE_SRC_HOST_ENGINES_H_

#include <array>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <utility>

#include "base/log.h"
#include "engine/engine.h"
#include "nacre/host.h"

namespace nacre {

/// A guest's module, and the SHA-256 of the bytes it was made from if it was asked for, in lower
/// case.
struct LoadedGuest {
  engine::Module module;
  std::string sha256;
};

class PreparedGuest {
 public:
  explicit PreparedGuest(LoadedGuest its_code) : code(std::move(its_code)) {}
  const LoadedGuest code;  // keeps its engine alive
};

class Engines {
 public:
  /// Of `options`: compiler, code_cache, interruptible, consume_fuel.
  Engines(const HostOptions& options, SharedLogSink log);

  /// The guest's module: what was prepared, or from the cache where it has been compiled before.
  ///
  /// A precompiled guest runs only under the settings it was compiled for. Where the host's own do
  /// not fit, those for guests that can be stopped are tried, which is what `compile` makes.
  [[nodiscard]] Result<LoadedGuest> load(const GuestOptions& guest, bool with_hash);

  /// Compiled code of `wasm`, for this machine and the host's settings.
  [[nodiscard]] Result<std::vector<std::byte>> compile(std::span<const std::byte> wasm);

 private:
  [[nodiscard]] Result<engine::Engine> engine(bool interruptible);
  [[nodiscard]] Result<engine::Module> load_with(std::span<const std::byte> bytes,
                                                 bool allow_precompiled, bool interruptible);
  [[nodiscard]] Result<engine::Module> load_bytes(std::span<const std::byte> bytes,
                                                  bool allow_precompiled);

  const engine::EngineOptions options_;
  std::mutex mutex_;
  std::array<std::optional<engine::Engine>, 2> engines_;  // [1]: interruptible
};

}  // namespace nacre

#endif  // NACRE_SRC_HOST_ENGINES_H_
