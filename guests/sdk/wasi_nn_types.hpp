// The types that wasi_nn.hpp and the two ABIs beneath it share. Include wasi_nn.hpp.
#pragma once

#include <charconv>
#include <cstddef>
#include <cstdint>
#include <expected>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

// An inference's calls are a few loads and stores around the host's: what fails stays out of them.
#define NN_HOT [[gnu::always_inline]]
#define NN_COLD [[gnu::cold, gnu::noinline]]

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

// What failed. `message` is a sentence for people: what was asked, and the host's answer. From a
// component's host that is its whole sentence; a core module's can only say the code's name.
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
// Core modules have positions only, so there a name must be a decimal number. Components have names
// only, so there a position is said in decimal, which stands for the position where no input (or
// output) has that very name.
class IndexOrName {
 public:
  IndexOrName(int index) : index_(static_cast<std::uint32_t>(index)) {}
  IndexOrName(std::uint32_t index) : index_(index) {}
  IndexOrName(std::string_view name) : name_(name), is_name_(true) {}
  IndexOrName(const char* name) : IndexOrName(std::string_view(name)) {}
  IndexOrName(const std::string& name) : IndexOrName(std::string_view(name)) {}

  // The position, where this is one or a name that spells one.
  NN_HOT bool to_index(std::uint32_t& out) const {
    out = index_;
    return !is_name_ || parse(out);
  }

  // The name, or the position in decimal, which is written into `digits`.
  std::string_view to_name(std::span<char, 10> digits) const {
    if (is_name_) return name_;
    const auto [end, error] = std::to_chars(digits.data(), digits.data() + digits.size(), index_);
    return {digits.data(), end};
  }

  std::string text() const { return is_name_ ? std::string(name_) : std::to_string(index_); }

 private:
  NN_COLD bool parse(std::uint32_t& out) const {
    const char* end = name_.data() + name_.size();
    const auto [stop, error] = std::from_chars(name_.data(), end, out);
    return error == std::errc() && stop == end;
  }

  std::uint32_t index_ = 0;
  std::string_view name_;
  bool is_name_ = false;
};

}  // namespace nn
