#include "engine/linking.h"

#include <fmt/format.h>

#include <array>
#include <string>

#include "abi/printable.h"
#include "engine/store_state.h"

namespace nacre::engine {
namespace {

constexpr std::string_view kMemoryName = "memory";
constexpr std::string_view kWasiModule = "wasi_snapshot_preview1";

/// The guest's memory for the length of one host call.
class CallMemory final : public GuestMemory {
 public:
  CallMemory(wasmtime_context_t* context, const wasmtime_memory_t& memory) noexcept
      : context_(context), memory_(memory) {}

  std::span<std::byte> bytes() noexcept override {
    return {reinterpret_cast<std::byte*>(wasmtime_memory_data(context_, &memory_)),
            wasmtime_memory_data_size(context_, &memory_)};
  }

 private:
  wasmtime_context_t* context_;
  const wasmtime_memory_t& memory_;
};

wasm_trap_t* new_trap(std::string_view message) noexcept {
  return wasmtime_trap_new(message.data(), message.size());
}

/// Looked up once per instance: a memory's identity never changes, its base and size do.
bool find_memory(wasmtime_caller_t* caller, StoreState& state) noexcept {
  wasmtime_extern_t item;
  if (!wasmtime_caller_export_get(caller, kMemoryName.data(), kMemoryName.size(), &item)) {
    return false;
  }
  if (item.kind != WASMTIME_EXTERN_MEMORY) {
    wasmtime_extern_delete(&item);
    return false;
  }
  state.memory = item.of.memory;
  state.memory_known = true;
  return true;
}

/// The hot path: from the guest into a host function and back.
wasm_trap_t* call_host_function(void* env, wasmtime_caller_t* caller, wasmtime_val_raw_t* values,
                                std::size_t) noexcept {
  const auto& function = *static_cast<const HostFunction*>(env);
  wasmtime_context_t* context = wasmtime_caller_context(caller);
  auto& state = *static_cast<StoreState*>(wasmtime_context_get_data(context));
  if (!state.memory_known && !find_memory(caller, state)) [[unlikely]] {
    return new_trap("the guest called a host function before it had a memory");
  }

  std::array<std::uint32_t, HostFunction::kMaxParams> args;
  for (std::size_t i = 0; i < function.params; ++i) {
    args[i] = static_cast<std::uint32_t>(values[i].i32);
  }
  CallMemory memory(context, state.memory);
  const std::uint32_t result = function.fn(state.guest_state, memory, args.data());
  values[0].i32 = static_cast<std::int32_t>(result);

  // A guest that is to stop must not go on because its last call was a long one.
  if (state.stop.load(std::memory_order_relaxed) != StopReason::kNone) [[unlikely]] {
    return wasmtime_trap_new_code(WASMTIME_TRAP_CODE_INTERRUPT);
  }
  return nullptr;
}

/// The VM's own proc_exit refuses codes from 126 on; a guest's exit code is its own business.
wasm_trap_t* exit_guest(void*, wasmtime_caller_t* caller, wasmtime_val_raw_t* values,
                        std::size_t) noexcept {
  auto& state =
      *static_cast<StoreState*>(wasmtime_context_get_data(wasmtime_caller_context(caller)));
  state.exit_code = static_cast<std::uint32_t>(values[0].i32);
  return new_trap("proc_exit");
}

FuncTypeHandle function_type(std::size_t params, std::size_t results) {
  wasm_valtype_vec_t param_types;
  wasm_valtype_vec_t result_types;
  std::array<wasm_valtype_t*, HostFunction::kMaxParams> i32s;
  for (std::size_t i = 0; i < params; ++i)
    i32s[i] = wasm_valtype_new_i32();
  wasm_valtype_vec_new(&param_types, params, i32s.data());
  for (std::size_t i = 0; i < results; ++i)
    i32s[i] = wasm_valtype_new_i32();
  wasm_valtype_vec_new(&result_types, results, i32s.data());
  return FuncTypeHandle(wasm_functype_new(&param_types, &result_types));
}

bool takes(const wasm_functype_t& type, std::size_t params) {
  const auto all_i32 = [](const wasm_valtype_vec_t& types) {
    for (std::size_t i = 0; i < types.size; ++i) {
      if (wasm_valtype_kind(types.data[i]) != WASM_I32) return false;
    }
    return true;
  };
  const wasm_valtype_vec_t& given = *wasm_functype_params(&type);
  const wasm_valtype_vec_t& results = *wasm_functype_results(&type);
  return given.size == params && results.size == 1 && all_i32(given) && all_i32(results);
}

/// One import as the C API hands it out.
struct Import {
  explicit Import(const wasm_importtype_t& raw)
      : module(view(*wasm_importtype_module(&raw))),
        name(view(*wasm_importtype_name(&raw))),
        type(wasm_importtype_type(&raw)) {}
  std::string_view module;
  std::string_view name;
  const wasm_externtype_t* type;
};

/// "module.name", which a guest chose, for a person.
std::string name_of(const Import& import) {
  constexpr std::size_t kMostBytes = 200;
  return fmt::format("{}.{}", printable(import.module, kMostBytes),
                     printable(import.name, kMostBytes));
}

/// The host function an import means: by name, and by type where a name has several.
const HostFunction* find_function(const Import& import, std::span<const HostFunction> functions) {
  const wasm_functype_t* type = wasm_externtype_as_functype_const(import.type);
  if (type == nullptr) return nullptr;
  for (const HostFunction& function : functions) {
    if (function.module == import.module && function.name == import.name &&
        takes(*type, function.params)) {
      return &function;
    }
  }
  return nullptr;
}

/// Host functions need one memory to look at, and their pointers are 32 bits wide.
Result<void> check_memory(const wasmtime_module_t* module, const Import& because) {
  const auto refuse = [&](std::string_view what) {
    return fail(ErrorCode::kMissingMemory,
                fmt::format("the guest imports {}, so it must export its memory under the name "
                            "'memory', 32-bit and not shared; {}",
                            name_of(because), what));
  };
  ExportTypeVec exports;
  wasmtime_module_exports(module, &exports);
  for (std::size_t i = 0; i < exports.size; ++i) {
    if (view(*wasm_exporttype_name(exports.data[i])) != kMemoryName) continue;
    const wasm_externtype_t* type = wasm_exporttype_type(exports.data[i]);
    const wasm_memorytype_t* memory = wasm_externtype_as_memorytype_const(type);
    if (memory == nullptr) {
      return refuse(fmt::format("what it exports as 'memory' is: {}", type_text(*type)));
    }
    if (wasmtime_memorytype_is64(memory)) return refuse("its memory is 64-bit");
    if (wasmtime_memorytype_isshared(memory)) return refuse("its memory is shared");
    return {};
  }
  return refuse("it exports no 'memory'");
}

/// What a person who meets such an import usually needs to hear.
std::string_view hint_for(std::string_view module) {
  if (module == "wasi_unstable") {
    return " (WASI before preview 1: build the guest again with a current toolchain)";
  }
  if (module == "wasi") return " (threads are not offered: build the guest without them)";
  if (module.starts_with("wasmedge_")) {
    return " (a plug-in of WasmEdge beside wasi-nn: build the guest against wasi-nn)";
  }
  if (module == "env") return " (often a function that was not linked into the guest)";
  return "";
}

std::string missing_import(const Import& import, const wasmtime_linker_t* linker,
                           wasmtime_context_t* context, std::span<const HostFunction> functions) {
  std::string offered;
  for (const HostFunction& function : functions) {
    if (function.module != import.module || function.name != import.name) continue;
    if (!offered.empty()) offered += " or ";
    offered += type_text(*function_type(function.params, 1));
  }
  wasmtime_extern_t item;
  if (offered.empty() &&
      wasmtime_linker_get(linker, context, import.module.data(), import.module.size(),
                          import.name.data(), import.name.size(), &item)) {
    const ExternTypeHandle type(wasmtime_extern_type(context, &item));
    wasmtime_extern_delete(&item);
    offered = type_text(*type);
    if (offered == type_text(*import.type)) return {};
  }
  const std::string name = name_of(import);
  const std::string wanted = type_text(*import.type);
  if (offered.empty()) return fmt::format("  {} {}{}", name, wanted, hint_for(import.module));
  return fmt::format("  {} {}: it is offered as {}", name, wanted, offered);
}

/// "wasi:nn/graph@…": only what becomes a component, or was taken out of one, imports interfaces.
std::unexpected<Error> core_of_a_component(const Import& import) {
  return fail(ErrorCode::kUnsupportedOperation,
              fmt::format("the guest is the core module of a component, since it imports functions "
                          "of {}, which components alone have; give the component, or make one of "
                          "it (wasm-tools component new)",
                          printable(import.module)));
}

}  // namespace

Result<LinkerHandle> make_linker(wasm_engine_t* engine, const wasmtime_module_t* module,
                                 std::span<const HostFunction> functions) {
  LinkerHandle linker(wasmtime_linker_new(engine));
  if (ErrorHandle error{wasmtime_linker_define_wasi(linker.get())}) {
    return fail(ErrorCode::kRuntimeError, "WASI could not be set up: " + message_of(*error));
  }
  wasmtime_linker_allow_shadowing(linker.get(), true);
  const auto define = [&](std::string_view from, std::string_view name, const FuncTypeHandle& type,
                          wasmtime_func_unchecked_callback_t callback, void* env) -> Result<void> {
    if (ErrorHandle error{wasmtime_linker_define_func_unchecked(
            linker.get(), from.data(), from.size(), name.data(), name.size(), type.get(), callback,
            env, nullptr)}) {
      return fail(ErrorCode::kRuntimeError,
                  fmt::format("{}.{} could not be defined: {}", from, name, message_of(*error)));
    }
    return {};
  };
  if (auto done = define(kWasiModule, "proc_exit", function_type(1, 0), exit_guest, nullptr);
      !done) {
    return std::unexpected(std::move(done.error()));
  }

  ImportTypeVec imports;
  wasmtime_module_imports(module, &imports);
  bool memory_checked = false;
  for (std::size_t i = 0; i < imports.size; ++i) {
    const Import import(*imports.data[i]);
    const HostFunction* function = find_function(import, functions);
    if (function == nullptr) continue;
    if (function->params > HostFunction::kMaxParams) {
      return fail(ErrorCode::kUnsupportedOperation,
                  fmt::format("host function {}.{} has {} parameters; at most {} are possible",
                              function->module, function->name, function->params,
                              HostFunction::kMaxParams));
    }
    if (!memory_checked) {
      if (auto fit = check_memory(module, import); !fit) {
        return std::unexpected(std::move(fit.error()));
      }
      memory_checked = true;
    }
    // The callback data is the table's entry, which knows nothing of any store.
    if (auto done = define(import.module, import.name, function_type(function->params, 1),
                           call_host_function, const_cast<HostFunction*>(function));
        !done) {
      return std::unexpected(std::move(done.error()));
    }
  }
  return linker;
}

Result<InstancePreHandle> resolve_imports(const wasmtime_linker_t* linker,
                                          wasmtime_context_t* context,
                                          const wasmtime_module_t* module,
                                          std::span<const HostFunction> functions) {
  wasmtime_instance_pre_t* pre = nullptr;
  const ErrorHandle error(wasmtime_linker_instantiate_pre(linker, module, &pre));
  if (!error) return InstancePreHandle(pre);

  MissingImports missing;
  ImportTypeVec imports;
  wasmtime_module_imports(module, &imports);
  for (std::size_t i = 0; i < imports.size; ++i) {
    const Import import(*imports.data[i]);
    if (find_function(import, functions) != nullptr) continue;
    if (import.module.find(':') != import.module.npos) return core_of_a_component(import);
    const std::string line = missing_import(import, linker, context, functions);
    if (!line.empty()) missing.add(line);
  }
  if (missing.empty()) {
    return fail(ErrorCode::kRuntimeError,
                "the guest's imports could not be resolved: " + message_of(*error));
  }
  return fail(ErrorCode::kUnsupportedOperation,
              "the guest imports what Nacre does not offer:" + missing.text());
}

Result<std::vector<bool>> offered_imports(wasm_engine_t* engine, const wasmtime_module_t* module,
                                          std::span<const HostFunction> functions) {
  const LinkerHandle linker(wasmtime_linker_new(engine));
  if (ErrorHandle error{wasmtime_linker_define_wasi(linker.get())}) {
    return fail(ErrorCode::kRuntimeError, "WASI could not be set up: " + message_of(*error));
  }
  const StoreHandle store(wasmtime_store_new(engine, nullptr, nullptr));
  wasmtime_context_t* context = wasmtime_store_context(store.get());
  std::vector<bool> offered;
  ImportTypeVec imports;
  wasmtime_module_imports(module, &imports);
  for (std::size_t i = 0; i < imports.size; ++i) {
    const Import import(*imports.data[i]);
    offered.push_back(find_function(import, functions) != nullptr ||
                      missing_import(import, linker.get(), context, functions).empty());
  }
  return offered;
}

}  // namespace nacre::engine
