// What conversations had in the KV cache when they lost their slots, kept in ordinary memory.
#ifndef NACRE_BACKENDS_LLAMA_ENGINE_SAVED_SEQUENCES_H_
#define NACRE_BACKENDS_LLAMA_ENGINE_SAVED_SEQUENCES_H_

#include <llama.h>

#include <cstddef>
#include <cstdint>
#include <list>
#include <memory>
#include <optional>
#include <span>
#include <vector>

namespace nacre::llama {

struct Sequence;

/// One per engine, under its lock. Never holds more than the bytes it may; who takes something out
/// holds it alone.
class SavedSequences {
 public:
  explicit SavedSequences(std::uint64_t most) noexcept : most_(most) {}

  struct Saved {
    const Sequence* of = nullptr;
    std::uint64_t run = 0;  // of the sequence when it was saved
    std::vector<llama_token> tokens;
    std::size_t whole = 0;
    std::unique_ptr<std::uint8_t[]> bytes;
    std::size_t size = 0;
  };

  /// Makes room by forgetting the oldest. Null when it would never fit, or when there is no memory;
  /// nothing is counted before put().
  [[nodiscard]] std::unique_ptr<std::uint8_t[]> room_for(std::size_t size);
  /// Replaces what is there of the same sequence. room_for() has come just before.
  void put(Saved saved);
  [[nodiscard]] std::optional<Saved> take(const Sequence& sequence) noexcept;
  void forget(const Sequence& sequence) noexcept;

 private:
  const std::uint64_t most_;
  std::uint64_t bytes_ = 0;
  std::list<Saved> saved_;  // the oldest first
};

}  // namespace nacre::llama

#endif  // NACRE_BACKENDS_LLAMA_ENGINE_SAVED_SEQUENCES_H_
