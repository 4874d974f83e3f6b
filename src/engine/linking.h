// What a guest may import: WASI preview 1, and the host functions it was given.
#ifndef NACRE_SRC_ENGINE_LINKING_H_
#define NACRE_SRC_ENGINE_LINKING_H_

#include <span>
#include <vector>

#include "engine/c_api.h"
#include "engine/engine.h"
#include "nacre/error.h"

namespace nacre::engine {

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
