// Two contexts of one graph do not see each other's tensors.
#include "provoke.h"

int main(void) {
  const wasi_nn_handle graph = echo_graph("input x u8 3\n");
  const wasi_nn_handle one = new_context(graph);
  const wasi_nn_handle other = new_context(graph);
  wasi_nn_handle from_one, from_other;
  must("one", infer_one(one, "x", bytes("abc", 3), &from_one));
  want("the other has no input", infer(other, NULL, 0, NULL), WASI_NN_WIT_INVALID_ARGUMENT, "x");
  must("the other", infer_one(other, "x", bytes("xyz", 3), &from_other));
  want_true("one's output", tensor_holds(from_one, "abc", 3));
  want_true("the other's output", tensor_holds(from_other, "xyz", 3));
  return verdict();
}
