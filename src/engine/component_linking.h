// What a component may import: WASI preview 2, wasi:nn in its three versions, and nacre:nn.
#ifndef NACRE_SRC_ENGINE_COMPONENT_LINKING_H_
#define NACRE_SRC_ENGINE_COMPONENT_LINKING_H_

#include <string_view>
#include <vector>

#include "engine/component_api.h"
#include "engine/engine.h"
#include "nacre/error.h"

namespace nacre::engine {

/// A linker that serves every component of an engine. Every store used with it must have a
/// StoreState as its data whose guest_state is a nacre::ComponentState.
[[nodiscard]] Result<ComponentLinkerHandle> make_component_linker(const wasm_engine_t* engine);

/// Resolves every import, or lists in one error those that nobody offers. What is offered only
/// where an operator asks for it is found here; missing_permissions() is about that.
[[nodiscard]] Result<ComponentPreHandle> resolve_imports(const wasmtime_component_linker_t* linker,
                                                         const wasmtime_component_t* component,
                                                         const std::vector<ExternInfo>& imports);

/// Whether Nacre offers an interface, e.g. "wasi:io/streams@0.2.3".
[[nodiscard]] bool offers_interface(std::string_view name);

/// Says which of `imports` are offered only on a wish that `prompt` does not fulfil, and what makes
/// it: a sentence for an operator, or nothing where there are none.
[[nodiscard]] std::string missing_permissions(const std::vector<ExternInfo>& imports, bool prompt);

/// Whether an interface is one of wasi:nn's proposed `prompt`, of any version offered.
[[nodiscard]] bool is_prompt_interface(std::string_view name);

/// Imports (or exports) as a component type names them: interfaces for the most part.
[[nodiscard]] std::vector<ExternInfo> component_imports(const wasmtime_component_t* component,
                                                        const wasm_engine_t* engine);
[[nodiscard]] std::vector<ExternInfo> component_exports(const wasmtime_component_t* component,
                                                        const wasm_engine_t* engine);

}  // namespace nacre::engine

#endif  // NACRE_SRC_ENGINE_COMPONENT_LINKING_H_
