/* nacre:nn@0.1.0 for guests that become components: what backends can do and what a graph wants, as
 * the canonical ABI lowers it. wit/nacre-nn/ is the text; embed it instead of wasi:nn's own:
 *
 *   wasm-tools component embed wit/nacre-nn --world ml-rc20241028 guest.core.wasm -o typed.wasm
 *
 * (or ml-rc20240819, ml-rc20240625: a graph is described by the interface of its own version).
 * Other hosts do not have it. As in wasi_nn_component.h, lists that the host returns are malloc's
 * and the caller frees each of them (wasi_nn_list_free).
 */
#ifndef NACRE_NN_COMPONENT_H_
#define NACRE_NN_COMPONENT_H_

#include "wasi_nn_component.h"

#ifdef __cplusplus
extern "C" {
#endif

#if WASI_NN_VERSION == 20240625
#define NACRE_NN_GRAPHS "nacre:nn/graphs-rc20240625@0.1.0"
#elif WASI_NN_VERSION == 20240819
#define NACRE_NN_GRAPHS "nacre:nn/graphs-rc20240819@0.1.0"
#else
#define NACRE_NN_GRAPHS "nacre:nn/graphs-rc20241028@0.1.0"
#endif

/* The WIT's element-type, by number. */
enum {
  NACRE_NN_WIT_FP16,
  NACRE_NN_WIT_FP32,
  NACRE_NN_WIT_FP64,
  NACRE_NN_WIT_BF16,
  NACRE_NN_WIT_U8,
  NACRE_NN_WIT_I32,
  NACRE_NN_WIT_I64,
  NACRE_NN_WIT_I8,
  NACRE_NN_WIT_I16,
  NACRE_NN_WIT_U16,
  NACRE_NN_WIT_U32,
  NACRE_NN_WIT_U64,
  NACRE_NN_WIT_BOOL,
  NACRE_NN_WIT_STRING
};

/* option<list<…>> and option<string> */
typedef struct nacre_nn_some_list {
  uint8_t some;
  wasi_nn_list list;
} nacre_nn_some_list;

/* tuple<string, string> */
typedef struct nacre_nn_pair {
  wasi_nn_list key;
  wasi_nn_list value;
} nacre_nn_pair;

typedef struct nacre_nn_error {
  uint8_t code; /* WASI_NN_WIT_INVALID_ARGUMENT… */
  wasi_nn_list data;
} nacre_nn_error;

typedef struct nacre_nn_tensor_description {
  nacre_nn_some_list name;
  struct {
    uint8_t some;
    uint8_t value;
  } ty;
  nacre_nn_some_list dimensions; /* of int64_t */
  nacre_nn_some_list carrier;    /* of int64_t */
  nacre_nn_some_list layout;
  wasi_nn_list note;
} nacre_nn_tensor_description;

typedef struct nacre_nn_graph_description {
  wasi_nn_list backend;
  wasi_nn_list encoding;
  wasi_nn_list target;
  nacre_nn_some_list inputs; /* of nacre_nn_tensor_description */
  nacre_nn_some_list outputs;
  wasi_nn_list properties; /* of nacre_nn_pair */
} nacre_nn_graph_description;

typedef struct nacre_nn_properties_result {
  uint8_t failed;
  union {
    wasi_nn_list properties; /* of nacre_nn_pair */
    nacre_nn_error error;
  };
} nacre_nn_properties_result;

typedef struct nacre_nn_graph_result {
  uint8_t failed;
  union {
    nacre_nn_graph_description graph;
    nacre_nn_error error;
  };
} nacre_nn_graph_result;

#ifdef __cplusplus
#define NACRE_NN_ASSERT(what) static_assert(what, #what)
#else
#define NACRE_NN_ASSERT(what) _Static_assert(what, #what)
#endif
NACRE_NN_ASSERT(sizeof(nacre_nn_tensor_description) == 60);
NACRE_NN_ASSERT(sizeof(nacre_nn_graph_description) == 56);
NACRE_NN_ASSERT(sizeof(nacre_nn_properties_result) == 16);
NACRE_NN_ASSERT(sizeof(nacre_nn_graph_result) == 60);
#undef NACRE_NN_ASSERT

/* -- interface backends -- */
__attribute__((import_module("nacre:nn/backends@0.1.0"), import_name("list"))) void
nacre_nn_backends_list(wasi_nn_list* names); /* of strings */
__attribute__((import_module("nacre:nn/backends@0.1.0"), import_name("properties"))) void
nacre_nn_backends_properties(const char* name, uint32_t size, nacre_nn_properties_result* answer);

/* -- interface graphs, and that of this version's graph -- */
__attribute__((import_module("nacre:nn/graphs@0.1.0"), import_name("describe-by-name"))) void
nacre_nn_graphs_describe_by_name(const char* name, uint32_t size, nacre_nn_graph_result* answer);
__attribute__((import_module(NACRE_NN_GRAPHS), import_name("describe"))) void
nacre_nn_graphs_describe(wasi_nn_handle borrowed_graph, nacre_nn_graph_result* answer);

#ifdef __cplusplus
}
#endif

#endif /* NACRE_NN_COMPONENT_H_ */
