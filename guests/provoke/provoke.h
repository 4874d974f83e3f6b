// What the provoking guests share. Each is one program: it does one kind of wrong thing, compares
// every answer with the one wanted, prints a line for each that differs, and exits 0 or 1.
//
// The hostile numbers go through the raw_ functions: the same imports as in the SDK, but with every
// pointer as a plain number.
#ifndef GUESTS_PROVOKE_PROVOKE_H
#define GUESTS_PROVOKE_PROVOKE_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../sdk/wasi_nn.h"

#define RAW_IMPORT(name) __attribute__((import_module("wasi_ephemeral_nn"), import_name(name)))
RAW_IMPORT("load")
wasi_nn_errno raw_load(uint32_t builders, uint32_t count, uint32_t encoding, uint32_t target,
                       uint32_t graph);
RAW_IMPORT("load_by_name")
wasi_nn_errno raw_load_by_name(uint32_t name, uint32_t size, uint32_t graph);
RAW_IMPORT("init_execution_context")
wasi_nn_errno raw_init_execution_context(uint32_t graph, uint32_t context);
RAW_IMPORT("set_input")
wasi_nn_errno raw_set_input(uint32_t context, uint32_t index, uint32_t tensor);
RAW_IMPORT("get_output")
wasi_nn_errno raw_get_output(uint32_t context, uint32_t index, uint32_t buffer, uint32_t capacity,
                             uint32_t written);

static inline uint32_t address(const void* pointer) {
  return (uint32_t)(uintptr_t)pointer;
}

// The first address past linear memory (64 KiB pages). Memory that has grown to the whole 4 GiB
// would wrap to 0; no guest here does.
static inline uint32_t memory_end(void) {
  return (uint32_t)__builtin_wasm_memory_size(0) << 16;
}

// A tensor record whose pointers are numbers.
typedef struct {
  uint32_t dims, rank, type, data, data_size;
} raw_tensor;

static int provoke_failures;

static inline void complain(const char* what, const char* wanted, wasi_nn_errno got) {
  printf("%s: wanted %s, got %d (%s)\n", what, wanted, (int)got, wasi_nn_errno_name(got));
  provoke_failures++;
}

static inline void want(const char* what, wasi_nn_errno got, wasi_nn_errno wanted) {
  if (got != wanted) complain(what, wasi_nn_errno_name(wanted), got);
}

static inline void want_either(const char* what, wasi_nn_errno got, wasi_nn_errno one,
                               wasi_nn_errno other) {
  if (got == one || got == other) return;
  char wanted[64];
  snprintf(wanted, sizeof(wanted), "%s or %s", wasi_nn_errno_name(one), wasi_nn_errno_name(other));
  complain(what, wanted, got);
}

static inline void want_true(const char* what, bool holds) {
  if (holds) return;
  printf("%s: does not hold\n", what);
  provoke_failures++;
}

static inline void want_number(const char* what, uint32_t got, uint32_t wanted) {
  if (got == wanted) return;
  printf("%s: wanted %u, got %u\n", what, wanted, got);
  provoke_failures++;
}

// The value of main().
static inline int verdict(void) {
  return provoke_failures ? 1 : 0;
}

// For steps without which the rest says nothing: ends the program when the host does not succeed.
static inline void must(const char* what, wasi_nn_errno got) {
  if (got == WASI_NN_SUCCESS) return;
  complain(what, "success", got);
  exit(1);
}

// A graph of the echo backend, whose output i is input i. `inputs` is one line
// "input NAME TYPE DIMS\n" for each; "" means one input of any type and shape.
static inline wasi_nn_graph echo_graph(const char* inputs) {
  char text[512];
  const int size = snprintf(text, sizeof(text), "nacre-echo v1\n%s", inputs);
  const wasi_nn_builder builder = {(const uint8_t*)text, (uint32_t)size};
  wasi_nn_graph graph = 0;
  must("loading an echo graph", wasi_nn_load(&builder, 1, WASI_NN_AUTODETECT, WASI_NN_CPU, &graph));
  return graph;
}

static inline wasi_nn_context new_context(wasi_nn_graph graph) {
  wasi_nn_context context = 0;
  must("init_execution_context", wasi_nn_init_execution_context(graph, &context));
  return context;
}

static inline wasi_nn_context echo_context(const char* inputs) {
  return new_context(echo_graph(inputs));
}

// The everyday case: input x, f32, 1x4, and 16 bytes for it.
#define ONE_BY_FOUR "input x f32 1,4\n"
static const uint32_t kDims[2] = {1, 4};
static const float kValues[4] = {1.5f, -2.0f, 3.25f, 4.0f};

static inline wasi_nn_tensor good_tensor(void) {
  const wasi_nn_tensor tensor = {kDims, 2, WASI_NN_F32, (const uint8_t*)kValues, sizeof(kValues)};
  return tensor;
}

static inline raw_tensor good_raw_tensor(void) {
  const raw_tensor tensor = {address(kDims), 2, WASI_NN_F32, address(kValues), sizeof(kValues)};
  return tensor;
}

// After the provocation: a whole inference on `context` (1x4 f32) still answers rightly.
static inline void want_still_works(wasi_nn_context context) {
  const wasi_nn_tensor tensor = good_tensor();
  float out[4] = {0};
  uint32_t written = 0;
  want("afterwards, set_input", wasi_nn_set_input(context, 0, &tensor), WASI_NN_SUCCESS);
  want("afterwards, compute", wasi_nn_compute(context), WASI_NN_SUCCESS);
  want("afterwards, get_output",
       wasi_nn_get_output(context, 0, (uint8_t*)out, sizeof(out), &written), WASI_NN_SUCCESS);
  want_number("afterwards, bytes of output", written, sizeof(out));
  want_true("afterwards, the output is the input", memcmp(out, kValues, sizeof(out)) == 0);
}

#endif  // GUESTS_PROVOKE_PROVOKE_H
