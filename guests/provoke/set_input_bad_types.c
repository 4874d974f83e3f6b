// set_input with element types the graph does not take or that do not exist. The type is one byte:
// what stands in the three after it must not matter.
#include "provoke.h"

int main(void) {
  const wasi_nn_context context = echo_context(ONE_BY_FOUR);
  const wasi_nn_context any = echo_context("");
  static const uint8_t kOther[] = {WASI_NN_F16, WASI_NN_F64, WASI_NN_U8, WASI_NN_I32, WASI_NN_I64};
  static const uint32_t kSize[] = {2, 8, 1, 4, 8};
  static const uint8_t data[32];
  for (uint32_t i = 0; i < sizeof(kOther); i++) {
    const wasi_nn_tensor tensor = {kDims, 2, kOther[i], data, 4 * kSize[i]};
    want("a type that the graph does not take", wasi_nn_set_input(context, 0, &tensor),
         WASI_NN_INVALID_ARGUMENT);
    want("the same type where any goes", wasi_nn_set_input(any, 0, &tensor), WASI_NN_SUCCESS);
  }
  for (uint32_t type = 6; type < 256; type++) {
    const wasi_nn_tensor tensor = {kDims, 2, (uint8_t)type, data, 16};
    want("a type that does not exist", wasi_nn_set_input(any, 0, &tensor),
         WASI_NN_INVALID_ARGUMENT);
  }
  raw_tensor garbage = good_raw_tensor();
  garbage.type = 0xdeadbe00u | WASI_NN_F32;
  want("garbage after the type", raw_set_input(context, 0, address(&garbage)), WASI_NN_SUCCESS);
  garbage.type = 0x01010100u | 9;
  want("type 9 with garbage", raw_set_input(context, 0, address(&garbage)),
       WASI_NN_INVALID_ARGUMENT);
  want_still_works(context);
  return verdict();
}
