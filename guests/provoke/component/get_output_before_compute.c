// get-output too early, and then again and again.
#include "provoke.h"

static uint32_t get(wasi_nn_handle context, wasi_nn_handle* output) {
  wasi_nn_result answer;
  wasi_nn_context_get_output(context, "x", 1, &answer);
  *output = answer.handle;
  return code_of(answer);
}

int main(void) {
  const wasi_nn_handle context = echo_context(ONE_BY_FOUR);
  wasi_nn_handle output;
  wasi_nn_result answer;
  want("before everything", get(context, &output), WASI_NN_WIT_INVALID_ARGUMENT, "computation");
  wasi_nn_context_set_input(context, "x", 1, good_tensor(), &answer);
  must("set-input", code_of(answer));
  want("before compute", get(context, &output), WASI_NN_WIT_INVALID_ARGUMENT, "computation");
  wasi_nn_context_compute(context, &answer);
  must("compute", code_of(answer));
  for (int i = 0; i < 3; i++) {
    must("get-output", get(context, &output));
    want_true("the same again", tensor_holds(output, kValues, sizeof(kValues)));
    wasi_nn_tensor_drop(output);
  }
  return verdict();
}
