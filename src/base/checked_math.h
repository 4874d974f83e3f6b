// Arithmetic on numbers that a guest or a file chose: it says no instead of wrapping around.
//
// Every length, count and offset from outside goes through these, in 64 bits. Compilers do not
// warn about the narrowing and the wrapping that matter here.
#ifndef NACRE_SRC_BASE_CHECKED_MATH_H_
#define NACRE_SRC_BASE_CHECKED_MATH_H_

#include <concepts>
#include <cstdint>
#include <optional>

namespace nacre {

/// a + b, or nothing when it does not fit in 64 bits.
[[nodiscard]] constexpr std::optional<std::uint64_t> checked_add(std::uint64_t a,
                                                                 std::uint64_t b) noexcept {
  std::uint64_t sum = 0;
  if (__builtin_add_overflow(a, b, &sum)) return std::nullopt;
  return sum;
}

/// a * b, or nothing when it does not fit in 64 bits.
[[nodiscard]] constexpr std::optional<std::uint64_t> checked_mul(std::uint64_t a,
                                                                 std::uint64_t b) noexcept {
  std::uint64_t product = 0;
  if (__builtin_mul_overflow(a, b, &product)) return std::nullopt;
  return product;
}

/// The same number in another integer type, or nothing when that type cannot hold it.
template <std::integral To, std::integral From>
[[nodiscard]] constexpr std::optional<To> checked_cast(From value) noexcept {
  To out{};
  if (__builtin_add_overflow(value, From{0}, &out)) return std::nullopt;
  return out;
}

/// Whether [offset, offset + length) lies inside [0, size).
[[nodiscard]] constexpr bool range_fits(std::uint64_t offset, std::uint64_t length,
                                        std::uint64_t size) noexcept {
  return offset <= size && length <= size - offset;
}

}  // namespace nacre

#endif  // NACRE_SRC_BASE_CHECKED_MATH_H_
