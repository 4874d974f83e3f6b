// Numbers that stand for a guest's objects, in a form that a wrong one is noticed.
//
// A handle, as the guest sees it:
//
//   bit 31   30..28   27..16       15..0
//     0       kind    generation   slot
//
// - Bit 31 is 0: a handle is never negative as an i32, and -1 is never one.
// - The kind is 1 or more, so 0 is never a handle: a guest that ignores a failed load and goes on
//   with its zero-initialised variable gets an error and not somebody's first graph. Kinds never
//   share a number, so a graph is not taken for a context.
// - The generation tells apart the objects that had one slot after each other. A slot whose
//   generations are used up rests until every slot has been through all of its own; only then do
//   numbers come again, oldest first (after 268 million handles of a kind).
//
// Cost: lookup is one comparison in an array, without allocation; insert allocates only when more
// slots are needed than ever before. Threading: none of its own.
#ifndef NACRE_SRC_ABI_HANDLE_TABLE_H_
#define NACRE_SRC_ABI_HANDLE_TABLE_H_

#include <algorithm>
#include <cstdint>
#include <limits>
#include <optional>
#include <utility>
#include <vector>

namespace nacre {

enum class HandleKind : std::uint32_t { kGraph = 1, kContext = 2, kTensor = 3, kError = 4 };

/// Owns values of T (default-constructible, nothrow-movable). The bit counts are parameters for
/// tests alone.
template <typename T, unsigned kSlotBits = 16, unsigned kGenerationBits = 12>
class HandleTable {
  static_assert(kSlotBits + kGenerationBits <= 28 && kGenerationBits <= 16);

 public:
  static constexpr std::uint32_t kSlots = std::uint32_t{1} << kSlotBits;
  static constexpr std::uint32_t kGenerations = std::uint32_t{1} << kGenerationBits;

  /// At most `limit` values at a time, and never more than kSlots.
  HandleTable(HandleKind kind, std::uint32_t limit) noexcept
      : kind_bits_(static_cast<std::uint32_t>(kind) << 28), limit_(std::min(limit, kSlots)) {}

  [[nodiscard]] std::uint32_t size() const noexcept { return size_; }
  [[nodiscard]] std::uint32_t limit() const noexcept { return limit_; }
  [[nodiscard]] bool full() const noexcept { return size_ >= limit_; }

  /// Keeps `value`; nullopt, and the value is gone, when full(). May throw std::bad_alloc.
  [[nodiscard]] std::optional<std::uint32_t> insert(T value) {
    if (full()) return std::nullopt;
    const std::uint32_t index = free_slot();
    Slot& slot = slots_[index];
    slot.value = std::move(value);
    slot.handle = kind_bits_ | (slot.generation << kSlotBits) | index;
    ++size_;
    return slot.handle;
  }

  /// The value, or null for a number that was never given, was given back, or is of another kind.
  /// Valid until the next insert or take.
  [[nodiscard]] T* find(std::uint32_t handle) noexcept {
    const std::uint32_t index = handle & (kSlots - 1);
    if (handle == 0 || index >= slots_.size()) return nullptr;
    Slot& slot = slots_[index];
    return slot.handle == handle ? &slot.value : nullptr;
  }

  /// Takes the value out, and the number is dead; nullopt where find() gives null.
  [[nodiscard]] std::optional<T> take(std::uint32_t handle) noexcept {
    T* found = find(handle);
    if (found == nullptr) return std::nullopt;
    std::optional<T> value(std::exchange(*found, T{}));
    const std::uint32_t index = handle & (kSlots - 1);
    Slot& slot = slots_[index];
    slot.handle = 0;
    if (++slot.generation < kGenerations) {
      slot.next = std::exchange(free_, index);
    } else {
      rest(index);
    }
    --size_;
    return value;
  }

 private:
  static constexpr std::uint32_t kNone = std::numeric_limits<std::uint32_t>::max();

  struct Slot {
    T value{};
    std::uint32_t handle = 0;  // 0: free
    std::uint32_t generation = 0;
    std::uint32_t next = kNone;  // in the list of the free, or of the resting
  };

  std::uint32_t free_slot() {
    if (free_ != kNone) return std::exchange(free_, slots_[free_].next);
    if (slots_.size() < kSlots) {
      slots_.emplace_back();
      return static_cast<std::uint32_t>(slots_.size() - 1);
    }
    // Every slot exists, fewer than all are taken and none is free: one is resting.
    const std::uint32_t index = std::exchange(resting_, slots_[resting_].next);
    if (resting_ == kNone) last_resting_ = kNone;
    slots_[index].generation = 0;
    return index;
  }

  void rest(std::uint32_t index) noexcept {
    slots_[index].next = kNone;
    (last_resting_ == kNone ? resting_ : slots_[last_resting_].next) = index;
    last_resting_ = index;
  }

  std::uint32_t kind_bits_;
  std::uint32_t limit_;
  std::uint32_t size_ = 0;
  std::uint32_t free_ = kNone;
  std::uint32_t resting_ = kNone;
  std::uint32_t last_resting_ = kNone;
  std::vector<Slot> slots_;
};

}  // namespace nacre

#endif  // NACRE_SRC_ABI_HANDLE_TABLE_H_
