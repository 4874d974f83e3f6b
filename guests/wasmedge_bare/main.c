// A language model's guest built on WasmEdge's crate that uses no more of it than prompt, compute
// and answer: the linker has dropped all imports by which such a guest could be told from others.
//
// Arguments: PROMPT [CONFIGURATION], with the model `default`; `--file MODEL` before them brings
// one by bytes, as ggml. Prints the number of tokens that the prompt has, and the answer.
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define IMPORT(name) __attribute__((import_module("wasi_ephemeral_nn"), import_name(name)))

typedef struct {
  const uint8_t* data;
  uint32_t size;
} builder;

typedef struct {
  const uint32_t* dims;
  uint32_t rank;
  uint8_t type;  // 3: u8
  const uint8_t* data;
  uint32_t data_len;
} tensor;

IMPORT("load")
int32_t load(const builder* parts, uint32_t count, uint32_t encoding, uint32_t target,
             uint32_t* graph);
IMPORT("load_by_name") int32_t load_by_name(const char* name, uint32_t name_len, uint32_t* graph);
IMPORT("init_execution_context")
int32_t init_execution_context(uint32_t graph, uint32_t* context);
IMPORT("set_input") int32_t set_input(uint32_t context, uint32_t index, const tensor* tensor);
IMPORT("compute") int32_t compute(uint32_t context);
IMPORT("get_output")
int32_t get_output(uint32_t context, uint32_t index, uint8_t* buffer, uint32_t buffer_max,
                   uint32_t* written);

enum { GGML = 6, AUTO = 3 };
enum { CONTEXT_FULL = 101, PROMPT_TOO_LONG = 102, MODEL_NOT_FOUND = 103 };

static uint8_t buffer[4096 * 6 + 1];

static int wrong(const char* what, int32_t code) {
  const char* why = code == CONTEXT_FULL      ? "Context full"
                    : code == PROMPT_TOO_LONG ? "Prompt too long"
                    : code == MODEL_NOT_FOUND ? "Model not found"
                                              : "An error";
  fprintf(stderr, "wasmedge_bare: %s: %s (%d)\n", what, why, (int)code);
  return 1;
}

static int32_t set_text(uint32_t context, uint32_t index, const char* text) {
  static const uint32_t one = 1;
  const tensor in = {&one, 1, 3, (const uint8_t*)text, (uint32_t)strlen(text)};
  return set_input(context, index, &in);
}

static int32_t read_text(uint32_t context, uint32_t index) {
  uint32_t written = 0;
  const int32_t code = get_output(context, index, buffer, sizeof buffer - 1, &written);
  buffer[code == 0 ? written : 0] = 0;
  return code;
}

static int32_t load_file(const char* path, uint32_t* graph) {
  FILE* file = fopen(path, "rb");
  if (file == NULL || fseek(file, 0, SEEK_END) != 0) return -1;
  const uint32_t size = (uint32_t)ftell(file);
  uint8_t* bytes = malloc(size);
  rewind(file);
  if (bytes == NULL || fread(bytes, 1, size, file) != size) return -1;
  fclose(file);
  const builder part = {bytes, size};
  const int32_t code = load(&part, 1, GGML, AUTO, graph);
  free(bytes);
  return code;
}

int main(int argc, char** argv) {
  const char* file = NULL;
  if (argc > 3 && strcmp(argv[1], "--file") == 0) {
    file = argv[2];
    argc -= 2;
    argv += 2;
  }
  if (argc != 2 && argc != 3) {
    fputs("wasmedge_bare: wants [--file MODEL] PROMPT [CONFIGURATION].\n", stderr);
    return 2;
  }
  const char* prompt = argv[1];
  uint32_t graph = 0, context = 0;
  int32_t code = file != NULL ? load_file(file, &graph) : load_by_name("default", 7, &graph);
  if (code != 0) return wrong("load", code);
  if ((code = init_execution_context(graph, &context)) != 0)
    return wrong("init_execution_context", code);
  if (argc == 3 && (code = set_text(context, 1, argv[2])) != 0)
    return wrong("set_input of the configuration", code);
  if ((code = set_text(context, 0, prompt)) != 0) return wrong("set_input", code);

  if ((code = read_text(context, 1)) != 0) return wrong("get_output of the metadata", code);
  const char* tokens = strstr((const char*)buffer, "\"input_tokens\":");
  printf("%ld tokens\n", tokens == NULL ? -1 : strtol(tokens + 15, NULL, 10));

  const int32_t computed = compute(context);
  if (computed != 0 && computed != CONTEXT_FULL) return wrong("compute", computed);
  if ((code = read_text(context, 0)) != 0) return wrong("get_output", code);
  printf("%s\n", (const char*)buffer);
  return computed == 0 ? 0 : wrong("compute", computed);
}
