// The sequences of a llama_context: who has which, what is in them, what of it can be used again.
#ifndef NACRE_BACKENDS_LLAMA_ENGINE_SLOTS_H_
#define NACRE_BACKENDS_LLAMA_ENGINE_SLOTS_H_

#include "llama/engine/saved_sequences.h"
#include "llama/engine/sequence.h"
#include "llama/options.h"

#include <llama.h>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <vector>

namespace nacre::llama {

/// A stream that is under way keeps its slot for so long after it was last asked for a piece.
inline constexpr std::chrono::seconds kStreamHold{10};

/// One part of the KV cache.
struct Slot {
  Sequence* holder = nullptr;
  std::uint64_t owner = 0;
  std::vector<llama_token> cached;  // the tokens whose keys and values are in it
  std::size_t whole = 0;            // of them, those read in whole chunks from the first on
  std::uint64_t run = 0;            // of the sequence that read last
  Clock::time_point last_used;
};

/// Under the engine's lock; on the engine's thread but for leave().
class Slots {
 public:
  /// `chunk`: with `options.reproducible`, what was not read in such pieces is not used again.
  Slots(const Options& options, bool embedding, bool partial, llama_context* context,
        std::size_t count, std::size_t chunk);

  [[nodiscard]] Slot& of(const Sequence& sequence) {
    return slots_[static_cast<std::size_t>(sequence.slot)];
  }
  [[nodiscard]] std::size_t count() const noexcept { return slots_.size(); }
  [[nodiscard]] auto begin() const noexcept { return slots_.begin(); }
  [[nodiscard]] auto end() const noexcept { return slots_.end(); }

  /// The slot whose loss costs least; -1 when all are in use.
  [[nodiscard]] int find(const Sequence& sequence, Clock::time_point now) const;

  /// Gives it to the sequence, which has none; reuse_prefix follows. What an idle conversation had
  /// in it is saved; for that the lock is opened.
  void give(Sequence& sequence, int slot, Clock::time_point now,
            std::unique_lock<std::mutex>& lock);

  /// Keeps or fetches as much as can be had of the sequence's beginning, and forgets the rest of
  /// its slot. The lock is opened while something saved is restored.
  void reuse_prefix(Sequence& sequence, std::unique_lock<std::mutex>& lock);

  /// So many tokens of the sequence have been read on.
  void has_read(const Sequence& sequence, std::size_t tokens);
  /// The first `tokens` of a slot stay, or fewer where the model's memory cannot forget a part.
  void keep_only(int slot, std::size_t tokens);
  /// A batch failed with the sequence in it: what was there before stays.
  void forget_unfinished(const Sequence& sequence);

  /// Lets two slots' contents and holders change places; the lock is opened meanwhile, and nobody
  /// destroys the holders. True when it was done; what could not be copied is read again.
  bool exchange(std::size_t a, std::size_t b, std::unique_lock<std::mutex>& lock);
  /// Whether exchange() can be of use: the memory is divided by sequences, and is not to be the
  /// same to the last bit in any company.
  [[nodiscard]] bool movable() const noexcept { return partial_ && !options_.reproducible; }

  /// The sequence's context goes. What it has read stays until somebody needs the slot.
  void leave(Sequence& sequence) noexcept;

 private:
  [[nodiscard]] bool may_share(const Slot& slot, const Sequence& sequence) const noexcept;
  [[nodiscard]] bool beside_flowing(std::size_t index) const noexcept;
  [[nodiscard]] std::size_t usable(std::size_t common, std::size_t whole) const noexcept;
  void save(int slot, std::unique_lock<std::mutex>& lock);
  [[nodiscard]] std::size_t usable_of(const SavedSequences::Saved& saved,
                                      const Sequence& sequence) const noexcept;
  struct Copy {
    std::unique_ptr<std::uint8_t[]> bytes;
    std::size_t size = 0;
  };
  [[nodiscard]] bool copy_out(std::size_t slot, Copy& copy) const;
  [[nodiscard]] bool copy_in(const Copy& copy, std::size_t slot);
  void restore(Sequence& sequence, const SavedSequences::Saved& saved, std::size_t usable,
               std::unique_lock<std::mutex>& lock);

  const Options& options_;
  const bool keeps_;    // anything at all
  const bool partial_;  // the memory can forget the end of a sequence
  llama_context* const context_;
  llama_memory_t memory_;
  const std::size_t chunk_;
  std::vector<Slot> slots_;
  SavedSequences saved_;
  std::optional<SavedSequences::Saved> coming_;  // of who was given a slot last
  const Sequence* being_saved_ = nullptr;
};

}  // namespace nacre::llama

#endif  // NACRE_BACKENDS_LLAMA_ENGINE_SLOTS_H_
