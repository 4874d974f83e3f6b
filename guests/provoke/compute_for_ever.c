// compute_for_ever [MODEL [DIMS...]]: infers on MODEL (default echo, 16 bytes of u8) for ever with
// f32 zeros of DIMS. For --timeout with a backend at work, and for ending a host amid inferences.
#include "provoke.h"

int main(int argc, char** argv) {
  const char* name = argc > 1 ? argv[1] : "echo";
  wasi_nn_graph graph = 0;
  must("load_by_name", wasi_nn_load_by_name(name, (uint32_t)strlen(name), &graph));
  const wasi_nn_context context = new_context(graph);
  uint32_t dims[8] = {16}, rank = argc > 2 ? 0 : 1, count = argc > 2 ? 1 : 4;
  for (int i = 2; i < argc && rank < 8; i++) {
    dims[rank] = (uint32_t)strtoul(argv[i], NULL, 10);
    count *= dims[rank++];
  }
  uint8_t* zeros = calloc(count ? count : 1, 4);
  const wasi_nn_tensor tensor = {dims, rank, argc > 2 ? WASI_NN_F32 : WASI_NN_U8, zeros,
                                 argc > 2 ? count * 4 : 16};
  puts("computing");
  fflush(stdout);
  for (;;) {
    must("set_input", wasi_nn_set_input(context, 0, &tensor));
    must("compute", wasi_nn_compute(context));
  }
}
