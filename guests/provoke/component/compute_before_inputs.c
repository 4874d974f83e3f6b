// compute while an input is missing, or was refused, or was used up by the compute before.
#include "provoke.h"

int main(void) {
  const wasi_nn_handle context = echo_context(ONE_BY_FOUR);
  want("nothing was set", infer(context, NULL, 0, NULL), WASI_NN_WIT_INVALID_ARGUMENT, "x");
  want("a tensor that is none", infer_one(context, "x", bytes("abc", 3), NULL),
       WASI_NN_WIT_INVALID_ARGUMENT, "x");
  want("and so nothing is set", infer(context, NULL, 0, NULL), WASI_NN_WIT_INVALID_ARGUMENT, "x");
  want_still_works(context);
#if COMPUTE_TAKES_INPUTS
  want("compute uses its inputs up", infer(context, NULL, 0, NULL), WASI_NN_WIT_INVALID_ARGUMENT,
       "x");
#endif
  want_still_works(context);
  return verdict();
}
