// load_truncated ENCODING FILE [STEP [FROM [TO]]]: loads FILE cut after every STEP bytes (1024),
// for lengths from FROM (0) to below TO (its size): each must be refused, with a sentence. Then the
// whole must load. Prints how many were refused.
#include "provoke.h"

int main(int argc, char** argv) {
  if (argc < 3 || argc > 6) {
    fprintf(stderr, "Usage: load_truncated ENCODING FILE [STEP [FROM [TO]]]\n");
    return 2;
  }
  FILE* file = fopen(argv[2], "rb");
  if (!file) {
    fprintf(stderr, "load_truncated: cannot open '%s'\n", argv[2]);
    return 2;
  }
  fseek(file, 0, SEEK_END);
  const uint32_t size = (uint32_t)ftell(file);
  rewind(file);
  uint8_t* data = malloc(size + 1);
  if (!data || fread(data, 1, size, file) != size) {
    fprintf(stderr, "load_truncated: cannot read '%s'\n", argv[2]);
    return 2;
  }
  const uint32_t encoding = (uint32_t)strtoul(argv[1], NULL, 0);
  const uint32_t step = argc > 3 ? (uint32_t)strtoul(argv[3], NULL, 0) : 1024;
  const uint32_t from = argc > 4 ? (uint32_t)strtoul(argv[4], NULL, 0) : 0;
  uint32_t to = argc > 5 ? (uint32_t)strtoul(argv[5], NULL, 0) : size;
  if (to > size) to = size;
  if (step == 0) return 2;
  wasi_nn_result graph;
  uint32_t refused = 0;
  for (uint32_t length = from; length < to; length += step, refused++) {
    const wasi_nn_list part = {data, length};
    char what[64];
    snprintf(what, sizeof(what), "the first %u of %u bytes", (unsigned)length, (unsigned)size);
    wasi_nn_graph_load(&part, 1, encoding, WASI_NN_WIT_CPU, &graph);
    const uint32_t code = code_of(graph);
    if (code == WASI_NN_WIT_RUNTIME_ERROR)
      want_error(what, code);
    else
      want(what, code, WASI_NN_WIT_INVALID_ENCODING, NULL);
  }
  const wasi_nn_list whole = {data, size};
  wasi_nn_graph_load(&whole, 1, encoding, WASI_NN_WIT_CPU, &graph);
  want("the whole", code_of(graph), OK, NULL);
  printf("%u refused\n", (unsigned)refused);
  return verdict();
}
