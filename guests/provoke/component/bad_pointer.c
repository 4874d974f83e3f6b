// bad_pointer WHAT: hands the host lists, strings and numbers that the canonical ABI does not
// allow. The component model says that this traps.
//   dims, data, name, parts, part, inputs, answer   outside memory
//   wraps       a list that ends past 4 GiB          misaligned   dimensions at an odd address
//   type, encoding, target                           enums that have no such case
//   utf8, utf8-input                                 strings that are not UTF-8
#include "provoke.h"

static void* outside(void) {
  return (void*)(uintptr_t)((uint32_t)__builtin_wasm_memory_size(0) << 16);
}

int main(int argc, char** argv) {
  const char* what = argc == 2 ? argv[1] : "";
  const wasi_nn_handle context = echo_context("input x u8 ?\n");
  wasi_nn_result result;
  wasi_nn_list list;
  const uint32_t dims[3] = {1, 1, 1};
  about_to_trap();
  if (!strcmp(what, "dims")) {
    tensor(WASI_NN_WIT_U8, 1, outside(), "a", 1);
  } else if (!strcmp(what, "data")) {
    tensor(WASI_NN_WIT_U8, 1, dims, outside(), 1);
  } else if (!strcmp(what, "wraps")) {
    tensor(WASI_NN_WIT_U8, 1, dims, (void*)16, 0xfffffff8);
  } else if (!strcmp(what, "misaligned")) {
    tensor(WASI_NN_WIT_U8, 1, (const uint32_t*)((uintptr_t)dims + 1), "a", 1);
  } else if (!strcmp(what, "type")) {
    tensor(7, 1, dims, "a", 1);
  } else if (!strcmp(what, "name")) {
    wasi_nn_graph_load_by_name(outside(), 4, &result);
  } else if (!strcmp(what, "utf8")) {
    wasi_nn_graph_load_by_name("\xff\xfe", 2, &result);
  } else if (!strcmp(what, "utf8-input")) {
    infer_one(context, "x\xc3", bytes("a", 1), NULL);
  } else if (!strcmp(what, "parts")) {
    wasi_nn_graph_load(outside(), 1, WASI_NN_WIT_AUTODETECT, WASI_NN_WIT_CPU, &result);
  } else if (!strcmp(what, "part")) {
    list = (wasi_nn_list){outside(), 1};
    wasi_nn_graph_load(&list, 1, WASI_NN_WIT_AUTODETECT, WASI_NN_WIT_CPU, &result);
  } else if (!strcmp(what, "encoding")) {
    list = (wasi_nn_list){(void*)"a", 1};
    wasi_nn_graph_load(&list, 1, 7, WASI_NN_WIT_CPU, &result);
  } else if (!strcmp(what, "target")) {
    list = (wasi_nn_list){(void*)"a", 1};
    wasi_nn_graph_load(&list, 1, WASI_NN_WIT_AUTODETECT, 3, &result);
  } else if (!strcmp(what, "inputs")) {
#if COMPUTE_TAKES_INPUTS
    wasi_nn_outputs outputs;
    wasi_nn_context_compute(context, outside(), 1, &outputs);
#else
    wasi_nn_context_set_input(context, outside(), 1, bytes("a", 1), &result);
#endif
  } else if (!strcmp(what, "answer")) {
    wasi_nn_graph_load_by_name("nothing", 7, outside());
  } else {
    return 2;
  }
  return still_there();
}
