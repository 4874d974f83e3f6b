// set_input with a tensor record, dims or data outside memory, and sums that wrap.
#include "provoke.h"

int main(void) {
  const wasi_nn_context context = echo_context("");  // takes any shape: only pointers are wrong
  const uint32_t end = memory_end();
#define SET(record) raw_set_input(context, 0, address(&(record)))

  want("record at the end", raw_set_input(context, 0, end), WASI_NN_INVALID_ARGUMENT);
  want("record across the end", raw_set_input(context, 0, end - 16), WASI_NN_INVALID_ARGUMENT);
  want("record one byte over", raw_set_input(context, 0, end - 19), WASI_NN_INVALID_ARGUMENT);
  want("record wraps", raw_set_input(context, 0, 0xfffffff0u), WASI_NN_INVALID_ARGUMENT);
  want("record at 0xffffffff", raw_set_input(context, 0, 0xffffffffu), WASI_NN_INVALID_ARGUMENT);

  raw_tensor t = good_raw_tensor();
  t.dims = end;
  want("dims at the end", SET(t), WASI_NN_INVALID_ARGUMENT);
  t.dims = end - 4;
  want("dims across the end", SET(t), WASI_NN_INVALID_ARGUMENT);
  t.dims = 0xfffffffcu;
  want("dims wrap", SET(t), WASI_NN_INVALID_ARGUMENT);
  t = good_raw_tensor();
  t.rank = 0x40000001u;
  want("rank * 4 wraps to 4", SET(t), WASI_NN_INVALID_ARGUMENT);
  t.rank = 0x40000000u;
  want("rank * 4 wraps to 0", SET(t), WASI_NN_INVALID_ARGUMENT);
  t.rank = 0xffffffffu;
  want("rank 0xffffffff", SET(t), WASI_NN_INVALID_ARGUMENT);

  t = good_raw_tensor();
  t.data = end;
  want("data at the end", SET(t), WASI_NN_INVALID_ARGUMENT);
  t.data = end - 15;
  want("data one byte over", SET(t), WASI_NN_INVALID_ARGUMENT);
  t.data = 0xfffffff8u;
  want("data wraps", SET(t), WASI_NN_INVALID_ARGUMENT);
  // Shape and size agree, so that only the sum is wrong: its end wraps to 16.
  const uint32_t one_u8[1] = {0u - address(kValues) + 16};
  const raw_tensor huge = {address(one_u8), 1, WASI_NN_U8, address(kValues), one_u8[0]};
  want("data's end wraps to 16", SET(huge), WASI_NN_INVALID_ARGUMENT);

  // Misaligned is fine: the host copies.
  uint8_t space[20 + 8 + 16 + 16];
  uint8_t *record = space + 1, *dims = space + 22, *data = space + 31;
  t = good_raw_tensor();
  t.dims = address(dims), t.data = address(data);
  memcpy(dims, kDims, 8);
  memcpy(data, kValues, 16);
  memcpy(record, &t, 20);
  want("all misaligned", raw_set_input(context, 0, address(record)), WASI_NN_SUCCESS);
  want("all misaligned, compute", wasi_nn_compute(context), WASI_NN_SUCCESS);
  float out[4];
  uint32_t written = 0;
  want("all misaligned, get_output",
       wasi_nn_get_output(context, 0, (uint8_t*)out, sizeof(out), &written), WASI_NN_SUCCESS);
  want_true("the bytes came back", written == 16 && memcmp(out, kValues, 16) == 0);
  want_still_works(context);
  return verdict();
}
