// wasi_nn.hpp on the ABI of core modules: where its calls become wasi_ephemeral_nn's. Include
// wasi_nn.hpp.
#pragma once

#include <limits>

#include "wasi_nn.h"
#include "wasi_nn_types.hpp"

namespace nn::detail {

inline constexpr std::uint32_t kNoHandle = std::numeric_limits<std::uint32_t>::max();

inline ErrorCode code_from_wire(wasi_nn_errno code) {
  switch (code) {
    case WASI_NN_INVALID_ARGUMENT:
      return ErrorCode::kInvalidArgument;
    case WASI_NN_INVALID_ENCODING:
      return ErrorCode::kInvalidEncoding;
    case WASI_NN_MISSING_MEMORY:
      return ErrorCode::kMissingMemory;
    case WASI_NN_BUSY:
      return ErrorCode::kBusy;
    case WASI_NN_RUNTIME_ERROR:
      return ErrorCode::kRuntimeError;
    case WASI_NN_UNSUPPORTED:
      return ErrorCode::kUnsupportedOperation;
    case WASI_NN_TOO_LARGE:
      return ErrorCode::kTooLarge;
    case WASI_NN_NOT_FOUND:
      return ErrorCode::kNotFound;
    default:
      return ErrorCode::kUnknown;
  }
}

NN_COLD inline std::unexpected<Error> failure(wasi_nn_errno code, std::string what) {
  what += ": the host answers ";
  what += wasi_nn_errno_name(code);
  return std::unexpected(Error{code_from_wire(code), std::move(what)});
}

// Written out rather than cast: the order of our names promises nothing about wire numbers.
inline wasi_nn_encoding to_wire(GraphEncoding encoding) {
  switch (encoding) {
    case GraphEncoding::kOpenvino:
      return WASI_NN_OPENVINO;
    case GraphEncoding::kOnnx:
      return WASI_NN_ONNX;
    case GraphEncoding::kTensorflow:
      return WASI_NN_TENSORFLOW;
    case GraphEncoding::kPytorch:
      return WASI_NN_PYTORCH;
    case GraphEncoding::kTensorflowlite:
      return WASI_NN_TENSORFLOWLITE;
    case GraphEncoding::kAutodetect:
      return WASI_NN_AUTODETECT;
  }
  __builtin_unreachable();
}

inline wasi_nn_target to_wire(ExecutionTarget target) {
  switch (target) {
    case ExecutionTarget::kCpu:
      return WASI_NN_CPU;
    case ExecutionTarget::kGpu:
      return WASI_NN_GPU;
    case ExecutionTarget::kTpu:
      return WASI_NN_TPU;
  }
  __builtin_unreachable();
}

// BF16 has no number here.
inline constexpr wasi_nn_type kNoType = 0xff;

inline wasi_nn_type to_wire(TensorType type) {
  switch (type) {
    case TensorType::kF16:
      return WASI_NN_F16;
    case TensorType::kF32:
      return WASI_NN_F32;
    case TensorType::kF64:
      return WASI_NN_F64;
    case TensorType::kU8:
      return WASI_NN_U8;
    case TensorType::kI32:
      return WASI_NN_I32;
    case TensorType::kI64:
      return WASI_NN_I64;
    case TensorType::kBf16:
      return kNoType;
  }
  __builtin_unreachable();
}

NN_COLD inline std::unexpected<Error> no_index(IndexOrName which) {
  return std::unexpected(
      Error{ErrorCode::kUnsupportedOperation,
            "a core module names inputs and outputs by position only, not '" + which.text() + "'"});
}

class Context {
 public:
  explicit Context(wasi_nn_context handle) : handle_(handle) {}
  Context(Context&& other) noexcept : handle_(std::exchange(other.handle_, kNoHandle)) {}
  Context& operator=(Context&& other) noexcept {
    handle_ = std::exchange(other.handle_, kNoHandle);
    return *this;
  }

  NN_HOT Result<void> set_input(IndexOrName which, const TensorView& tensor) {
    std::uint32_t index = 0;
    if (!which.to_index(index)) return no_index(which);
    const wasi_nn_type type = to_wire(tensor.type);
    if (type == kNoType) return no_type();
    const wasi_nn_tensor record = {tensor.dims.data(),
                                   static_cast<std::uint32_t>(tensor.dims.size()), type,
                                   reinterpret_cast<const std::uint8_t*>(tensor.data.data()),
                                   static_cast<std::uint32_t>(tensor.data.size())};
    const wasi_nn_errno code = wasi_nn_set_input(handle_, index, &record);
    if (code != WASI_NN_SUCCESS) return not_set(code, which);
    return {};
  }

