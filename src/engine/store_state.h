// What belongs to one guest's store: reachable from every host call through the store's own data.
//
// Never put a handle of the VM (a memory, a function) into a linker's callback data: a linker may
// serve many stores, and a handle used with another store than its own aborts the process.
//
// Threading. Everything but `stop` is touched only by the thread that runs the guest.
#ifndef NACRE_SRC_ENGINE_STORE_STATE_H_
#define NACRE_SRC_ENGINE_STORE_STATE_H_

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <optional>

#include "engine/c_api.h"
#include "engine/engine.h"

namespace nacre::engine {

/// Why a guest is to stop; the first reason given stays.
enum class StopReason : std::uint8_t { kNone, kTimeout, kInterrupt };

struct StoreState {
  void* guest_state = nullptr;  ///< first, and `stop` next: component_shim reads them here
  std::atomic<StopReason> stop{StopReason::kNone};
  wasmtime_memory_t memory{};
  bool memory_known = false;  ///< found at the first host call, which may be in a start function
  std::optional<std::uint32_t> exit_code;  ///< set by proc_exit
  nacre_store_limits limits{};

  static_assert(std::atomic<StopReason>::is_always_lock_free, "set from a signal handler");

  void stop_for(StopReason reason) noexcept {
    StopReason none = StopReason::kNone;
    stop.compare_exchange_strong(none, reason, std::memory_order_relaxed);
  }
};

}  // namespace nacre::engine

#endif  // NACRE_SRC_ENGINE_STORE_STATE_H_
