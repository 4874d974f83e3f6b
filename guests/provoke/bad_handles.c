// Handles that were never given, and handles of the other kind, in every call that takes one.
#include "provoke.h"

static void want_no_graph(const char* what, uint32_t handle) {
  uint32_t context = 77;
  want(what, wasi_nn_init_execution_context(handle, &context), WASI_NN_INVALID_ARGUMENT);
  want_number("the failure wrote the out-pointer", context, 77);
}

static void want_no_context(const char* what, uint32_t handle) {
  const wasi_nn_tensor tensor = good_tensor();
  uint8_t out[16];
  uint32_t written = 77;
  want(what, wasi_nn_set_input(handle, 0, &tensor), WASI_NN_INVALID_ARGUMENT);
  want(what, wasi_nn_compute(handle), WASI_NN_INVALID_ARGUMENT);
  want(what, wasi_nn_get_output(handle, 0, out, sizeof(out), &written), WASI_NN_INVALID_ARGUMENT);
  want_number("the failure wrote the out-pointer", written, 77);
}

int main(void) {
  static const uint32_t kNever[] = {3,          16,          255,         1000000,
                                    0x7fffffff, 0x80000000u, 0xfffffffeu, 0xffffffffu};
  for (uint32_t i = 0; i < sizeof(kNever) / sizeof(kNever[0]); i++) {
    want_no_graph("before anything was given, graph", kNever[i]);
    want_no_context("before anything was given, context", kNever[i]);
  }
  for (uint32_t handle = 0; handle < 3; handle++) {
    want_no_graph("before anything was given, graph", handle);
    want_no_context("before anything was given, context", handle);
  }
  const wasi_nn_graph graph = echo_graph(ONE_BY_FOUR);
  want_no_context("a graph where a context belongs", graph);
  // Whatever numbers the host gives, one of several contexts differs from the only graph.
  for (int i = 0; i < 4; i++) {
    const wasi_nn_context context = new_context(graph);
    if (context != graph) want_no_graph("a context where a graph belongs", context);
    want_still_works(context);
  }
  for (uint32_t i = 3; i < sizeof(kNever) / sizeof(kNever[0]); i++) {
    want_no_graph("never given, graph", kNever[i]);
    want_no_context("never given, context", kNever[i]);
  }
  return verdict();
}
