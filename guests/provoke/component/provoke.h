// What the provoking components share: programs like those of ../, on wasi:nn in the version that
// WASI_NN_VERSION names. Each compares every answer with the one wanted, prints a line for each
// that differs, and exits 0 or 1. Those that must trap say so on standard output first.
#ifndef GUESTS_PROVOKE_COMPONENT_PROVOKE_H
#define GUESTS_PROVOKE_COMPONENT_PROVOKE_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "../../sdk/wasi_nn_component.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define COMPUTE_TAKES_INPUTS (WASI_NN_VERSION == 20241028)

// An error's code as the WIT counts them, or this.
enum { OK = 100 };

static inline const char* code_name(uint32_t code) {
  static const char* const names[] = {
      "invalid-argument", "invalid-encoding", "timeout",  "runtime-error", "unsupported-operation",
      "too-large",        "not-found",        "security", "unknown"};
  return code == OK ? "success" : code < COUNT(names) ? names[code] : "a code that does not exist";
}

static int provoke_failures;

// The last error's sentence.
static char sentence[8192];

// Reads an error, drops it, and answers its code.
static inline uint32_t take_error(wasi_nn_handle error) {
  wasi_nn_list text;
  wasi_nn_error_data(error, &text);
  const uint32_t size = text.size < sizeof(sentence) ? text.size : sizeof(sentence) - 1;
  memcpy(sentence, text.data, size);
  sentence[size] = 0;
  wasi_nn_list_free(&text);
  const uint32_t code = wasi_nn_error_code(error);
  wasi_nn_error_drop(error);
  return code;
}

static inline uint32_t code_of(wasi_nn_result result) {
  return result.failed ? take_error(result.handle) : OK;
}

// `words` is text that the sentence must hold, or null.
static inline void want(const char* what, uint32_t got, uint32_t wanted, const char* words) {
  const bool said = got == OK || words == NULL || strstr(sentence, words) != NULL;
  if (got == wanted && said && (got == OK || sentence[0] != 0)) return;
  printf("%s: wanted %s%s%s, got %s: %s\n", what, code_name(wanted), words ? " saying " : "",
         words ? words : "", code_name(got), got == OK ? "" : sentence);
  provoke_failures++;
}

static inline void want_error(const char* what, uint32_t got) {
  if (got != OK && sentence[0] != 0) return;
  printf("%s: wanted an error with a sentence, got %s\n", what, code_name(got));
  provoke_failures++;
}

static inline void want_true(const char* what, bool holds) {
  if (holds) return;
  printf("%s: does not hold\n", what);
  provoke_failures++;
}

static inline void want_number(const char* what, uint32_t got, uint32_t wanted) {
  if (got == wanted) return;
  printf("%s: wanted %u, got %u\n", what, (unsigned)wanted, (unsigned)got);
  provoke_failures++;
}

// For what must work before there is anything to provoke.
static inline void must(const char* what, uint32_t code) {
  if (code == OK) return;
  printf("%s: %s: %s\n", what, code_name(code), sentence);
  exit(1);
}

static inline int verdict(void) {
  if (provoke_failures) printf("%d not as wanted\n", provoke_failures);
  return provoke_failures ? 1 : 0;
}

// For a call that must trap: says so before, and fails if it is still there.
static inline void about_to_trap(void) {
  puts("about to trap");
  fflush(stdout);
}
static inline int still_there(void) {
  puts("the host went on");
  return 1;
}

