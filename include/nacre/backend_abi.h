/* The C function table between Nacre and a backend module.
 *
 * A backend module is a shared object `libnacre_backend_<name>.so` that exports one symbol,
 * `nacre_backend_entry`. Neither compiler nor standard library need match across it. Authors in
 * C++ do not write against this file but derive from the classes in backend.h and put
 * NACRE_EXPORT_BACKEND(...) in one source; this file is the contract underneath.
 *
 * Conventions
 *  - Strings are UTF-8 with a length, not terminated; they live as long as the call unless said.
 *  - A function that can fail returns 0, or a code of nacre::ErrorCode after it has called
 *    `error->set` once with a sentence.
 *  - Nothing throws across the table. Sizes are in bytes and 64 bits wide.
 *  - Tables, and structures that carry a `struct_size`, grow only at their end; it says how much of
 *    one is there. What a module may say of itself and of its models grows by keys (properties),
 *    which need no change here.
 */
#ifndef NACRE_BACKEND_ABI_H_
#define NACRE_BACKEND_ABI_H_

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Raised when a table changes in a way that growing at its end cannot express. */
#define NACRE_BACKEND_ABI_VERSION 2u

/* No deadline, for `start`. */
#define NACRE_NO_DEADLINE UINT64_MAX

typedef struct nacre_string {
  const char* data;
  uint64_t size;
} nacre_string;

typedef struct nacre_bytes {
  const void* data;
  uint64_t size;
} nacre_bytes;

/* Where a failing function puts its sentence. `code` is a nacre::ErrorCode. */
typedef struct nacre_error_sink {
  void* self;
  void (*set)(void* self, uint32_t code, nacre_string message);
} nacre_error_sink;

/* A reference-counted block of memory. Whoever made it supplies retain and release, which any
 * thread may call; the block is freed on its maker's side when the last reference goes.
 * `unique` answers whether the caller's reference is the only one. */
typedef struct nacre_buffer nacre_buffer;
struct nacre_buffer {
  void* data;
  uint64_t capacity;
  void (*retain)(nacre_buffer* self);
  void (*release)(nacre_buffer* self);
  int (*unique)(const nacre_buffer* self);
};

/* A tensor by reference. `type` is a nacre::TensorType. `dims` and `data` stay valid while the
 * call (for an input: the computation) lasts; `buffer`, where not null, is what owns `data`, and
 * whoever wants it longer retains it. */
typedef struct nacre_tensor {
  uint32_t type;
  uint32_t rank;
  const int64_t* dims;
  void* data;
  uint64_t size;
  nacre_buffer* buffer;
} nacre_tensor;

typedef struct nacre_property {
  nacre_string key;
  nacre_string value;
} nacre_property;

/* Receives key/value pairs one at a time; the strings live for the call. */
typedef struct nacre_property_sink {
  void* self;
  void (*add)(void* self, nacre_string key, nacre_string value);
} nacre_property_sink;

/* One input or output. `rank` is -1 when unknown; a dimension of -1 is dynamic; an empty name or
 * layout and a type of 0 are unknown. */
typedef struct nacre_tensor_description {
  uint32_t struct_size;
  uint32_t type;
  nacre_string name;
  const int64_t* dims;
  int32_t rank;
  nacre_string note;
  nacre_string layout;
} nacre_tensor_description;

/* Receives a graph's description, inputs first and in order. */
typedef struct nacre_description_sink {
  void* self;
  void (*tensor)(void* self, int is_output, const nacre_tensor_description* tensor);
  void (*counts_known)(void* self, int inputs_known, int outputs_known);
  void (*property)(void* self, nacre_string key, nacre_string value);
} nacre_description_sink;

/* What the host gives a module: valid as long as the process. */
typedef struct nacre_host_services {
  uint32_t struct_size;
  uint32_t abi_version;
  void* self;
  /* level: 0 debug, 1 info, 2 warning, 3 error. Any thread. */
  void (*log)(void* self, uint32_t level, nacre_string message);
  /* How many threads a computation may use in the whole process; at least 1. */
  uint32_t thread_budget;
} nacre_host_services;

/* A model to load: either `parts` (bytes from a guest, in the order the guest gave them) or
 * `paths` (files that the operator named). Bytes live for the call. Only a model given by path
 * may refer to files beside it. */
typedef struct nacre_model_source {
  const nacre_bytes* parts;
  uint64_t parts_count;
  const nacre_string* paths;
  uint64_t paths_count;
} nacre_model_source;

typedef struct nacre_load_options {
  uint32_t struct_size;
  uint32_t encoding;   /* nacre::GraphEncoding, never autodetect */
  uint32_t target;     /* nacre::ExecutionTarget */
  uint32_t threads;    /* 0: the process-wide default */
  uint32_t streams;    /* computations served at the same time; 0: the backend's default */
  uint32_t precision;  /* 0: the model's own; 1: fast, lower precision is fine */
  nacre_string config; /* free text (JSON) for backends that take one; may be empty */
  const nacre_property* options; /* further options that an operator gave, key by key */
  uint64_t options_count;
} nacre_load_options;

/* Where a context puts its outputs. Valid during one computation, one thread at a time. */
typedef struct nacre_output_sink {
  void* self;
  /* A buffer to fill, 64-byte aligned and at least `size` bytes; null if refused (the sink keeps
   * the reason and the computation fails with it). The same pointer comes back in later
   * computations as long as nobody else holds the tensor. */
  void* (*allocate)(void* self, uint32_t index, uint32_t type, const int64_t* dims, uint32_t rank,
                    uint64_t size);
  /* Hands over memory that the backend already has: `tensor->buffer` is retained by the sink.
   * Returns 0, or a code if refused. */
  uint32_t (*give)(void* self, uint32_t index, const nacre_tensor* tensor);
} nacre_output_sink;

