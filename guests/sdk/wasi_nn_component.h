/* wasi:nn for guests that become WebAssembly components, without a bindings generator.
 *
 * These are the imports as the canonical ABI lowers them, one C declaration each, for the version
 * that WASI_NN_VERSION names (20240625, 20240819 or 20241028, the default). wit/ holds the three
 * interface texts. Most authors want wasi_nn.hpp, which says the same for every ABI.
 *
 * Building (guests/README.md has the project's own command):
 *
 *   compile and link for wasm32-wasi, to guest.core.wasm
 *   wasm-tools component embed wit/2024-10-28 --world ml guest.core.wasm -o embed.wasm
 *   wasm-tools component new embed.wasm --adapt wasi_snapshot_preview1=command.wasm -o …
 *
 * Lists and strings that the host returns are written once, straight into memory that this file's
 * cabi_realloc gives: malloc's, which the caller frees (wasi_nn_list_free, wasi_nn_outputs_free),
 * or, between wasi_nn_place() and wasi_nn_unplace(), a buffer of the caller's. cabi_realloc is
 * defined here, weakly, so any number of files may include this.
 *
 * Ownership: numbers of type wasi_nn_handle are the guest's until it drops them or passes them to a
 * parameter marked `own`. set_input and compute take their tensors, also when they fail.
 */
#ifndef WASI_NN_COMPONENT_H_
#define WASI_NN_COMPONENT_H_

