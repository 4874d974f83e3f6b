// A million graphs, none given back: refused at some limit, and what was given keeps working.
#include "provoke.h"

int main(void) {
  const wasi_nn_graph first = echo_graph(ONE_BY_FOUR);
  const wasi_nn_context context = new_context(first);
  static const char kText[] = "nacre-echo v1\n" ONE_BY_FOUR;
  const wasi_nn_builder builder = {(const uint8_t*)kText, sizeof(kText) - 1};
  for (int i = 1; i < 1000000; i++) {
    wasi_nn_graph graph = 77;
    const wasi_nn_errno code = wasi_nn_load(&builder, 1, WASI_NN_AUTODETECT, WASI_NN_CPU, &graph);
    if (code == WASI_NN_SUCCESS) continue;
    want_either("at the limit", code, WASI_NN_BUSY, WASI_NN_TOO_LARGE);
    want_number("the failure wrote the out-pointer", graph, 77);
    want_still_works(context);
    printf("refused after %d graphs\n", i);
    return verdict();
  }
  printf("a million graphs were given\n");
  return 1;
}
