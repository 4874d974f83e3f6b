// get_output with buffers that are small, empty, in odd places, or not in memory.
#include "provoke.h"

static wasi_nn_context context;

static void too_small(const char* what, uint32_t capacity) {
  uint8_t buffer[32];
  memset(buffer, 0xa5, sizeof(buffer));
  uint32_t written = 77;
  want(what, wasi_nn_get_output(context, 0, buffer, capacity, &written), WASI_NN_TOO_LARGE);
  want_number("too_large says the size needed", written, 16);
  for (uint32_t i = capacity; i < sizeof(buffer); i++)
    want_true("nothing is written past the capacity", buffer[i] == 0xa5);
}

int main(void) {
  context = echo_context(ONE_BY_FOUR);
  wasi_nn_tensor tensor = good_tensor();
  must("set_input", wasi_nn_set_input(context, 0, &tensor));
  must("compute", wasi_nn_compute(context));

  too_small("capacity 15", 15);
  too_small("capacity 1", 1);
  too_small("capacity 0 asks for the size", 0);

  uint8_t buffer[64];
  uint32_t written = 0;
  memset(buffer, 0xa5, sizeof(buffer));
  want("a larger buffer", wasi_nn_get_output(context, 0, buffer, 64, &written), WASI_NN_SUCCESS);
  want_true("exactly the output was written", written == 16 && memcmp(buffer, kValues, 16) == 0);
  for (int i = 16; i < 64; i++)
    want_true("nothing past the output", buffer[i] == 0xa5);
  memset(buffer, 0xa5, sizeof(buffer));
  want("a misaligned buffer", wasi_nn_get_output(context, 0, buffer + 3, 16, &written),
       WASI_NN_SUCCESS);
  want_true("in its place",
            !memcmp(buffer + 3, kValues, 16) && buffer[2] == 0xa5 && buffer[19] == 0xa5);

  const uint32_t end = memory_end(), out = address(&written);
#define GET(where, capacity, out) raw_get_output(context, 0, where, capacity, out)
  written = 77;
  want("buffer at the end", GET(end, 16, out), WASI_NN_INVALID_ARGUMENT);
  want("buffer across the end", GET(end - 8, 16, out), WASI_NN_INVALID_ARGUMENT);
  want("buffer one byte over", GET(end - 16, 17, out), WASI_NN_INVALID_ARGUMENT);
  want("buffer wraps", GET(0xfffffff8u, 16, out), WASI_NN_INVALID_ARGUMENT);
  want("capacity wraps", GET(address(buffer), 0u - address(buffer) + 16, out),
       WASI_NN_INVALID_ARGUMENT);
  want("capacity 4 GiB", GET(address(buffer), 0xffffffffu, out), WASI_NN_INVALID_ARGUMENT);
  want_number("no failure wrote the out-pointer", written, 77);
  memset(buffer, 0xa5, sizeof(buffer));
  want("out-pointer at the end", GET(address(buffer), 16, end), WASI_NN_INVALID_ARGUMENT);
  want("out-pointer across the end", GET(address(buffer), 16, end - 2), WASI_NN_INVALID_ARGUMENT);
  want("out-pointer wraps", GET(address(buffer), 16, 0xfffffffeu), WASI_NN_INVALID_ARGUMENT);
  want("small and bad out-pointer", GET(address(buffer), 0, end), WASI_NN_INVALID_ARGUMENT);
  for (int i = 0; i < 64; i++)
    want_true("no failure wrote the buffer", buffer[i] == 0xa5);

  // The size is written last: it is what the guest reads at the out-pointer.
  want("out-pointer inside the buffer", GET(address(buffer), 16, address(buffer + 4)),
       WASI_NN_SUCCESS);
  memcpy(&written, buffer + 4, 4);
  want_number("the size stands there", written, 16);
  want_true("the rest is the output",
            !memcmp(buffer, kValues, 4) && !memcmp(buffer + 8, (const uint8_t*)kValues + 8, 8));

  // The host kept nothing of the tensor record: an output may overwrite it.
  union {
    wasi_nn_tensor tensor;
    uint8_t bytes[20];
  } record = {good_tensor()};
  want("set_input", wasi_nn_set_input(context, 0, &record.tensor), WASI_NN_SUCCESS);
  want("compute", wasi_nn_compute(context), WASI_NN_SUCCESS);
  want("buffer over the tensor record",
       wasi_nn_get_output(context, 0, record.bytes, sizeof(record), &written), WASI_NN_SUCCESS);
  want_true("the output is there", written == 16 && memcmp(record.bytes, kValues, 16) == 0);
  want("and again", wasi_nn_compute(context), WASI_NN_SUCCESS);
  want_still_works(context);
  return verdict();
}
