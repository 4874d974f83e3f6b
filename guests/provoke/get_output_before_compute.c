// get_output before there is one; afterwards any number of times, with the same bytes.
#include "provoke.h"

int main(void) {
  const wasi_nn_context context = echo_context(ONE_BY_FOUR);
  const wasi_nn_tensor tensor = good_tensor();
  uint8_t out[16] = {0}, again[16] = {0};
  uint32_t written = 77;
  want("nothing set", wasi_nn_get_output(context, 0, out, 16, &written), WASI_NN_INVALID_ARGUMENT);
  want("set_input", wasi_nn_set_input(context, 0, &tensor), WASI_NN_SUCCESS);
  want("set, not computed", wasi_nn_get_output(context, 0, out, 16, &written),
       WASI_NN_INVALID_ARGUMENT);
  want_number("no failure wrote the out-pointer", written, 77);
  want("compute", wasi_nn_compute(context), WASI_NN_SUCCESS);
  for (int i = 0; i < 3; i++) {
    memset(again, 0, sizeof(again));
    want("get_output, again and again", wasi_nn_get_output(context, 0, again, 16, &written),
         WASI_NN_SUCCESS);
    want_true("the same bytes", written == 16 && memcmp(again, kValues, 16) == 0);
  }
  want_still_works(context);
  return verdict();
}
