// What stands behind Engine and Module. Included by this room's sources only.
#ifndef NACRE_SRC_ENGINE_ENGINE_STATE_H_
#define NACRE_SRC_ENGINE_ENGINE_STATE_H_

#include <forward_list>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "engine/c_api.h"
#include "engine/compiled_code_cache.h"
#include "engine/component_api.h"
#include "engine/engine.h"

namespace nacre::engine {

struct Engine::State {
  EngineOptions options;
  EngineHandle handle;
  std::optional<CompiledCodeCache> cache;
  std::string settings;  ///< everything that decides what compiled code looks like, for its key

  /// The linker of every component, made with the first one. Any thread.
  [[nodiscard]] Result<const wasmtime_component_linker_t*> component_linker() const;

 private:
  mutable std::mutex linker_mutex_;
  mutable ComponentLinkerHandle component_linker_;
};

struct Module::State {
  std::shared_ptr<const Engine::State> engine;  // outlives the code made for it
  ModuleHandle handle;                          ///< null for a component
  ComponentHandle component;                    ///< null for a core module
  CodeOrigin origin = CodeOrigin::kCompiled;
  std::vector<ExternInfo> imports;
  std::vector<ExternInfo> exports;
  std::optional<std::vector<MemoryInfo>> memories;
  bool runs_when_made = false;  ///< a core module with a start section

  /// A component's resolved imports, made with its first instance and shared by all. Any thread.
  [[nodiscard]] Result<const nacre_component_pre_t*> component_pre() const;

  /// A core module's, once for each table of host functions. `context` is any store of the engine.
  [[nodiscard]] Result<const wasmtime_instance_pre_t*> module_pre(
      wasmtime_context_t* context, std::span<const HostFunction> functions) const;

 private:
  struct ModulePre {
    std::span<const HostFunction> functions;
    LinkerHandle linker;
    InstancePreHandle pre;
  };

  mutable std::mutex pre_mutex_;
  mutable ComponentPreHandle component_pre_;
  mutable std::forward_list<ModulePre> module_pres_;  // one or two; they stay where they are
};

/// Wraps a module or a component of the VM and reads its imports and exports. `wasm` is what it was
/// compiled from, empty where that is not known.
[[nodiscard]] Module make_module(std::shared_ptr<const Engine::State> engine, ModuleHandle handle,
                                 CodeOrigin origin, std::span<const std::byte> wasm);
[[nodiscard]] Module make_module(std::shared_ptr<const Engine::State> engine,
                                 ComponentHandle component, CodeOrigin origin,
                                 std::span<const std::byte> wasm);

}  // namespace nacre::engine

#endif  // NACRE_SRC_ENGINE_ENGINE_STATE_H_
