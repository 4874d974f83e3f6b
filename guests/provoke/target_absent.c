// load for devices this machine's backend does not have: refused, never silently the CPU.
#include "provoke.h"

int main(void) {
  static const char kText[] = "nacre-echo v1\n";
  const wasi_nn_builder builder = {(const uint8_t*)kText, sizeof(kText) - 1};
  wasi_nn_graph graph = 77;
  want("gpu", wasi_nn_load(&builder, 1, WASI_NN_AUTODETECT, WASI_NN_GPU, &graph),
       WASI_NN_UNSUPPORTED);
  want("tpu", wasi_nn_load(&builder, 1, WASI_NN_AUTODETECT, WASI_NN_TPU, &graph),
       WASI_NN_UNSUPPORTED);
  want_number("no failure wrote the out-pointer", graph, 77);
  want("cpu", wasi_nn_load(&builder, 1, WASI_NN_AUTODETECT, WASI_NN_CPU, &graph), WASI_NN_SUCCESS);
  return verdict();
}