/* Called exactly once per `start`, on any thread, `start`'s own included. */
typedef struct nacre_completion {
  void* self;
  void (*done)(void* self, uint32_t code, nacre_string message);
} nacre_completion;

typedef struct nacre_backend nacre_backend;
typedef struct nacre_backend_graph nacre_backend_graph;
typedef struct nacre_backend_context nacre_backend_context;

typedef struct nacre_backend_table {
  uint32_t struct_size;
  uint32_t abi_version;

  /* -- backend: one per process, any thread ------------------------------------------------- */
  uint32_t (*backend_create)(const nacre_host_services* services, nacre_backend** backend,
                             const nacre_error_sink* error);
  void (*backend_destroy)(nacre_backend* backend);
  /* Keys that backend.h documents; asked for before any load. */
  uint32_t (*backend_properties)(nacre_backend* backend, const nacre_property_sink* sink,
                                 const nacre_error_sink* error);
  /* Further keys, which cost work to find: asked for once, when somebody wants to read them. */
  uint32_t (*backend_probe)(nacre_backend* backend, const nacre_property_sink* sink,
                            const nacre_error_sink* error);
  uint32_t (*backend_load)(nacre_backend* backend, const nacre_model_source* source,
                           const nacre_load_options* options, nacre_backend_graph** graph,
                           const nacre_error_sink* error);

  /* -- graph: any thread, shared by all guests ---------------------------------------------- */
  void (*graph_destroy)(nacre_backend_graph* graph);
  uint32_t (*graph_describe)(nacre_backend_graph* graph, const nacre_description_sink* sink,
                             const nacre_error_sink* error);
  uint32_t (*graph_create_context)(nacre_backend_graph* graph, nacre_backend_context** context,
                                   const nacre_error_sink* error);
  /* A table of its own for an ability that only some have, or null. `name` carries a version. */
  const void* (*graph_ability)(nacre_backend_graph* graph, nacre_string name);

  /* -- context: one computation at a time; cancel from any thread ---------------------------
   * cancel sticks: it ends the computation that runs, or, when `start` has not got that far, the
   * one about to. rearm takes it back; the host calls it between computations, only after a
   * cancel. So a cancel is neither lost nor does it end a later computation. */
  void (*context_destroy)(nacre_backend_context* context);
  /* deadline: nanoseconds of CLOCK_MONOTONIC, or NACRE_NO_DEADLINE. The inputs, sink and
   * completion stay valid until `done` is called. */
  void (*context_start)(nacre_backend_context* context, const nacre_tensor* inputs,
                        uint64_t inputs_count, uint64_t deadline, const nacre_output_sink* sink,
                        nacre_completion completion);
  void (*context_cancel)(nacre_backend_context* context);
  void (*context_rearm)(nacre_backend_context* context);
} nacre_backend_table;

/* The one exported symbol. The table's first two members never move, so that a host can tell a
 * module of another version and name both. */
typedef const nacre_backend_table* (*nacre_backend_entry_fn)(void);
#define NACRE_BACKEND_ENTRY_SYMBOL "nacre_backend_entry"

/* -- abilities: tables that `graph_ability` gives by name ---------------------------------------
 */

/* Receives text in one or several pieces, in order; bytes, not always whole UTF-8 characters. */
typedef struct nacre_text_sink {
  void* self;
  void (*write)(void* self, nacre_string text);
} nacre_text_sink;

/* "nacre.text/1": contexts of this graph read a prompt and write text. text_context.h says what the
 * host promises about each function, TextBackendContext in backend.h what the backend has to do.
 * One call at a time on a context; context_cancel and context_rearm count for start_generate and
 * start_next as they do for context_start. */
#define NACRE_TEXT_ABILITY "nacre.text/1"
typedef struct nacre_text_table {
  uint32_t struct_size;
  uint32_t version; /* 1 */
  /* Contexts of one owner may share what they have read; 0: with no other context. Comes once,
   * before everything else. */
  void (*set_owner)(nacre_backend_context* context, uint64_t owner);
  uint32_t (*configure)(nacre_backend_context* context, nacre_string json,
                        const nacre_error_sink* error);
  uint32_t (*set_prompt)(nacre_backend_context* context, nacre_string text,
                         const nacre_error_sink* error);
  void (*start_generate)(nacre_backend_context* context, uint64_t deadline,
                         nacre_completion completion);
  /* The sink stays valid until `done` is called, and is not used after that. */
  void (*start_next)(nacre_backend_context* context, uint64_t deadline,
                     const nacre_text_sink* piece, nacre_completion completion);
  void (*finish)(nacre_backend_context* context);
  uint32_t (*output)(nacre_backend_context* context, const nacre_text_sink* text,
                     const nacre_error_sink* error);
  uint32_t (*metadata)(nacre_backend_context* context, const nacre_text_sink* json,
                       const nacre_error_sink* error);
  /* Nanoseconds that start_generate and start_next have waited for their turn since it was last
   * asked. */
  uint64_t (*take_queue_time)(nacre_backend_context* context);
} nacre_text_table;

#ifdef __cplusplus
}
#endif

#endif /* NACRE_BACKEND_ABI_H_ */
