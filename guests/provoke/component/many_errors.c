// 100,000 errors that are never dropped: each has a code, those beyond the limit say so, and the
// rest of the host goes on.
#include "provoke.h"

int main(void) {
  const wasi_nn_handle context = echo_context(ONE_BY_FOUR);
  wasi_nn_handle first = 0;
  bool limited = false;
  for (int i = 0; i < 100000; i++) {
    wasi_nn_result answer;
    wasi_nn_graph_load_by_name("nothing", 7, &answer);
    want_true("there is no such model", answer.failed);
    if (!answer.failed) break;
    if (i == 0) first = answer.handle;
    const uint32_t code = wasi_nn_error_code(answer.handle);
    if (code == WASI_NN_WIT_NOT_FOUND) continue;
    want_number("the code at the limit", code, WASI_NN_WIT_UNKNOWN);
    wasi_nn_list text;
    wasi_nn_error_data(answer.handle, &text);
    limited = text.size != 0;
    want_true("the limit has a sentence", limited);
    wasi_nn_list_free(&text);
    if (provoke_failures) break;
  }
  printf(limited ? "limited\n" : "not limited\n");
  want("the first still says why", take_error(first), WASI_NN_WIT_NOT_FOUND, "nothing");
  want_still_works(context);
  return verdict();
}
