// load with encodings that no dialect has, with one whose bytes these are not (6 is ggml, from
// guests that may be WasmEdge's), and with targets that do not exist.
#include "provoke.h"

int main(void) {
  static const char kText[] = "nacre-echo v1\n";
  const wasi_nn_builder builder = {(const uint8_t*)kText, sizeof(kText) - 1};
  static const uint32_t kBad[] = {7, 99, 255, 256 + 5, 0x7fffffffu, 0x80000005u, 0xffffffffu};
  wasi_nn_graph graph = 77;
  for (uint32_t i = 0; i < sizeof(kBad) / sizeof(kBad[0]); i++) {
    want("encoding that does not exist", wasi_nn_load(&builder, 1, kBad[i], WASI_NN_CPU, &graph),
         WASI_NN_INVALID_ENCODING);
    if (kBad[i] != 7)
      want("target that does not exist",
           wasi_nn_load(&builder, 1, WASI_NN_AUTODETECT, kBad[i], &graph),
           WASI_NN_INVALID_ARGUMENT);
  }
  want("encoding 6", wasi_nn_load(&builder, 1, 6, WASI_NN_CPU, &graph), WASI_NN_INVALID_ENCODING);
  want_number("no failure wrote the out-pointer", graph, 77);
  want("target auto", wasi_nn_load(&builder, 1, WASI_NN_AUTODETECT, WASI_NN_AUTO, &graph),
       WASI_NN_SUCCESS);
  return verdict();
}
