// What stands behind Engine and Module. Included by this room's sources only.
#ifndef NACRE_SRC_ENGINE_ENGINE_STATE_H_
#define NACRE_SRC_ENGINE_ENGINE_STATE_H_

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "engine/c_api.h"
#include "engine/compiled_code_cache.h"
#include "engine/engine.h"

namespace nacre::engine {

struct Engine::State {
  EngineOptions options;
  EngineHandle handle;
  std::optional<CompiledCodeCache> cache;
  std::string settings;  ///< everything that decides what compiled code looks like, for its key
};

struct Module::State {
  std::shared_ptr<const Engine::State> engine;  // outlives the code made for it
  ModuleHandle handle;
  CodeOrigin origin = CodeOrigin::kCompiled;
  std::vector<ExternInfo> imports;
  std::vector<ExternInfo> exports;
};

/// Wraps a module of the VM and reads its imports and exports.
[[nodiscard]] Module make_module(std::shared_ptr<const Engine::State> engine, ModuleHandle handle,
                                 CodeOrigin origin);

}  // namespace nacre::engine

#endif  // NACRE_SRC_ENGINE_ENGINE_STATE_H_
