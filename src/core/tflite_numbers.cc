// Numbers of operators, options and fields are those of the TFLite schema, version 3.
#include "core/tflite_numbers.h"

#include <algorithm>
#include <cstring>
#include <optional>
#include <utility>

#include "core/tflite_operators.h"

namespace nacre {
namespace {

using Numbers = std::vector<TfliteNumber>;

constexpr std::uint8_t kI32 = 2;
constexpr std::uint8_t kI64 = 4;

constexpr std::int32_t kAdd = 0;
constexpr std::int32_t kConcatenation = 2;
constexpr std::int32_t kMul = 18;
constexpr std::int32_t kReshape = 22;
constexpr std::int32_t kGather = 36;
constexpr std::int32_t kSub = 41;
constexpr std::int32_t kSqueeze = 43;
constexpr std::int32_t kStridedSlice = 45;
constexpr std::int32_t kCast = 53;
constexpr std::int32_t kExpandDims = 70;
constexpr std::int32_t kShape = 77;
constexpr std::int32_t kPack = 83;

TfliteNumber constant(std::int64_t value) {
  return {.known = value >= INT32_MIN && value <= INT32_MAX, .offset = value};
}

bool is_whole(const TfliteOperand& one) {
  return !one.absent && (one.type == kI32 || one.type == kI64);
}

std::optional<std::int64_t> single(const TfliteOperand& operand) {
  const Numbers numbers = tflite_numbers(operand);
  if (numbers.size() != 1 || !numbers[0].is_constant()) return std::nullopt;
  return numbers[0].offset;
}

/// Beyond 32 bits the library's arithmetic is another.
TfliteNumber bounded(TfliteNumber number) {
  const auto fits = [](std::int64_t v) { return v >= INT32_MIN && v <= INT32_MAX; };
  number.known = number.known && fits(number.factor) && fits(number.offset);
  return number;
}

TfliteNumber combine(std::int32_t code, const TfliteNumber& a, const TfliteNumber& b) {
  if (!a.known || !b.known) return {};
  // Of a value only what it is and what lies beside it: the library may compute arithmetic later
  // than what is looked at here.
  const bool value =
      (!a.is_constant() && a.axis == kTfliteValue) || (!b.is_constant() && b.axis == kTfliteValue);
  if (value && (code == kMul || (a.is_constant() ? a : b).offset == 0)) return {};
  if (code == kMul) {
    const TfliteNumber& scaled = a.is_constant() ? b : a;
    const TfliteNumber& by = a.is_constant() ? a : b;
    if (!by.is_constant()) return {};
    TfliteNumber product = scaled;
    product.factor *= by.offset;
    product.offset *= by.offset;
    return bounded(product);
  }
  if (!a.is_constant() && !b.is_constant()) return {};
  if (code == kSub && !b.is_constant()) return {};
  TfliteNumber sum = a.is_constant() ? b : a;
  sum.offset = code == kSub ? a.offset - b.offset : a.offset + b.offset;
  return bounded(sum);
}

Numbers arithmetic(const TfliteCall& call) {
  const std::uint8_t kind = call.code == kAdd ? 11 : call.code == kMul ? 21 : 28;
  if (call.inputs.size() != 2 || call.options_kind != kind ||
      call.options.number<std::uint8_t>(0) != 0) {  // an activation
    return {};
  }
  Numbers a = tflite_numbers(call.inputs[0]);
  const Numbers b = tflite_numbers(call.inputs[1]);
  if (a.size() != b.size()) return {};
  for (std::size_t i = 0; i < a.size(); ++i)
    a[i] = combine(call.code, a[i], b[i]);
  return a;
}

// Of one row, forwards.
Numbers slice(const TfliteCall& call) {
  if (call.inputs.size() != 4 || call.options_kind != 32) return {};
  const Numbers row = tflite_numbers(call.inputs[0]);
  const auto begin = single(call.inputs[1]);
  const auto end = single(call.inputs[2]);
  const auto stride = single(call.inputs[3]);
  const auto option = [&](unsigned field) { return call.options.number<std::int32_t>(field); };
  constexpr unsigned kBeginMask = 0;
  constexpr unsigned kEndMask = 1;
  constexpr unsigned kEllipsis = 2;
  constexpr unsigned kNewAxis = 3;
  constexpr unsigned kShrink = 4;
  const bool plain = option(kEllipsis) == 0 && option(kNewAxis) == 0 &&
                     call.options.number<std::uint8_t>(5) == 0;  // the end counted from the begin
  if (row.empty() || !begin || !end || !stride || *stride < 1 || !plain) return {};
  const auto size = static_cast<std::int64_t>(row.size());
  const auto place = [size](std::int64_t at) {
    return std::clamp<std::int64_t>(at < 0 ? at + size : at, 0, size);
  };
  const std::int64_t from = option(kBeginMask) != 0 ? 0 : place(*begin);
  if (option(kShrink) != 0) {
    return from < size ? Numbers{row[static_cast<std::size_t>(from)]} : Numbers{};
  }
  const std::int64_t to = option(kEndMask) != 0 ? size : place(*end);
  Numbers taken;
  for (std::int64_t i = from; i < to; i += *stride)
    taken.push_back(row[static_cast<std::size_t>(i)]);
  return taken;
}

Numbers gather(const TfliteCall& call) {
  if (call.inputs.size() != 2 || call.options_kind != 23 ||
      call.options.number<std::int32_t>(1) != 0) {  // batches
    return {};
  }
  const Numbers row = tflite_numbers(call.inputs[0]);
  Numbers taken = tflite_numbers(call.inputs[1]);
  for (TfliteNumber& one : taken) {
    const bool there =
        one.is_constant() && one.offset >= 0 && one.offset < static_cast<std::int64_t>(row.size());
    one = there ? row[static_cast<std::size_t>(one.offset)] : TfliteNumber{};
  }
  return taken;
}

// One number of each, or the rows one after the other.
Numbers together(const TfliteCall& call) {
  const bool packs = call.code == kPack;
  if (call.options_kind != (packs ? 59 : 10)) return {};
  if (call.options.number<std::int32_t>(packs ? 1 : 0) != 0) return {};  // the axis
  Numbers all;
  for (const TfliteOperand& input : call.inputs) {
    Numbers numbers = tflite_numbers(input);
    if (numbers.empty() && packs) numbers.emplace_back();
    if (numbers.empty() || (packs && numbers.size() != 1)) return {};
    all.insert(all.end(), numbers.begin(), numbers.end());
    if (all.size() > kMostTfliteNumbers) return {};
  }
  return all;
}

}  // namespace

std::vector<TfliteNumber> tflite_numbers(const TfliteOperand& operand) {
  if (!is_whole(operand)) return {};
  if (!operand.constant) {
    const bool one =
        operand.shape.size() == 0 || (operand.shape.size() == 1 && operand.shape[0] == 1 &&
                                      (operand.signature.size() == 0 || operand.signature[0] == 1));
    if (operand.numbers.empty() && one) {
      return {{.known = true, .tensor = operand.index, .axis = kTfliteValue, .factor = 1}};
    }
    return {operand.numbers.begin(), operand.numbers.end()};
  }
  const std::size_t size = operand.type == kI64 ? 8 : 4;
  const std::size_t count = operand.data.size() / size;
  if (count > kMostTfliteNumbers) return {};
  Numbers numbers(count);
  for (std::size_t i = 0; i < count; ++i) {
    std::int64_t value = 0;
    std::int32_t narrow = 0;
    std::memcpy(size == 8 ? static_cast<void*>(&value) : &narrow, operand.data.data() + i * size,
                size);
    numbers[i] = constant(size == 8 ? value : narrow);
  }
  return numbers;
}

std::vector<TfliteNumber> follow_tflite_numbers(const TfliteCall& call) {
  if (call.inputs.empty() || call.outputs.size() != 1 || !is_whole(call.outputs[0])) return {};
  const TfliteOperand& input = call.inputs[0];
  if (input.absent) return {};
  switch (call.code) {
    case kShape: {
      if (input.shape.size() > kMostTfliteNumbers) return {};
      Numbers dims;
      for (std::uint32_t i = 0; i < input.shape.size(); ++i)
        dims.push_back({.known = true, .tensor = input.index, .axis = i, .factor = 1});
      return dims;
    }
    case kStridedSlice:
      return slice(call);
    case kGather:
      return gather(call);
    case kPack:
    case kConcatenation:
      return together(call);
    case kAdd:
    case kSub:
    case kMul:
      return arithmetic(call);
    case kCast:
    case kReshape:
    case kSqueeze:
    case kExpandDims:
      return tflite_numbers(input);
    default:
      return {};
  }
}

}  // namespace nacre
