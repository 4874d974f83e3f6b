// No wrong thing, only an old one: u8 and i32 under the numbers they had before August 2023, 2
// and 3. The bytes that come, and what the model is described as wanting, tell them from today's
// f64 and u8; bytes that fit neither, or a model that does not say, are refused.
#include "provoke.h"

int main(void) {
  const wasi_nn_context context = echo_context("input a u8 2,3\ninput b i32 2,3\n");
  static const uint32_t dims[] = {2, 3};
  static const uint8_t bytes[48] = {1, 2, 3, 4, 5, 6, 7, 8, 9};
  const wasi_nn_tensor old_u8 = {dims, 2, 2, bytes, 6};
  const wasi_nn_tensor old_i32 = {dims, 2, 3, bytes, 24};
  const wasi_nn_tensor f64 = {dims, 2, 2, bytes, 48};
  const wasi_nn_tensor neither = {dims, 2, 3, bytes, 12};
  want("u8 as 2", wasi_nn_set_input(context, 0, &old_u8), WASI_NN_SUCCESS);
  want("i32 as 3", wasi_nn_set_input(context, 1, &old_i32), WASI_NN_SUCCESS);
  want("f64 as 2", wasi_nn_set_input(context, 0, &f64), WASI_NN_INVALID_ARGUMENT);
  want("u8 as 3 where i32 belongs", wasi_nn_set_input(context, 1, &neither),
       WASI_NN_INVALID_ARGUMENT);
  const wasi_nn_context silent = echo_context("");
  want("u8 as 2 where nothing is known", wasi_nn_set_input(silent, 0, &old_u8),
       WASI_NN_INVALID_ARGUMENT);
  must("compute", wasi_nn_compute(context));
  for (uint32_t i = 0; i < 2; i++) {
    uint8_t out[48] = {0};
    uint32_t written = 0;
    must("get_output", wasi_nn_get_output(context, i, out, sizeof(out), &written));
    want_number("bytes", written, i == 0 ? 6 : 24);
    want_true("the output is the input", memcmp(out, bytes, written) == 0);
  }
  return verdict();
}
