// load_truncated ENCODING FILE [STEP [FROM [TO]]]: loads FILE cut after every STEP bytes (1024),
// for lengths from FROM (0) to below TO (its size): each must be refused with 2 or 5. Then the
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
  uint8_t* bytes = malloc(size);
  if (!bytes || fread(bytes, 1, size, file) != size) {
    fprintf(stderr, "load_truncated: cannot read '%s'\n", argv[2]);
    return 2;
  }
  const uint32_t encoding = (uint32_t)strtoul(argv[1], NULL, 0);
  const uint32_t step = argc > 3 ? (uint32_t)strtoul(argv[3], NULL, 0) : 1024;
  const uint32_t from = argc > 4 ? (uint32_t)strtoul(argv[4], NULL, 0) : 0;
  uint32_t to = argc > 5 ? (uint32_t)strtoul(argv[5], NULL, 0) : size;
  if (to > size) to = size;
  if (step == 0) return 2;
  wasi_nn_graph graph = 0;
  uint32_t refused = 0;
  for (uint32_t length = from; length < to; length += step, refused++) {
    const wasi_nn_builder part = {bytes, length};
    char what[64];
    snprintf(what, sizeof(what), "the first %u of %u bytes", length, size);
    want_either(what, wasi_nn_load(&part, 1, encoding, WASI_NN_CPU, &graph),
                WASI_NN_INVALID_ENCODING, WASI_NN_RUNTIME_ERROR);
  }
  const wasi_nn_builder whole = {bytes, size};
  want("the whole", wasi_nn_load(&whole, 1, encoding, WASI_NN_CPU, &graph), WASI_NN_SUCCESS);
  printf("%u refused\n", refused);
  return verdict();
}
