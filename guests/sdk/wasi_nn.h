// wasi-nn for guests written in C: core modules, import module `wasi_ephemeral_nn`.
//
// Contract
//   Every function answers a wasi_nn_errno; results go through out-pointers, which come last. An
//   out-pointer is written only on success, with one exception: get_output also writes `*written`
//   when it answers too_large. A failed call changes nothing, and the guest may go on.
//   An errno says little. The sentence behind it: `nacre run -v` prints it, and a guest gets it
//   from nacre_nn_last_error (nacre_nn.h, of this host only).
//
// Lifetime
//   Handles are small integers, valid until the instance ends. Nothing needs to be closed (the six
//   standard functions cannot close anything). Graphs and contexts are different kinds of handle:
//   one is never accepted for the other. Bytes given to load and set_input are copied before the
//   call returns, so they may be freed, changed, or moved by memory.grow at once.
//
// Threads
//   One execution context does one computation at a time.
//
// Pitfalls: the same number means different things elsewhere
//   The numbers below are the witx ones (Wasmtime, crate `wasi-nn` 0.6). Other dialects:
//     encoding 5  autodetect here and in WasmEdge; ggml in WIT and WAMR.
//     encoding 6  nothing here; ggml in WasmEdge; autodetect in WIT.
//     type 2, 3   f64 and u8 here; u8 and i32 in guests made before August 2023.
//     type 3..6   u8 i32 i64 - here; bf16 u8 i32 i64 in WIT.
//   A host picks the table from a module's imports: importing any of the functions under
//   WASI_NN_WASMEDGE below makes the module a WasmEdge guest, and then ggml is 6.
#ifndef WASI_NN_H
#define WASI_NN_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

// ---- Numbers

typedef int32_t wasi_nn_errno;
enum {
  WASI_NN_SUCCESS = 0,
  WASI_NN_INVALID_ARGUMENT = 1,   // a bad handle, index, shape, type, length or pointer
  WASI_NN_INVALID_ENCODING = 2,   // an encoding that does not exist, or bytes that are not of it
  WASI_NN_MISSING_MEMORY = 3,     // the module exports no memory the host can use
  WASI_NN_BUSY = 4,               // a limit on live objects, or a context that is computing
  WASI_NN_RUNTIME_ERROR = 5,      // the machine-learning runtime failed
  WASI_NN_UNSUPPORTED = 6,        // no such device, or forbidden by the operator
  WASI_NN_TOO_LARGE = 7,          // the buffer is too small, or a size is above a limit
  WASI_NN_NOT_FOUND = 8,          // no model of that name
  WASI_NN_END_OF_SEQUENCE = 100,  // these four: WasmEdge dialect only
  WASI_NN_CONTEXT_FULL = 101,
  WASI_NN_PROMPT_TOO_LONG = 102,
  WASI_NN_MODEL_NOT_FOUND = 103,
};

typedef uint32_t wasi_nn_encoding;
enum {
  WASI_NN_OPENVINO = 0,  // two builders: the .xml, then the .bin
  WASI_NN_ONNX = 1,
  WASI_NN_TENSORFLOW = 2,
  WASI_NN_PYTORCH = 3,
  WASI_NN_TENSORFLOWLITE = 4,
  WASI_NN_AUTODETECT = 5,
  WASI_NN_WASMEDGE_GGML = 6,  // only in the WasmEdge dialect; see Pitfalls
};

typedef uint32_t wasi_nn_target;
enum { WASI_NN_CPU = 0, WASI_NN_GPU = 1, WASI_NN_TPU = 2, WASI_NN_AUTO = 3 };

typedef uint8_t wasi_nn_type;
enum {
  WASI_NN_F16 = 0,
  WASI_NN_F32 = 1,
  WASI_NN_F64 = 2,
  WASI_NN_U8 = 3,
  WASI_NN_I32 = 4,
  WASI_NN_I64 = 5,
};

typedef uint32_t wasi_nn_graph;
typedef uint32_t wasi_nn_context;

// ---- Records

// One part of a model: its bytes.
typedef struct {
  const uint8_t* data;
  uint32_t size;
} wasi_nn_builder;

// An input. data_size must be the product of dims times the size of the type. Rank 0 (no dims) is
// one element. The host reads one byte of `type`; the three bytes after it may hold anything.
typedef struct {
  const uint32_t* dims;
  uint32_t rank;
  wasi_nn_type type;
  const uint8_t* data;
  uint32_t data_size;
} wasi_nn_tensor;

#ifdef __wasm32__
#ifdef __cplusplus
#define WASI_NN_ASSERT(what) static_assert(what, #what)
#else
#define WASI_NN_ASSERT(what) _Static_assert(what, #what)
#endif
WASI_NN_ASSERT(sizeof(wasi_nn_builder) == 8);
WASI_NN_ASSERT(sizeof(wasi_nn_tensor) == 20);
WASI_NN_ASSERT(__alignof__(wasi_nn_tensor) == 4);
WASI_NN_ASSERT(__builtin_offsetof(wasi_nn_tensor, dims) == 0);
WASI_NN_ASSERT(__builtin_offsetof(wasi_nn_tensor, rank) == 4);
WASI_NN_ASSERT(__builtin_offsetof(wasi_nn_tensor, type) == 8);
WASI_NN_ASSERT(__builtin_offsetof(wasi_nn_tensor, data) == 12);
WASI_NN_ASSERT(__builtin_offsetof(wasi_nn_tensor, data_size) == 16);
#undef WASI_NN_ASSERT
#define WASI_NN_IMPORT(name) \
  __attribute__((import_module("wasi_ephemeral_nn"), import_name(name))) extern
