// Errors of the guest's own making, which the oldest version allows: they hold what they were
// given, 100,000 in turn and 100,000 at once. Imports the interface errors only.
#include "provoke.h"

int main(void) {
  for (uint32_t code = 0; code <= WASI_NN_WIT_UNKNOWN; code++) {
    const wasi_nn_handle error = wasi_nn_error_new(code, "mine: \xc3\xa9", 8);
    want("its own", take_error(error), code, "mine: \xc3\xa9");
  }
  char* large = malloc(1 << 20);
  memset(large, 'a', 1 << 20);
  const wasi_nn_handle one = wasi_nn_error_new(WASI_NN_WIT_SECURITY, large, 1 << 20);
  wasi_nn_list text;
  wasi_nn_error_data(one, &text);
  want_true("1 MB of text", text.size == 1 << 20 && memcmp(text.data, large, 1 << 20) == 0);
  wasi_nn_list_free(&text);
  wasi_nn_error_drop(one);
  for (int i = 0; i < 100000; i++)
    wasi_nn_error_drop(wasi_nn_error_new(WASI_NN_WIT_TIMEOUT, "x", 1));
  uint32_t code = WASI_NN_WIT_TIMEOUT;
  for (int i = 0; i < 100000; i++)
    code = wasi_nn_error_code(wasi_nn_error_new(WASI_NN_WIT_TIMEOUT, large, 100));
  want_true("at the limit", code == WASI_NN_WIT_TIMEOUT || code == WASI_NN_WIT_UNKNOWN);
  return verdict();
}
