// memory.grow between set_input and compute, and the input's bytes overwritten: the host has its
// own copy, and reads memory's place and size anew.
#include "provoke.h"

int main(void) {
  const wasi_nn_context context = echo_context("");
  enum { kSize = 200000 };
  uint8_t* data = malloc(kSize);
  for (int i = 0; i < kSize; i++)
    data[i] = (uint8_t)(i * 7 + 3);
  const uint32_t dims[1] = {kSize};
  const wasi_nn_tensor tensor = {dims, 1, WASI_NN_U8, data, kSize};
  must("set_input", wasi_nn_set_input(context, 0, &tensor));
  memset(data, 0, kSize);
  const uint32_t pages = (uint32_t)__builtin_wasm_memory_grow(0, 1000);
  if (pages == 0xffffffffu) {
    printf("memory.grow by 1000 pages was refused\n");
    return 1;
  }
  want("compute", wasi_nn_compute(context), WASI_NN_SUCCESS);
  // Into the memory that has just come, up to its very end.
  uint8_t* out = (uint8_t*)(uintptr_t)(memory_end() - kSize);
  uint32_t written = 0;
  want("get_output", wasi_nn_get_output(context, 0, out, kSize, &written), WASI_NN_SUCCESS);
  want_number("bytes", written, kSize);
  bool same = true;
  for (int i = 0; i < kSize; i++)
    same = same && out[i] == (uint8_t)(i * 7 + 3);
  want_true("the output is what was set", same);
  want_still_works(context);
  return verdict();
}
