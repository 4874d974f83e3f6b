// Tensors are taken also by calls that fail: after 8,000 rounds of these, more than the limit of
// live tensors, none is left behind.
#include "provoke.h"

int main(void) {
  const wasi_nn_handle context = echo_context(ONE_BY_FOUR);
  const uint32_t wrong_dims[2] = {4, 1};
  for (int i = 0; i < 8000; i++) {
    want("an unknown name", infer_one(context, "y", good_tensor(), NULL),
         WASI_NN_WIT_INVALID_ARGUMENT, "y");
    want("another shape",
         infer_one(context, "x", tensor(WASI_NN_WIT_FP32, 2, wrong_dims, kValues, 16), NULL),
         WASI_NN_WIT_INVALID_ARGUMENT, "x");
    want("a poisoned one",
         infer_one(context, "x", tensor(WASI_NN_WIT_FP32, 2, kDims, kValues, 15), NULL),
         WASI_NN_WIT_INVALID_ARGUMENT, "15");
#if COMPUTE_TAKES_INPUTS
    // The second is taken though the first was already wrong.
    const input both[2] = {{"y", good_tensor()}, {"x", good_tensor()}};
    want("two, of which one is wrong", infer(context, both, 2, NULL), WASI_NN_WIT_INVALID_ARGUMENT,
         "y");
#endif
    if (provoke_failures) return verdict();
  }
  want_still_works(context);
  return verdict();
}
