// What component_shim adds to the VM's C API for components, and the handles of both.
#ifndef NACRE_SRC_ENGINE_COMPONENT_API_H_
#define NACRE_SRC_ENGINE_COMPONENT_API_H_

#include <wasmtime/component.h>

#include <cstddef>
#include <cstdint>

#include "abi/component/nacre_nn_callbacks.h"
#include "abi/component/wasi_nn_callbacks.h"
#include "engine/c_api.h"

extern "C" {
// component_shim/src/component_pre.rs; each says there what it does.
struct nacre_component_pre_t;
wasmtime_error_t* nacre_component_instantiate_pre(const wasmtime_component_linker_t* linker,
                                                  const wasmtime_component_t* component,
                                                  nacre_component_pre_t** out);
void nacre_component_pre_delete(nacre_component_pre_t* pre);
wasmtime_error_t* nacre_component_pre_run(const nacre_component_pre_t* pre,
                                          wasmtime_context_t* context, std::int32_t* exit_code,
                                          std::int32_t* trap_code, bool* began);
void nacre_context_set_hostcall_fuel(wasmtime_context_t* context, std::size_t bytes);
void nacre_context_set_max_handles(wasmtime_context_t* context, std::size_t handles);

// component_shim/src/wasi_nn. Takes a reference on `callbacks->env`, whose finalizer runs once
// for each call; `guest` in a callback is the first field of the store's data.
wasmtime_error_t* nacre_component_linker_add_wasi_nn(wasmtime_component_linker_t* linker,
                                                     std::uint32_t version,
                                                     const nacre_wasi_nn_callbacks* callbacks);

// component_shim/src/nacre_nn.rs; the same rules.
wasmtime_error_t* nacre_component_linker_add_nacre_nn(wasmtime_component_linker_t* linker,
                                                      const nacre_nn_callbacks* callbacks);

// component_shim/src/guard.rs: every size and offset that Rust assumes of what both sides see.
std::size_t nacre_shim_layout(std::size_t* out, std::size_t capacity);
}

namespace nacre::engine {

using ComponentHandle = unique_handle<wasmtime_component_t, wasmtime_component_delete>;
using ComponentTypeHandle =
    unique_handle<wasmtime_component_type_t, wasmtime_component_type_delete>;
using ComponentLinkerHandle =
    unique_handle<wasmtime_component_linker_t, wasmtime_component_linker_delete>;
using ComponentPreHandle = unique_handle<nacre_component_pre_t, nacre_component_pre_delete>;

}  // namespace nacre::engine

#endif  // NACRE_SRC_ENGINE_COMPONENT_API_H_
