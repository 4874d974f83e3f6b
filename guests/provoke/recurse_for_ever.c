// Calls itself until the stack ends: a trap of this guest, not of the host.
#include <stdint.h>
#include <stdio.h>

__attribute__((noinline)) static uint32_t deeper(volatile uint32_t* seed, uint32_t depth) {
  if (*seed == 0) return depth;  // never; but no compiler knows
  // Used after the call returns, so that it cannot become a loop.
  const uint32_t below = deeper(seed, depth + 1);
  return below * 31 + *seed;
}

int main(void) {
  volatile uint32_t seed = 1;
  printf("%u\n", deeper(&seed, 0));
  return 0;
}
