// memory.grow and overwriting between the constructor and compute, and between compute and data.
#include "provoke.h"

int main(void) {
  const wasi_nn_handle context = echo_context("input x u8 ?\n");
  static uint8_t data[100000], copy[100000];
  for (uint32_t i = 0; i < sizeof(data); i++)
    data[i] = copy[i] = (uint8_t)(i * 13);
  for (int i = 0; i < 20; i++) {
    const wasi_nn_handle it = bytes(data, sizeof(data));
    memset(data, 0xee, sizeof(data));
    if (__builtin_wasm_memory_grow(0, 16) == (size_t)-1) must("memory.grow", 0);
    wasi_nn_handle output;
    must("an inference", infer_one(context, "x", it, &output));
    if (__builtin_wasm_memory_grow(0, 16) == (size_t)-1) must("memory.grow", 0);
    want_true("the bytes of before", tensor_holds(output, copy, sizeof(copy)));
    wasi_nn_tensor_drop(output);
    memcpy(data, copy, sizeof(data));
  }
  return verdict();
}
