/* Language models for guests that become components: nacre:nn/text, a text piece by piece, and
 * wasi:nn's proposed `prompt`, a chat whose history the host keeps (the host offers that one only
 * with `--wasi nn-prompt`). As the canonical ABI lowers them, beside nacre_nn_component.h and under
 * its rules: embed wit/nacre-nn, and free the lists that the host returns. docs/nacre_nn.md and the
 * WIT texts say what each call means.
 */
#ifndef NACRE_TEXT_COMPONENT_H_
#define NACRE_TEXT_COMPONENT_H_

#include "nacre_nn_component.h"

#ifdef __cplusplus
extern "C" {
#endif

#if WASI_NN_VERSION == 20240625
#define NACRE_NN_TEXT_OPEN "nacre:nn/text-rc20240625@0.1.0"
#elif WASI_NN_VERSION == 20240819
#define NACRE_NN_TEXT_OPEN "nacre:nn/text-rc20240819@0.1.0"
#else
#define NACRE_NN_TEXT_OPEN "nacre:nn/text-rc20241028@0.1.0"
#endif
#define NACRE_NN_TEXT_IMPORT(function) \
  __attribute__((import_module("nacre:nn/text@0.1.0"), import_name(function)))

/* result<_, error>, result<text-context, error>, result<list<u8>, error>, result<string, error> */
typedef struct nacre_nn_text_result {
  uint8_t failed;
  union {
    wasi_nn_handle context;
    wasi_nn_list bytes;
    nacre_nn_error error;
  };
} nacre_nn_text_result;

/* result<option<list<u8>>, error> */
typedef struct nacre_nn_piece_result {
  uint8_t failed;
  union {
    nacre_nn_some_list piece;
    nacre_nn_error error;
  };
} nacre_nn_piece_result;

/* result<own context, string> and result<string, string> */
typedef struct wasi_nn_prompt_result {
  uint8_t failed;
  union {
    wasi_nn_handle context;
    wasi_nn_list text; /* the answer, or the error's sentence */
  };
} wasi_nn_prompt_result;

#ifdef __cplusplus
static_assert(sizeof(nacre_nn_text_result) == 16 && sizeof(nacre_nn_piece_result) == 16 &&
                  sizeof(wasi_nn_prompt_result) == 12,
              "as the canonical ABI has them");
#else
_Static_assert(sizeof(nacre_nn_text_result) == 16 && sizeof(nacre_nn_piece_result) == 16 &&
                   sizeof(wasi_nn_prompt_result) == 12,
               "as the canonical ABI has them");
#endif

/* -- interfaces text and text-… of this version's graph -- */
__attribute__((import_module(NACRE_NN_TEXT_OPEN), import_name("open"))) void nacre_nn_text_open(
    wasi_nn_handle borrowed_graph, nacre_nn_text_result* context);
NACRE_NN_TEXT_IMPORT("[method]text-context.configure")
void nacre_nn_text_configure(wasi_nn_handle context, const char* json, uint32_t size,
                             nacre_nn_text_result* nothing);
NACRE_NN_TEXT_IMPORT("[method]text-context.set-prompt")
void nacre_nn_text_set_prompt(wasi_nn_handle context, const void* prompt, uint32_t size,
                              nacre_nn_text_result* nothing);
NACRE_NN_TEXT_IMPORT("[method]text-context.next")
void nacre_nn_text_next(wasi_nn_handle context, nacre_nn_piece_result* piece);
NACRE_NN_TEXT_IMPORT("[method]text-context.finish")
void nacre_nn_text_finish(wasi_nn_handle context);
NACRE_NN_TEXT_IMPORT("[method]text-context.generate")
void nacre_nn_text_generate(wasi_nn_handle context, nacre_nn_text_result* text);
NACRE_NN_TEXT_IMPORT("[method]text-context.metadata")
void nacre_nn_text_metadata(wasi_nn_handle context, nacre_nn_text_result* json);
NACRE_NN_TEXT_IMPORT("[resource-drop]text-context")
void nacre_nn_text_drop(wasi_nn_handle context);

/* -- interface prompt -- */
WASI_NN_COMPONENT_IMPORT("prompt", "init")
void wasi_nn_prompt_init(wasi_nn_handle own_graph, wasi_nn_prompt_result* context);
WASI_NN_COMPONENT_IMPORT("prompt", "[method]context.compute")
void wasi_nn_prompt_compute(wasi_nn_handle context, const char* prompt, uint32_t size,
                            wasi_nn_prompt_result* answer);
WASI_NN_COMPONENT_IMPORT("prompt", "[resource-drop]context")
void wasi_nn_prompt_drop(wasi_nn_handle context);

#ifdef __cplusplus
}
#endif

#endif /* NACRE_TEXT_COMPONENT_H_ */
