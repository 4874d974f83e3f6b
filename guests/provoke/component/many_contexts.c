// 100,000 contexts of one graph: an error at some limit, what was given keeps working, and dropping
// one makes room. Prints "refused after N contexts".
#include "provoke.h"

int main(void) {
  const wasi_nn_handle graph = echo_graph(ONE_BY_FOUR);
  const wasi_nn_handle first = new_context(graph);
  wasi_nn_handle last = first;
  for (int i = 1; i < 100000; i++) {
    wasi_nn_result context;
    wasi_nn_graph_init_execution_context(graph, &context);
    if (!context.failed) {
      last = context.handle;
      continue;
    }
    want("at the limit", take_error(context.handle), WASI_NN_WIT_RUNTIME_ERROR, "limit");
    want_still_works(first);
    for (int k = 0; k < 10000; k++) {  // One in, one out, at the limit.
      wasi_nn_context_drop(last);
      last = new_context(graph);
    }
    want_still_works(last);
    printf("refused after %d contexts\n", i);
    return verdict();
  }
  printf("100000 contexts were given\n");
  return 1;
}
