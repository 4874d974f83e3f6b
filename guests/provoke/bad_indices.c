// set_input and get_output with positions that do not exist.
#include "provoke.h"

int main(void) {
  const wasi_nn_context context = echo_context("input x f32 1,4\ninput y f32 1,4\n");
  static const uint32_t kBad[] = {2, 3, 256, 0x7fffffffu, 0x80000000u, 0xfffffffeu, 0xffffffffu};
  const wasi_nn_tensor tensor = good_tensor();
  for (uint32_t i = 0; i < sizeof(kBad) / sizeof(kBad[0]); i++)
    want("an input that does not exist", wasi_nn_set_input(context, kBad[i], &tensor),
         WASI_NN_INVALID_ARGUMENT);
  want("input 1", wasi_nn_set_input(context, 1, &tensor), WASI_NN_SUCCESS);
  want("input 0", wasi_nn_set_input(context, 0, &tensor), WASI_NN_SUCCESS);
  want("compute", wasi_nn_compute(context), WASI_NN_SUCCESS);
  uint8_t out[16] = {0};
  uint32_t written = 77;
  for (uint32_t i = 0; i < sizeof(kBad) / sizeof(kBad[0]); i++)
    want("an output that does not exist",
         wasi_nn_get_output(context, kBad[i], out, sizeof(out), &written),
         WASI_NN_INVALID_ARGUMENT);
  want_number("no failure wrote the out-pointer", written, 77);
  want("output 1", wasi_nn_get_output(context, 1, out, sizeof(out), &written), WASI_NN_SUCCESS);
  want_still_works(context);
  return verdict();
}
