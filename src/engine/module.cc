// What a module imports and exports, in words; and its compiled code.

#include <fmt/format.h>

#include <cstring>
#include <limits>

#include "engine/component_linking.h"
#include "engine/engine_state.h"
#include "engine/linking.h"
#include "engine/memories.h"

namespace nacre::engine {
namespace {

std::string_view value_type_name(const wasm_valtype_t* type) {
  switch (wasm_valtype_kind(type)) {
    case WASM_I32:
      return "i32";
    case WASM_I64:
      return "i64";
    case WASM_F32:
      return "f32";
    case WASM_F64:
      return "f64";
    case WASM_FUNCREF:
      return "funcref";
    case WASM_EXTERNREF:
      return "externref";
    default:
      return "other";
  }
}

std::string list_text(const wasm_valtype_vec_t& types) {
  constexpr std::size_t kMostShown = 32;
  std::string text = "(";
  for (std::size_t i = 0; i < types.size; ++i) {
    if (i != 0) text += ", ";
    if (i == kMostShown) return text + fmt::format("and {} more)", types.size - i);
    text += value_type_name(types.data[i]);
  }
  return text + ")";
}

std::string range_text(std::uint64_t least, std::optional<std::uint64_t> most,
                       std::string_view unit) {
  if (!most) return fmt::format("{} {} or more", least, unit);
  return fmt::format("{} to {} {}", least, *most, unit);
}

std::string memory_text(const wasm_memorytype_t& type) {
  std::uint64_t most = 0;
  const bool bounded = wasmtime_memorytype_maximum(&type, &most);
  return fmt::format("memory, {}-bit{}, {}", wasmtime_memorytype_is64(&type) ? 64 : 32,
                     wasmtime_memorytype_isshared(&type) ? ", shared" : "",
                     range_text(wasmtime_memorytype_minimum(&type),
                                bounded ? std::optional(most) : std::nullopt, "pages"));
}

std::string table_text(const wasm_tabletype_t& type) {
  const wasm_limits_t& limits = *wasm_tabletype_limits(&type);
  const bool bounded = limits.max != std::numeric_limits<std::uint32_t>::max();
  return fmt::format(
      "table of {}, {}", value_type_name(wasm_tabletype_element(&type)),
      range_text(limits.min, bounded ? std::optional<std::uint64_t>(limits.max) : std::nullopt,
                 "elements"));
}

ExternInfo::Kind kind_of(const wasm_externtype_t& type) {
  switch (wasm_externtype_kind(&type)) {
    case WASM_EXTERN_FUNC:
      return ExternInfo::Kind::kFunction;
    case WASM_EXTERN_GLOBAL:
      return ExternInfo::Kind::kGlobal;
    case WASM_EXTERN_TABLE:
      return ExternInfo::Kind::kTable;
    case WASM_EXTERN_MEMORY:
      return ExternInfo::Kind::kMemory;
    default:
      return ExternInfo::Kind::kTag;
  }
}

}  // namespace

std::string type_text(const wasm_functype_t& type) {
  const wasm_valtype_vec_t& results = *wasm_functype_results(&type);
  return fmt::format(
      "{} -> {}", list_text(*wasm_functype_params(&type)),
      results.size == 1 ? std::string(value_type_name(results.data[0])) : list_text(results));
}

std::string type_text(const wasm_externtype_t& type) {
  switch (kind_of(type)) {
    case ExternInfo::Kind::kFunction:
      return type_text(*wasm_externtype_as_functype_const(&type));
    case ExternInfo::Kind::kMemory:
      return memory_text(*wasm_externtype_as_memorytype_const(&type));
    case ExternInfo::Kind::kTable:
      return table_text(*wasm_externtype_as_tabletype_const(&type));
    case ExternInfo::Kind::kGlobal: {
      const wasm_globaltype_t* global = wasm_externtype_as_globaltype_const(&type);
      return fmt::format("{} global of {}",
                         wasm_globaltype_mutability(global) == WASM_VAR ? "mutable" : "constant",
                         value_type_name(wasm_globaltype_content(global)));
    }
    case ExternInfo::Kind::kTag:
      return "exception tag";
    case ExternInfo::Kind::kInterface:
      break;  // of components, whose types have no text here
  }
  return "unknown";
}

Module make_module(std::shared_ptr<const Engine::State> engine, ModuleHandle handle,
                   CodeOrigin origin, std::span<const std::byte> wasm) {
  auto state = std::make_shared<Module::State>();
  ImportTypeVec imports;
  wasmtime_module_imports(handle.get(), &imports);
  for (std::size_t i = 0; i < imports.size; ++i) {
    const wasm_importtype_t* import = imports.data[i];
    const wasm_externtype_t& type = *wasm_importtype_type(import);
    state->imports.push_back({.module = std::string(view(*wasm_importtype_module(import))),
                              .name = std::string(view(*wasm_importtype_name(import))),
                              .kind = kind_of(type),
                              .type = type_text(type)});
  }
  ExportTypeVec exports;
  wasmtime_module_exports(handle.get(), &exports);
  for (std::size_t i = 0; i < exports.size; ++i) {
    const wasm_externtype_t& type = *wasm_exporttype_type(exports.data[i]);
    state->exports.push_back({.module = {},
                              .name = std::string(view(*wasm_exporttype_name(exports.data[i]))),
                              .kind = kind_of(type),
                              .type = type_text(type)});
  }
  state->engine = std::move(engine);
  state->handle = std::move(handle);
  state->origin = origin;
  if (!wasm.empty()) state->memories = memories_of(wasm);
  state->runs_when_made = has_start_section(wasm);
  return Module(std::move(state));
}

Module make_module(std::shared_ptr<const Engine::State> engine, ComponentHandle component,
                   CodeOrigin origin, std::span<const std::byte> wasm) {
  auto state = std::make_shared<Module::State>();
  state->imports = component_imports(component.get(), engine->handle.get());
  state->exports = component_exports(component.get(), engine->handle.get());
  state->engine = std::move(engine);
  state->component = std::move(component);
  state->origin = origin;
  if (!wasm.empty()) state->memories = memories_of(wasm);
  return Module(std::move(state));
}

Result<const nacre_component_pre_t*> Module::State::component_pre() const {
  const std::lock_guard lock(pre_mutex_);
  if (!component_pre_) {
    const auto linker = engine->component_linker();
    if (!linker) return std::unexpected(linker.error());
    auto made = resolve_imports(*linker, component.get(), imports);
    if (!made) return std::unexpected(std::move(made.error()));
    component_pre_ = std::move(*made);
  }
  return component_pre_.get();
}

Result<const wasmtime_instance_pre_t*> Module::State::module_pre(
    wasmtime_context_t* context, std::span<const HostFunction> functions) const {
  const std::lock_guard lock(pre_mutex_);
  for (const ModulePre& made : module_pres_) {
    if (made.functions.data() == functions.data() && made.functions.size() == functions.size()) {
      return made.pre.get();
    }
  }
  auto linker = make_linker(engine->handle.get(), handle.get(), functions);
  if (!linker) return std::unexpected(std::move(linker.error()));
  auto pre = resolve_imports(linker->get(), context, handle.get(), functions);
  if (!pre) return std::unexpected(std::move(pre.error()));
  return module_pres_.emplace_front(functions, std::move(*linker), std::move(*pre)).pre.get();
}

bool Module::is_component() const noexcept {
  return state_->component != nullptr;
}
const std::vector<ExternInfo>& Module::imports() const noexcept {
  return state_->imports;
}
const std::vector<ExternInfo>& Module::exports() const noexcept {
  return state_->exports;
}
CodeOrigin Module::origin() const noexcept {
  return state_->origin;
}

const std::optional<std::vector<MemoryInfo>>& Module::memories() const noexcept {
  return state_->memories;
}

std::string_view Module::entry() const noexcept {
  constexpr std::string_view kRun = "wasi:cli/run@0.2.";
  for (const ExternInfo& item : state_->exports) {
    if (is_component() ? item.kind == ExternInfo::Kind::kInterface && item.name.starts_with(kRun)
                       : item.kind == ExternInfo::Kind::kFunction && item.name == "_start") {
      return item.name;
    }
  }
  return state_->runs_when_made ? "(start)" : std::string_view();
}

Result<void> Module::check_start() const {
  for (const ExternInfo& item : state_->exports) {
    if (item.name != "_start") continue;
    if (item.type == "() -> ()") return {};
    return fail(
        ErrorCode::kInvalidArgument,
        fmt::format("the guest's _start must be a function () -> (), but it is: {}", item.type));
  }
  if (state_->runs_when_made) return {};
  return fail(ErrorCode::kInvalidArgument,
              "the guest exports no _start function, so it is a library and not a program");
}

Result<std::vector<bool>> Module::offered_imports(std::span<const HostFunction> functions,
                                                  bool prompt) const {
  if (!is_component()) {
    return engine::offered_imports(state_->engine->handle.get(), state_->handle.get(), functions);
  }
  std::vector<bool> offered;
  for (const ExternInfo& import : state_->imports)
    offered.push_back(offers_interface(import.name) &&
                      (prompt || !is_prompt_interface(import.name)));
  return offered;
}

Result<std::vector<std::byte>> Module::serialize() const {
  ByteVec code;
  if (ErrorHandle error{is_component()
                            ? wasmtime_component_serialize(state_->component.get(), &code)
                            : wasmtime_module_serialize(state_->handle.get(), &code)}) {
    return fail(ErrorCode::kRuntimeError,
                "the compiled code could not be written out: " + message_of(*error));
  }
  std::vector<std::byte> bytes(code.size);
  if (code.size != 0) std::memcpy(bytes.data(), code.data, code.size);
  return bytes;
}

}  // namespace nacre::engine
