// A reference-counted block of 64-byte aligned memory: what tensors live in.
//
// The counter stands in front of the bytes, in the same allocation, so that a buffer costs one
// allocation and a reference is one pointer. core wraps it as the nacre_buffer that crosses the
// backend ABI.
//
// Threading: retain and release from any thread. `unique()` is a promise only to the one who holds
// the only reference: then nobody else can add one.
#ifndef NACRE_SRC_BASE_ALIGNED_BUFFER_H_
#define NACRE_SRC_BASE_ALIGNED_BUFFER_H_

#include <atomic>
#include <cstddef>
#include <cstdint>

namespace nacre {

inline constexpr std::size_t kBufferAlignment = 64;

/// Allocates `size` bytes, at least one, aligned to kBufferAlignment and not cleared. Null when
/// there is no memory. `header` further bytes stand in front of it, ending where the result starts;
/// it must be a multiple of the alignment.
[[nodiscard]] std::byte* allocate_aligned(std::uint64_t size, std::size_t header) noexcept;

/// Gives back what allocate_aligned returned, with the same `header`. Null is nothing.
void free_aligned(std::byte* data, std::size_t header) noexcept;

/// A counter of references that starts at one.
class ReferenceCount {
 public:
  void retain() noexcept { count_.fetch_add(1, std::memory_order_relaxed); }

  /// True when that was the last reference.
  [[nodiscard]] bool release() noexcept {
    // The only holder needs no locked instruction: nobody else can be counting.
    if (unique()) return true;
    return count_.fetch_sub(1, std::memory_order_acq_rel) == 1;
  }

  /// Acquires what other holders did before they let go, so the bytes may be written.
  [[nodiscard]] bool unique() const noexcept { return count_.load(std::memory_order_acquire) == 1; }

 private:
  std::atomic<std::uint32_t> count_{1};
};

}  // namespace nacre

#endif  // NACRE_SRC_BASE_ALIGNED_BUFFER_H_
