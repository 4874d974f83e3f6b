// Every element type there and back, BF16 too; and types that the graph does not take.
#include "provoke.h"

int main(void) {
  static const char* const names[] = {"f16", "f32", "f64", "bf16", "u8", "i32", "i64"};
  static const uint32_t sizes[] = {2, 4, 8, 2, 1, 4, 8};
  static const uint8_t data[16] = {1, 0, 255, 127, 3, 128, 0, 63, 9, 10, 11, 12, 13, 14, 15, 16};
  const uint32_t dims[3] = {1, 2, 1};
  for (uint32_t type = 0; type < COUNT(names); type++) {
    char model[64];
    snprintf(model, sizeof(model), "input x %s 1,2,1\n", names[type]);
    const wasi_nn_handle context = echo_context(model);
    const uint32_t size = 2 * sizes[type];

    const wasi_nn_handle it = tensor(type, 3, dims, data, size);
    want_number("the type of a tensor that was made", wasi_nn_tensor_type_of(it), type);
    want_true("its bytes are what was given", tensor_holds(it, data, size));
    wasi_nn_handle output = 0;
    must(names[type], infer_one(context, "x", it, &output));
    want_number("the output's type", wasi_nn_tensor_type_of(output), type);
    want_true("the output's bytes", tensor_holds(output, data, size));
    wasi_nn_list shape;
    wasi_nn_tensor_dimensions(output, &shape);
    want_true("the output's dimensions",
              shape.size == 3 && memcmp(shape.data, dims, sizeof(dims)) == 0);
    wasi_nn_list_free(&shape);
    wasi_nn_tensor_drop(output);

    for (uint32_t other = 0; other < COUNT(names); other++) {
      if (other == type) continue;
      const wasi_nn_handle wrong = tensor(other, 3, dims, data, 2 * sizes[other]);
      const uint32_t code = infer_one(context, "x", wrong, NULL);
      want(names[type], code, WASI_NN_WIT_INVALID_ARGUMENT, names[type]);
      want(names[type], code, WASI_NN_WIT_INVALID_ARGUMENT, names[other]);
    }
    wasi_nn_context_drop(context);
  }
  return verdict();
}
