// set_input with shapes that overflow, do not agree with the bytes, or do not fit the graph.
#include "provoke.h"

static wasi_nn_errno set(wasi_nn_context context, const uint32_t* dims, uint32_t rank, uint8_t type,
                         uint32_t size) {
  static uint8_t data[4096];
  const wasi_nn_tensor tensor = {dims, rank, type, data, size};
  return wasi_nn_set_input(context, 0, &tensor);
}
#define DIMS(...) (const uint32_t[]){__VA_ARGS__}, sizeof((uint32_t[]){__VA_ARGS__}) / 4
#define BAD WASI_NN_INVALID_ARGUMENT

int main(void) {
  const wasi_nn_context any = echo_context("");
  const wasi_nn_context fixed = echo_context(ONE_BY_FOUR);
  const wasi_nn_context dynamic = echo_context("input x f32 ?,4\n");

  want("2^64 elements, 0 bytes", set(any, DIMS(65536, 65536, 65536, 65536), WASI_NN_U8, 0), BAD);
  want("2^64 + 2^48 elements", set(any, DIMS(65536, 65536, 65536, 65537), WASI_NN_U8, 0), BAD);
  want("2^32 elements, 0 bytes", set(any, DIMS(65536, 65536), WASI_NN_U8, 0), BAD);
  want("2^62 f32, 0 bytes", set(any, DIMS(0x80000000u, 0x80000000u), WASI_NN_F32, 0), BAD);
  want("2^30 + 1 f32, 4 bytes", set(any, DIMS(0x40000001u), WASI_NN_F32, 4), BAD);
  want("2^29 + 1 f64, 8 bytes", set(any, DIMS(0x20000001u), WASI_NN_F64, 8), BAD);
  want("all dims 0xffffffff", set(any, DIMS(~0u, ~0u, ~0u, ~0u), WASI_NN_F32, 4), BAD);
  // The product of dims is 0 only at the very end; on the way it must not overflow unseen.
  want("2^96 * 0 elements, 4 bytes", set(any, DIMS(~0u, ~0u, ~0u, 0), WASI_NN_F32, 4), BAD);

  const uint32_t million = 1000000;
  uint32_t* ones = malloc(million * 4);
  for (uint32_t i = 0; i < million; i++)
    ones[i] = 1;
  want("rank 1,000,000", set(any, ones, million, WASI_NN_F32, 4), BAD);

  want("a byte too few", set(any, DIMS(1, 4), WASI_NN_F32, 15), BAD);
  want("a byte too many", set(any, DIMS(1, 4), WASI_NN_F32, 17), BAD);
  want("no bytes", set(any, DIMS(1, 4), WASI_NN_F32, 0), BAD);
  want("elements given as bytes", set(any, DIMS(1, 4), WASI_NN_F32, 4), BAD);
  want("rank 0 with 0 bytes", set(any, NULL, 0, WASI_NN_F32, 0), BAD);
  want("rank 0 with 8 bytes", set(any, NULL, 0, WASI_NN_F32, 8), BAD);
  want("zero dim with bytes", set(any, DIMS(0, 4), WASI_NN_F32, 16), BAD);

  want("another shape of as many bytes", set(fixed, DIMS(2, 2), WASI_NN_F32, 16), BAD);
  want("the shape turned around", set(fixed, DIMS(4, 1), WASI_NN_F32, 16), BAD);
  want("a rank more", set(fixed, DIMS(1, 1, 4), WASI_NN_F32, 16), BAD);
  want("a rank less", set(fixed, DIMS(4), WASI_NN_F32, 16), BAD);
  want("rank 0 where 1x4 is wanted", set(fixed, NULL, 0, WASI_NN_F32, 4), BAD);
  want("zero dim where 1 is wanted", set(fixed, DIMS(0, 4), WASI_NN_F32, 0), BAD);
  want("a fixed dim of a dynamic shape", set(dynamic, DIMS(3, 5), WASI_NN_F32, 60), BAD);
  want("a rank less of a dynamic shape", set(dynamic, DIMS(4), WASI_NN_F32, 16), BAD);

  want("any takes rank 0", set(any, NULL, 0, WASI_NN_F32, 4), WASI_NN_SUCCESS);
  want("any takes zero dims", set(any, DIMS(0, 4), WASI_NN_F32, 0), WASI_NN_SUCCESS);
  want("dynamic takes 3x4", set(dynamic, DIMS(3, 4), WASI_NN_F32, 48), WASI_NN_SUCCESS);
  want("dynamic takes 0x4", set(dynamic, DIMS(0, 4), WASI_NN_F32, 0), WASI_NN_SUCCESS);
  want("dynamic 0x4, compute", wasi_nn_compute(dynamic), WASI_NN_SUCCESS);
  uint8_t out[4] = {7, 7, 7, 7};
  uint32_t written = 77;
  want("dynamic 0x4, get_output", wasi_nn_get_output(dynamic, 0, out, 4, &written),
       WASI_NN_SUCCESS);
  want_true("an empty output", written == 0 && out[0] == 7);

  want_still_works(any);
  want_still_works(fixed);
  want_still_works(dynamic);
  return verdict();
}
