// An image classifier as programs for other hosts are written: no SDK, the imports declared by
// hand, the model read from fixture/ and given by bytes. It must run here unmodified.
//
// Reads fixture/model.onnx and fixture/tensor.bgr (1x3x224x224 f32, raw), prints the five best of
// 1000 classes as "INDEX: SCORE".
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct {
  uint32_t buf;
  uint32_t buf_len;
} graph_builder_t;

typedef struct {
  uint32_t dimensions;
  uint32_t dimensions_len;
  uint8_t type;
  uint32_t data;
  uint32_t data_len;
} tensor_t;

__attribute__((import_module("wasi_ephemeral_nn"), import_name("load"))) int32_t
load(int32_t, int32_t, int32_t, int32_t, int32_t);
__attribute__((import_module("wasi_ephemeral_nn"), import_name("init_execution_context"))) int32_t
init_execution_context(int32_t, int32_t);
__attribute__((import_module("wasi_ephemeral_nn"), import_name("set_input"))) int32_t
set_input(int32_t, int32_t, int32_t);
__attribute__((import_module("wasi_ephemeral_nn"), import_name("compute"))) int32_t
compute(int32_t);
__attribute__((import_module("wasi_ephemeral_nn"), import_name("get_output"))) int32_t
get_output(int32_t, int32_t, int32_t, int32_t, int32_t);

#define ADDRESS(p) ((int32_t)(uintptr_t)(p))
#define INPUT_BYTES (1 * 3 * 224 * 224 * 4)

static uint8_t* read_file(const char* path, uint32_t* size) {
  FILE* f = fopen(path, "rb");
  if (!f) {
    fprintf(stderr, "could not open %s\n", path);
    exit(1);
  }
  fseek(f, 0, SEEK_END);
  *size = (uint32_t)ftell(f);
  fseek(f, 0, SEEK_SET);
  uint8_t* data = malloc(*size);
  if (!data || fread(data, 1, *size, f) != *size) {
    fprintf(stderr, "could not read %s\n", path);
    exit(1);
  }
  fclose(f);
  return data;
}

static void check(const char* what, int32_t code) {
  if (code == 0) return;
  fprintf(stderr, "%s failed: %d\n", what, code);
  exit(1);
}

int main(void) {
  graph_builder_t builder;
  builder.buf = (uint32_t)ADDRESS(read_file("fixture/model.onnx", &builder.buf_len));
  int32_t graph, context;
  check("load", load(ADDRESS(&builder), 1, /* onnx */ 1, /* cpu */ 0, ADDRESS(&graph)));
  printf("Loaded graph into wasi-nn with ID: %d\n", graph);
  check("init_execution_context", init_execution_context(graph, ADDRESS(&context)));
  printf("Created wasi-nn execution context with ID: %d\n", context);

  uint32_t dims[4] = {1, 3, 224, 224};
  tensor_t tensor;
  tensor.dimensions = (uint32_t)ADDRESS(dims);
  tensor.dimensions_len = 4;
  tensor.type = 1; /* f32; the padding after it stays whatever was on the stack */
  tensor.data = (uint32_t)ADDRESS(read_file("fixture/tensor.bgr", &tensor.data_len));
  if (tensor.data_len != INPUT_BYTES) {
    fprintf(stderr, "fixture/tensor.bgr has %u bytes, not %d\n", tensor.data_len, INPUT_BYTES);
    return 1;
  }
  check("set_input", set_input(context, 0, ADDRESS(&tensor)));
  check("compute", compute(context));
  printf("Executed graph inference\n");

  static float output[1000];
  uint32_t written = 0;
  check("get_output", get_output(context, 0, ADDRESS(output), sizeof(output), ADDRESS(&written)));
  if (written != sizeof(output)) {
    fprintf(stderr, "the output has %u bytes, not %zu\n", written, sizeof(output));
    return 1;
  }
  for (int rank = 0; rank < 5; rank++) {
    int best = 0;
    for (int i = 1; i < 1000; i++)
      if (output[i] > output[best]) best = i;
    printf("%d: %.4f\n", best, output[best]);
    output[best] = -1e30f;
  }
  return 0;
}
