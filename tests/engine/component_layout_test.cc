// What Rust assumes of the structures that it shares with C++, number by number.
#include <gtest/gtest.h>

#include <cstddef>
#include <vector>

#include "abi/component/nacre_nn_callbacks.h"
#include "abi/component/wasi_nn_callbacks.h"
#include "engine/component_api.h"
#include "engine/store_state.h"

namespace nacre::engine {
namespace {

struct Number {
  const char* name;
  std::size_t value;
};

#define SIZE(type) {"sizeof(" #type ")", sizeof(type)}
#define OFFSET(type, field) {#type "." #field, offsetof(type, field)}

// The order of layout() in component_shim/src: wasi_nn, nacre_nn, limits.
const std::vector<Number> kNumbers = {
    SIZE(nacre_shim_bytes),
    OFFSET(nacre_shim_bytes, data),
    OFFSET(nacre_shim_bytes, size),
    SIZE(nacre_shim_u32s),
    OFFSET(nacre_shim_u32s, data),
    OFFSET(nacre_shim_u32s, size),
    SIZE(nacre_shim_parts),
    OFFSET(nacre_shim_parts, data),
    OFFSET(nacre_shim_parts, size),
    SIZE(nacre_shim_named_tensors),
    OFFSET(nacre_shim_named_tensors, data),
    OFFSET(nacre_shim_named_tensors, size),
    SIZE(nacre_shim_named_tensor),
    OFFSET(nacre_shim_named_tensor, name),
    OFFSET(nacre_shim_named_tensor, tensor),
    SIZE(nacre_wasi_nn_callbacks),
    OFFSET(nacre_wasi_nn_callbacks, env),
    OFFSET(nacre_wasi_nn_callbacks, finalizer),
    OFFSET(nacre_wasi_nn_callbacks, tensor_new),
    OFFSET(nacre_wasi_nn_callbacks, tensor_dimensions),
    OFFSET(nacre_wasi_nn_callbacks, tensor_type),
    OFFSET(nacre_wasi_nn_callbacks, tensor_data),
    OFFSET(nacre_wasi_nn_callbacks, tensor_drop),
    OFFSET(nacre_wasi_nn_callbacks, load),
    OFFSET(nacre_wasi_nn_callbacks, load_by_name),
    OFFSET(nacre_wasi_nn_callbacks, graph_drop),
    OFFSET(nacre_wasi_nn_callbacks, init_execution_context),
    OFFSET(nacre_wasi_nn_callbacks, set_input),
    OFFSET(nacre_wasi_nn_callbacks, compute_set),
    OFFSET(nacre_wasi_nn_callbacks, get_output),
    OFFSET(nacre_wasi_nn_callbacks, compute),
    OFFSET(nacre_wasi_nn_callbacks, context_drop),
    OFFSET(nacre_wasi_nn_callbacks, error_new),
    OFFSET(nacre_wasi_nn_callbacks, error_code),
    OFFSET(nacre_wasi_nn_callbacks, error_data),
    OFFSET(nacre_wasi_nn_callbacks, error_drop),
    OFFSET(nacre_wasi_nn_callbacks, prompt_init),
    OFFSET(nacre_wasi_nn_callbacks, prompt_compute),
    OFFSET(nacre_wasi_nn_callbacks, prompt_drop),
    OFFSET(StoreState, guest_state),
    OFFSET(StoreState, stop),
    {"tensor types", 7},
    {"error codes", 9},
    {"most parts", NACRE_WASI_NN_MAX_PARTS},
    SIZE(nacre_shim_error),
    OFFSET(nacre_shim_error, code),
    OFFSET(nacre_shim_error, data),
    SIZE(nacre_shim_pair),
    OFFSET(nacre_shim_pair, key),
    OFFSET(nacre_shim_pair, value),
    SIZE(nacre_shim_tensor_description),
    OFFSET(nacre_shim_tensor_description, name),
    OFFSET(nacre_shim_tensor_description, dimensions),
    OFFSET(nacre_shim_tensor_description, carrier),
    OFFSET(nacre_shim_tensor_description, layout),
    OFFSET(nacre_shim_tensor_description, note),
    OFFSET(nacre_shim_tensor_description, ty),
    SIZE(nacre_shim_graph_description),
    OFFSET(nacre_shim_graph_description, backend),
    OFFSET(nacre_shim_graph_description, encoding),
    OFFSET(nacre_shim_graph_description, target),
    OFFSET(nacre_shim_graph_description, inputs),
    OFFSET(nacre_shim_graph_description, outputs),
    OFFSET(nacre_shim_graph_description, properties),
    SIZE(nacre_nn_callbacks),
    OFFSET(nacre_nn_callbacks, env),
    OFFSET(nacre_nn_callbacks, finalizer),
    OFFSET(nacre_nn_callbacks, list),
    OFFSET(nacre_nn_callbacks, properties),
    OFFSET(nacre_nn_callbacks, describe_by_name),
    OFFSET(nacre_nn_callbacks, describe),
    OFFSET(nacre_nn_callbacks, text_open),
    OFFSET(nacre_nn_callbacks, text_drop),
    OFFSET(nacre_nn_callbacks, text_configure),
    OFFSET(nacre_nn_callbacks, text_set_prompt),
    OFFSET(nacre_nn_callbacks, text_next),
    OFFSET(nacre_nn_callbacks, text_finish),
    OFFSET(nacre_nn_callbacks, text_generate),
    OFFSET(nacre_nn_callbacks, text_metadata),
    {"element types", 14},
    SIZE(nacre_store_limits),
    OFFSET(nacre_store_limits, memory_max),
    OFFSET(nacre_store_limits, table_max),
    OFFSET(nacre_store_limits, instances_max),
    OFFSET(nacre_store_limits, memory_used),
    OFFSET(nacre_store_limits, table_used),
    OFFSET(nacre_store_limits, memory_refused),
    OFFSET(nacre_store_limits, table_refused),
};

TEST(ComponentShim, AgreesOnEverySizeAndOffset) {
  std::vector<std::size_t> rust(200);
  const std::size_t count = nacre_shim_layout(rust.data(), rust.size());
  ASSERT_EQ(count, kNumbers.size());
  for (std::size_t i = 0; i < count; ++i)
    EXPECT_EQ(rust[i], kNumbers[i].value) << kNumbers[i].name;
  EXPECT_EQ(sizeof(StoreState::stop), 1u);
}

}  // namespace
}  // namespace nacre::engine