#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#ifdef __cplusplus
extern "C" {
#endif

#ifndef WASI_NN_VERSION
#define WASI_NN_VERSION 20241028
#endif

#if WASI_NN_VERSION == 20240625
#define WASI_NN_INTERFACE(name) "wasi:nn/" name "@0.2.0-rc-2024-06-25"
#elif WASI_NN_VERSION == 20240819
#define WASI_NN_INTERFACE(name) "wasi:nn/" name "@0.2.0-rc-2024-08-19"
#elif WASI_NN_VERSION == 20241028
#define WASI_NN_INTERFACE(name) "wasi:nn/" name "@0.2.0-rc-2024-10-28"
#else
#error "WASI_NN_VERSION is 20240625, 20240819 or 20241028"
#endif

#define WASI_NN_COMPONENT_IMPORT(interface, function) \
  __attribute__((import_module(WASI_NN_INTERFACE(interface)), import_name(function)))

typedef uint32_t wasi_nn_handle;

/* The WIT's enums, by number. */
enum {
  WASI_NN_WIT_FP16,
  WASI_NN_WIT_FP32,
  WASI_NN_WIT_FP64,
  WASI_NN_WIT_BF16,
  WASI_NN_WIT_U8,
  WASI_NN_WIT_I32,
  WASI_NN_WIT_I64
};
enum {
  WASI_NN_WIT_OPENVINO,
  WASI_NN_WIT_ONNX,
  WASI_NN_WIT_TENSORFLOW,
  WASI_NN_WIT_PYTORCH,
  WASI_NN_WIT_TENSORFLOWLITE,
  WASI_NN_WIT_GGML,
  WASI_NN_WIT_AUTODETECT
};
enum { WASI_NN_WIT_CPU, WASI_NN_WIT_GPU, WASI_NN_WIT_TPU };
enum {
  WASI_NN_WIT_INVALID_ARGUMENT,
  WASI_NN_WIT_INVALID_ENCODING,
  WASI_NN_WIT_TIMEOUT,
  WASI_NN_WIT_RUNTIME_ERROR,
  WASI_NN_WIT_UNSUPPORTED_OPERATION,
  WASI_NN_WIT_TOO_LARGE,
  WASI_NN_WIT_NOT_FOUND,
  WASI_NN_WIT_SECURITY,
  WASI_NN_WIT_UNKNOWN
};

/* A list or a string, in and out. */
typedef struct wasi_nn_list {
  void* data;
  uint32_t size; /* elements */
} wasi_nn_list;

/* result<own, own error> and result<_, own error>: `handle` is what was made, or the error. */
typedef struct wasi_nn_result {
  uint8_t failed;
  wasi_nn_handle handle;
} wasi_nn_result;

typedef struct wasi_nn_named_tensor {
  wasi_nn_list name;
  wasi_nn_handle tensor;
} wasi_nn_named_tensor;

/* result<list<named-tensor>, own error> */
typedef struct wasi_nn_outputs {
  uint8_t failed;
  union {
    wasi_nn_list list; /* of wasi_nn_named_tensor */
    wasi_nn_handle error;
  };
} wasi_nn_outputs;

/* -- interface tensor -- */
WASI_NN_COMPONENT_IMPORT("tensor", "[constructor]tensor")
wasi_nn_handle wasi_nn_tensor_new(const uint32_t* dims, uint32_t rank, uint32_t type,
                                  const void* data, uint32_t size);
WASI_NN_COMPONENT_IMPORT("tensor", "[method]tensor.dimensions")
void wasi_nn_tensor_dimensions(wasi_nn_handle tensor, wasi_nn_list* dims);
WASI_NN_COMPONENT_IMPORT("tensor", "[method]tensor.ty")
uint32_t wasi_nn_tensor_type_of(wasi_nn_handle tensor);
WASI_NN_COMPONENT_IMPORT("tensor", "[method]tensor.data")
void wasi_nn_tensor_data(wasi_nn_handle tensor, wasi_nn_list* bytes);
WASI_NN_COMPONENT_IMPORT("tensor", "[resource-drop]tensor")
void wasi_nn_tensor_drop(wasi_nn_handle tensor);

/* -- interface graph -- */
WASI_NN_COMPONENT_IMPORT("graph", "load")
void wasi_nn_graph_load(const wasi_nn_list* parts, uint32_t count, uint32_t encoding,
                        uint32_t target, wasi_nn_result* graph);
WASI_NN_COMPONENT_IMPORT("graph", "load-by-name")
void wasi_nn_graph_load_by_name(const char* name, uint32_t size, wasi_nn_result* graph);
WASI_NN_COMPONENT_IMPORT("graph", "[method]graph.init-execution-context")
void wasi_nn_graph_init_execution_context(wasi_nn_handle graph, wasi_nn_result* context);
WASI_NN_COMPONENT_IMPORT("graph", "[resource-drop]graph")
void wasi_nn_graph_drop(wasi_nn_handle graph);

/* -- interface inference -- */
#if WASI_NN_VERSION == 20241028
WASI_NN_COMPONENT_IMPORT("inference", "[method]graph-execution-context.compute")
void wasi_nn_context_compute(wasi_nn_handle context, const wasi_nn_named_tensor* own_inputs,
                             uint32_t count, wasi_nn_outputs* outputs);
#else
WASI_NN_COMPONENT_IMPORT("inference", "[method]graph-execution-context.set-input")
void wasi_nn_context_set_input(wasi_nn_handle context, const char* name, uint32_t size,
                               wasi_nn_handle own_tensor, wasi_nn_result* nothing);
WASI_NN_COMPONENT_IMPORT("inference", "[method]graph-execution-context.compute")
void wasi_nn_context_compute(wasi_nn_handle context, wasi_nn_result* nothing);
WASI_NN_COMPONENT_IMPORT("inference", "[method]graph-execution-context.get-output")
void wasi_nn_context_get_output(wasi_nn_handle context, const char* name, uint32_t size,
                                wasi_nn_result* tensor);
#endif
WASI_NN_COMPONENT_IMPORT("inference", "[resource-drop]graph-execution-context")
void wasi_nn_context_drop(wasi_nn_handle context);

/* -- interface errors -- */
#if WASI_NN_VERSION == 20240625
WASI_NN_COMPONENT_IMPORT("errors", "[constructor]error")
wasi_nn_handle wasi_nn_error_new(uint32_t code, const char* data, uint32_t size);
#endif
WASI_NN_COMPONENT_IMPORT("errors", "[method]error.code")
uint32_t wasi_nn_error_code(wasi_nn_handle error);
WASI_NN_COMPONENT_IMPORT("errors", "[method]error.data")
void wasi_nn_error_data(wasi_nn_handle error, wasi_nn_list* text);
WASI_NN_COMPONENT_IMPORT("errors", "[resource-drop]error")
void wasi_nn_error_drop(wasi_nn_handle error);

/* From here to wasi_nn_unplace(), what the host returns goes to `buffer`, one list after another,
 * and to malloc what does not fit. A list's address says
 * which; only malloc's is freed. */
static inline void wasi_nn_place(void* buffer, uint32_t capacity);
static inline void wasi_nn_unplace(void);

/* Frees a list or a string of malloc's. An empty one has nothing to free. */
static inline void wasi_nn_list_free(const wasi_nn_list* list);

#if WASI_NN_VERSION == 20241028
/* Frees what compute's answer is written in, where it is malloc's, and drops its tensors. */
static inline void wasi_nn_outputs_free(const wasi_nn_outputs* outputs);
#endif

/* -- how it is done -- */

/* Where the next list goes: from `next`, if it ends by `end`. All three are null for malloc. */
typedef struct wasi_nn_placement {
  uint8_t* begin;
  uint8_t* next;
  uint8_t* end;
} wasi_nn_placement;

__attribute__((weak)) wasi_nn_placement wasi_nn_placed = {0, 0, 0};

static inline void wasi_nn_place(void* buffer, uint32_t capacity) {
  wasi_nn_placed.begin = wasi_nn_placed.next = (uint8_t*)buffer;
  wasi_nn_placed.end = (uint8_t*)buffer + capacity;
}

static inline void wasi_nn_unplace(void) {
  wasi_nn_place(0, 0);
}

static inline void wasi_nn_list_free(const wasi_nn_list* list) {
  if (list->size != 0) free(list->data);
}

#if WASI_NN_VERSION == 20241028
static inline void wasi_nn_outputs_free(const wasi_nn_outputs* outputs) {
  if (outputs->failed) return;
  const wasi_nn_named_tensor* each = (const wasi_nn_named_tensor*)outputs->list.data;
  for (uint32_t i = 0; i < outputs->list.size; i++) {
    wasi_nn_tensor_drop(each[i].tensor);
    wasi_nn_list_free(&each[i].name);
  }
  wasi_nn_list_free(&outputs->list);
}
#endif

/* Called by the host for each list that it returns. Nothing here may call the host. Define
 * WASI_NN_OWN_REALLOC to bring another one. */
#ifndef WASI_NN_OWN_REALLOC
__attribute__((weak, export_name("cabi_realloc"))) void* cabi_realloc(void* old, size_t old_size,
                                                                      size_t align, size_t size) {
  uint8_t* at;
  void* fresh;
  if (size == 0) return (void*)align; /* any aligned address that is not null */
  if (old == 0) {
    at = (uint8_t*)(((uintptr_t)wasi_nn_placed.next + align - 1) / align * align);
    if (at < wasi_nn_placed.end && size <= (size_t)(wasi_nn_placed.end - at)) {
      wasi_nn_placed.next = at + size;
      return at;
    }
  } else if ((uint8_t*)old >= wasi_nn_placed.begin && (uint8_t*)old < wasi_nn_placed.end) {
    /* A string whose size was a guess. */
    if (size <= old_size) return old;
    fresh = malloc(size);
    if (fresh == 0) abort();
    return memcpy(fresh, old, old_size);
  }
  fresh = realloc(old, size);
  if (fresh == 0) abort();
  return fresh;
}
#endif

#ifdef __cplusplus
}
#endif

#endif /* WASI_NN_COMPONENT_H_ */
