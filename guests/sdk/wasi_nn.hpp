// wasi-nn for guests written in C++23: a thin wrapper that says the same thing on every ABI.
//
// Nothing here carries a wire number: element types, encodings and error codes are Nacre's names
// (the WIT's), and inputs and outputs are named by index or by name, so a guest's source does not
// depend on whether it becomes a core module or a component.
//
// No exceptions, no RTTI: everything fallible returns Result<T>. Objects are move-only and own
// their handle. Core modules cannot give a handle back (the ABI has no call for it), so there the
// host frees it when the instance ends; reuse contexts rather than making many.
#pragma once

#include <charconv>
#include <cstddef>
#include <cstdint>
#include <expected>
#include <limits>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "wasi_nn.h"

namespace nn {

enum class ErrorCode {
  kInvalidArgument,
  kInvalidEncoding,
  kMissingMemory,
  kBusy,
  kTimeout,
  kRuntimeError,
  kUnsupportedOperation,
  kTooLarge,
  kNotFound,
  kSecurity,
  kUnknown,
};

// What failed. `message` is a sentence for people: what was asked, and the host's answer.
struct Error {
  ErrorCode code = ErrorCode::kUnknown;
  std::string message;
};

template <typename T>
using Result = std::expected<T, Error>;

enum class GraphEncoding { kOpenvino, kOnnx, kTensorflow, kPytorch, kTensorflowlite, kAutodetect };
enum class ExecutionTarget { kCpu, kGpu, kTpu };
enum class TensorType { kF16, kF32, kF64, kBf16, kU8, kI32, kI64 };

// The TensorType of a C++ element type, for the types that have one.
template <typename T>
inline constexpr TensorType kTypeOf = [] {
  static_assert(sizeof(T) == 0, "no tensor type for this C++ type");
  return TensorType::kU8;
}();
template <>
inline constexpr TensorType kTypeOf<float> = TensorType::kF32;
template <>
inline constexpr TensorType kTypeOf<double> = TensorType::kF64;
template <>
inline constexpr TensorType kTypeOf<std::uint8_t> = TensorType::kU8;
template <>
inline constexpr TensorType kTypeOf<std::int32_t> = TensorType::kI32;
template <>
inline constexpr TensorType kTypeOf<std::int64_t> = TensorType::kI64;

// A tensor that someone else owns. dims and data must live until the call that takes it returns.
struct TensorView {
  TensorType type = TensorType::kF32;
  std::span<const std::uint32_t> dims;
  std::span<const std::byte> data;

  template <typename T>
  static TensorView of(std::span<const std::uint32_t> dims, std::span<const T> values) {
    return {kTypeOf<T>, dims, std::as_bytes(values)};
  }
};

// Which input or output: by position or by name. A name must live until the call returns.
// Core modules have positions only, so there a name must be a decimal number.
class IndexOrName {
 public:
  IndexOrName(int index) : index_(static_cast<std::uint32_t>(index)) {}
  IndexOrName(std::uint32_t index) : index_(index) {}
  IndexOrName(std::string_view name) : name_(name), is_name_(true) {}
  IndexOrName(const char* name) : IndexOrName(std::string_view(name)) {}
  IndexOrName(const std::string& name) : IndexOrName(std::string_view(name)) {}

  // The position, where this is one or a name that spells one.
  Result<std::uint32_t> index() const {
    if (!is_name_) return index_;
    std::uint32_t value = 0;
    const char* end = name_.data() + name_.size();
    auto [stop, error] = std::from_chars(name_.data(), end, value);
    if (error == std::errc() && stop == end) return value;
    return std::unexpected(Error{ErrorCode::kUnsupportedOperation,
                                 "a core module names inputs and outputs by position only, not '" +
                                     std::string(name_) + "'"});
  }

  std::string text() const { return is_name_ ? std::string(name_) : std::to_string(index_); }

 private:
  std::uint32_t index_ = 0;
  std::string_view name_;
  bool is_name_ = false;
};

namespace detail {

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

inline std::unexpected<Error> failure(wasi_nn_errno code, std::string what) {
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

inline Result<wasi_nn_type> to_wire(TensorType type) {
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
      break;
  }
  return std::unexpected(Error{ErrorCode::kUnsupportedOperation,
                               "bf16 tensors have no number in the core modules' ABI"});
}

}  // namespace detail

// One computation at a time: set every input, compute, read the outputs, as often as you like.
class ExecutionContext {
 public:
  ExecutionContext(ExecutionContext&& other) noexcept
      : handle_(std::exchange(other.handle_, detail::kNoHandle)) {}
  ExecutionContext& operator=(ExecutionContext&& other) noexcept {
    handle_ = std::exchange(other.handle_, detail::kNoHandle);
    return *this;
  }

