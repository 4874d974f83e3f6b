/* nacre:nn (guests/sdk/wit/nacre-nn) as C callbacks, beside those of wasi_nn_callbacks.h and under
 * the same rules. A span without an address stands for the WIT's `none`; one of no elements has an
 * address all the same. What a `bool` callback answers is in its out-parameters: true and the last
 * but one, or false and the error.
 */
#ifndef NACRE_SRC_ABI_COMPONENT_NACRE_NN_CALLBACKS_H_
#define NACRE_SRC_ABI_COMPONENT_NACRE_NN_CALLBACKS_H_

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "abi/component/wasi_nn_callbacks.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct nacre_shim_error {
  uint32_t code; /* the WIT's error-code, as in wasi_nn_callbacks.h */
  nacre_shim_bytes data;
} nacre_shim_error;

typedef struct nacre_shim_pair {
  nacre_shim_bytes key;
  nacre_shim_bytes value;
} nacre_shim_pair;

typedef struct nacre_shim_pairs {
  const nacre_shim_pair* data;
  size_t size;
} nacre_shim_pairs;

typedef struct nacre_shim_texts {
  const nacre_shim_bytes* data;
  size_t size;
} nacre_shim_texts;

typedef struct nacre_shim_i64s {
  const int64_t* data;
  size_t size;
} nacre_shim_i64s;

typedef struct nacre_shim_tensor_description {
  nacre_shim_bytes name; /* may be none, like the next three */
  nacre_shim_i64s dimensions;
  nacre_shim_i64s carrier;
  nacre_shim_bytes layout;
  nacre_shim_bytes note;
  uint32_t ty; /* the number of an element-type; any other number is none */
} nacre_shim_tensor_description;

typedef struct nacre_shim_tensor_descriptions {
  const nacre_shim_tensor_description* data;
  size_t size;
} nacre_shim_tensor_descriptions;

typedef struct nacre_shim_graph_description {
  nacre_shim_bytes backend;
  nacre_shim_bytes encoding;
  nacre_shim_bytes target;
  nacre_shim_tensor_descriptions inputs; /* may be none, like the next */
  nacre_shim_tensor_descriptions outputs;
  nacre_shim_pairs properties;
} nacre_shim_graph_description;

typedef struct nacre_nn_callbacks {
  void* env;
  void (*finalizer)(void* env);

  /* interface backends */
  void (*list)(void* env, void* guest, nacre_shim_texts* names);
  bool (*properties)(void* env, void* guest, nacre_shim_bytes name, nacre_shim_pairs* properties,
                     nacre_shim_error* error);

  /* interface graphs, and graphs-… of each version */
  bool (*describe_by_name)(void* env, void* guest, nacre_shim_bytes name,
                           nacre_shim_graph_description* description, nacre_shim_error* error);
  bool (*describe)(void* env, void* guest, uint32_t graph,
                   nacre_shim_graph_description* description, nacre_shim_error* error);

  /* interface text, and text-… of each version, whose `open` borrows the graph. A text-context is
   * the number of an execution context. Pieces and texts are bytes, not always UTF-8; metadata is.
   * `text_next` answers `none` (a span without an address) at the end. */
  bool (*text_open)(void* env, void* guest, uint32_t graph, uint32_t* context,
                    nacre_shim_error* error);
  void (*text_drop)(void* env, void* guest, uint32_t context);
  bool (*text_configure)(void* env, void* guest, uint32_t context, nacre_shim_bytes json,
                         nacre_shim_error* error);
  bool (*text_set_prompt)(void* env, void* guest, uint32_t context, nacre_shim_bytes prompt,
                          nacre_shim_error* error);
  bool (*text_next)(void* env, void* guest, uint32_t context, nacre_shim_bytes* piece,
                    nacre_shim_error* error);
  void (*text_finish)(void* env, void* guest, uint32_t context);
  bool (*text_generate)(void* env, void* guest, uint32_t context, nacre_shim_bytes* text,
                        nacre_shim_error* error);
  bool (*text_metadata)(void* env, void* guest, uint32_t context, nacre_shim_bytes* json,
                        nacre_shim_error* error);
} nacre_nn_callbacks;

#ifdef __cplusplus
}
#endif

#endif /* NACRE_SRC_ABI_COMPONENT_NACRE_NN_CALLBACKS_H_ */
