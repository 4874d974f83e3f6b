// Things go in every order: the graph before its contexts, the context before its outputs, one
// context beside another.
#include "provoke.h"

int main(void) {
  for (int i = 0; i < 1000; i++) {
    const wasi_nn_handle graph = echo_graph(ONE_BY_FOUR);
    const wasi_nn_handle one = new_context(graph);
    const wasi_nn_handle other = new_context(graph);
    wasi_nn_graph_drop(graph);
    want_still_works(one);
    wasi_nn_handle output;
    must("an inference", infer_one(one, "x", good_tensor(), &output));
    wasi_nn_context_drop(one);
    want_true("the output outlives its context", tensor_holds(output, kValues, sizeof(kValues)));
    want_still_works(other);
    wasi_nn_context_drop(other);
    want_true("and its graph", tensor_holds(output, kValues, sizeof(kValues)));
    const wasi_nn_handle third = echo_context(ONE_BY_FOUR);
    must("it goes into another graph", infer_one(third, "x", output, &output));
    wasi_nn_context_drop(third);
    wasi_nn_tensor_drop(output);
    if (provoke_failures) break;
  }
  return verdict();
}
