// compute while an input is missing.
#include "provoke.h"

int main(void) {
  const wasi_nn_context context = echo_context("input x f32 1,4\ninput y f32 1,4\n");
  const wasi_nn_tensor tensor = good_tensor();
  uint8_t out[16];
  uint32_t written = 77;
  want("no input set", wasi_nn_compute(context), WASI_NN_INVALID_ARGUMENT);
  want("input 1 set", wasi_nn_set_input(context, 1, &tensor), WASI_NN_SUCCESS);
  want("input 0 missing", wasi_nn_compute(context), WASI_NN_INVALID_ARGUMENT);
  want("nothing was computed", wasi_nn_get_output(context, 1, out, sizeof(out), &written),
       WASI_NN_INVALID_ARGUMENT);
  raw_tensor bad = good_raw_tensor();
  bad.data_size = 12;
  want("a refused input", raw_set_input(context, 0, address(&bad)), WASI_NN_INVALID_ARGUMENT);
  want("a refused input is not set", wasi_nn_compute(context), WASI_NN_INVALID_ARGUMENT);
  want("input 0 set", wasi_nn_set_input(context, 0, &tensor), WASI_NN_SUCCESS);
  want("all set", wasi_nn_compute(context), WASI_NN_SUCCESS);
  want("again, inputs stay", wasi_nn_compute(context), WASI_NN_SUCCESS);
  want_number("the failure wrote the out-pointer", written, 77);
  want_still_works(context);
  return verdict();
}
