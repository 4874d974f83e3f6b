// wasi_nn.hpp on the component model: where its calls become wasi:nn's, in the version that
// WASI_NN_VERSION names. Include wasi_nn.hpp.
#pragma once

#include <array>
#include <limits>
#include <memory>

#include "wasi_nn_component.h"
#include "wasi_nn_types.hpp"

namespace nn::detail {

inline constexpr wasi_nn_handle kNoHandle = std::numeric_limits<wasi_nn_handle>::max();

// A resource of the host's, dropped when this goes.
template <void (*kDrop)(wasi_nn_handle)>
class Owned {
 public:
  Owned() = default;
  explicit Owned(wasi_nn_handle handle) : handle_(handle) {}
  Owned(Owned&& other) noexcept : handle_(other.release()) {}
  Owned& operator=(Owned&& other) noexcept {
    reset(other.release());
    return *this;
  }
  ~Owned() { reset(); }

  explicit operator bool() const { return handle_ != kNoHandle; }
  wasi_nn_handle get() const { return handle_; }
  wasi_nn_handle release() { return std::exchange(handle_, kNoHandle); }
  void reset(wasi_nn_handle handle = kNoHandle) {
    if (handle_ != kNoHandle) kDrop(handle_);
    handle_ = handle;
  }

 private:
  wasi_nn_handle handle_ = kNoHandle;
};

using OwnedTensor = Owned<wasi_nn_tensor_drop>;
using OwnedError = Owned<wasi_nn_error_drop>;

// While this lives, what the host returns lands in `buffer` as far as it fits.
class Placed {
 public:
  explicit Placed(std::span<std::byte> buffer) {
    wasi_nn_place(buffer.data(), static_cast<std::uint32_t>(buffer.size()));
  }
  Placed(const Placed&) = delete;
  Placed& operator=(const Placed&) = delete;
  ~Placed() { wasi_nn_unplace(); }
};

inline ErrorCode code_from_wit(std::uint32_t code) {
  switch (code) {
    case WASI_NN_WIT_INVALID_ARGUMENT:
      return ErrorCode::kInvalidArgument;
    case WASI_NN_WIT_INVALID_ENCODING:
      return ErrorCode::kInvalidEncoding;
    case WASI_NN_WIT_TIMEOUT:
      return ErrorCode::kTimeout;
    case WASI_NN_WIT_RUNTIME_ERROR:
      return ErrorCode::kRuntimeError;
    case WASI_NN_WIT_UNSUPPORTED_OPERATION:
      return ErrorCode::kUnsupportedOperation;
    case WASI_NN_WIT_TOO_LARGE:
      return ErrorCode::kTooLarge;
    case WASI_NN_WIT_NOT_FOUND:
      return ErrorCode::kNotFound;
    case WASI_NN_WIT_SECURITY:
      return ErrorCode::kSecurity;
    default:
      return ErrorCode::kUnknown;
  }
}

// Takes the host's error over.
NN_COLD inline std::unexpected<Error> failure(wasi_nn_handle error, std::string what) {
  const OwnedError owned(error);
  wasi_nn_list sentence;
  wasi_nn_error_data(error, &sentence);
  what += ": ";
  what.append(static_cast<const char*>(sentence.data), sentence.size);
  wasi_nn_list_free(&sentence);
  return std::unexpected(Error{code_from_wit(wasi_nn_error_code(error)), std::move(what)});
}

// Written out rather than cast: the order of our names promises nothing about wire numbers.
inline std::uint32_t to_wit(GraphEncoding encoding) {
  switch (encoding) {
    case GraphEncoding::kOpenvino:
      return WASI_NN_WIT_OPENVINO;
    case GraphEncoding::kOnnx:
      return WASI_NN_WIT_ONNX;
    case GraphEncoding::kTensorflow:
      return WASI_NN_WIT_TENSORFLOW;
    case GraphEncoding::kPytorch:
      return WASI_NN_WIT_PYTORCH;
    case GraphEncoding::kTensorflowlite:
      return WASI_NN_WIT_TENSORFLOWLITE;
    case GraphEncoding::kAutodetect:
      return WASI_NN_WIT_AUTODETECT;
  }
  __builtin_unreachable();
}

inline std::uint32_t to_wit(ExecutionTarget target) {
  switch (target) {
    case ExecutionTarget::kCpu:
      return WASI_NN_WIT_CPU;
    case ExecutionTarget::kGpu:
      return WASI_NN_WIT_GPU;
    case ExecutionTarget::kTpu:
      return WASI_NN_WIT_TPU;
  }
  __builtin_unreachable();
}

inline std::uint32_t to_wit(TensorType type) {
  switch (type) {
    case TensorType::kF16:
      return WASI_NN_WIT_FP16;
    case TensorType::kF32:
      return WASI_NN_WIT_FP32;
    case TensorType::kF64:
      return WASI_NN_WIT_FP64;
    case TensorType::kBf16:
      return WASI_NN_WIT_BF16;
    case TensorType::kU8:
      return WASI_NN_WIT_U8;
    case TensorType::kI32:
      return WASI_NN_WIT_I32;
    case TensorType::kI64:
      return WASI_NN_WIT_I64;
  }
  __builtin_unreachable();
}

inline OwnedTensor make_tensor(const TensorView& tensor) {
  return OwnedTensor(wasi_nn_tensor_new(
      tensor.dims.data(), static_cast<std::uint32_t>(tensor.dims.size()), to_wit(tensor.type),
      tensor.data.data(), static_cast<std::uint32_t>(tensor.data.size())));
}

// How many bytes a tensor of the host's has, by its type and dimensions.
inline std::size_t size_of(wasi_nn_handle tensor) {
  static constexpr std::array<std::uint8_t, 7> kElementSizes = {2, 4, 8, 2, 1, 4, 8};
  std::array<std::uint32_t, 16> space;
  wasi_nn_list dims;
  {
    const Placed placed(std::as_writable_bytes(std::span(space)));
    wasi_nn_tensor_dimensions(tensor, &dims);
  }
  std::size_t size = kElementSizes[wasi_nn_tensor_type_of(tensor)];
  for (std::uint32_t i = 0; i < dims.size; ++i)
    size *= static_cast<const std::uint32_t*>(dims.data)[i];
  if (dims.data != space.data()) wasi_nn_list_free(&dims);
  return size;
}

inline Result<std::size_t> read(wasi_nn_handle tensor, IndexOrName which,
                                std::span<std::byte> buffer) {
  wasi_nn_list bytes;
  {
    const Placed placed(buffer);
    wasi_nn_tensor_data(tensor, &bytes);
  }
  if (bytes.size == 0 || bytes.data == buffer.data()) return bytes.size;
  wasi_nn_list_free(&bytes);
  return std::unexpected(Error{ErrorCode::kTooLarge, "reading output " + which.text() + " into " +
                                                         std::to_string(buffer.size()) +
                                                         " bytes: it has " +
                                                         std::to_string(bytes.size)});
}

inline Result<std::vector<std::byte>> read(wasi_nn_handle tensor, IndexOrName which) {
  std::vector<std::byte> bytes(size_of(tensor));
  auto size = read(tensor, which, bytes);
  if (!size) return std::unexpected(std::move(size.error()));
  return bytes;
}

using OwnedContext = Owned<wasi_nn_context_drop>;

#if WASI_NN_VERSION == 20241028

// Inputs wait here for compute, which takes them all and gives all outputs.
class Context {
 public:
  explicit Context(wasi_nn_handle handle) : state_(std::make_unique<State>()) {
    state_->handle.reset(handle);
  }
  Context(Context&&) noexcept = default;
  Context& operator=(Context&&) noexcept = default;

