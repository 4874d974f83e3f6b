// A million tensors, one after the other, through constructor and drop; and 100,000 inferences.
#include "provoke.h"

int main(void) {
  const wasi_nn_handle context = echo_context("input x u8 ?\n");
  uint8_t data[64];
  for (uint32_t i = 0; i < 1000000; i++) {
    memcpy(data, &i, sizeof(i));
    const wasi_nn_handle it = bytes(data, 1 + i % sizeof(data));
    if (i % 1000 == 0)
      want_true("its bytes", tensor_holds(it, data, 1 + i % (uint32_t)sizeof(data)));
    wasi_nn_tensor_drop(it);
  }
  for (uint32_t i = 0; i < 100000; i++) {
    memcpy(data, &i, sizeof(i));
    wasi_nn_handle output;
    must("an inference", infer_one(context, "x", bytes(data, sizeof(data)), &output));
    want_true("its bytes", tensor_holds(output, data, sizeof(data)));
    wasi_nn_tensor_drop(output);
    if (provoke_failures) break;
  }
  return verdict();
}
