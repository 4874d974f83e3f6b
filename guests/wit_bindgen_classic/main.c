// An image classifier as components for other hosts are written: no SDK, but ml.c and ml.h as
// wit-bindgen generates them for C from sdk/wit/2024-10-28, the model read from fixture/ and given
// by bytes. It must run here unmodified. The twin of wasmtime_classic.
//
// Reads fixture/model.onnx and fixture/tensor.bgr (1x3x224x224 f32, raw), prints the five best of
// 1000 classes as "INDEX: SCORE". An argument is the input's name, "input" unless given.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ml.h"

// ml.c refers to an object file that the generator writes beside it with the interface's types;
// here they are put in after linking (cmake/guests.cmake).
void __component_type_object_force_link_ml(void) {}

#define INPUT_BYTES (1 * 3 * 224 * 224 * 4)

static uint8_t* read_file(const char* path, size_t* size) {
  FILE* f = fopen(path, "rb");
  if (!f) {
    fprintf(stderr, "could not open %s\n", path);
    exit(1);
  }
  fseek(f, 0, SEEK_END);
  *size = (size_t)ftell(f);
  fseek(f, 0, SEEK_SET);
  uint8_t* data = malloc(*size);
  if (!data || fread(data, 1, *size, f) != *size) {
    fprintf(stderr, "could not read %s\n", path);
    exit(1);
  }
  fclose(f);
  return data;
}

static int fail(const char* what, wasi_nn_errors_own_error_t error) {
  ml_string_t text;
  wasi_nn_errors_method_error_data(wasi_nn_errors_borrow_error(error), &text);
  fprintf(stderr, "%s failed: %d: %.*s\n", what,
          wasi_nn_errors_method_error_code(wasi_nn_errors_borrow_error(error)), (int)text.len,
          (const char*)text.ptr);
  return 1;
}

int main(int argc, char** argv) {
  wasi_nn_errors_own_error_t error;
  wasi_nn_graph_graph_builder_t part;
  part.ptr = read_file("fixture/model.onnx", &part.len);
  wasi_nn_graph_list_graph_builder_t builder = {&part, 1};
  wasi_nn_graph_own_graph_t graph;
  if (!wasi_nn_graph_load(&builder, WASI_NN_GRAPH_GRAPH_ENCODING_ONNX,
                          WASI_NN_GRAPH_EXECUTION_TARGET_CPU, &graph, &error))
    return fail("load", error);
  free(part.ptr);
  printf("Loaded graph into wasi-nn\n");
  wasi_nn_graph_own_graph_execution_context_t context;
  if (!wasi_nn_graph_method_graph_init_execution_context(wasi_nn_graph_borrow_graph(graph),
                                                         &context, &error))
    return fail("init-execution-context", error);
  printf("Created wasi-nn execution context\n");

  uint32_t dims[4] = {1, 3, 224, 224};
  wasi_nn_tensor_tensor_dimensions_t dimensions = {dims, 4};
  wasi_nn_tensor_tensor_data_t data;
  data.ptr = read_file("fixture/tensor.bgr", &data.len);
  if (data.len != INPUT_BYTES) {
    fprintf(stderr, "fixture/tensor.bgr has %zu bytes, not %d\n", data.len, INPUT_BYTES);
    return 1;
  }
  wasi_nn_inference_named_tensor_t input;
  ml_string_set(&input.f0, argc > 1 ? argv[1] : "input");
  input.f1 = wasi_nn_tensor_constructor_tensor(&dimensions, WASI_NN_TENSOR_TENSOR_TYPE_FP32, &data);
  wasi_nn_inference_list_named_tensor_t inputs = {&input, 1}, outputs;
  if (!wasi_nn_inference_method_graph_execution_context_compute(
          wasi_nn_inference_borrow_graph_execution_context(context), &inputs, &outputs, &error))
    return fail("compute", error);
  printf("Executed graph inference\n");

  wasi_nn_tensor_tensor_data_t bytes;
  wasi_nn_tensor_method_tensor_data(wasi_nn_tensor_borrow_tensor(outputs.ptr[0].f1), &bytes);
  static float output[1000];
  if (bytes.len != sizeof(output)) {
    fprintf(stderr, "the output has %zu bytes, not %zu\n", bytes.len, sizeof(output));
    return 1;
  }
  memcpy(output, bytes.ptr, sizeof(output));
  wasi_nn_tensor_tensor_data_free(&bytes);
  wasi_nn_inference_list_named_tensor_free(&outputs);
  wasi_nn_inference_graph_execution_context_drop_own(context);
  wasi_nn_graph_graph_drop_own(graph);
  for (int rank = 0; rank < 5; rank++) {
    int best = 0;
    for (int i = 1; i < 1000; i++)
      if (output[i] > output[best]) best = i;
    printf("%d: %.4f\n", best, output[best]);
    output[best] = -1e30f;
  }
  return 0;
}