static inline double now_ms(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

// -- models

static inline wasi_nn_result load_text(const char* text, uint32_t size) {
  const wasi_nn_list part = {(void*)text, size};
  wasi_nn_result graph;
  wasi_nn_graph_load(&part, 1, WASI_NN_WIT_AUTODETECT, WASI_NN_WIT_CPU, &graph);
  return graph;
}

// A model of the echo backend: "input NAME TYPE DIMS\n" for each; outputs mirror the inputs.
static inline wasi_nn_handle echo_graph(const char* inputs) {
  char text[512];
  const int size = snprintf(text, sizeof(text), "nacre-echo v1\n%s", inputs);
  const wasi_nn_result graph = load_text(text, (uint32_t)size);
  must("loading an echo graph", code_of(graph));
  return graph.handle;
}

static inline wasi_nn_handle new_context(wasi_nn_handle graph) {
  wasi_nn_result context;
  wasi_nn_graph_init_execution_context(graph, &context);
  must("init-execution-context", code_of(context));
  return context.handle;
}

static inline wasi_nn_handle echo_context(const char* inputs) {
  const wasi_nn_handle graph = echo_graph(inputs);
  const wasi_nn_handle context = new_context(graph);
  wasi_nn_graph_drop(graph);
  return context;
}

// -- tensors

static inline wasi_nn_handle tensor(uint32_t type, uint32_t rank, const uint32_t* dims,
                                    const void* data, uint32_t size) {
  return wasi_nn_tensor_new(dims, rank, type, data, size);
}

// `count` bytes.
static inline wasi_nn_handle bytes(const void* data, uint32_t count) {
  return tensor(WASI_NN_WIT_U8, 1, &count, data, count);
}

static inline uint32_t tensor_size(wasi_nn_handle it) {
  wasi_nn_list data;
  wasi_nn_tensor_data(it, &data);
  wasi_nn_list_free(&data);
  return data.size;
}

static inline bool tensor_holds(wasi_nn_handle it, const void* data, uint32_t size) {
  wasi_nn_list is;
  wasi_nn_tensor_data(it, &is);
  const bool same = is.size == size && (size == 0 || memcmp(is.data, data, size) == 0);
  wasi_nn_list_free(&is);
  return same;
}

// -- inference, the same in every version

typedef struct {
  const char* name;
  wasi_nn_handle tensor;
} input;

// Gives all inputs away and computes. Answers OK or the error's code, and with `first` the first
// output, which the caller drops.
static inline uint32_t infer(wasi_nn_handle context, const input* inputs, uint32_t count,
                             wasi_nn_handle* first) {
#if COMPUTE_TAKES_INPUTS
  wasi_nn_named_tensor named[64];
  for (uint32_t i = 0; i < count; i++) {
    named[i].name.data = (void*)inputs[i].name;
    named[i].name.size = (uint32_t)strlen(inputs[i].name);
    named[i].tensor = inputs[i].tensor;
  }
  wasi_nn_outputs outputs;
  wasi_nn_context_compute(context, named, count, &outputs);
  if (outputs.failed) return take_error(outputs.error);
  if (first) {  // Taken out of the list, which is freed without it.
    wasi_nn_named_tensor* all = outputs.list.data;
    *first = all[0].tensor;
    wasi_nn_list_free(&all[0].name);
    for (uint32_t i = 1; i < outputs.list.size; i++) {
      wasi_nn_tensor_drop(all[i].tensor);
      wasi_nn_list_free(&all[i].name);
    }
    free(all);
  } else {
    wasi_nn_outputs_free(&outputs);
  }
  return OK;
#else
  wasi_nn_result answer;
  for (uint32_t i = 0; i < count; i++) {
    wasi_nn_context_set_input(context, inputs[i].name, (uint32_t)strlen(inputs[i].name),
                              inputs[i].tensor, &answer);
    if (!answer.failed) continue;
    for (uint32_t k = i + 1; k < count; k++)
      wasi_nn_tensor_drop(inputs[k].tensor);
    return take_error(answer.handle);
  }
  wasi_nn_context_compute(context, &answer);
  if (answer.failed) return take_error(answer.handle);
  if (first) {
    wasi_nn_context_get_output(context, "0", 1, &answer);
    if (answer.failed) return take_error(answer.handle);
    *first = answer.handle;
  }
  return OK;
#endif
}

static inline uint32_t infer_one(wasi_nn_handle context, const char* name, wasi_nn_handle it,
                                 wasi_nn_handle* output) {
  const input one = {name, it};
  return infer(context, &one, 1, output);
}

// The everyday case: input x, f32, 1x4, and 16 bytes for it.
#define ONE_BY_FOUR "input x f32 1,4\n"
static const uint32_t kDims[2] = {1, 4};
static const float kValues[4] = {1.5f, -2.0f, 3.25f, 4.0f};

static inline wasi_nn_handle good_tensor(void) {
  return tensor(WASI_NN_WIT_FP32, 2, kDims, kValues, sizeof(kValues));
}

// After the provocation: a whole inference on `context` (ONE_BY_FOUR) still answers rightly.
static inline void want_still_works(wasi_nn_handle context) {
  wasi_nn_handle output = 0;
  const uint32_t code = infer_one(context, "x", good_tensor(), &output);
  want("afterwards, an inference", code, OK, NULL);
  if (code != OK) return;
  want_true("afterwards, the output is the input", tensor_holds(output, kValues, sizeof(kValues)));
  wasi_nn_tensor_drop(output);
}

#endif  // GUESTS_PROVOKE_COMPONENT_PROVOKE_H
