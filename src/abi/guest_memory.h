// A guest's linear memory as the ABI codecs see it: bytes that may move, and pointers that lie.
//
// Contract. `bytes()` gives base and size as they are now; both change whenever the guest runs or
// its memory grows, so nothing here keeps a span, and no caller may keep one across anything that
// lets the guest run. Every pointer and length a guest gives is checked in 64 bits before it
// becomes a span. Values are read and written by memcpy, so no alignment is assumed; Wasm is
// little-endian, and so is every host this is built for (checked below).
//
// Threading. A guest memory belongs to the thread that runs its guest, for the length of one call.
//
// The VM behind it stands in src/engine; tests use a vector behind a class of their own.
#ifndef NACRE_SRC_ABI_GUEST_MEMORY_H_
#define NACRE_SRC_ABI_GUEST_MEMORY_H_

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <optional>
#include <span>
#include <type_traits>

#include "base/checked_math.h"

namespace nacre {

static_assert(std::endian::native == std::endian::little,
              "values cross into guest memory as they are, and Wasm is little-endian");

/// A pointer in a guest's address space (wasm32).
using GuestPtr = std::uint32_t;

/// One guest's linear memory. See the top of this file.
class GuestMemory {
 public:
  /// The whole memory as it is at this moment. Empty when the guest has none.
  [[nodiscard]] virtual std::span<std::byte> bytes() noexcept = 0;

 protected:
  GuestMemory() = default;
  ~GuestMemory() = default;  // never owned through this type
  GuestMemory(const GuestMemory&) = default;
  GuestMemory& operator=(const GuestMemory&) = default;
};

/// [ptr, ptr + len) of `memory`, or nothing if any byte of it lies outside. A range of length 0 is
/// fine anywhere up to and including the end.
[[nodiscard]] inline std::optional<std::span<std::byte>> slice(std::span<std::byte> memory,
                                                               std::uint64_t ptr,
                                                               std::uint64_t len) noexcept {
  if (!range_fits(ptr, len, memory.size())) return std::nullopt;
  return memory.subspan(static_cast<std::size_t>(ptr), static_cast<std::size_t>(len));
}

/// `count` elements of `element_size` bytes at `ptr`: the product is checked as well.
[[nodiscard]] inline std::optional<std::span<std::byte>> slice_array(
    std::span<std::byte> memory, std::uint64_t ptr, std::uint64_t count,
    std::uint64_t element_size) noexcept {
  const auto len = checked_mul(count, element_size);
  if (!len) return std::nullopt;
  return slice(memory, ptr, *len);
}

/// The value at `ptr`, or nothing if it does not lie wholly inside.
template <typename T>
[[nodiscard]] inline std::optional<T> read(std::span<std::byte> memory,
                                           std::uint64_t ptr) noexcept {
  static_assert(std::is_trivially_copyable_v<T>);
  if (!range_fits(ptr, sizeof(T), memory.size())) return std::nullopt;
  T value;
  std::memcpy(&value, memory.data() + ptr, sizeof(T));
  return value;
}

/// Writes `value` at `ptr`; false, and nothing written, if it would not lie wholly inside.
template <typename T>
[[nodiscard]] inline bool write(std::span<std::byte> memory, std::uint64_t ptr,
                                const std::type_identity_t<T>& value) noexcept {
  static_assert(std::is_trivially_copyable_v<T>);
  if (!range_fits(ptr, sizeof(T), memory.size())) return false;
  std::memcpy(memory.data() + ptr, &value, sizeof(T));
  return true;
}

}  // namespace nacre

#endif  // NACRE_SRC_ABI_GUEST_MEMORY_H_
