// load_file ENCODING TARGET FILE[,FILE] WANTED: loads a model by bytes from a --dir and compares
// the errno with WANTED, a list of numbers like 2,5. Prints the errno's number and name.
// ENCODING and TARGET are numbers. Exit 0 when it is one of the wanted.
#include "provoke.h"

static wasi_nn_builder read_part(const char* path) {
  FILE* file = fopen(path, "rb");
  if (!file) {
    fprintf(stderr, "load_file: cannot open '%s'\n", path);
    exit(2);
  }
  fseek(file, 0, SEEK_END);
  const uint32_t size = (uint32_t)ftell(file);
  rewind(file);
  uint8_t* bytes = malloc(size + 1);
  if (!bytes || fread(bytes, 1, size, file) != size) {
    fprintf(stderr, "load_file: cannot read '%s'\n", path);
    exit(2);
  }
  fclose(file);
  return (wasi_nn_builder){bytes, size};
}

int main(int argc, char** argv) {
  if (argc != 5) {
    fprintf(stderr, "Usage: load_file ENCODING TARGET FILE[,FILE] WANTED[,WANTED]\n");
    return 2;
  }
  wasi_nn_builder parts[8];
  uint32_t count = 0;
  for (char* path = strtok(argv[3], ","); path && count < 8; path = strtok(NULL, ","))
    parts[count++] = read_part(path);
  wasi_nn_graph graph = 0;
  const wasi_nn_errno code = wasi_nn_load(parts, count, (uint32_t)strtoul(argv[1], NULL, 0),
                                          (uint32_t)strtoul(argv[2], NULL, 0), &graph);
  printf("%d %s\n", (int)code, wasi_nn_errno_name(code));
  for (char* wanted = strtok(argv[4], ","); wanted; wanted = strtok(NULL, ","))
    if (atoi(wanted) == code) return 0;
  return 1;
}
