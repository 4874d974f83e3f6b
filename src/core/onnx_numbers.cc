// Field numbers are those of onnx.proto; they never change.
#include "core/onnx_numbers.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <functional>

#include "core/protobuf_reader.h"

namespace nacre {
namespace {

/// More than any tensor has.
constexpr std::int64_t kManyDimensions = 1000;

struct Range {
  std::string_view op;
  std::string_view attribute;
  std::int64_t least;
  std::int64_t most;
};
constexpr std::array kRanges = {
    Range{"Conv", "group", 1, INT64_MAX},
    Range{"ConvInteger", "group", 1, INT64_MAX},
    Range{"ConvTranspose", "group", 1, INT64_MAX},
    Range{"DeformConv", "group", 1, INT64_MAX},
    Range{"GatherND", "batch_dims", 0, kManyDimensions},
    Range{"QLinearConv", "group", 1, INT64_MAX},
};

/// What an AttributeProto holds of one number; the last value is a parser's.
struct Number {
  std::int64_t integer = 0;
  float real = 0;
};

/// Calls `on_number` for each attribute of that name that the node itself gives.
template <typename OnNumber>
void each_number(std::span<const std::byte> node, std::string_view name, OnNumber&& on_number) {
  ProtobufReader reader(node);
  ProtobufField field;
  while (reader.next(field)) {
    if (field.number != 5 || field.wire != kLength) continue;
    Number number;
    bool is_it = false;
    bool from_caller = false;  // of the function that the node is in
    ProtobufReader attribute(field.bytes);
    ProtobufField part;
    while (attribute.next(part)) {
      if (part.number == 1 && part.wire == kLength) is_it = is_it || text_of(part.bytes) == name;
      if (part.number == 2 && part.wire == kFixed32) {
        std::uint32_t bits = 0;
        std::memcpy(&bits, part.bytes.data(), sizeof bits);
        number.real = std::bit_cast<float>(bits);
      }
      if (part.number == 3 && part.wire == kVarint)
        number.integer = static_cast<std::int64_t>(part.value);
      if (part.number == 21) from_caller = !part.bytes.empty();
    }
    if (is_it && !from_caller) on_number(number);
  }
}

std::optional<std::string> wrong_spread(std::span<const std::byte> node) {
  std::optional<std::string> wrong;
  each_number(node, "scale", [&](const Number& scale) {
    if (!(scale.real > 0)) {
      wrong = fmt::format("draws random numbers with the scale {}, which must be larger than 0",
                          scale.real);
    }
  });
  return wrong;
}

std::optional<std::string> wrong_ends(std::span<const std::byte> node) {
  const auto worst_of = [&](std::string_view name, float otherwise, auto&& worse) {
    std::optional<float> worst;
    each_number(node, name, [&](const Number& end) {
      if (!worst || std::isnan(end.real) || worse(end.real, *worst)) {
        if (!worst || !std::isnan(*worst)) worst = end.real;
      }
    });
    return worst.value_or(otherwise);
  };
  const float low = worst_of("low", 0, std::greater<>());
  const float high = worst_of("high", 1, std::less<>());
  if (low <= high) return std::nullopt;  // NaN is not
  return fmt::format(
      "draws random numbers from {} to {}, of which the first must not be the larger", low, high);
}

}  // namespace

std::optional<std::string> wrong_onnx_number(std::string_view op, std::span<const std::byte> node) {
  if (op == "RandomNormal" || op == "RandomNormalLike") return wrong_spread(node);
  if (op == "RandomUniform" || op == "RandomUniformLike") return wrong_ends(node);
  const auto range = std::ranges::find(kRanges, op, &Range::op);
  if (range == kRanges.end()) return std::nullopt;
  std::optional<std::string> wrong;
  each_number(node, range->attribute, [&](const Number& number) {
    if (number.integer < range->least || number.integer > range->most) {
      wrong = fmt::format("has the {} {}, which must be from {} to {}", range->attribute,
                          number.integer, range->least, range->most);
    }
  });
  return wrong;
}

}  // namespace nacre
