// The carrier rule: how element types that wasi-nn cannot name travel through it.
//
//   i8, bool              u8, the same dimensions
//   i16, u16, bf16        u8, with a dimension of 2 appended   (bf16: in the ABIs that lack it)
//   u32                   u8, with a dimension of 4 appended
//   u64                   u8, with a dimension of 8 appended
//   string                u8, one dimension: the bytes of (u32 little-endian length, bytes) rows
//
// The bytes stay as they are; never a silent conversion. One rule for every ABI and both ways.
#ifndef NACRE_SRC_CORE_CARRIER_H_
#define NACRE_SRC_CORE_CARRIER_H_

#include <nacre/tensor.h>

#include <optional>
#include <span>

namespace nacre {

/// Whether a tensor of this type may arrive as u8 by the rule above.
[[nodiscard]] constexpr bool may_be_carried(TensorType type) noexcept {
  switch (type) {
    case TensorType::kI8:
    case TensorType::kBool:
    case TensorType::kI16:
    case TensorType::kU16:
    case TensorType::kBf16:
    case TensorType::kU32:
    case TensorType::kU64:
    case TensorType::kString:
      return true;
    default:
      return false;
  }
}

/// The element's own dimensions inside those of its u8 carrier; nullopt when the appended dimension
/// is not there or has another value. Not for strings, whose dimensions a carrier does not say.
[[nodiscard]] constexpr std::optional<std::span<const std::int64_t>> uncarried_dims(
    TensorType type, std::span<const std::int64_t> carrier) noexcept {
  const auto size = static_cast<std::int64_t>(element_size(type));
  if (size == 1) return carrier;
  if (carrier.empty() || carrier.back() != size) return std::nullopt;
  return carrier.first(carrier.size() - 1);
}

/// The shape that a tensor of `type` has as a u8 carrier; for outputs on their way to a guest.
/// `bytes` is the tensor's size, which strings need. nullopt when the rank would pass kMaxRank.
[[nodiscard]] constexpr std::optional<Shape> carrier_shape(TensorType type,
                                                           std::span<const std::int64_t> dims,
                                                           std::uint64_t bytes) noexcept {
  if (type == TensorType::kString) return Shape{static_cast<std::int64_t>(bytes)};
  if (dims.size() > kMaxRank) return std::nullopt;
  Shape shape(dims);
  const std::size_t size = element_size(type);
  if (size == 1) return shape;
  if (dims.size() == kMaxRank) return std::nullopt;
  shape.push_back(static_cast<std::int64_t>(size));
  return shape;
}

}  // namespace nacre

#endif  // NACRE_SRC_CORE_CARRIER_H_
