// load of ONNX bytes whose tensors stand in files of the host: each must be refused, wherever in
// the model the tensor is and however the file is named. The same model with the numbers inside
// must load and compute, which needs a runtime for ONNX. Where the host's working directory holds
// a near.bin of 16 bytes, a host that does not look opens it.
#include "provoke.h"

// Protocol buffers, as much as is needed: a message is bytes that are appended to.
typedef struct {
  uint8_t bytes[4096];
  uint32_t size;
} message;

static void put_varint(message* m, uint64_t value) {
  for (; value >= 0x80; value >>= 7)
    m->bytes[m->size++] = (uint8_t)(value | 0x80);
  m->bytes[m->size++] = (uint8_t)value;
}
static void put_number(message* m, uint32_t field, uint64_t value) {
  put_varint(m, field << 3);
  put_varint(m, value);
}
static void put_bytes(message* m, uint32_t field, const void* bytes, uint32_t size) {
  put_varint(m, field << 3 | 2);
  put_varint(m, size);
  memcpy(m->bytes + m->size, bytes, size);
  m->size += size;
}
static void put_text(message* m, uint32_t field, const char* text) {
  put_bytes(m, field, text, (uint32_t)strlen(text));
}
static void put_message(message* m, uint32_t field, const message* inner) {
  put_bytes(m, field, inner->bytes, inner->size);
}

// f32[4]: in the file `location`, or inside where that is null.
static message tensor(const char* name, const char* location) {
  message t = {.size = 0};
  put_number(&t, 1, 4);  // dims
  put_number(&t, 2, 1);  // data_type FLOAT
  put_text(&t, 8, name);
  if (!location) {
    put_bytes(&t, 9, kValues, sizeof(kValues));  // raw_data
    return t;
  }
  const char* const pairs[3][2] = {{"location", location}, {"offset", "0"}, {"length", "16"}};
  for (int i = 0; i < 3; i++) {
    message entry = {.size = 0};
    put_text(&entry, 1, pairs[i][0]);
    put_text(&entry, 2, pairs[i][1]);
    put_message(&t, 13, &entry);  // external_data
  }
  put_number(&t, 14, 1);  // data_location EXTERNAL
  return t;
}

// f32[4] named `name`, as an input or output.
static message value_info(const char* name) {
  message dim = {.size = 0}, shape = {.size = 0}, tensor_type = {.size = 0}, type = {.size = 0};
  message info = {.size = 0};
  put_number(&dim, 1, 4);
  put_message(&shape, 1, &dim);
  put_number(&tensor_type, 1, 1);
  put_message(&tensor_type, 2, &shape);
  put_message(&type, 1, &tensor_type);
  put_text(&info, 1, name);
  put_message(&info, 2, &type);
  return info;
}

static message node(const char* op, const char* a, const char* b, const char* out) {
  message n = {.size = 0};
  if (a) put_text(&n, 1, a);
  if (b) put_text(&n, 1, b);
  put_text(&n, 2, out);
  put_text(&n, 4, op);
  return n;
}

// A Constant node whose value is the tensor.
static message constant(const char* out, const char* location) {
  message n = node("Constant", NULL, NULL, out), attribute = {.size = 0};
  const message value = tensor("value", location);
  put_text(&attribute, 1, "value");
  put_message(&attribute, 5, &value);
  put_number(&attribute, 20, 4);  // TENSOR
  put_message(&n, 5, &attribute);
  return n;
}

enum place { kInitializer, kConstant, kSparse, kSubgraph, kFunction, kPlaces };
static const char* const kPlaceNames[] = {"an initializer", "a Constant's attribute",
                                          "a sparse initializer", "a subgraph", "a function"};