#else
#define WASI_NN_IMPORT(name) extern  // another target: whoever links supplies the functions
#endif

// ---- The six functions of every host. A function that is not called is not imported.

// Makes a graph from `count` parts. autodetect looks at the bytes.
WASI_NN_IMPORT("load")
wasi_nn_errno wasi_nn_load(const wasi_nn_builder* builders, uint32_t count,
                           wasi_nn_encoding encoding, wasi_nn_target target, wasi_nn_graph* graph);

// Finds a model that the operator registered. `name` is a key, never a path; no NUL at its end.
WASI_NN_IMPORT("load_by_name")
wasi_nn_errno wasi_nn_load_by_name(const char* name, uint32_t name_size, wasi_nn_graph* graph);

WASI_NN_IMPORT("init_execution_context")
wasi_nn_errno wasi_nn_init_execution_context(wasi_nn_graph graph, wasi_nn_context* context);

// Copies the tensor. It stays set for later computations, until it is set again.
WASI_NN_IMPORT("set_input")
wasi_nn_errno wasi_nn_set_input(wasi_nn_context context, uint32_t index,
                                const wasi_nn_tensor* tensor);

// Returns when the outputs are ready. invalid_argument while an input has not been set.
WASI_NN_IMPORT("compute")
wasi_nn_errno wasi_nn_compute(wasi_nn_context context);

// Copies output `index` into buffer and its size in bytes into *written. When it does not fit:
// too_large, *written is the size needed, and the buffer is untouched; capacity 0 asks for the
// size. May be called any number of times after compute. In the WasmEdge dialect a capacity of 0
// means 245,888 instead (a habit of its guests), so ask with 1 there.
WASI_NN_IMPORT("get_output")
wasi_nn_errno wasi_nn_get_output(wasi_nn_context context, uint32_t index, uint8_t* buffer,
                                 uint32_t capacity, uint32_t* written);

// ---- The functions WasmEdge added. Ask for them with #define WASI_NN_WASMEDGE before including
// this header: a module that imports one of them is read with WasmEdge's numbers.
#ifdef WASI_NN_WASMEDGE

// load_by_name with options for the model, as JSON.
WASI_NN_IMPORT("load_by_name_with_config")
wasi_nn_errno wasi_nn_load_by_name_with_config(const char* name, uint32_t name_size,
                                               const char* config, uint32_t config_size,
                                               wasi_nn_graph* graph);

// Streaming: each call makes one token; end_of_sequence ends the stream.
WASI_NN_IMPORT("compute_single") wasi_nn_errno wasi_nn_compute_single(wasi_nn_context context);

// What the last compute_single made. May end inside a UTF-8 character.
WASI_NN_IMPORT("get_output_single")
wasi_nn_errno wasi_nn_get_output_single(wasi_nn_context context, uint32_t index, uint8_t* buffer,
                                        uint32_t capacity, uint32_t* written);

// Ends the stream, so that another may begin.
WASI_NN_IMPORT("fini_single") wasi_nn_errno wasi_nn_fini_single(wasi_nn_context context);

// Gives a graph or context back. The handle is dead afterwards; contexts keep their graph alive.
WASI_NN_IMPORT("unload") wasi_nn_errno wasi_nn_unload(wasi_nn_graph graph);
WASI_NN_IMPORT("finalize_execution_context")
wasi_nn_errno wasi_nn_finalize_execution_context(wasi_nn_context context);

#endif  // WASI_NN_WASMEDGE

// The specification's word for an errno; never null.
static inline const char* wasi_nn_errno_name(wasi_nn_errno code) {
  switch (code) {
    case WASI_NN_SUCCESS:
      return "success";
    case WASI_NN_INVALID_ARGUMENT:
      return "invalid_argument";
    case WASI_NN_INVALID_ENCODING:
      return "invalid_encoding";
    case WASI_NN_MISSING_MEMORY:
      return "missing_memory";
    case WASI_NN_BUSY:
      return "busy";
    case WASI_NN_RUNTIME_ERROR:
      return "runtime_error";
    case WASI_NN_UNSUPPORTED:
      return "unsupported_operation";
    case WASI_NN_TOO_LARGE:
      return "too_large";
    case WASI_NN_NOT_FOUND:
      return "not_found";
    case WASI_NN_END_OF_SEQUENCE:
      return "end_of_sequence";
    case WASI_NN_CONTEXT_FULL:
      return "context_full";
    case WASI_NN_PROMPT_TOO_LONG:
      return "prompt_too_long";
    case WASI_NN_MODEL_NOT_FOUND:
      return "model_not_found";
    default:
      return "unknown errno";
  }
}

#ifdef __cplusplus
}
#endif

#endif  // WASI_NN_H
