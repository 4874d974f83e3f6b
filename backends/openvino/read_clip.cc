#include "read_clip.h"

#include <openvino/frontend/extension/conversion.hpp>
#include <openvino/op/clamp.hpp>
#include <openvino/op/constant.hpp>
#include <openvino/op/maximum.hpp>
#include <openvino/op/minimum.hpp>

#include <cstddef>
#include <cstdint>
#include <limits>
#include <memory>
#include <stdexcept>
#include <string_view>

namespace nacre::openvino {
namespace {

using Value = ov::Output<ov::Node>;

template <typename T>
Value limit(const ov::element::Type& type, bool upper) {
  const T value = upper ? std::numeric_limits<T>::max() : std::numeric_limits<T>::lowest();
  return ov::op::v0::Constant::create(type, ov::Shape{}, {value});
}

// What a bound is that is left out.
Value limit_of(const ov::element::Type& type, bool upper) {
  switch (ov::element::Type_t(type)) {
    case ov::element::Type_t::f16:
      return limit<ov::float16>(type, upper);
    case ov::element::Type_t::bf16:
      return limit<ov::bfloat16>(type, upper);
    case ov::element::Type_t::f32:
      return limit<float>(type, upper);
    case ov::element::Type_t::f64:
      return limit<double>(type, upper);
    case ov::element::Type_t::i8:
      return limit<std::int8_t>(type, upper);
    case ov::element::Type_t::i16:
      return limit<std::int16_t>(type, upper);
    case ov::element::Type_t::i32:
      return limit<std::int32_t>(type, upper);
    case ov::element::Type_t::i64:
      return limit<std::int64_t>(type, upper);
    case ov::element::Type_t::u8:
      return limit<std::uint8_t>(type, upper);
    case ov::element::Type_t::u16:
      return limit<std::uint16_t>(type, upper);
    case ov::element::Type_t::u32:
      return limit<std::uint32_t>(type, upper);
    case ov::element::Type_t::u64:
      return limit<std::uint64_t>(type, upper);
    default:
      throw std::invalid_argument("Clip without a bound takes numbers of a known type, not " +
                                  type.to_string());
  }
}

bool is_given(const ov::frontend::NodeContext& node, int input) {
  return static_cast<std::size_t>(input) < node.get_input_size() &&
         std::string_view(node.get_input(input).get_node()->get_type_name()) != "NullNode";
}

ov::OutputVector read_clip(const ov::frontend::NodeContext& node) {
  const Value data = node.get_input(0);
  // Until opset 10 the bounds are attributes.
  if (node.has_attribute("min") || node.has_attribute("max")) {
    const auto low = node.get_attribute<float>("min", std::numeric_limits<float>::lowest());
    const auto high = node.get_attribute<float>("max", std::numeric_limits<float>::max());
    return {std::make_shared<ov::op::v0::Clamp>(data, low, high)};
  }
  const auto bound = [&](int input, bool upper) {
    return is_given(node, input) ? node.get_input(input) : limit_of(data.get_element_type(), upper);
  };
  const auto raised = std::make_shared<ov::op::v1::Maximum>(bound(1, false), data);
  return {std::make_shared<ov::op::v1::Minimum>(bound(2, true), raised)};
}

}  // namespace

ov::Extension::Ptr clip_reader() {
  return std::make_shared<ov::frontend::ConversionExtension>("Clip", read_clip);
}

}  // namespace nacre::openvino
