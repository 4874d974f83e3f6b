// gpu and tpu where there is none: unsupported-operation, not silently the CPU.
#include "provoke.h"

int main(void) {
  static const char kText[] = "nacre-echo v1\n";
  const wasi_nn_list part = {(void*)kText, sizeof(kText) - 1};
  wasi_nn_result graph;
  wasi_nn_graph_load(&part, 1, WASI_NN_WIT_AUTODETECT, WASI_NN_WIT_GPU, &graph);
  want("gpu", code_of(graph), WASI_NN_WIT_UNSUPPORTED_OPERATION, "gpu");
  wasi_nn_graph_load(&part, 1, WASI_NN_WIT_AUTODETECT, WASI_NN_WIT_TPU, &graph);
  want("tpu", code_of(graph), WASI_NN_WIT_UNSUPPORTED_OPERATION, "tpu");
  wasi_nn_graph_load(&part, 1, WASI_NN_WIT_AUTODETECT, WASI_NN_WIT_CPU, &graph);
  want("cpu", code_of(graph), OK, NULL);
  return verdict();
}
