// What an operator sets for a language model: ceilings that no guest's configuration exceeds.
#ifndef NACRE_BACKENDS_LLAMA_OPTIONS_H_
#define NACRE_BACKENDS_LLAMA_OPTIONS_H_

#include <nacre/backend.h>
#include <nacre/error.h>

#include <chrono>
#include <cstdint>
#include <span>

namespace nacre::llama {

/// Who may profit from a prompt that was read for somebody.
enum class PrefixCache : std::uint8_t {
  kOff,    ///< nobody: everything is read again
  kOwner,  ///< contexts of the same guest
  kShared  ///< everybody; then time tells a guest what others have asked
};

struct Options {
  std::uint32_t slots = 8;         ///< sequences decoded together, per engine
  std::uint32_t context_size = 0;  ///< tokens per slot; 0: as trained, as far as kv_bytes allows
  std::uint64_t kv_bytes = std::uint64_t{1} << 30;  ///< of one engine's KV cache
  std::uint32_t engines = 4;     ///< per model: one for each set of context-level parameters
  std::uint32_t max_tokens = 0;  ///< generated per call; 0: no ceiling but the context
  std::uint32_t waiting = 64;    ///< requests that may wait for a slot; beyond: busy
  std::chrono::milliseconds wait{10'000};  ///< how long one waits for a slot; then busy
  PrefixCache prefix_cache = PrefixCache::kOwner;
  bool reproducible = false;    ///< a batch holds one sequence only, in fixed chunks
  std::uint32_t run_ahead = 4;  ///< tokens decoded while a guest handles a piece
  std::uint64_t saved_bytes = std::uint64_t{256} << 20;  ///< of idle conversations, per engine
  std::uint32_t threads = 1;
};

/// From `--model NAME=…,slots=4,ctx-size=4096,kv-bytes=512M,…`. kInvalidArgument quotes the option
/// that is not known or not a number, and says what is.
[[nodiscard]] Result<Options> parse_options(std::span<const Property> given);

}  // namespace nacre::llama

#endif  // NACRE_BACKENDS_LLAMA_OPTIONS_H_