  Result<void> set_input(IndexOrName which, const TensorView& tensor) {
    std::array<char, 10> digits;
    const std::string_view name = which.to_name(digits);
    input_named(name).tensor = make_tensor(tensor);
    return {};
  }

  Result<void> compute() {
    State& state = *state_;
    state.drop_outputs();
    state.call.clear();
    for (Input& input : state.inputs) {
      if (!input.tensor) continue;
      const auto size = static_cast<std::uint32_t>(input.name.size());
      state.call.push_back({{input.name.data(), size}, input.tensor.release()});
    }
    wasi_nn_outputs answer;
    {
      const Placed placed(state.space);
      wasi_nn_context_compute(state.handle.get(), state.call.data(),
                              static_cast<std::uint32_t>(state.call.size()), &answer);
    }
    if (answer.failed) return failure(answer.error, "computing");
    state.outputs = answer.list;
    return {};
  }

  Result<std::size_t> get_output(IndexOrName which, std::span<std::byte> buffer) {
    const auto tensor = output(which);
    if (!tensor) return std::unexpected(tensor.error());
    return read(*tensor, which, buffer);
  }

  Result<std::vector<std::byte>> get_output(IndexOrName which) {
    const auto tensor = output(which);
    if (!tensor) return std::unexpected(tensor.error());
    return read(*tensor, which);
  }

 private:
  struct Input {
    std::string name;
    OwnedTensor tensor;  // none once a compute has taken it
  };

  // Stays where it is: the host's answers lie in `space`.
  struct State {
    OwnedContext handle;
    std::vector<Input> inputs;  // all that were ever set
    std::vector<wasi_nn_named_tensor> call;
    wasi_nn_list outputs = {nullptr, 0};  // of wasi_nn_named_tensor
    alignas(8) std::array<std::byte, 256> space;

    ~State() { drop_outputs(); }

