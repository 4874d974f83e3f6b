// load with builder arrays, parts and out-pointers that are not in memory, and sums that wrap.
#include "provoke.h"

#define LOAD(builders, count, out) raw_load(builders, count, WASI_NN_AUTODETECT, WASI_NN_CPU, out)

int main(void) {
  static const char kText[] = "nacre-echo v1\n" ONE_BY_FOUR;
  const uint32_t end = memory_end();
  uint32_t graph = 77;
  const uint32_t out = address(&graph);
  uint32_t good[2] = {address(kText), sizeof(kText) - 1};

  want("array at the end of memory", LOAD(end, 1, out), WASI_NN_INVALID_ARGUMENT);
  want("array across the end", LOAD(end - 4, 1, out), WASI_NN_INVALID_ARGUMENT);
  want("array at 0xfffffff8", LOAD(0xfffffff8u, 1, out), WASI_NN_INVALID_ARGUMENT);
  want("array at 0xffffffff", LOAD(0xffffffffu, 1, out), WASI_NN_INVALID_ARGUMENT);
  want("count * 8 wraps to 8", LOAD(address(good), 0x20000001u, out), WASI_NN_INVALID_ARGUMENT);
  want("count * 8 wraps to 0", LOAD(address(good), 0x20000000u, out), WASI_NN_INVALID_ARGUMENT);
  want("count 0xffffffff", LOAD(address(good), 0xffffffffu, out), WASI_NN_INVALID_ARGUMENT);

  uint32_t part[2] = {end, 1};
  want("part at the end of memory", LOAD(address(part), 1, out), WASI_NN_INVALID_ARGUMENT);
  part[0] = end - 4, part[1] = 5;
  want("part across the end", LOAD(address(part), 1, out), WASI_NN_INVALID_ARGUMENT);
  part[0] = address(kText), part[1] = 0u - address(kText) + 16;
  want("part's end wraps to 16", LOAD(address(part), 1, out), WASI_NN_INVALID_ARGUMENT);
  part[1] = 0xffffffffu;
  want("part of 4 GiB", LOAD(address(part), 1, out), WASI_NN_INVALID_ARGUMENT);
  uint32_t two[4] = {address(kText), sizeof(kText) - 1, end, 16};
  want("second part bad", LOAD(address(two), 2, out), WASI_NN_INVALID_ARGUMENT);

  want("out-pointer at the end", LOAD(address(good), 1, end), WASI_NN_INVALID_ARGUMENT);
  want("out-pointer across the end", LOAD(address(good), 1, end - 2), WASI_NN_INVALID_ARGUMENT);
  want("out-pointer wraps", LOAD(address(good), 1, 0xfffffffeu), WASI_NN_INVALID_ARGUMENT);
  want_number("no failure wrote the out-pointer", graph, 77);

  // Misaligned is fine: the host copies.
  uint8_t space[8 + 4 + 3] = {0};
  memcpy(space + 1, good, 8);
  want("misaligned array and out-pointer", LOAD(address(space + 1), 1, address(space + 9)),
       WASI_NN_SUCCESS);
  memcpy(&graph, space + 9, 4);
  want_still_works(new_context(graph));
  return verdict();
}
