// The same classifier as wasmtime_classic, as programs for WAMR's own interface are written: import
// module `wasi_nn`, the imports declared by hand, sizes counted in floats. It must run here
// unmodified.
//
// Reads fixture/model.onnx and fixture/tensor.bgr (1x3x224x224 f32, raw), or opens the model of the
// name that is given; prints the five best of 1000 classes as "INDEX: SCORE".
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct {
  uint32_t* buf;
  uint32_t size;
} tensor_dimensions;

typedef enum { fp16 = 0, fp32, up8, ip32 } tensor_type;

typedef struct {
  tensor_dimensions* dimensions;
  tensor_type type;
  uint8_t* data;
} tensor;

typedef struct {
  uint8_t* buf;
  uint32_t size;
} graph_builder;

typedef struct {
  graph_builder* buf;
  uint32_t size;
} graph_builder_array;

typedef enum { openvino = 0, onnx, tensorflow, pytorch, tensorflowlite } graph_encoding;
typedef enum { cpu = 0, gpu, tpu } execution_target;
typedef uint32_t graph;
typedef uint32_t graph_execution_context;
typedef enum { success = 0 } wasi_nn_error;

#define WASI_NN(name) __attribute__((import_module("wasi_nn"), import_name(name)))
wasi_nn_error load(graph_builder_array*, graph_encoding, execution_target, graph*) WASI_NN("load");
wasi_nn_error load_by_name(const char*, graph*) WASI_NN("load_by_name");
wasi_nn_error init_execution_context(graph, graph_execution_context*)
    WASI_NN("init_execution_context");
wasi_nn_error set_input(graph_execution_context, uint32_t, tensor*) WASI_NN("set_input");
wasi_nn_error compute(graph_execution_context) WASI_NN("compute");
wasi_nn_error get_output(graph_execution_context, uint32_t, uint8_t*, uint32_t*)
    WASI_NN("get_output");

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

static void check(const char* what, wasi_nn_error code) {
  if (code == success) return;
  fprintf(stderr, "%s failed: %d\n", what, (int)code);
  exit(1);
}

int main(int argc, char** argv) {
  graph model;
  if (argc > 1) {
    check("load_by_name", load_by_name(argv[1], &model));
  } else {
    graph_builder part;
    part.buf = read_file("fixture/model.onnx", &part.size);
    graph_builder_array parts = {&part, 1};
    check("load", load(&parts, onnx, cpu, &model));
    free(part.buf);
  }
  graph_execution_context context;
  check("init_execution_context", init_execution_context(model, &context));

  uint32_t sizes[4] = {1, 3, 224, 224};
  tensor_dimensions dims = {sizes, 4};
  tensor input;
  input.dimensions = &dims;
  input.type = fp32;
  uint32_t bytes;
  input.data = read_file("fixture/tensor.bgr", &bytes);
  check("set_input", set_input(context, 0, &input));
  free(input.data);
  check("compute", compute(context));

  static float output[1000];
  uint32_t floats = sizeof(output) / sizeof(float);
  check("get_output", get_output(context, 0, (uint8_t*)output, &floats));
  if (floats != 1000) {
    fprintf(stderr, "the output has %u floats, not 1000\n", floats);
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
