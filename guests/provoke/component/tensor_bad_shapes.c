// Tensors that cannot be: the constructor makes a poisoned one, without bytes, and the call that is
// given it answers with the sentence. Rank 0 and dimensions of 0 are fine.
#include "provoke.h"

static wasi_nn_handle context;

static void want_poisoned(const char* what, uint32_t type, uint32_t rank, const uint32_t* dims,
                          uint32_t size, const char* words) {
  static uint8_t data[64];
  const wasi_nn_handle it = tensor(type, rank, dims, data, size);
  want_number(what, tensor_size(it), 0);
  want_number("the type of a poisoned tensor", wasi_nn_tensor_type_of(it), type);
  want(what, infer_one(context, "x", it, NULL), WASI_NN_WIT_INVALID_ARGUMENT, words);
}

// The tensor is one, and the graph does not take it.
static void want_refused(const char* what, uint32_t rank, const uint32_t* dims, uint32_t size) {
  static uint8_t data[64];
  const wasi_nn_handle it = tensor(WASI_NN_WIT_FP32, rank, dims, data, size);
  want_number(what, tensor_size(it), size);
  want(what, infer_one(context, "x", it, NULL), WASI_NN_WIT_INVALID_ARGUMENT, "x");
}

static void want_fine(const char* inputs, uint32_t rank, const uint32_t* dims, uint32_t size) {
  static const uint8_t data[64] = {1, 2, 3, 4};
  const wasi_nn_handle its = echo_context(inputs);
  wasi_nn_handle output = 0;
  const uint32_t code =
      infer_one(its, "x", tensor(WASI_NN_WIT_U8, rank, dims, data, size), &output);
  want(inputs, code, OK, NULL);
  if (code == OK) {
    want_true(inputs, tensor_holds(output, data, size));
    wasi_nn_tensor_drop(output);
  }
  wasi_nn_context_drop(its);
}

#define DIMS(...)                                                \
  COUNT(((const uint32_t[]){__VA_ARGS__})), (const uint32_t[]) { \
    __VA_ARGS__                                                  \
  }

int main(void) {
  context = echo_context(ONE_BY_FOUR);
  want_poisoned("too few bytes", WASI_NN_WIT_FP32, DIMS(1, 4), 15, "15");
  want_poisoned("too few bytes, the number wanted", WASI_NN_WIT_FP32, DIMS(1, 4), 12, "16");
  want_poisoned("too many bytes", WASI_NN_WIT_FP32, DIMS(1, 4), 17, "17");
  want_poisoned("no bytes", WASI_NN_WIT_FP32, DIMS(1, 4), 0, "16");
  want_poisoned("bytes for a dimension of 0", WASI_NN_WIT_FP32, DIMS(1, 0), 4, "4");
  want_poisoned("rank 0 is one element", WASI_NN_WIT_FP32, 0, NULL, 16, "4");
  want_poisoned("the product wraps 32 bits to 16 bytes", WASI_NN_WIT_FP32,
                DIMS(0x10000, 0x10000, 4), 16, "16");
  want_poisoned("the product wraps 64 bits to 0", WASI_NN_WIT_U8,
                DIMS(0x80000000, 0x80000000, 0x80000000, 2), 0, "64 bits");
  want_poisoned("the size wraps 64 bits", WASI_NN_WIT_FP64, DIMS(0xffffffff, 0xffffffff, 2), 16,
                "64 bits");
  uint32_t* many = malloc(4000000);
  for (uint32_t i = 0; i < 1000000; i++)
    many[i] = 1;
  want_poisoned("rank 1,000,000", WASI_NN_WIT_FP32, 1000000, many, 4, "1000000");
  want_poisoned("rank 64", WASI_NN_WIT_FP32, 64, many, 4, "64");
  free(many);

  want_refused("another shape of as many bytes", DIMS(4, 1), 16);
  want_refused("another rank", DIMS(4), 16);
  want_refused("a larger batch", DIMS(2, 4), 32);
  want_refused("a scalar", 0, NULL, 4);

  want_fine("input x u8 scalar\n", 0, NULL, 1);
  want_fine("input x u8 scalar\n", DIMS(1), 1);
  want_fine("input x u8 ?,4\n", DIMS(0, 4), 0);
  want_fine("input x u8 any\n", DIMS(2, 0, 0xffffffff), 0);
  want_fine("input x u8 any\n", DIMS(1, 1, 1, 1, 2, 1, 1, 2), 4);
  want_still_works(context);
  return verdict();
}
