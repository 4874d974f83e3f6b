// echo_hop SIZE N: what one inference through the host costs when the model costs nothing.
// Runs set_input + compute + get_output N times on the graph `echo` with SIZE bytes, checks that
// the bytes come back, and prints "SIZE bytes: NS ns per inference" (one decimal).
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "sdk/wasi_nn.h"

static void check(const char* what, wasi_nn_errno code) {
  if (code == WASI_NN_SUCCESS) return;
  fprintf(stderr, "echo_hop: %s answers %s\n", what, wasi_nn_errno_name(code));
  exit(1);
}

static double now_ns(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

int main(int argc, char** argv) {
  const long size = argc == 3 ? strtol(argv[1], NULL, 10) : 0;
  const long count = argc == 3 ? strtol(argv[2], NULL, 10) : 0;
  if (size < 1 || count < 1) {
    fprintf(stderr, "Usage: echo_hop SIZE N, both at least 1\n");
    return 2;
  }
  // Aligned as a careful guest would, so that the copies are at their best.
  uint8_t* in = aligned_alloc(64, ((size_t)size + 63) / 64 * 64);
  uint8_t* out = aligned_alloc(64, ((size_t)size + 63) / 64 * 64);
  if (!in || !out) {
    fprintf(stderr, "echo_hop: no memory for two buffers of %ld bytes\n", size);
    return 1;
  }
  for (long i = 0; i < size; i++)
    in[i] = (uint8_t)(i * 31 + 7);

  wasi_nn_graph graph;
  wasi_nn_context context;
  check("load_by_name(echo)", wasi_nn_load_by_name("echo", 4, &graph));
  check("init_execution_context", wasi_nn_init_execution_context(graph, &context));
  const uint32_t dims[1] = {(uint32_t)size};
  const wasi_nn_tensor tensor = {dims, 1, WASI_NN_U8, in, (uint32_t)size};
  uint32_t written = 0;

  const double begin = now_ns();
  for (long i = 0; i < count; i++) {
    const wasi_nn_errno set = wasi_nn_set_input(context, 0, &tensor);
    const wasi_nn_errno computed = wasi_nn_compute(context);
    const wasi_nn_errno got = wasi_nn_get_output(context, 0, out, (uint32_t)size, &written);
    if (set | computed | got) {
      check("set_input", set);
      check("compute", computed);
      check("get_output", got);
    }
  }
  const double end = now_ns();

  if (written != (uint32_t)size || memcmp(in, out, (size_t)size) != 0) {
    fprintf(stderr, "echo_hop: the bytes that came back are not the ones sent\n");
    return 1;
  }
  printf("%ld bytes: %.1f ns per inference\n", size, (end - begin) / (double)count);
  return 0;
}
