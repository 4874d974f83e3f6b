// Numbers out of bytes that have no alignment.
#ifndef NACRE_SRC_BASE_READ_NUMBER_H_
#define NACRE_SRC_BASE_READ_NUMBER_H_

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>

namespace nacre {

/// The number at `offset`, in this machine's order, which is that of every format read here (little
/// end first). The caller has checked that it lies inside.
template <typename T>
[[nodiscard]] T read_number(std::span<const std::byte> bytes, std::uint64_t offset) noexcept {
  T value;
  std::memcpy(&value, bytes.data() + offset, sizeof value);
  return value;
}

}  // namespace nacre

#endif  // NACRE_SRC_BASE_READ_NUMBER_H_
