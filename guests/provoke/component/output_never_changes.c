// An output tensor that was given out stays as it is, whatever is computed later, and also when its
// context and graph are gone.
#include "provoke.h"

enum { KEPT = 100, SIZE = 4096 };

static void fill(uint8_t* data, int seed) {
  for (int i = 0; i < SIZE; i++)
    data[i] = (uint8_t)(i * 7 + seed);
}

int main(void) {
  static wasi_nn_handle kept[KEPT];
  static uint8_t data[SIZE];
  const wasi_nn_handle context = echo_context("input x u8 ?\n");
  for (int i = 0; i < KEPT; i++) {
    fill(data, i);
    must("an inference", infer_one(context, "x", bytes(data, SIZE), &kept[i]));
    memset(data, 0xee, SIZE);
    if (i == 0) continue;
    fill(data, 0);
    want_true("the first, after a later compute", tensor_holds(kept[0], data, SIZE));
    fill(data, i - 1);
    want_true("the one before, after a later compute", tensor_holds(kept[i - 1], data, SIZE));
  }
  // Buffers that nobody holds any more are used again; those that are held are not.
  for (int i = 0; i < KEPT; i += 2)
    wasi_nn_tensor_drop(kept[i]);
  for (int i = 0; i < KEPT; i++) {
    wasi_nn_handle output;
    fill(data, 200 + i);
    must("an inference", infer_one(context, "x", bytes(data, SIZE), &output));
    want_true("an output in a used buffer", tensor_holds(output, data, SIZE));
    wasi_nn_tensor_drop(output);
  }
  wasi_nn_context_drop(context);
  for (int i = 1; i < KEPT; i += 2) {
    fill(data, i);
    want_true("one that was kept, after all", tensor_holds(kept[i], data, SIZE));
  }
  return verdict();
}