  // The tensor is copied; it stays set for later computations.
  Result<void> set_input(IndexOrName which, const TensorView& tensor) {
    auto index = which.index();
    if (!index) return std::unexpected(std::move(index.error()));
    auto type = detail::to_wire(tensor.type);
    if (!type) return std::unexpected(std::move(type.error()));
    const wasi_nn_tensor record = {tensor.dims.data(),
                                   static_cast<std::uint32_t>(tensor.dims.size()), *type,
                                   reinterpret_cast<const std::uint8_t*>(tensor.data.data()),
                                   static_cast<std::uint32_t>(tensor.data.size())};
    if (auto code = wasi_nn_set_input(handle_, *index, &record))
      return detail::failure(code, "setting input " + which.text());
    return {};
  }

  Result<void> compute() {
    if (auto code = wasi_nn_compute(handle_)) return detail::failure(code, "computing");
    return {};
  }

  // Copies an output into `buffer` and returns how many bytes it has. kTooLarge when it does not
  // fit. Allocates nothing when it succeeds.
  Result<std::size_t> get_output(IndexOrName which, std::span<std::byte> buffer) {
    std::uint32_t written = 0;
    if (auto result = read_output(which, buffer, written); !result)
      return std::unexpected(std::move(result.error()));
    return written;
  }

  // The same into a vector of its own, of the right size.
  Result<std::vector<std::byte>> get_output(IndexOrName which) {
    std::vector<std::byte> bytes(4096);
    std::uint32_t written = 0;
    auto result = read_output(which, bytes, written);
    if (!result && result.error().code == ErrorCode::kTooLarge && written > bytes.size()) {
      bytes.resize(written);
      result = read_output(which, bytes, written);
    }
    if (!result) return std::unexpected(std::move(result.error()));
    bytes.resize(written);
    return bytes;
  }

 private:
  friend class Graph;
  explicit ExecutionContext(wasi_nn_context handle) : handle_(handle) {}

  Result<void> read_output(IndexOrName which, std::span<std::byte> buffer, std::uint32_t& written) {
    auto index = which.index();
    if (!index) return std::unexpected(std::move(index.error()));
    if (auto code =
            wasi_nn_get_output(handle_, *index, reinterpret_cast<std::uint8_t*>(buffer.data()),
                               static_cast<std::uint32_t>(buffer.size()), &written))
      return detail::failure(code, "reading output " + which.text() + " into " +
                                       std::to_string(buffer.size()) + " bytes");
    return {};
  }

  wasi_nn_context handle_;
};

// A model, loaded. Makes any number of contexts, and may go before them.
class Graph {
 public:
  Graph(Graph&& other) noexcept : handle_(std::exchange(other.handle_, detail::kNoHandle)) {}
  Graph& operator=(Graph&& other) noexcept {
    handle_ = std::exchange(other.handle_, detail::kNoHandle);
    return *this;
  }

  // From bytes: one part, or two for OpenVINO (.xml, .bin). They are copied.
  static Result<Graph> load(std::span<const std::span<const std::byte>> parts,
                            GraphEncoding encoding,
                            ExecutionTarget target = ExecutionTarget::kCpu) {
    std::vector<wasi_nn_builder> builders;
    builders.reserve(parts.size());
    for (auto part : parts)
      builders.push_back({reinterpret_cast<const std::uint8_t*>(part.data()),
                          static_cast<std::uint32_t>(part.size())});
    wasi_nn_graph graph = detail::kNoHandle;
    if (auto code = wasi_nn_load(builders.data(), static_cast<std::uint32_t>(builders.size()),
                                 detail::to_wire(encoding), detail::to_wire(target), &graph))
      return detail::failure(code, "loading a model from " + std::to_string(parts.size()) +
                                       (parts.size() == 1 ? " part" : " parts"));
    return Graph(graph);
  }

  // A model the operator registered. kNotFound when there is none of that name.
  static Result<Graph> load_by_name(std::string_view name) {
    wasi_nn_graph graph = detail::kNoHandle;
    if (auto code =
            wasi_nn_load_by_name(name.data(), static_cast<std::uint32_t>(name.size()), &graph))
      return detail::failure(code, "loading the model named '" + std::string(name) + "'");
    return Graph(graph);
  }

  Result<ExecutionContext> init_execution_context() const {
    wasi_nn_context context = detail::kNoHandle;
    if (auto code = wasi_nn_init_execution_context(handle_, &context))
      return detail::failure(code, "making an execution context");
    return ExecutionContext(context);
  }

 private:
  explicit Graph(wasi_nn_graph handle) : handle_(handle) {}
  wasi_nn_graph handle_;
};

}  // namespace nn
