// memcpy for tensors, which lie in a guest's memory wherever the guest put them.
//
// The C library copies what is larger than some KB by `rep movsb`, and how long that takes depends
// on the addresses: on AMD's Zen 3 and 4 thirteen times as long when the target lies up to 63 bytes
// behind the source modulo a page (sourceware bug 30994), half as long again when the two are not
// equally aligned. Plain loads and stores take the better time wherever both lie.
//
// Threading: as memcpy.
#ifndef NACRE_SRC_BASE_COPY_BYTES_H_
#define NACRE_SRC_BASE_COPY_BYTES_H_

#include <cstddef>
#include <cstring>
#include <span>

namespace nacre {

namespace internal {
/// Beyond this the C library may use `rep movsb`.
inline constexpr std::size_t kSmallCopy = 2048;
void copy_many_bytes(std::byte* to, const std::byte* from, std::size_t count) noexcept;
}  // namespace internal

/// Copies `from` to `to`, which has room for it and does not overlap it. Either may be null when
/// there are no bytes.
inline void copy_bytes(std::byte* to, std::span<const std::byte> from) noexcept {
  if (from.empty()) return;
  if (from.size() <= internal::kSmallCopy) {
    std::memcpy(to, from.data(), from.size());
  } else {
    internal::copy_many_bytes(to, from.data(), from.size());
  }
}

}  // namespace nacre

#endif  // NACRE_SRC_BASE_COPY_BYTES_H_
