// The semantics of wasi:nn for components, behind the C callbacks: the same GuestState, checks and
// backends as for core modules; what differs is that tensors are resources and errors are
// sentences.
#include <fmt/format.h>

#include <array>
#include <cstring>
#include <exception>
#include <new>
#include <string>
#include <utility>

#include "abi/component/call.h"
#include "abi/component/prompt.h"
#include "core/loader.h"

namespace nacre {
namespace {

using component::state_of;
using component::to_shim;
using component::to_view;

// The WIT's enums, by number.
constexpr std::array kTensorTypes = {TensorType::kF16,  TensorType::kF32, TensorType::kF64,
                                     TensorType::kBf16, TensorType::kU8,  TensorType::kI32,
                                     TensorType::kI64};
constexpr std::array kEncodings = {GraphEncoding::kOpenvino,       GraphEncoding::kOnnx,
                                   GraphEncoding::kTensorflow,     GraphEncoding::kPytorch,
                                   GraphEncoding::kTensorflowlite, GraphEncoding::kGgml,
                                   GraphEncoding::kAutodetect};
constexpr std::array kTargets = {ExecutionTarget::kCpu, ExecutionTarget::kGpu,
                                 ExecutionTarget::kTpu};

template <typename T, std::size_t kSize>
std::uint32_t number_of(const std::array<T, kSize>& table, T value, std::uint32_t otherwise) {
  for (std::uint32_t i = 0; i < kSize; ++i) {
    if (table[i] == value) return i;
  }
  return otherwise;
}

std::span<const std::byte> bytes_of(nacre_shim_bytes bytes) noexcept {
  return {reinterpret_cast<const std::byte*>(bytes.data), bytes.size};
}

/// Never fails: what cannot even be said is an error without a sentence.
std::uint32_t thrown(ComponentState& state, std::string_view function, const char* why) noexcept {
  try {
    return state.new_error(function, {ErrorCode::kRuntimeError, why});
  } catch (...) {
    return state.keep_error(ErrorCode::kRuntimeError, {});
  }
}

/// Runs a callback's body; its error, or what it throws, becomes an error resource in `out`.
template <typename Body>
bool answer(void* guest, std::string_view function, std::uint32_t* out, Body&& body) noexcept {
  ComponentState& state = state_of(guest);
  try {
    Result<std::uint32_t> result = std::forward<Body>(body)(state);
    *out = result ? *result : state.new_error(function, std::move(result.error()));
    return result.has_value();
  } catch (const std::bad_alloc&) {
    *out = thrown(state, function, "The host has not enough memory for this call.");
  } catch (const std::exception& e) {
    *out = thrown(state, function, e.what());
  } catch (...) {
    *out = thrown(state, function, "Something that is not a std::exception was thrown.");
  }
  return false;
}

/// For callbacks that make nothing.
Result<std::uint32_t> no_number(Result<void> result) {
  if (!result) return std::unexpected(std::move(result.error()));
  return 0;
}

// ---- tensor ----------------------------------------------------------------------------------

std::uint32_t tensor_new(void*, void* guest, nacre_shim_u32s dims, std::uint32_t type,
                         nacre_shim_bytes data) noexcept {
  try {
    return state_of(guest).new_tensor({dims.data, dims.size}, kTensorTypes[type], bytes_of(data));
  } catch (...) {
    return kNoTensor;
  }
}

void tensor_dimensions(void*, void* guest, std::uint32_t number, nacre_shim_u32s* dims) noexcept {
  ComponentState& state = state_of(guest);
  const TensorResource* found = state.tensor(number);
  if (found == nullptr) return;
  std::size_t rank = 0;
  for (const std::int64_t dim : found->tensor.shape.dims())
    state.dims_answer[rank++] = static_cast<std::uint32_t>(dim);
  *dims = {state.dims_answer.data(), rank};
}

std::uint32_t tensor_type(void*, void* guest, std::uint32_t number) noexcept {
  const TensorResource* found = state_of(guest).tensor(number);
  constexpr std::uint32_t kU8 = 4;
  return found == nullptr ? kU8 : number_of(kTensorTypes, found->tensor.type, kU8);
}

void tensor_data(void*, void* guest, std::uint32_t number, nacre_shim_bytes* data) noexcept {
  const TensorResource* found = state_of(guest).tensor(number);
  if (found == nullptr) return;
  const auto bytes = found->tensor.data;
  *data = {reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size()};
}

void tensor_drop(void*, void* guest, std::uint32_t number) noexcept {
  state_of(guest).drop_tensor(number);
}

// ---- graph -----------------------------------------------------------------------------------

bool load(void*, void* guest, nacre_shim_parts builder, std::uint32_t encoding,
          std::uint32_t target, std::uint32_t* out) noexcept {
  return answer(guest, "load", out, [&](ComponentState& state) -> Result<std::uint32_t> {
    if (builder.size > kMaxModelParts) {
      const bool all = builder.size <= NACRE_WASI_NN_MAX_PARTS;
      return fail(
          ErrorCode::kTooLarge,
          fmt::format("A model of {}{} parts came; at most {} are taken.", all ? "" : "more than ",
                      builder.size - (all ? 0 : 1), kMaxModelParts));
    }
    std::vector<std::span<const std::byte>> parts;
    parts.reserve(builder.size);
    for (std::size_t i = 0; i < builder.size; ++i)
      parts.push_back(bytes_of(builder.data[i]));
    return state.guest().load(parts, kEncodings[encoding], kTargets[target]);
  });
}

bool load_by_name(void*, void* guest, nacre_shim_bytes name, std::uint32_t* out) noexcept {
  return answer(guest, "load-by-name", out,
                [&](ComponentState& state) { return state.guest().open(to_view(name)); });
}

void graph_drop(void*, void* guest, std::uint32_t graph) noexcept {
  // The engine only drops what the guest owns.
  [[maybe_unused]] const auto dropped = state_of(guest).guest().drop_graph(graph);
}

bool init_execution_context(void*, void* guest, std::uint32_t graph, std::uint32_t* out) noexcept {
  return answer(guest, "init-execution-context", out,
                [&](ComponentState& state) { return state.guest().create_context(graph); });
}

// ---- inference -------------------------------------------------------------------------------

bool set_input(void*, void* guest, std::uint32_t handle, nacre_shim_bytes name,
               std::uint32_t tensor, std::uint32_t* error) noexcept {
  return answer(guest, "set-input", error, [&](ComponentState& state) -> Result<std::uint32_t> {
    auto taken = state.take_tensor(tensor);  // consumed whatever follows
    if (!taken) return std::unexpected(std::move(taken.error()));
    auto context = state.guest().context(handle);
    if (!context) return std::unexpected(std::move(context.error()));
    const auto index = (*context)->input_index(to_view(name));
    if (!index) return std::unexpected(index.error());
    return no_number((*context)->set_input(*index, *taken));
  });
}

bool compute_set(void*, void* guest, std::uint32_t handle, std::uint32_t* error) noexcept {
  return answer(guest, "compute", error, [&](ComponentState& state) -> Result<std::uint32_t> {
    auto context = state.guest().context(handle);
    if (!context) return std::unexpected(std::move(context.error()));
    return no_number(state.guest().compute(**context));
  });
}

bool get_output(void*, void* guest, std::uint32_t handle, nacre_shim_bytes name,
                std::uint32_t* out) noexcept {
  return answer(guest, "get-output", out, [&](ComponentState& state) -> Result<std::uint32_t> {
    auto context = state.guest().context(handle);
    if (!context) return std::unexpected(std::move(context.error()));
    const auto index = (*context)->output_index(to_view(name));
    if (!index) return std::unexpected(index.error());
    const auto output = (*context)->output(*index);
    if (!output) return std::unexpected(output.error());
    return state.give_tensor(**output);
  });
}

/// Every tensor of the list is the host's from here on: each is taken, whichever is bad.
Result<void> set_inputs(ComponentState& state, Result<ExecutionContext*>& context,
                        std::span<const nacre_shim_named_tensor> inputs) {
  Result<void> first_error;
  const auto note = [&first_error](const Error& error) {
    if (first_error) first_error = std::unexpected(error);
  };
  if (!context) note(context.error());
  state.inputs_seen.clear();
  for (const nacre_shim_named_tensor& input : inputs) {
    auto taken = state.take_tensor(input.tensor);
    if (!taken) {
      note({taken.error().code,
            fmt::format("Input \"{}\": {}", to_view(input.name), taken.error().message)});
      continue;
    }
    if (!first_error) continue;
    const auto index = (*context)->input_index(to_view(input.name));
    if (!index) {
      note(index.error());
      continue;
    }
    if (*index >= state.inputs_seen.size()) state.inputs_seen.resize(*index + 1);
    if (state.inputs_seen[*index]) {
      note({ErrorCode::kInvalidArgument,
            fmt::format("Input \"{}\" came twice; one tensor for each is wanted.",
                        to_view(input.name))});
      continue;
    }
    state.inputs_seen[*index] = true;
    if (auto set = (*context)->set_input(*index, *taken); !set) note(set.error());
  }
  return first_error;
}

/// Says which is missing before the context would, and with the WIT's words.
Result<void> check_all_seen(const ComponentState& state, const GraphDescription& graph) {
  for (std::size_t i = 0; i < graph.inputs.size(); ++i) {
    if (i < state.inputs_seen.size() && state.inputs_seen[i]) continue;
    return fail(ErrorCode::kInvalidArgument,
                fmt::format("Input {} (\"{}\") is missing: the graph has {} inputs and compute "
                            "wants a tensor for each.",
                            i, graph.inputs[i].name, graph.inputs.size()));
  }
  return {};
}

struct UsesUpInputs {
  explicit UsesUpInputs(ExecutionContext* its_context) : context(its_context) { clear(); }
  ~UsesUpInputs() { clear(); }
  UsesUpInputs(const UsesUpInputs&) = delete;
  UsesUpInputs& operator=(const UsesUpInputs&) = delete;
  void clear() const noexcept {
    if (context != nullptr) context->clear_inputs();
  }
  ExecutionContext* context;
};

bool compute(void*, void* guest, std::uint32_t handle, nacre_shim_named_tensors inputs,
             nacre_shim_named_tensors* outputs, std::uint32_t* error) noexcept {
  return answer(guest, "compute", error, [&](ComponentState& state) -> Result<std::uint32_t> {
    auto found = state.guest().context(handle);
    // In this version a computation gets all of its inputs anew and uses them up.
    const UsesUpInputs inputs_end_here(found ? *found : nullptr);
    if (auto set = set_inputs(state, found, {inputs.data, inputs.size}); !set) {
      return std::unexpected(std::move(set.error()));
    }
    ExecutionContext& context = **found;
    const GraphDescription& graph = context.graph().description();
    if (auto all = check_all_seen(state, graph); !all) {
      return std::unexpected(std::move(all.error()));
    }
    if (auto done = state.guest().compute(context); !done) {
      return std::unexpected(std::move(done.error()));
    }
    auto& answer = state.outputs_answer;
    answer.clear();
    const auto give = [&](std::size_t index) -> Result<void> {
      const auto output = context.output(index);
      if (!output) return std::unexpected(output.error());
      const auto number = state.give_tensor(**output);
      if (!number) return std::unexpected(number.error());
      answer.push_back({to_shim(state.output_name(graph, index)), *number});
      return {};
    };
    for (std::size_t i = 0; i < context.output_count(); ++i) {
      auto given = give(i);
      if (given) continue;
      for (const nacre_shim_named_tensor& made : answer)
        state.drop_tensor(made.tensor);
      return std::unexpected(std::move(given.error()));
    }
    *outputs = {answer.data(), answer.size()};
    return 0;
  });
}

void context_drop(void*, void* guest, std::uint32_t context) noexcept {
  [[maybe_unused]] const auto dropped = state_of(guest).guest().drop_context(context);
}

// ---- errors ----------------------------------------------------------------------------------

std::uint32_t error_new(void*, void* guest, std::uint32_t code, nacre_shim_bytes data) noexcept {
  return state_of(guest).keep_error(error_code_of_wit(code), to_view(data));
}

std::uint32_t error_code(void*, void* guest, std::uint32_t error) noexcept {
  return wit_error_code(state_of(guest).error(error).code);
}

void error_data(void*, void* guest, std::uint32_t error, nacre_shim_bytes* data) noexcept {
  *data = to_shim(state_of(guest).error(error).message);
}

void error_drop(void*, void* guest, std::uint32_t error) noexcept {
  state_of(guest).drop_error(error);
}

}  // namespace

const nacre_wasi_nn_callbacks& component_callbacks() noexcept {
  static constexpr nacre_wasi_nn_callbacks kCallbacks = {
      .env = nullptr,
      .finalizer = nullptr,
      .tensor_new = tensor_new,
      .tensor_dimensions = tensor_dimensions,
      .tensor_type = tensor_type,
      .tensor_data = tensor_data,
      .tensor_drop = tensor_drop,
      .load = load,
      .load_by_name = load_by_name,
      .graph_drop = graph_drop,
      .init_execution_context = init_execution_context,
      .set_input = set_input,
      .compute_set = compute_set,
      .get_output = get_output,
      .compute = compute,
      .context_drop = context_drop,
      .error_new = error_new,
      .error_code = error_code,
      .error_data = error_data,
      .error_drop = error_drop,
      .prompt_init = component::prompt_init,
      .prompt_compute = component::prompt_compute,
      .prompt_drop = component::prompt_drop,
  };
  return kCallbacks;
}

}  // namespace nacre
