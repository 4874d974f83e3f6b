// Traps into sentences and backtraces.
#ifndef NACRE_SRC_ENGINE_TRAP_H_
#define NACRE_SRC_ENGINE_TRAP_H_

#include <optional>
#include <string>
#include <vector>

#include "engine/c_api.h"
#include "engine/engine.h"

namespace nacre::engine {

/// How a call into a guest ended when it did not return.
struct Ending {
  std::optional<wasmtime_trap_code_t> code;  ///< nothing when a host function or WASI ended it
  std::string words;  ///< goes after "the guest trapped: ", e.g. "it divided an integer by zero"
  std::vector<Frame> frames;  ///< innermost first
  bool began = true;          ///< false when the guest could not even be instantiated

  /// With the words for it, where there are any.
  void set_code(wasmtime_trap_code_t trap_code);
};

[[nodiscard]] Ending ending_of(const wasm_trap_t& trap);
[[nodiscard]] Ending ending_of(const wasmtime_error_t& error);

}  // namespace nacre::engine

#endif  // NACRE_SRC_ENGINE_TRAP_H_
