// A tensor once set stays for later computes, until another takes its place; also when that one or
// the compute fails.
#include "provoke.h"

static wasi_nn_handle context;

static uint32_t set(const char* name, wasi_nn_handle it) {
  wasi_nn_result answer;
  wasi_nn_context_set_input(context, name, (uint32_t)strlen(name), it, &answer);
  return code_of(answer);
}

static void want_outputs(const char* what, const char* left, const char* right) {
  wasi_nn_result answer;
  wasi_nn_context_compute(context, &answer);
  must("compute", code_of(answer));
  const char* const wanted[2] = {left, right};
  static const char* const names[2] = {"left", "right"};
  for (int i = 0; i < 2; i++) {
    wasi_nn_context_get_output(context, names[i], (uint32_t)strlen(names[i]), &answer);
    must("get-output", code_of(answer));
    want_true(what, tensor_holds(answer.handle, wanted[i], 3));
    wasi_nn_tensor_drop(answer.handle);
  }
}

int main(void) {
  context = echo_context("input left u8 3\ninput right u8 3\n");
  must("left", set("left", bytes("abc", 3)));
  must("right", set("right", bytes("xyz", 3)));
  for (int i = 0; i < 3; i++)
    want_outputs("set once", "abc", "xyz");
  must("left again", set("left", bytes("def", 3)));
  want_outputs("one anew", "def", "xyz");
  must("right again", set("right", bytes("uvw", 3)));
  must("and again", set("right", bytes("rst", 3)));
  want_outputs("the last counts", "def", "rst");
  want("a refused one", set("right", bytes("no", 2)), WASI_NN_WIT_INVALID_ARGUMENT, "right");
  want_outputs("leaves the one before", "def", "rst");
  return verdict();
}
