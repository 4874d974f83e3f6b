// bad_handle WHAT: hands the host a handle that is none. The component model says that this traps.
//   dropped    a tensor that was dropped        consumed  one that a compute or set-input took
//   twice      one tensor for two inputs        never     a number that was never given
//   another    a graph's number as a tensor's   context   a context that was dropped
//   drop       a tensor dropped twice           error     an error that was dropped
#include "provoke.h"

int main(int argc, char** argv) {
  const char* what = argc == 2 ? argv[1] : "";
  const wasi_nn_handle graph = echo_graph("input left u8 3\ninput right u8 3\n");
  const wasi_nn_handle context = new_context(graph);
  const wasi_nn_handle it = bytes("abc", 3);
  wasi_nn_list data;
  about_to_trap();
  if (!strcmp(what, "dropped")) {
    wasi_nn_tensor_drop(it);
    wasi_nn_tensor_data(it, &data);
  } else if (!strcmp(what, "consumed")) {
    infer_one(context, "nothing", it, NULL);
    wasi_nn_tensor_data(it, &data);
  } else if (!strcmp(what, "twice")) {
    const input both[2] = {{"left", it}, {"right", it}};
    infer(context, both, 2, NULL);
  } else if (!strcmp(what, "never")) {
    wasi_nn_tensor_data(12345, &data);
  } else if (!strcmp(what, "another")) {
    wasi_nn_tensor_data(graph, &data);
  } else if (!strcmp(what, "context")) {
    wasi_nn_context_drop(context);
    infer_one(context, "left", it, NULL);
  } else if (!strcmp(what, "drop")) {
    wasi_nn_tensor_drop(it);
    wasi_nn_tensor_drop(it);
  } else if (!strcmp(what, "error")) {
    wasi_nn_result answer;
    wasi_nn_graph_load_by_name("nothing", 7, &answer);
    wasi_nn_error_drop(answer.handle);
    wasi_nn_error_data(answer.handle, &data);
  } else {
    return 2;
  }
  return still_there();
}
