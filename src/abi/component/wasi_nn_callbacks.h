/* wasi:nn as C callbacks: what the engine's component shim lifts a guest's calls to, and what
 * answers them. Plain C without any VM, so that the shim (Rust) and the semantics (C++) agree on
 * one header and the semantics are tested without an engine.
 *
 * Rules for every callback
 *  - It runs on the thread that runs the guest, one at a time for one guest; for different guests
 * at the same time. It must not throw.
 *  - `env` is the table's own, `guest` the guest's state.
 *  - Spans that it gets live until it returns. Those of `tensor_new` and `load` point straight into
 *    guest memory; nothing was copied. Text is UTF-8: the engine has checked it, and a guest's
 *    string that is not traps the guest before the callback.
 *  - Spans that it answers with must live until the next callback for the same guest; they are
 *    copied into guest memory once. Text must be UTF-8 here too, or the guest traps.
 *  - Tensors, graphs, contexts and errors are numbers that the callbacks choose. What a callback
 *    creates is owned by the guest until its `_drop`. `set_input` and `compute` take their tensors
 *    over, also when they fail: no `tensor_drop` follows.
 *  - A `bool` callback answers true and the number of what it made, or false and the number of an
 *    error.
 */
#ifndef NACRE_SRC_ABI_COMPONENT_WASI_NN_CALLBACKS_H_
#define NACRE_SRC_ABI_COMPONENT_WASI_NN_CALLBACKS_H_

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct nacre_shim_bytes {
  const uint8_t* data;
  size_t size;
} nacre_shim_bytes;

typedef struct nacre_shim_u32s {
  const uint32_t* data;
  size_t size;
} nacre_shim_u32s;

typedef struct nacre_shim_parts {
  const nacre_shim_bytes* data;
  size_t size;
} nacre_shim_parts;

typedef struct nacre_shim_named_tensor {
  nacre_shim_bytes name;
  uint32_t tensor;
} nacre_shim_named_tensor;

typedef struct nacre_shim_named_tensors {
  const nacre_shim_named_tensor* data;
  size_t size;
} nacre_shim_named_tensors;

/* The versions of wasi:nn that are offered; all may be linked at once. */
enum nacre_wasi_nn_version {
  NACRE_WASI_NN_2024_06_25 = 0,
  NACRE_WASI_NN_2024_08_19 = 1,
  NACRE_WASI_NN_2024_10_28 = 2,
};

/* `load` is given one more than these at most, however many the guest claims. */
enum { NACRE_WASI_NN_MAX_PARTS = 65536 };

/* Enum numbers are the order of the WIT's cases: tensor types FP16 FP32 FP64 BF16 U8 I32 I64,
 * encodings openvino onnx tensorflow pytorch tensorflowlite ggml autodetect, targets cpu gpu tpu,
 * error codes invalid-argument invalid-encoding timeout runtime-error unsupported-operation
 * too-large not-found security unknown. */
typedef struct nacre_wasi_nn_callbacks {
  void* env;
  void (*finalizer)(void* env); /* when the last host function that uses env is gone; may be null */

  /* interface tensor; the constructor cannot refuse */
  uint32_t (*tensor_new)(void* env, void* guest, nacre_shim_u32s dims, uint32_t type,
                         nacre_shim_bytes data);
  void (*tensor_dimensions)(void* env, void* guest, uint32_t tensor, nacre_shim_u32s* dims);
  uint32_t (*tensor_type)(void* env, void* guest, uint32_t tensor);
  void (*tensor_data)(void* env, void* guest, uint32_t tensor, nacre_shim_bytes* data);
  void (*tensor_drop)(void* env, void* guest, uint32_t tensor);

  /* interface graph */
  bool (*load)(void* env, void* guest, nacre_shim_parts builder, uint32_t encoding, uint32_t target,
               uint32_t* graph_or_error);
  bool (*load_by_name)(void* env, void* guest, nacre_shim_bytes name, uint32_t* graph_or_error);
  void (*graph_drop)(void* env, void* guest, uint32_t graph);
  bool (*init_execution_context)(void* env, void* guest, uint32_t graph,
                                 uint32_t* context_or_error);

  /* interface inference of 2024-06-25 and 2024-08-19 */
  bool (*set_input)(void* env, void* guest, uint32_t context, nacre_shim_bytes name,
                    uint32_t tensor, uint32_t* error);
  bool (*compute_set)(void* env, void* guest, uint32_t context, uint32_t* error);
  bool (*get_output)(void* env, void* guest, uint32_t context, nacre_shim_bytes name,
                     uint32_t* tensor_or_error);

  /* interface inference of 2024-10-28 */
  bool (*compute)(void* env, void* guest, uint32_t context, nacre_shim_named_tensors inputs,
                  nacre_shim_named_tensors* outputs, uint32_t* error);
  void (*context_drop)(void* env, void* guest, uint32_t context);

  /* interface errors; error_new is called by 2024-06-25 only */
  uint32_t (*error_new)(void* env, void* guest, uint32_t code, nacre_shim_bytes data);
  uint32_t (*error_code)(void* env, void* guest, uint32_t error);
  void (*error_data)(void* env, void* guest, uint32_t error, nacre_shim_bytes* data);
  void (*error_drop)(void* env, void* guest, uint32_t error);

  /* interface prompt, which is proposed and in no version. Its errors are text and no resources:
   * false, and the sentence. prompt_init takes the graph over, also when it fails: no graph_drop
   * follows. */
  bool (*prompt_init)(void* env, void* guest, uint32_t graph, uint32_t* context,
                      nacre_shim_bytes* error);
  bool (*prompt_compute)(void* env, void* guest, uint32_t context, nacre_shim_bytes prompt,
                         nacre_shim_bytes* answer_or_error);
  void (*prompt_drop)(void* env, void* guest, uint32_t context);
} nacre_wasi_nn_callbacks;

#ifdef __cplusplus
}
#endif

#endif /* NACRE_SRC_ABI_COMPONENT_WASI_NN_CALLBACKS_H_ */
