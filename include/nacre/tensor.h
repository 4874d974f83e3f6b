// Tensors: element types, shapes, views and reference-counted tensors.
#ifndef NACRE_TENSOR_H_
#define NACRE_TENSOR_H_

#include <nacre/backend_abi.h>
#include <nacre/error.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

namespace nacre {

/// Element types. The names are the WIT's, and those that runtimes have and wasi-nn cannot name.
/// The values cross the backend C ABI and are fixed; guests' wire numbers are the dialects'
/// business (src/abi/dialect.h).
enum class TensorType : std::uint32_t {
  kUnknown = 0,  ///< only in descriptions: the model does not say
  kF16 = 1,
  kF32 = 2,
  kF64 = 3,
  kBf16 = 4,
  kU8 = 5,
  kI32 = 6,
  kI64 = 7,
  kI8 = 8,
  kI16 = 9,
  kU16 = 10,
  kU32 = 11,
  kU64 = 12,
  kBool = 13,    ///< one byte an element, 0 or 1
  kString = 14,  ///< a row of (u32 little-endian length, bytes); see TensorView
};

/// "f32", "bool"…; "unknown" for a number that is no type.
[[nodiscard]] constexpr std::string_view to_string(TensorType type) noexcept {
  constexpr std::array<std::string_view, 15> kNames = {"unknown", "f16", "f32", "f64",  "bf16",
                                                       "u8",      "i32", "i64", "i8",   "i16",
                                                       "u16",     "u32", "u64", "bool", "string"};
  const auto index = static_cast<std::size_t>(type);
  return index < kNames.size() ? kNames[index] : kNames[0];
}

/// The inverse of to_string; nullopt for any other text.
[[nodiscard]] constexpr std::optional<TensorType> parse_tensor_type(
    std::string_view text) noexcept {
  for (std::uint32_t i = 1; i <= static_cast<std::uint32_t>(TensorType::kString); ++i) {
    if (to_string(static_cast<TensorType>(i)) == text) return static_cast<TensorType>(i);
  }
  return std::nullopt;
}

/// Bytes of one element; 0 for strings (their length varies) and for kUnknown.
[[nodiscard]] constexpr std::size_t element_size(TensorType type) noexcept {
  switch (type) {
    case TensorType::kU8:
    case TensorType::kI8:
    case TensorType::kBool:
      return 1;
    case TensorType::kF16:
    case TensorType::kBf16:
    case TensorType::kI16:
    case TensorType::kU16:
      return 2;
    case TensorType::kF32:
    case TensorType::kI32:
    case TensorType::kU32:
      return 4;
    case TensorType::kF64:
    case TensorType::kI64:
    case TensorType::kU64:
      return 8;
    case TensorType::kString:
    case TensorType::kUnknown:
      return 0;
  }
  return 0;
}

/// The largest rank Nacre carries. No runtime that wasi-nn names computes beyond it.
inline constexpr std::size_t kMaxRank = 32;

/// A shape by value, without allocation. Dimensions of a tensor are >= 0; in a description -1
/// means dynamic.
class Shape {
 public:
  constexpr Shape() noexcept = default;
  /// Requires dims.size() <= kMaxRank; more are cut, so check a guest's rank before.
  constexpr Shape(std::span<const std::int64_t> dims) noexcept  // NOLINT(*-explicit-*)
      : rank_(static_cast<std::uint32_t>(std::min(dims.size(), kMaxRank))) {
    copy(dims.data());
  }
  constexpr Shape(std::initializer_list<std::int64_t> dims) noexcept
      : Shape(std::span<const std::int64_t>(dims.begin(), dims.size())) {}

  constexpr Shape(const Shape& other) noexcept : rank_(other.rank_) { copy(other.dims_.data()); }
  constexpr Shape& operator=(const Shape& other) noexcept {
    rank_ = other.rank_;
    copy(other.dims_.data());
    return *this;
  }

  [[nodiscard]] constexpr std::span<const std::int64_t> dims() const noexcept {
    return {dims_.data(), rank_};
  }
  [[nodiscard]] constexpr std::size_t rank() const noexcept { return rank_; }
  [[nodiscard]] constexpr std::int64_t operator[](std::size_t i) const noexcept { return dims_[i]; }
  /// Requires rank() < kMaxRank.
  constexpr void push_back(std::int64_t dim) noexcept { dims_[rank_++] = dim; }
  constexpr void pop_back() noexcept { --rank_; }

  friend constexpr bool operator==(const Shape& a, const Shape& b) noexcept {
    return std::ranges::equal(a.dims(), b.dims());
  }

