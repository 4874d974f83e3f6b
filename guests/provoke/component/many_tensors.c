// many_tensors [N]: N (default 100,000) tensors alive at once. Beyond the host's limit they are
// poisoned, with a sentence, and those within it still work; when all are dropped there is room
// again. Prints "poisoned after N tensors".
#include "provoke.h"

int main(int argc, char** argv) {
  uint32_t count = argc > 1 ? (uint32_t)strtoul(argv[1], NULL, 10) : 100000;
  wasi_nn_handle* all = calloc(count, sizeof(*all));
  const wasi_nn_handle context = echo_context(ONE_BY_FOUR);
  uint32_t good = 0;
  for (uint32_t i = 0; i < count; i++) {
    all[i] = good_tensor();
    if (good == i && tensor_size(all[i]) == sizeof(kValues)) good++;
  }
  printf("poisoned after %u tensors\n", (unsigned)good);
  want_true("some were made", good > 1000);
  if (good < count) {
    want_number("the last is empty", tensor_size(all[count - 1]), 0);
    count--;
    want("it is given to the graph", infer_one(context, "x", all[count], NULL),
         WASI_NN_WIT_TOO_LARGE, "limit");
  }
  for (uint32_t i = 0; i < good; i += 997)
    want_true("one within the limit", tensor_holds(all[i], kValues, sizeof(kValues)));
  for (uint32_t i = 0; i < count; i++)
    wasi_nn_tensor_drop(all[i]);
  for (uint32_t i = 0; i < 1000; i++)
    want_still_works(context);
  return verdict();
}
