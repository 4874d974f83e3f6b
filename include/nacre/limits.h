// Ceilings on what one guest may hold. An operator's to set; no guest can raise them.
#ifndef NACRE_LIMITS_H_
#define NACRE_LIMITS_H_

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>

namespace nacre {

struct GuestLimits {
  std::uint32_t max_graphs = 64;     ///< graph handles at a time; beyond: busy
  std::uint32_t max_contexts = 256;  ///< execution contexts at a time; beyond: busy
  std::uint64_t max_model_bytes = std::uint64_t{4} << 30;       ///< of one load by bytes; too_large
  std::uint64_t max_live_model_bytes = std::uint64_t{8} << 30;  ///< of all of those; too_large
  std::uint64_t max_context_bytes = std::uint64_t{8} << 30;     ///< in all contexts; too_large
  std::uint64_t max_tensor_bytes = std::uint64_t{4} << 30;      ///< of one tensor; too_large
  /// Of one string tensor that comes in: runtimes keep an object for each string, which takes eight
  /// times the four bytes that an empty one takes here; too_large.
  std::uint64_t max_strings = std::uint64_t{16} << 20;
  std::uint64_t max_string_bytes = std::uint64_t{1} << 30;
  /// Tensor resources of a component, 65,536 at most; too_large.
  std::uint32_t max_tensors = 16384;
  std::uint64_t max_live_tensor_bytes = std::uint64_t{8} << 30;  ///< of all of those; too_large
  std::uint32_t max_name_bytes = 4096;  ///< a longer model name is not found

  /// Linear memory, over all memories of the guest; memory.grow answers -1 beyond it. nullopt:
  /// 4 GiB, all that one 32-bit memory may have.
  std::optional<std::uint64_t> max_memory_bytes = {};
  /// Instructions, in Wasmtime's unit of fuel. nullopt: unlimited.
  std::optional<std::uint64_t> fuel = {};
  /// Wall-clock time of the run; reading and compiling the guest before it may take as long again,
  /// and a second. nullopt: unlimited.
  std::optional<std::chrono::nanoseconds> timeout = {};
};

}  // namespace nacre

#endif  // NACRE_LIMITS_H_
