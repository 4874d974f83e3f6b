// init_execution_context with an out-pointer outside memory.
#include "provoke.h"

int main(void) {
  const wasi_nn_graph graph = echo_graph(ONE_BY_FOUR);
  const uint32_t end = memory_end();
  want("at the end", raw_init_execution_context(graph, end), WASI_NN_INVALID_ARGUMENT);
  want("across the end", raw_init_execution_context(graph, end - 1), WASI_NN_INVALID_ARGUMENT);
  want("wraps", raw_init_execution_context(graph, 0xffffffffu), WASI_NN_INVALID_ARGUMENT);
  uint8_t space[8];
  want("misaligned", raw_init_execution_context(graph, address(space + 1)), WASI_NN_SUCCESS);
  uint32_t context;
  memcpy(&context, space + 1, 4);
  want_still_works(context);
  return verdict();
}