    std::span<const wasi_nn_named_tensor> all_outputs() const {
      return {static_cast<const wasi_nn_named_tensor*>(outputs.data), outputs.size};
    }
    void drop_outputs() {
      for (const wasi_nn_named_tensor& output : all_outputs()) {
        wasi_nn_tensor_drop(output.tensor);
        free_list(output.name);
      }
      free_list(std::exchange(outputs, {nullptr, 0}));
    }
    void free_list(const wasi_nn_list& list) {
      const auto* at = static_cast<const std::byte*>(list.data);
      if (at < space.data() || at >= space.data() + space.size()) wasi_nn_list_free(&list);
    }
  };

  Input& input_named(std::string_view name) {
    for (Input& input : state_->inputs)
      if (input.name == name) return input;
    return state_->inputs.emplace_back(std::string(name), OwnedTensor());
  }

  Result<wasi_nn_handle> output(IndexOrName which) const {
    const auto outputs = state_->all_outputs();
    std::array<char, 10> digits;
    const std::string_view name = which.to_name(digits);
    for (const wasi_nn_named_tensor& output : outputs)
      if (text(output.name) == name) return output.tensor;
    if (std::uint32_t index = 0; which.to_index(index) && index < outputs.size())
      return outputs[index].tensor;
    std::string message = "reading output " + which.text() + ": ";
    if (outputs.empty()) {
      message += "there are no outputs before compute";
    } else {
      message += "there is none; the outputs are";
      for (const wasi_nn_named_tensor& output : outputs)
        message += " '" + std::string(text(output.name)) + "'";
    }
    return std::unexpected(Error{ErrorCode::kInvalidArgument, std::move(message)});
  }

  static std::string_view text(const wasi_nn_list& name) {
    return {static_cast<const char*>(name.data), name.size};
  }

  std::unique_ptr<State> state_;
};

#else  // the two older versions

class Context {
 public:
  explicit Context(wasi_nn_handle handle) : handle_(handle) {}

  Result<void> set_input(IndexOrName which, const TensorView& tensor) {
    std::array<char, 10> digits;
    const std::string_view name = which.to_name(digits);
    wasi_nn_result answer;
    wasi_nn_context_set_input(handle_.get(), name.data(), static_cast<std::uint32_t>(name.size()),
                              make_tensor(tensor).release(), &answer);
    if (answer.failed) return failure(answer.handle, "setting input " + which.text());
    return {};
  }

  Result<void> compute() {
    wasi_nn_result answer;
    wasi_nn_context_compute(handle_.get(), &answer);
    if (answer.failed) return failure(answer.handle, "computing");
    return {};
  }

  Result<std::size_t> get_output(IndexOrName which, std::span<std::byte> buffer) {
    auto tensor = output(which);
    if (!tensor) return std::unexpected(std::move(tensor.error()));
    return read(tensor->get(), which, buffer);
  }

  Result<std::vector<std::byte>> get_output(IndexOrName which) {
    auto tensor = output(which);
    if (!tensor) return std::unexpected(std::move(tensor.error()));
    return read(tensor->get(), which);
  }

 private:
  Result<OwnedTensor> output(IndexOrName which) const {
    std::array<char, 10> digits;
    const std::string_view name = which.to_name(digits);
    wasi_nn_result answer;
    wasi_nn_context_get_output(handle_.get(), name.data(), static_cast<std::uint32_t>(name.size()),
                               &answer);
    if (answer.failed) return failure(answer.handle, "reading output " + which.text());
    return OwnedTensor(answer.handle);
  }

  OwnedContext handle_;
};

#endif

class Model {
 public:
  static Result<Model> load(std::span<const std::span<const std::byte>> parts,
                            GraphEncoding encoding, ExecutionTarget target) {
    std::vector<wasi_nn_list> lists;
    lists.reserve(parts.size());
    for (auto part : parts)
      lists.push_back(
          {const_cast<std::byte*>(part.data()), static_cast<std::uint32_t>(part.size())});
    wasi_nn_result answer;
    wasi_nn_graph_load(lists.data(), static_cast<std::uint32_t>(lists.size()), to_wit(encoding),
                       to_wit(target), &answer);
    if (answer.failed)
      return failure(answer.handle, "loading a model from " + std::to_string(parts.size()) +
                                        (parts.size() == 1 ? " part" : " parts"));
    return Model(answer.handle);
  }

  static Result<Model> load_by_name(std::string_view name) {
    wasi_nn_result answer;
    wasi_nn_graph_load_by_name(name.data(), static_cast<std::uint32_t>(name.size()), &answer);
    if (answer.failed)
      return failure(answer.handle, "loading the model named '" + std::string(name) + "'");
    return Model(answer.handle);
  }

  Result<Context> init_execution_context() const {
    wasi_nn_result answer;
    wasi_nn_graph_init_execution_context(handle_.get(), &answer);
    if (answer.failed) return failure(answer.handle, "making an execution context");
    return Context(answer.handle);
  }

  wasi_nn_handle handle() const { return handle_.get(); }
  wasi_nn_handle release() { return handle_.release(); }

 private:
  explicit Model(wasi_nn_handle handle) : handle_(handle) {}
  Owned<wasi_nn_graph_drop> handle_;
};

}  // namespace nn::detail
