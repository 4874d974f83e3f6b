// The VM's C API, its handles made safe to hold. Included by this room's sources only.
#ifndef NACRE_SRC_ENGINE_C_API_H_
#define NACRE_SRC_ENGINE_C_API_H_

#include <wasm.h>
#include <wasmtime.h>

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/unique_handle.h"

namespace nacre::engine {

using ConfigHandle = unique_handle<wasm_config_t, wasm_config_delete>;
using EngineHandle = unique_handle<wasm_engine_t, wasm_engine_delete>;
using ModuleHandle = unique_handle<wasmtime_module_t, wasmtime_module_delete>;
using StoreHandle = unique_handle<wasmtime_store_t, wasmtime_store_delete>;
using LinkerHandle = unique_handle<wasmtime_linker_t, wasmtime_linker_delete>;
using InstancePreHandle = unique_handle<wasmtime_instance_pre_t, wasmtime_instance_pre_delete>;
using WasiConfigHandle = unique_handle<wasi_config_t, wasi_config_delete>;
using ErrorHandle = unique_handle<wasmtime_error_t, wasmtime_error_delete>;
using TrapHandle = unique_handle<wasm_trap_t, wasm_trap_delete>;
using FuncTypeHandle = unique_handle<wasm_functype_t, wasm_functype_delete>;
using ExternTypeHandle = unique_handle<wasm_externtype_t, wasm_externtype_delete>;

/// A vector of the C API that frees what it holds.
template <typename Vec, void (*kDelete)(Vec*)>
struct OwnedVec : Vec {
  OwnedVec() : Vec{} {}
  ~OwnedVec() { kDelete(this); }
  OwnedVec(const OwnedVec&) = delete;
  OwnedVec& operator=(const OwnedVec&) = delete;
};
using ByteVec = OwnedVec<wasm_byte_vec_t, wasm_byte_vec_delete>;
using FrameVec = OwnedVec<wasm_frame_vec_t, wasm_frame_vec_delete>;
using ImportTypeVec = OwnedVec<wasm_importtype_vec_t, wasm_importtype_vec_delete>;
using ExportTypeVec = OwnedVec<wasm_exporttype_vec_t, wasm_exporttype_vec_delete>;

[[nodiscard]] inline std::string_view view(const wasm_byte_vec_t& text) noexcept {
  return {text.data, text.size};
}

/// An error's whole message, its causes included, fit for a terminal: a guest chose much of it.
[[nodiscard]] std::string message_of(const wasmtime_error_t& error);

/// A type as text: "(i32, i32) -> i32", "memory, 32-bit, 1 page or more".
[[nodiscard]] std::string type_text(const wasm_externtype_t& type);
[[nodiscard]] std::string type_text(const wasm_functype_t& type);

}  // namespace nacre::engine

extern "C" {
// From component_shim/src/limits.rs, which says what the fields mean.
struct nacre_store_limits {
  std::uint64_t memory_max;
  std::uint64_t table_max;
  std::uint64_t instances_max;
  std::uint64_t memory_used;
  std::uint64_t table_used;
  std::uint64_t memory_refused;
  std::uint64_t table_refused;
};
void nacre_store_set_limits(wasmtime_store_t* store, nacre_store_limits* limits);

// From component_shim/src/words.rs.
void nacre_error_words(const wasmtime_error_t* error, wasm_byte_vec_t* out);
void nacre_trap_words(const wasm_trap_t* trap, wasm_byte_vec_t* out);
void nacre_rust_name(const char* name, std::size_t size, wasm_byte_vec_t* out);

// From component_shim/src/standard_streams.rs.
using nacre_sink_t = bool (*)(void* env, const unsigned char* bytes, std::size_t size);
void nacre_wasi_config_set_sink(wasi_config_t* config, bool is_error, nacre_sink_t write, void* env,
                                void (*finalizer)(void*));
void nacre_wasi_config_stay_on_thread(wasi_config_t* config);
}

#endif  // NACRE_SRC_ENGINE_C_API_H_
