// A component whose strings are UTF-16: names go in and out of wasi:nn in that encoding, which is
// the component's own choice. Sizes of its strings count units of two bytes.
#include <uchar.h>

#include "provoke.h"

static bool list_is(const wasi_nn_list* text, const char16_t* wanted, uint32_t units) {
  return text->size == units && memcmp(text->data, wanted, units * 2) == 0;
}

static bool list_has_letter(const wasi_nn_list* text, char16_t letter) {
  for (uint32_t i = 0; i < text->size; i++)
    if (((const char16_t*)text->data)[i] == letter) return true;
  return false;
}

int main(void) {
  wasi_nn_result answer;
  wasi_nn_graph_load_by_name((const char*)u"ne\u00e9\u732b", 4, &answer);
  want_true("there is no such model", answer.failed);
  if (answer.failed) {
    want_number("the code", wasi_nn_error_code(answer.handle), WASI_NN_WIT_NOT_FOUND);
    wasi_nn_list text;
    wasi_nn_error_data(answer.handle, &text);
    want_true("the sentence repeats the name", list_has_letter(&text, u'\u732b'));
    wasi_nn_list_free(&text);
    wasi_nn_error_drop(answer.handle);
  }

  const wasi_nn_handle context = echo_context("input \u732b u8 ?\n");
  const wasi_nn_named_tensor input = {{(void*)u"\u732b", 1}, bytes("abc", 3)};
  wasi_nn_outputs outputs;
  wasi_nn_context_compute(context, &input, 1, &outputs);
  want_true("compute answers outputs", !outputs.failed);
  if (outputs.failed) return verdict();
  const wasi_nn_named_tensor* output = outputs.list.data;
  want_true("the output's name", list_is(&output->name, u"\u732b", 1));
  want_true("the output's bytes", tensor_holds(output->tensor, "abc", 3));
  wasi_nn_outputs_free(&outputs);
  return verdict();
}
