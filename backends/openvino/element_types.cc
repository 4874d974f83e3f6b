#include "element_types.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>

namespace nacre::openvino {
namespace {

// Branch-free over a block, so that the compiler vectorises it; the culprit is looked for only in
// a block that has one.
template <typename T, typename Fits>
std::optional<std::string> find(const void* data, std::size_t count, Fits fits) {
  constexpr std::size_t kBlock = 4096;
  const T* values = static_cast<const T*>(data);
  for (std::size_t begin = 0; begin < count; begin += kBlock) {
    const std::size_t end = std::min(count, begin + kBlock);
    bool all = true;
    for (std::size_t i = begin; i < end; ++i)
      all &= fits(values[i]);
    if (all) continue;
    const T* bad = std::find_if_not(values + begin, values + end, fits);
    return "element " + std::to_string(bad - values) + " is " + std::to_string(*bad);
  }
  return std::nullopt;
}

}  // namespace

std::optional<TensorType> to_tensor_type(ov::element::Type type) noexcept {
  switch (static_cast<ov::element::Type_t>(type)) {
    case ov::element::Type_t::dynamic:
      return TensorType::kUnknown;
    case ov::element::Type_t::f16:
      return TensorType::kF16;
    case ov::element::Type_t::f32:
      return TensorType::kF32;
    case ov::element::Type_t::f64:
      return TensorType::kF64;
    case ov::element::Type_t::bf16:
      return TensorType::kBf16;
    case ov::element::Type_t::u8:
      return TensorType::kU8;
    case ov::element::Type_t::i8:
      return TensorType::kI8;
    case ov::element::Type_t::i16:
      return TensorType::kI16;
    case ov::element::Type_t::u16:
      return TensorType::kU16;
    case ov::element::Type_t::i32:
      return TensorType::kI32;
    case ov::element::Type_t::u32:
      return TensorType::kU32;
    case ov::element::Type_t::i64:
      return TensorType::kI64;
    case ov::element::Type_t::u64:
      return TensorType::kU64;
    case ov::element::Type_t::boolean:
      return TensorType::kBool;
    default:
      return std::nullopt;
  }
}

ov::element::Type to_element_type(TensorType type) noexcept {
  switch (type) {
    case TensorType::kF16:
      return ov::element::f16;
    case TensorType::kF32:
      return ov::element::f32;
    case TensorType::kF64:
      return ov::element::f64;
    case TensorType::kBf16:
      return ov::element::bf16;
    case TensorType::kU8:
      return ov::element::u8;
    case TensorType::kI8:
      return ov::element::i8;
    case TensorType::kI16:
      return ov::element::i16;
    case TensorType::kU16:
      return ov::element::u16;
    case TensorType::kI32:
      return ov::element::i32;
    case TensorType::kU32:
      return ov::element::u32;
    case TensorType::kI64:
      return ov::element::i64;
    case TensorType::kU64:
      return ov::element::u64;
    case TensorType::kBool:
      return ov::element::boolean;
    case TensorType::kString:
    case TensorType::kUnknown:
      break;
  }
  return ov::element::dynamic;
}

std::string_view cpu_note(TensorType type) noexcept {
  switch (type) {
    case TensorType::kI64:
    case TensorType::kU64:
    case TensorType::kU32:
      return "computed as i32 on the CPU; values outside i32 are refused";
    case TensorType::kF64:
      return "computed as f32 on the CPU; values outside f32 are refused";
    default:
      return {};
  }
}

std::optional<std::string> find_lossy_value(TensorType type, const void* data, std::size_t count) {
  constexpr std::int32_t kLow = std::numeric_limits<std::int32_t>::min();
  constexpr std::int32_t kHigh = std::numeric_limits<std::int32_t>::max();
  switch (type) {
    case TensorType::kI64:
      return find<std::int64_t>(data, count,
                                [](std::int64_t v) { return v >= kLow && v <= kHigh; });
    case TensorType::kU64:
      return find<std::uint64_t>(data, count, [](std::uint64_t v) { return v <= kHigh; });
    case TensorType::kU32:
      return find<std::uint32_t>(data, count, [](std::uint32_t v) { return v <= kHigh; });
    case TensorType::kF64:
      // Infinities and NaN have their like in f32.
      return find<double>(data, count, [](double v) {
        return !(std::fabs(v) > std::numeric_limits<float>::max()) || std::isinf(v);
      });
    default:
      return std::nullopt;
  }
}

}  // namespace nacre::openvino
