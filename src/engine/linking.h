// What a guest may import: WASI preview 1, and the host functions it was given.
#ifndef NACRE_SRC_ENGINE_LINKING_H_
#define NACRE_SRC_ENGINE_LINKING_H_

#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "engine/c_api.h"
#include "engine/engine.h"
#include "nacre/error.h"

namespace nacre::engine {

/// What a guest imports and does not find here, a line each; beyond what a person reads, a number.
class MissingImports {
 public:
  void add(std::string_view line) {
    if (++count_ <= kMostLines) lines_.append("\n").append(line);
  }
  [[nodiscard]] bool empty() const noexcept { return count_ == 0; }
  [[nodiscard]] std::string text() const {
    if (count_ <= kMostLines) return lines_;
    return lines_ + "\n  and " + std::to_string(count_ - kMostLines) + " more";
  }

 private:
  static constexpr std::size_t kMostLines = 50;
  std::size_t count_ = 0;
  std::string lines_;
};

/// A linker with WASI, and with those of `functions` that `module` imports. The entries of
/// `functions` must outlive the linker. Every store used with it must have a StoreState as its
/// data. Fails when the module's memory cannot serve the host functions it imports.
[[nodiscard]] Result<LinkerHandle> make_linker(wasm_engine_t* engine,
                                               const wasmtime_module_t* module,
                                               std::span<const HostFunction> functions);

/// Resolves every import, or says in one error which are missing and which are of another type.
/// `context` is the store of this guest; nothing of the guest runs.
[[nodiscard]] Result<InstancePreHandle> resolve_imports(const wasmtime_linker_t* linker,
                                                        wasmtime_context_t* context,
                                                        const wasmtime_module_t* module,
                                                        std::span<const HostFunction> functions);

/// For each import of `module`, whether resolve_imports would find it.
[[nodiscard]] Result<std::vector<bool>> offered_imports(wasm_engine_t* engine,
                                                        const wasmtime_module_t* module,
                                                        std::span<const HostFunction> functions);

}  // namespace nacre::engine

#endif  // NACRE_SRC_ENGINE_LINKING_H_
