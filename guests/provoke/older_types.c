// No wrong thing, only another one: types under the numbers they had before August 2023 (u8 2, i32
// 3) or have in the WIT (bf16 3, u8 4, i32 5, i64 6), from a guest that imports nothing special.
// The bytes that come, and what the model is described as wanting, tell them from witx's; bytes
// that fit neither, or a model that does not say, are refused.
#include "provoke.h"

static const uint32_t dims[] = {2, 3};
static const uint8_t bytes[48] = {1, 2, 3, 4, 5, 6, 7, 8, 9};

static wasi_nn_errno set(wasi_nn_context context, uint32_t index, uint8_t type, uint32_t size) {
  const wasi_nn_tensor tensor = {dims, 2, type, bytes, size};
  return wasi_nn_set_input(context, index, &tensor);
}

int main(void) {
  const wasi_nn_context context =
      echo_context("input a u8 2,3\ninput b i32 2,3\ninput c i64 2,3\ninput d bf16 2,3\n");
  static const uint32_t sizes[] = {6, 24, 48, 12};
  want("i64 as 6", set(context, 2, 6, 48), WASI_NN_SUCCESS);
  want("bf16 as 3", set(context, 3, 3, 12), WASI_NN_SUCCESS);
  want("u8 as 4", set(context, 0, 4, 6), WASI_NN_SUCCESS);
  want("i32 as 5", set(context, 1, 5, 24), WASI_NN_SUCCESS);
  want("u8 as 2", set(context, 0, 2, 6), WASI_NN_SUCCESS);
  want("i32 as 3", set(context, 1, 3, 24), WASI_NN_SUCCESS);
  want("f64 as 2", set(context, 0, 2, 48), WASI_NN_INVALID_ARGUMENT);
  want("i32 as 4 where u8 belongs", set(context, 0, 4, 24), WASI_NN_INVALID_ARGUMENT);
  want("u8 as 3 where i32 belongs", set(context, 1, 3, 6), WASI_NN_INVALID_ARGUMENT);
  want("neither as 3", set(context, 1, 3, 12), WASI_NN_INVALID_ARGUMENT);
  want("i64 as 6 where i32 belongs", set(context, 1, 6, 48), WASI_NN_INVALID_ARGUMENT);
  want("7", set(context, 2, 7, 48), WASI_NN_INVALID_ARGUMENT);
  const wasi_nn_context silent = echo_context("");
  want("u8 as 2 where nothing is known", set(silent, 0, 2, 6), WASI_NN_INVALID_ARGUMENT);
  want("u8 as 4 where nothing is known", set(silent, 0, 4, 6), WASI_NN_INVALID_ARGUMENT);
  must("compute", wasi_nn_compute(context));
  for (uint32_t i = 0; i < 4; i++) {
    uint8_t out[48] = {0};
    uint32_t written = 0;
    must("get_output", wasi_nn_get_output(context, i, out, sizeof(out), &written));
    want_number("bytes", written, sizes[i]);
    want_true("the output is the input", memcmp(out, bytes, written) == 0);
  }
  return verdict();
}
