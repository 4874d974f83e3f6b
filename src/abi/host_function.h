// How the ABI room hands functions to the engine without knowing which engine it is.
//
// A table of HostFunction entries with static lifetime describes what guests may import; beside it
// goes one `guest_state` pointer per guest, which the engine passes back untouched in every call.
//
// Contract. Every parameter and the one result is an i32. `args` holds `params` numbers. The
// function may write guest memory through `memory` only; spans from `memory.bytes()` die when it
// returns. It must not throw, and it cannot trap: what goes wrong is its result, an errno.
//
// Threading. Called on the thread that runs the guest, never two at a time for one guest; the same
// entry may run for many guests at once, each with its own `guest_state` and `memory`.
//
// Memory. A guest that imports any of these must export a 32-bit, unshared memory named `memory`,
// or it is refused before it runs.
//
// Two entries may carry one name and differ in `params`: a guest gets the one whose type it
// imports. An import that no entry fits is refused with the whole list of such imports.
#ifndef NACRE_SRC_ABI_HOST_FUNCTION_H_
#define NACRE_SRC_ABI_HOST_FUNCTION_H_

#include <cstdint>
#include <string_view>

#include "abi/guest_memory.h"

namespace nacre {

struct HostFunction {
  using Fn = std::uint32_t (*)(void* guest_state, GuestMemory& memory,
                               const std::uint32_t* args) noexcept;

  std::string_view module;  ///< import module, e.g. "wasi_ephemeral_nn"
  std::string_view name;    ///< import name, e.g. "compute"
  std::uint8_t params = 0;  ///< how many i32 parameters; at most kMaxParams
  Fn fn = nullptr;

  static constexpr std::uint8_t kMaxParams = 16;
};

}  // namespace nacre

#endif  // NACRE_SRC_ABI_HOST_FUNCTION_H_
