// A million contexts of one graph: refused at some limit, and what was given keeps working.
#include "provoke.h"

int main(void) {
  const wasi_nn_graph graph = echo_graph(ONE_BY_FOUR);
  const wasi_nn_context first = new_context(graph);
  for (int i = 1; i < 1000000; i++) {
    wasi_nn_context context = 77;
    const wasi_nn_errno code = wasi_nn_init_execution_context(graph, &context);
    if (code == WASI_NN_SUCCESS) continue;
    want_either("at the limit", code, WASI_NN_BUSY, WASI_NN_TOO_LARGE);
    want_number("the failure wrote the out-pointer", context, 77);
    want_still_works(first);
    printf("refused after %d contexts\n", i);
    return verdict();
  }
  printf("a million contexts were given\n");
  return 1;
}
