// Outputs carry their names, in the graph's order; and names of outputs that do not exist.
#include "provoke.h"

int main(void) {
  const wasi_nn_handle context = echo_context("input left u8 2\ninput right u8 3\n");
  const input inputs[2] = {{"right", bytes("xyz", 3)}, {"left", bytes("ab", 2)}};
#if COMPUTE_TAKES_INPUTS
  wasi_nn_named_tensor named[2];
  for (int i = 0; i < 2; i++)
    named[i] = (wasi_nn_named_tensor){{(void*)inputs[i].name, (uint32_t)strlen(inputs[i].name)},
                                      inputs[i].tensor};
  wasi_nn_outputs outputs;
  wasi_nn_context_compute(context, named, 2, &outputs);
  if (outputs.failed) must("compute", take_error(outputs.error));
  want_number("outputs", outputs.list.size, 2);
  const wasi_nn_named_tensor* each = outputs.list.data;
  want_true("the first is left", each[0].name.size == 4 && !memcmp(each[0].name.data, "left", 4));
  want_true("the second is right",
            each[1].name.size == 5 && !memcmp(each[1].name.data, "right", 5));
  want_true("left's bytes", tensor_holds(each[0].tensor, "ab", 2));
  want_true("right's bytes", tensor_holds(each[1].tensor, "xyz", 3));
  wasi_nn_outputs_free(&outputs);
#else
  must("an inference", infer(context, inputs, 2, NULL));
  static const struct {
    const char* name;
    const char* data;  // null: there is none
  } kCases[] = {{"left", "ab"},
                {"right", "xyz"},
                {"0", "ab"},
                {"1", "xyz"},
                {"right", "xyz"},
                {"2", NULL},
                {"Left", NULL},
                {"", NULL},
                {"middle", NULL},
                {"-1", NULL},
                {"99999999999999999999", NULL}};
  for (size_t i = 0; i < COUNT(kCases); i++) {
    wasi_nn_result output;
    wasi_nn_context_get_output(context, kCases[i].name, (uint32_t)strlen(kCases[i].name), &output);
    if (!kCases[i].data) {
      const uint32_t code = code_of(output);
      want(kCases[i].name, code, WASI_NN_WIT_INVALID_ARGUMENT, "left");
      want(kCases[i].name, code, WASI_NN_WIT_INVALID_ARGUMENT, "right");
      continue;
    }
    const uint32_t code = code_of(output);
    want(kCases[i].name, code, OK, NULL);
    if (code != OK) continue;
    want_true(kCases[i].name,
              tensor_holds(output.handle, kCases[i].data, (uint32_t)strlen(kCases[i].data)));
    wasi_nn_tensor_drop(output.handle);
  }
#endif
  return verdict();
}