 private:
  constexpr void copy(const std::int64_t* from) noexcept {
    for (std::size_t i = 0; i < rank_; ++i) {
      // A handful of numbers: kept a loop, since what compilers make of it otherwise (rep movs)
      // costs tens of nanoseconds to start.
      if (!std::is_constant_evaluated()) asm volatile("");
      dims_[i] = from[i];
    }
  }

  std::uint32_t rank_ = 0;
  std::array<std::int64_t, kMaxRank> dims_;  // only [0, rank_) is ever read
};

/// "[1,3,224,224]"; a dynamic dimension is written "?", a rank of 0 "[]".
[[nodiscard]] inline std::string to_string(std::span<const std::int64_t> dims) {
  std::string text = "[";
  for (const std::int64_t dim : dims) {
    if (text.size() > 1) text += ',';
    text += dim < 0 ? "?" : std::to_string(dim);
  }
  return text += ']';
}
[[nodiscard]] inline std::string to_string(const Shape& shape) {
  return to_string(shape.dims());
}

/// The number of elements, in 64 bits; nullopt when the product overflows or a dimension is
/// negative. A rank of 0 has one element; a dimension of 0 makes it 0, whatever the others are.
[[nodiscard]] constexpr std::optional<std::uint64_t> element_count(
    std::span<const std::int64_t> dims) noexcept {
  std::uint64_t count = 1;
  bool overflow = false;
  bool zero = false;
  for (const std::int64_t dim : dims) {
    if (dim < 0) return std::nullopt;
    zero = zero || dim == 0;
    overflow = __builtin_mul_overflow(count, static_cast<std::uint64_t>(dim), &count) || overflow;
  }
  if (zero) return 0;
  if (overflow) return std::nullopt;
  return count;
}

/// A tensor in somebody else's memory.
///
/// `data` holds element_count(dims) elements in row-major order, little-endian, any alignment.
/// A string tensor holds as many byte strings, each as a u32 length (little-endian) and its bytes,
/// with no padding. Lifetime is the caller's business; nothing here owns.
struct TensorView {
  TensorType type = TensorType::kUnknown;
  std::span<const std::int64_t> dims;
  std::span<const std::byte> data;
};

/// A counted reference to a nacre_buffer. Copying retains, destruction releases; any thread.
class BufferRef {
 public:
  BufferRef() noexcept = default;
  /// Takes over a reference that the caller owns.
  [[nodiscard]] static BufferRef adopt(nacre_buffer* buffer) noexcept {
    BufferRef ref;
    ref.buffer_ = buffer;
    return ref;
  }
  /// Adds a reference of its own.
  [[nodiscard]] static BufferRef retain(nacre_buffer* buffer) noexcept {
    if (buffer != nullptr) buffer->retain(buffer);
    return adopt(buffer);
  }
  BufferRef(const BufferRef& other) noexcept : BufferRef(retain(other.buffer_)) {}
  BufferRef(BufferRef&& other) noexcept : buffer_(std::exchange(other.buffer_, nullptr)) {}
  BufferRef& operator=(BufferRef other) noexcept {
    std::swap(buffer_, other.buffer_);
    return *this;
  }
  ~BufferRef() {
    if (buffer_ != nullptr) buffer_->release(buffer_);
  }

  [[nodiscard]] nacre_buffer* get() const noexcept { return buffer_; }
  explicit operator bool() const noexcept { return buffer_ != nullptr; }
  [[nodiscard]] std::byte* data() const noexcept {
    return buffer_ == nullptr ? nullptr : static_cast<std::byte*>(buffer_->data);
  }
  [[nodiscard]] std::uint64_t capacity() const noexcept {
    return buffer_ == nullptr ? 0 : buffer_->capacity;
  }
  /// True when this is the only reference, so that the bytes may be written again.
  [[nodiscard]] bool unique() const noexcept {
    return buffer_ != nullptr && buffer_->unique(buffer_) != 0;
  }

 private:
  nacre_buffer* buffer_ = nullptr;
};

/// A tensor that keeps its bytes alive and never changes after it was given out.
/// `data` lies inside `buffer` and is 64-byte aligned when Nacre allocated it.
struct Tensor {
  TensorType type = TensorType::kUnknown;
  Shape shape;
  std::span<const std::byte> data;
  BufferRef buffer;

  [[nodiscard]] TensorView view() const noexcept { return {type, shape.dims(), data}; }
};

/// A tensor under the name of a graph's input or output.
struct NamedTensor {
  std::string name;
  Tensor tensor;
};

}  // namespace nacre

#endif  // NACRE_TENSOR_H_
