// The good case: every element type through the model registered as `echo`.
#include "provoke.h"

int main(void) {
  wasi_nn_graph graph = 0;
  must("load_by_name(echo)", wasi_nn_load_by_name("echo", 4, &graph));
  const wasi_nn_context context = new_context(graph);
  static const uint32_t kSize[] = {2, 4, 8, 1, 4, 8};
  uint8_t data[2 * 3 * 8], out[sizeof(data)];
  for (uint32_t i = 0; i < sizeof(data); i++)
    data[i] = (uint8_t)(i + 1);
  const uint32_t dims[2] = {2, 3};
  for (uint8_t type = WASI_NN_F16; type <= WASI_NN_I64; type++) {
    const uint32_t size = 6 * kSize[type];
    const wasi_nn_tensor tensor = {dims, 2, type, data, size};
    uint32_t written = 0;
    memset(out, 0, sizeof(out));
    want("set_input", wasi_nn_set_input(context, 0, &tensor), WASI_NN_SUCCESS);
    want("compute", wasi_nn_compute(context), WASI_NN_SUCCESS);
    want("get_output", wasi_nn_get_output(context, 0, out, sizeof(out), &written), WASI_NN_SUCCESS);
    want_number("bytes", written, size);
    want_true("the output is the input", memcmp(out, data, size) == 0);
  }
  return verdict();
}
