// A language model's guest as those built on WasmEdge's crate are: the imports written out, no SDK,
// and the habits that such guests rely on.
//  - An output's buffer has 245,888 bytes and is passed with a length of 0.
//  - Prompts and configurations are u8 tensors whose dimensions are [1].
//  - The metadata (output 1) is read before anything was computed, and after each input, to see
//    whether the conversation has to be trimmed.
//  - After the end of a stream the last piece is asked for once more, then the metadata.
//
// Arguments: PROMPT [CONFIGURATION]. Prints the whole answer, then the same as a stream.
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#define IMPORT(name) __attribute__((import_module("wasi_ephemeral_nn"), import_name(name)))

IMPORT("load_by_name_with_config")
int32_t load_by_name_with_config(const char* name, uint32_t name_len, const char* config,
                                 uint32_t config_len, uint32_t* graph);
IMPORT("init_execution_context")
int32_t init_execution_context(uint32_t graph, uint32_t* context);
IMPORT("set_input") int32_t set_input(uint32_t context, uint32_t index, const void* tensor);
IMPORT("compute") int32_t compute(uint32_t context);
IMPORT("get_output")
int32_t get_output(uint32_t context, uint32_t index, uint8_t* buffer, uint32_t buffer_max,
                   uint32_t* written);
IMPORT("compute_single") int32_t compute_single(uint32_t context);
IMPORT("get_output_single")
int32_t get_output_single(uint32_t context, uint32_t index, uint8_t* buffer, uint32_t buffer_max,
                          uint32_t* written);
IMPORT("fini_single") int32_t fini_single(uint32_t context);
IMPORT("unload") int32_t unload(uint32_t graph);
IMPORT("finalize_execution_context") int32_t finalize_execution_context(uint32_t context);

struct tensor {
  const uint32_t* dims;
  uint32_t rank;
  uint8_t type;  // 3: u8
  const uint8_t* data;
  uint32_t data_len;
};

enum { END_OF_SEQUENCE = 100, CONTEXT_FULL = 101 };

static uint8_t buffer[245888 + 1];

static int wrong(const char* what, int32_t code) {
  fprintf(stderr, "wasmedge_classic: %s answered %d.\n", what, (int)code);
  return 1;
}

static int32_t set_text(uint32_t context, uint32_t index, const char* text) {
  static const uint32_t one = 1;
  const struct tensor tensor = {&one, 1, 3, (const uint8_t*)text, (uint32_t)strlen(text)};
  return set_input(context, index, &tensor);
}

// Leaves what came in `buffer`, with a NUL behind it.
static int32_t read_output(uint32_t context, uint32_t index) {
  uint32_t written = 0;
  const int32_t code = get_output(context, index, buffer, 0, &written);
  buffer[code == 0 ? written : 0] = 0;
  return code;
}

static int32_t read_piece(uint32_t context) {
  uint32_t written = 0;
  const int32_t code = get_output_single(context, 0, buffer, 0, &written);
  buffer[code == 0 ? written : 0] = 0;
  return code;
}

static int has_number(const char* json, const char* key, long* value) {
  const char* at = strstr(json, key);
  return at != NULL && sscanf(at + strlen(key), "\":%ld", value) == 1;
}

int main(int argc, char** argv) {
  if (argc < 2 || argc > 3) {
    fputs("wasmedge_classic: wants PROMPT [CONFIGURATION].\n", stderr);
    return 2;
  }
  static const char kName[] = "default";
  static const char kConfig[] = "{\"stream-stdout\":false,\"enable-log\":false,\"ctx-size\":512}";
  uint32_t graph = 0, context = 0;
  int32_t code = 0;
  if ((code = load_by_name_with_config(kName, 7, kConfig, sizeof kConfig - 1, &graph)) != 0)
    return wrong("load_by_name_with_config", code);
  if ((code = init_execution_context(graph, &context)) != 0)
    return wrong("init_execution_context", code);

  if ((code = read_output(context, 1)) != 0) return wrong("get_output of the version", code);
  if (strstr((char*)buffer, "\"llama_build_number\"") == NULL ||
      strstr((char*)buffer, "\"llama_commit\"") == NULL) {
    fprintf(stderr, "wasmedge_classic: no version in %s\n", buffer);
    return 1;
  }
  if (argc == 3 && (code = set_text(context, 1, argv[2])) != 0)
    return wrong("set_input of the configuration", code);

  if ((code = set_text(context, 0, argv[1])) != 0) return wrong("set_input", code);
  long prompt_tokens = 0;
  if ((code = read_output(context, 1)) != 0) return wrong("get_output of the metadata", code);
  if (!has_number((char*)buffer, "\"input_tokens", &prompt_tokens) || prompt_tokens <= 0) {
    fprintf(stderr, "wasmedge_classic: no count of tokens in %s\n", buffer);
    return 1;
  }
  code = compute(context);
  if (code != 0 && code != CONTEXT_FULL) return wrong("compute", code);
  if ((code = read_output(context, 0)) != 0) return wrong("get_output", code);
  printf("%s\n", buffer);

  if ((code = set_text(context, 0, argv[1])) != 0) return wrong("set_input", code);
  while ((code = compute_single(context)) == 0) {
    if ((code = read_piece(context)) != 0) return wrong("get_output_single", code);
    fputs((char*)buffer, stdout);
  }
  putchar('\n');
  if (code != END_OF_SEQUENCE && code != CONTEXT_FULL) return wrong("compute_single", code);
  if ((code = read_piece(context)) != 0) return wrong("get_output_single after the end", code);
  long answer_tokens = 0;
  if ((code = read_output(context, 1)) != 0) return wrong("get_output of the metadata", code);
  if (!has_number((char*)buffer, "\"output_tokens", &answer_tokens)) {
    fprintf(stderr, "wasmedge_classic: no count of tokens in %s\n", buffer);
    return 1;
  }
  if ((code = fini_single(context)) != 0) return wrong("fini_single", code);
  if ((code = finalize_execution_context(context)) != 0)
    return wrong("finalize_execution_context", code);
  if ((code = unload(graph)) != 0) return wrong("unload", code);
  fprintf(stderr, "%ld tokens in, %ld out\n", prompt_tokens, answer_tokens);
  return 0;
}
