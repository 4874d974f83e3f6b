// The functions of wasi_nn.h over one vendor's SDK, for a native program: just enough for classify.
// A model's name is its path.
#include "direct.h"

#include <sdk/wasi_nn.h>

#include <cstring>
#include <memory>
#include <string>

namespace nacre::bench {
Runtime NACRE_BENCH_RUNTIME();
}

namespace {
std::unique_ptr<nacre::bench::DirectModel> g_model;
}

extern "C" {

wasi_nn_errno wasi_nn_load(const wasi_nn_builder*, uint32_t, wasi_nn_encoding, wasi_nn_target,
                           wasi_nn_graph*) {
  return WASI_NN_UNSUPPORTED;
}

wasi_nn_errno wasi_nn_load_by_name(const char* name, uint32_t size, wasi_nn_graph* graph) {
  g_model = nacre::bench::NACRE_BENCH_RUNTIME().open(std::string(name, size), 0);
  *graph = 0;
  return WASI_NN_SUCCESS;
}

wasi_nn_errno wasi_nn_init_execution_context(wasi_nn_graph, wasi_nn_context* context) {
  *context = 0;
  return WASI_NN_SUCCESS;
}

wasi_nn_errno wasi_nn_set_input(wasi_nn_context, uint32_t, const wasi_nn_tensor* tensor) {
  const auto input = g_model->input();
  if (tensor->data_size != input.size_bytes()) return WASI_NN_INVALID_ARGUMENT;
  std::memcpy(input.data(), tensor->data, tensor->data_size);
  return WASI_NN_SUCCESS;
}

wasi_nn_errno wasi_nn_compute(wasi_nn_context) {
  g_model->infer();
  return WASI_NN_SUCCESS;
}

wasi_nn_errno wasi_nn_get_output(wasi_nn_context, uint32_t, uint8_t* buffer, uint32_t capacity,
                                 uint32_t* written) {
  const auto output = g_model->output();
  *written = static_cast<uint32_t>(output.size_bytes());
  if (capacity < *written) return WASI_NN_TOO_LARGE;
  std::memcpy(buffer, output.data(), *written);
  return WASI_NN_SUCCESS;
}

}  // extern "C"
