// nacre_nn for guests written in C: core modules ask what backends can do and what a graph wants.
// Other hosts do not have it. Components: nacre_nn_component.h. C++, for both: nacre_nn.hpp.
//
// Contract
//   As in wasi_nn.h: every function answers a wasi_nn_errno. Each writes its answer to `buffer` and
//   its size in bytes to *written; what does not fit is too_large, with the size that is needed in
//   *written and nothing of the answer written. A capacity of 0 asks for the size.
//
// Layout of the answers (little-endian, no padding). A row is a u32 length and that many bytes.
//
//   list_backends        a row for each name
//   backend_properties   row key, row value, and so on
//   last_error           the text itself
//   describe_…           row backend, row encoding, row target
//                        tensors (the inputs), tensors (the outputs)
//                        u32 count of properties, each row key, row value
//     tensors            u32 count (0xffffffff: not known), each
//                          row name (empty: not known), u32 element type (below)
//                          shape of the tensor, shape of the u8 tensor that carries it
//                          row layout ("NCHW"; empty: not known), row note
//     shape              i32 rank (-1: not known, or nothing to carry), i64 for each dimension
//                        (-1: dynamic)
//
//   docs/nacre_nn.md has the keys.
#ifndef NACRE_NN_H
#define NACRE_NN_H

#include "wasi_nn.h"

#ifdef __cplusplus
extern "C" {
#endif

enum {
  NACRE_NN_UNKNOWN = 0,
  NACRE_NN_F16 = 1,
  NACRE_NN_F32 = 2,
  NACRE_NN_F64 = 3,
  NACRE_NN_BF16 = 4,
  NACRE_NN_U8 = 5,
  NACRE_NN_I32 = 6,
  NACRE_NN_I64 = 7,
  NACRE_NN_I8 = 8,
  NACRE_NN_I16 = 9,
  NACRE_NN_U16 = 10,
  NACRE_NN_U32 = 11,
  NACRE_NN_U64 = 12,
  NACRE_NN_BOOL = 13,
  NACRE_NN_STRING = 14,
};

#ifdef __wasm32__
#define NACRE_NN_IMPORT(name) __attribute__((import_module("nacre_nn"), import_name(name))) extern
#else
#define NACRE_NN_IMPORT(name) extern
#endif

// The runtimes that are installed.
NACRE_NN_IMPORT("list_backends")
wasi_nn_errno nacre_nn_list_backends(uint8_t* buffer, uint32_t capacity, uint32_t* written);

// What one says of itself. not_found for a name that is none of the list.
NACRE_NN_IMPORT("backend_properties")
wasi_nn_errno nacre_nn_backend_properties(const char* name, uint32_t name_size, uint8_t* buffer,
                                          uint32_t capacity, uint32_t* written);

// The model that load_by_name would give for this name; it is loaded if it is not yet.
NACRE_NN_IMPORT("describe_model")
wasi_nn_errno nacre_nn_describe_model(const char* name, uint32_t name_size, uint8_t* buffer,
                                      uint32_t capacity, uint32_t* written);

// A graph that this guest holds.
NACRE_NN_IMPORT("describe_graph")
wasi_nn_errno nacre_nn_describe_graph(wasi_nn_graph graph, uint8_t* buffer, uint32_t capacity,
                                      uint32_t* written);

// The sentence of the last call that failed, of this module's and of wasi_ephemeral_nn's; empty
// before any. A too_large of its own does not take its place.
NACRE_NN_IMPORT("last_error")
wasi_nn_errno nacre_nn_last_error(uint8_t* buffer, uint32_t capacity, uint32_t* written);

#ifdef __cplusplus
}
#endif

#endif  // NACRE_NN_H
