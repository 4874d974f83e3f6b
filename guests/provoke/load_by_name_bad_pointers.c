// load_by_name with a name or out-pointer outside memory; the host must have a model named `echo`.
#include "provoke.h"

int main(void) {
  static const char kName[] = "echo";
  const uint32_t end = memory_end(), name = address(kName);
  uint32_t graph = 77;
  const uint32_t out = address(&graph);
  want("name at the end", raw_load_by_name(end, 1, out), WASI_NN_INVALID_ARGUMENT);
  want("name across the end", raw_load_by_name(end - 2, 4, out), WASI_NN_INVALID_ARGUMENT);
  want("name at 0xffffffff", raw_load_by_name(0xffffffffu, 4, out), WASI_NN_INVALID_ARGUMENT);
  want("name's end wraps", raw_load_by_name(name, 0u - name + 4, out), WASI_NN_INVALID_ARGUMENT);
  want("name of 4 GiB", raw_load_by_name(name, 0xffffffffu, out), WASI_NN_INVALID_ARGUMENT);
  want("out-pointer at the end", raw_load_by_name(name, 4, end), WASI_NN_INVALID_ARGUMENT);
  want("out-pointer across the end", raw_load_by_name(name, 4, end - 3), WASI_NN_INVALID_ARGUMENT);
  want("out-pointer wraps", raw_load_by_name(name, 4, 0xfffffffdu), WASI_NN_INVALID_ARGUMENT);
  want_number("no failure wrote the out-pointer", graph, 77);

  uint8_t space[12];
  want("misaligned out-pointer", raw_load_by_name(name, 4, address(space + 3)), WASI_NN_SUCCESS);
  memcpy(&graph, space + 3, 4);
  want_still_works(new_context(graph));
  memcpy(space, kName, 4);
  want("out-pointer over the name", raw_load_by_name(address(space), 4, address(space)),
       WASI_NN_SUCCESS);
  memcpy(&graph, space, 4);
  want_still_works(new_context(graph));
  return verdict();
}
