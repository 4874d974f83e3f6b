// large_tensor [BYTES [N]]: a tensor of BYTES (default 50,000,000) goes in, through a compute, and
// out again, N times (default 3). Prints the milliseconds of the fastest, and those of copying as
// much twice within this memory.
#include "provoke.h"

int main(int argc, char** argv) {
  const uint32_t size = argc > 1 ? (uint32_t)strtoul(argv[1], NULL, 10) : 50000000;
  const int count = argc > 2 ? atoi(argv[2]) : 3;
  uint8_t* in = malloc(size);
  uint8_t* out = malloc(size);
  if (!in || !out) {
    printf("no memory for two times %u bytes\n", (unsigned)size);
    return 1;
  }
  for (uint32_t i = 0; i < size; i++)
    in[i] = (uint8_t)(i * 31 + (i >> 12));
  memset(out, 0, size);
  const wasi_nn_handle context = echo_context("input x u8 ?\n");
  double best = 1e9, best_copy = 1e9;
  for (int i = 0; i < count; i++) {
    const double begin = now_ms();
    wasi_nn_handle output;
    must("an inference", infer_one(context, "x", bytes(in, size), &output));
    wasi_nn_list data;
    wasi_nn_place(out, size);
    wasi_nn_tensor_data(output, &data);
    wasi_nn_unplace();
    wasi_nn_tensor_drop(output);
    const double end = now_ms();
    if (end - begin < best) best = end - begin;
    want_number("bytes that came back", data.size, size);
    want_true("they came to where they were wanted", data.data == out);
    want_true("they are the same", memcmp(in, out, size) == 0);
    const double copying = now_ms();
    memcpy(out, in, size);
    __asm__ volatile("" ::"r"(out) : "memory");
    memcpy(in, out, size);
    __asm__ volatile("" ::"r"(in) : "memory");
    const double copied = now_ms();
    if (copied - copying < best_copy) best_copy = copied - copying;
  }
  printf("%u bytes: %.3f ms, two copies here %.3f ms\n", (unsigned)size, best, best_copy);
  return verdict();
}
