#include "base/copy_bytes.h"

#ifdef __SSE2__
#include <emmintrin.h>
#endif

namespace nacre::internal {

void copy_many_bytes(std::byte* to, const std::byte* from, std::size_t count) noexcept {
  std::size_t done = 0;
#ifdef __SSE2__
  constexpr std::size_t kStep = 4 * sizeof(__m128i);
  for (; done + kStep <= count; done += kStep) {
    const auto* source = reinterpret_cast<const __m128i*>(from + done);
    auto* target = reinterpret_cast<__m128i*>(to + done);
    const __m128i a = _mm_loadu_si128(source);
    const __m128i b = _mm_loadu_si128(source + 1);
    const __m128i c = _mm_loadu_si128(source + 2);
    const __m128i d = _mm_loadu_si128(source + 3);
    _mm_storeu_si128(target, a);
    _mm_storeu_si128(target + 1, b);
    _mm_storeu_si128(target + 2, c);
    _mm_storeu_si128(target + 3, d);
    asm volatile("" ::: "memory");  // else the compiler may see that this is memcpy
  }
#endif
  std::memcpy(to + done, from + done, count - done);
}

}  // namespace nacre::internal