// y = x + w, with w in the given place.
static wasi_nn_errno load_model(enum place place, const char* location, wasi_nn_graph* graph) {
  message model = {.size = 0}, main = {.size = 0}, opset = {.size = 0}, function = {.size = 0};
  if (place == kInitializer) {
    const message w = tensor("w", location);
    put_message(&main, 5, &w);
  } else if (place == kConstant) {
    const message w = constant("w", location);
    put_message(&main, 1, &w);
  } else if (place == kSparse) {
    message sparse = {.size = 0}, indices = {.size = 0};
    const message values = tensor("w", location);
    const int64_t at[4] = {0, 1, 2, 3};
    put_number(&indices, 1, 4);
    put_number(&indices, 2, 7);  // INT64
    put_bytes(&indices, 9, at, sizeof(at));
    put_message(&sparse, 1, &values);
    put_message(&sparse, 2, &indices);
    put_number(&sparse, 3, 4);
    put_message(&main, 15, &sparse);
  } else if (place == kSubgraph) {
    // if (true) w = constant else w = constant
    message branch = {.size = 0}, yes = {.size = 0};
    const message inner = constant("w_inner", location), out = value_info("w_inner");
    put_message(&branch, 1, &inner);
    put_text(&branch, 2, "branch");
    put_message(&branch, 12, &out);
    put_number(&yes, 2, 9);  // BOOL, no dims
    put_text(&yes, 8, "yes");
    put_bytes(&yes, 9, "\1", 1);
    put_message(&main, 5, &yes);
    message choose = node("If", "yes", NULL, "w");
    const char* const names[2] = {"then_branch", "else_branch"};
    for (int i = 0; i < 2; i++) {
      message attribute = {.size = 0};
      put_text(&attribute, 1, names[i]);
      put_message(&attribute, 6, &branch);
      put_number(&attribute, 20, 5);  // GRAPH
      put_message(&choose, 5, &attribute);
    }
    put_message(&main, 1, &choose);
  } else {
    message use = node("Weights", NULL, NULL, "w");
    put_text(&use, 7, "local");
    put_message(&main, 1, &use);
    const message inner = constant("out", location);
    put_text(&function, 1, "Weights");
    put_text(&function, 5, "out");
    put_message(&function, 7, &inner);
    message its_opset = {.size = 0};
    put_text(&its_opset, 1, "");
    put_number(&its_opset, 2, 17);
    put_message(&function, 9, &its_opset);
    put_text(&function, 10, "local");
  }
  const message add = node("Add", "x", "w", "y"), x = value_info("x"), y = value_info("y");
  put_message(&main, 1, &add);
  put_text(&main, 2, "g");
  put_message(&main, 11, &x);
  put_message(&main, 12, &y);
  put_number(&model, 1, 8);  // ir_version
  put_message(&model, 7, &main);
  put_text(&opset, 1, "");
  put_number(&opset, 2, 17);
  put_message(&model, 8, &opset);
  if (place == kFunction) {
    message local = {.size = 0};
    put_text(&local, 1, "local");
    put_number(&local, 2, 1);
    put_message(&model, 8, &local);
    put_message(&model, 25, &function);
  }
  const wasi_nn_builder part = {model.bytes, model.size};
  return wasi_nn_load(&part, 1, WASI_NN_ONNX, WASI_NN_CPU, graph);
}

static void want_sum(wasi_nn_graph graph) {
  const wasi_nn_context context = new_context(graph);
  const uint32_t dims[1] = {4};
  const wasi_nn_tensor x = {dims, 1, WASI_NN_F32, (const uint8_t*)kValues, sizeof(kValues)};
  float y[4] = {0};
  uint32_t written = 0;
  want("set_input", wasi_nn_set_input(context, 0, &x), WASI_NN_SUCCESS);
  want("compute", wasi_nn_compute(context), WASI_NN_SUCCESS);
  want("get_output", wasi_nn_get_output(context, 0, (uint8_t*)y, sizeof(y), &written),
       WASI_NN_SUCCESS);
  for (int i = 0; i < 4; i++)
    want_true("y is 2x", y[i] == 2 * kValues[i]);
}

int main(void) {
  static const char* const kLocations[] = {
      "near.bin",           "./near.bin",         "../near.bin",
      "sub/near.bin",       "/etc/passwd",        "/proc/self/environ",
      "file:///etc/passwd", "*/_ORT_MEM_ADDR_/*", ""};
  wasi_nn_graph graph = 77;
  for (int place = 0; place < kPlaces; place++)
    for (uint32_t i = 0; i < sizeof(kLocations) / sizeof(kLocations[0]); i++) {
      const wasi_nn_errno code = load_model((enum place)place, kLocations[i], &graph);
      if (code == WASI_NN_INVALID_ENCODING || code == WASI_NN_RUNTIME_ERROR ||
          code == WASI_NN_UNSUPPORTED || code == WASI_NN_INVALID_ARGUMENT)
        continue;
      printf("in %s, at '%s': ", kPlaceNames[place], kLocations[i]);
      complain("external data", "a refusal (1, 2, 5 or 6)", code);
    }
  want_number("no failure wrote the out-pointer", graph, 77);

  for (int place = 0; place < kPlaces; place++) {
    // Sparse initializers are rare; a runtime may not take them even when all is inside.
    if (place == kSparse) continue;
    const wasi_nn_errno code = load_model((enum place)place, NULL, &graph);
    if (code != WASI_NN_SUCCESS) printf("in %s: ", kPlaceNames[place]);
    want("the numbers inside", code, WASI_NN_SUCCESS);
    if (code == WASI_NN_SUCCESS) want_sum(graph);
  }
  return verdict();
}
