// 100,000 graphs: an error at some limit, what was given keeps working, and dropping one makes
// room. Prints "refused after N graphs".
#include "provoke.h"

int main(void) {
  static const char kText[] = "nacre-echo v1\ninput x f32 1,4\n";
  wasi_nn_handle last = 0;
  for (int i = 0; i < 100000; i++) {
    const wasi_nn_result graph = load_text(kText, sizeof(kText) - 1);
    if (!graph.failed) {
      last = graph.handle;
      continue;
    }
    want("at the limit", take_error(graph.handle), WASI_NN_WIT_RUNTIME_ERROR, "limit");
    const wasi_nn_handle context = new_context(last);
    want_still_works(context);
    for (int k = 0; k < 1000; k++) {  // One in, one out, at the limit.
      wasi_nn_graph_drop(last);
      const wasi_nn_result again = load_text(kText, sizeof(kText) - 1);
      must("a graph after one was dropped", code_of(again));
      last = again.handle;
    }
    printf("refused after %d graphs\n", i);
    return verdict();
  }
  printf("100000 graphs were given\n");
  return 1;
}
