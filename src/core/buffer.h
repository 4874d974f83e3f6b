// The memory of tensors: nacre_buffer over base's aligned, counted blocks, and the pair of them
// that lets a context compute again and again without allocating.
#ifndef NACRE_SRC_CORE_BUFFER_H_
#define NACRE_SRC_CORE_BUFFER_H_

#include <nacre/backend_abi.h>
#include <nacre/execution_context.h>
#include <nacre/tensor.h>

#include <cstdint>

namespace nacre {

/// A new buffer of at least `size` bytes, 64-byte aligned, not cleared, with one reference, the
/// result's. Empty when there is no memory.
[[nodiscard]] BufferRef allocate_buffer(std::uint64_t size) noexcept;

/// Two buffers taking turns.
///
/// What was given out never changes, so a buffer that somebody else still holds may not be written.
/// With a second one, a reader who is one computation behind costs no allocation either.
/// Threading: one thread at a time; other holders may let go at any time.
class BufferPair {
 public:
  BufferPair() = default;
  ~BufferPair();
  BufferPair(BufferPair&&) noexcept = default;
  BufferPair& operator=(BufferPair&&) = delete;

  /// A buffer of at least `size` bytes that nobody else holds; the pair keeps a reference. Comes
  /// back with the same one as last time if it can. Null when there is no memory, or the budget
  /// does not allow it; what the pair held before it then still holds. `budget` may be null, is the
  /// same in each call, and outlives the pair.
  [[nodiscard]] nacre_buffer* acquire(std::uint64_t size, MemoryBudget* budget = nullptr) noexcept;

 private:
  void let_go(BufferRef& buffer) noexcept;

  BufferRef first_;
  BufferRef second_;
  MemoryBudget* budget_ = nullptr;
};

}  // namespace nacre

#endif  // NACRE_SRC_CORE_BUFFER_H_
