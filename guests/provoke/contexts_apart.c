// Two contexts of one graph, and two graphs, do not see each other's tensors.
#include "provoke.h"

static void set_all(wasi_nn_context context, float value) {
  const float values[4] = {value, value, value, value};
  const wasi_nn_tensor tensor = {kDims, 2, WASI_NN_F32, (const uint8_t*)values, sizeof(values)};
  want("set_input", wasi_nn_set_input(context, 0, &tensor), WASI_NN_SUCCESS);
}

static void want_all(const char* what, wasi_nn_context context, float value) {
  float out[4] = {0};
  uint32_t written = 0;
  want(what, wasi_nn_get_output(context, 0, (uint8_t*)out, sizeof(out), &written), WASI_NN_SUCCESS);
  want_true(what, out[0] == value && out[3] == value);
}

int main(void) {
  const wasi_nn_graph graph = echo_graph(ONE_BY_FOUR);
  const wasi_nn_context one = new_context(graph), two = new_context(graph);
  const wasi_nn_context other = echo_context(ONE_BY_FOUR);
  set_all(one, 1);
  want("another context's input is not ours", wasi_nn_compute(two), WASI_NN_INVALID_ARGUMENT);
  set_all(two, 2);
  set_all(other, 3);
  want("compute", wasi_nn_compute(two), WASI_NN_SUCCESS);
  want("compute", wasi_nn_compute(other), WASI_NN_SUCCESS);
  want("compute", wasi_nn_compute(one), WASI_NN_SUCCESS);
  want_all("context one", one, 1);
  want_all("context two", two, 2);
  want_all("another graph's context", other, 3);
  // An output stays until the next compute.
  set_all(one, 4);
  want("compute", wasi_nn_compute(one), WASI_NN_SUCCESS);
  want_all("context one again", one, 4);
  want_all("context two still", two, 2);
  return verdict();
}
