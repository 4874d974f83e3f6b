// load_file ENCODING TARGET FILE[,FILE] WANTED: loads a model by bytes from a --dir and compares
// the answer with WANTED, a list of names like invalid-encoding,runtime-error or success. Prints
// the answer's name, and the sentence of an error. ENCODING and TARGET are the WIT's numbers.
#include "provoke.h"

static wasi_nn_list read_part(const char* path) {
  FILE* file = fopen(path, "rb");
  if (!file) {
    fprintf(stderr, "load_file: cannot open '%s'\n", path);
    exit(2);
  }
  fseek(file, 0, SEEK_END);
  const uint32_t size = (uint32_t)ftell(file);
  rewind(file);
  uint8_t* data = malloc(size + 1);
  if (!data || fread(data, 1, size, file) != size) {
    fprintf(stderr, "load_file: cannot read '%s'\n", path);
    exit(2);
  }
  fclose(file);
  return (wasi_nn_list){data, size};
}

int main(int argc, char** argv) {
  if (argc != 5) {
    fprintf(stderr, "Usage: load_file ENCODING TARGET FILE[,FILE] WANTED[,WANTED]\n");
    return 2;
  }
  wasi_nn_list parts[8];
  uint32_t count = 0;
  for (char* path = strtok(argv[3], ","); path && count < COUNT(parts); path = strtok(NULL, ","))
    parts[count++] = read_part(path);
  wasi_nn_result graph;
  wasi_nn_graph_load(parts, count, (uint32_t)strtoul(argv[1], NULL, 0),
                     (uint32_t)strtoul(argv[2], NULL, 0), &graph);
  const uint32_t code = code_of(graph);
  printf("%s%s%s\n", code_name(code), code == OK ? "" : ": ", code == OK ? "" : sentence);
  for (char* wanted = strtok(argv[4], ","); wanted; wanted = strtok(NULL, ","))
    if (!strcmp(wanted, code_name(code))) return 0;
  return 1;
}