  NN_HOT Result<void> compute() {
    const wasi_nn_errno code = wasi_nn_compute(handle_);
    if (code != WASI_NN_SUCCESS) return failure(code, "computing");
    return {};
  }

  NN_HOT Result<std::size_t> get_output(IndexOrName which, std::span<std::byte> buffer) {
    std::uint32_t index = 0;
    if (!which.to_index(index)) return no_index(which);
    std::uint32_t written = 0;
    const wasi_nn_errno code = read(index, buffer, written);
    if (code != WASI_NN_SUCCESS) return not_read(code, which, buffer.size());
    return written;
  }

  Result<std::vector<std::byte>> get_output(IndexOrName which) {
    std::uint32_t index = 0;
    if (!which.to_index(index)) return no_index(which);
    std::vector<std::byte> bytes(4096);
    std::uint32_t written = 0;
    wasi_nn_errno code = read(index, bytes, written);
    if (code == WASI_NN_TOO_LARGE && written > bytes.size()) {
      bytes.resize(written);
      code = read(index, bytes, written);
    }
    if (code != WASI_NN_SUCCESS) return not_read(code, which, bytes.size());
    bytes.resize(written);
    return bytes;
  }

 private:
  NN_HOT wasi_nn_errno read(std::uint32_t index, std::span<std::byte> buffer,
                            std::uint32_t& written) {
    return wasi_nn_get_output(handle_, index, reinterpret_cast<std::uint8_t*>(buffer.data()),
                              static_cast<std::uint32_t>(buffer.size()), &written);
  }

  NN_COLD static std::unexpected<Error> no_type() {
    return std::unexpected(Error{ErrorCode::kUnsupportedOperation,
                                 "bf16 tensors have no number in the core modules' ABI"});
  }
  NN_COLD static std::unexpected<Error> not_set(wasi_nn_errno code, IndexOrName which) {
    return failure(code, "setting input " + which.text());
  }
  NN_COLD static std::unexpected<Error> not_read(wasi_nn_errno code, IndexOrName which,
                                                 std::size_t size) {
    return failure(code,
                   "reading output " + which.text() + " into " + std::to_string(size) + " bytes");
  }

  wasi_nn_context handle_;
};

class Model {
 public:
  Model(Model&& other) noexcept : handle_(std::exchange(other.handle_, kNoHandle)) {}
  Model& operator=(Model&& other) noexcept {
    handle_ = std::exchange(other.handle_, kNoHandle);
    return *this;
  }

  static Result<Model> load(std::span<const std::span<const std::byte>> parts,
                            GraphEncoding encoding, ExecutionTarget target) {
    std::vector<wasi_nn_builder> builders;
    builders.reserve(parts.size());
    for (auto part : parts)
      builders.push_back({reinterpret_cast<const std::uint8_t*>(part.data()),
                          static_cast<std::uint32_t>(part.size())});
    wasi_nn_graph graph = kNoHandle;
    if (auto code = wasi_nn_load(builders.data(), static_cast<std::uint32_t>(builders.size()),
                                 to_wire(encoding), to_wire(target), &graph))
      return failure(code, "loading a model from " + std::to_string(parts.size()) +
                               (parts.size() == 1 ? " part" : " parts"));
    return Model(graph);
  }

  static Result<Model> load_by_name(std::string_view name) {
    wasi_nn_graph graph = kNoHandle;
    if (auto code =
            wasi_nn_load_by_name(name.data(), static_cast<std::uint32_t>(name.size()), &graph))
      return failure(code, "loading the model named '" + std::string(name) + "'");
    return Model(graph);
  }

  Result<Context> init_execution_context() const {
    wasi_nn_context context = kNoHandle;
    if (auto code = wasi_nn_init_execution_context(handle_, &context))
      return failure(code, "making an execution context");
    return Context(context);
  }

  wasi_nn_graph handle() const { return handle_; }
  wasi_nn_graph release() { return std::exchange(handle_, kNoHandle); }

 private:
  explicit Model(wasi_nn_graph handle) : handle_(handle) {}
  wasi_nn_graph handle_;
};

}  // namespace nn::detail
