// Numbers of operators, options and fields are those of the TFLite schema, version 3.
#include "core/tflite_operators.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <vector>

namespace nacre {
namespace {

constexpr std::uint8_t kF32 = 0;
constexpr std::uint8_t kI32 = 2;
constexpr std::uint8_t kU8 = 3;
constexpr std::uint8_t kI64 = 4;
constexpr std::uint8_t kI16 = 7;
constexpr std::uint8_t kI8 = 9;
constexpr std::uint8_t kI4 = 17;

/// Operators that no guest's model may have.
struct Unchecked {
  std::int32_t first;
  std::int32_t last;
  std::string_view what;
};
constexpr Unchecked kUnchecked[] = {
    {10, 10, "HASHTABLE_LOOKUP, whose table"},
    {15, 15, "LSH_PROJECTION, whose seeds"},
    {30, 30, "SKIP_GRAM, whose text"},
    {33, 33, "EMBEDDING_LOOKUP_SPARSE, whose indices"},
    {68, 68, "SPARSE_TO_DENSE, whose indices"},
    {112, 112, "REVERSE_SEQUENCE, whose lengths"},
    {124, 124, "DENSIFY, whose indices"},
    {145, 145, "BROADCAST_ARGS, whose shapes"},
    {146, 146, "RANDOM_STANDARD_NORMAL, whose shape"},
    {148, 149, "a random number, whose shape"},
    {153, 155, "an unsorted segment, whose numbers"},
    {157, 157, "an unsorted segment, whose numbers"},
    {162, 206, "of the STABLEHLO_ kind, whose parameters"},
};
constexpr std::string_view kUncheckedCustom[] = {"AudioSpectrogram", "Mfcc",
                                                 "TFLite_Detection_PostProcess"};

/// Numbers in the options, and where they may lie.
struct Limits {
  std::int32_t code;
  std::uint8_t kind;
  unsigned field;
  std::string_view what;
  std::int32_t least;
  std::int32_t most;
  std::int32_t otherwise = 0;  ///< where the field is absent
};
constexpr std::int32_t kFar = 1 << 15;
constexpr Limits kLimits[] = {
    {1, 5, 1, "stride", 1, kFar},          {1, 5, 2, "stride", 1, kFar},
    {1, 5, 3, "filter", 1, kFar},          {1, 5, 4, "filter", 1, kFar},
    {12, 5, 1, "stride", 1, kFar},         {12, 5, 2, "stride", 1, kFar},
    {12, 5, 3, "filter", 1, kFar},         {12, 5, 4, "filter", 1, kFar},
    {17, 5, 1, "stride", 1, kFar},         {17, 5, 2, "stride", 1, kFar},
    {17, 5, 3, "filter", 1, kFar},         {17, 5, 4, "filter", 1, kFar},
    {3, 1, 1, "stride", 1, kFar},          {3, 1, 2, "stride", 1, kFar},
    {3, 1, 4, "dilation", 1, kFar, 1},     {3, 1, 5, "dilation", 1, kFar, 1},
    {4, 2, 1, "stride", 1, kFar},          {4, 2, 2, "stride", 1, kFar},
    {4, 2, 5, "dilation", 1, kFar, 1},     {4, 2, 6, "dilation", 1, kFar, 1},
    {67, 49, 1, "stride", 1, kFar},        {67, 49, 2, "stride", 1, kFar},
    {132, 106, 1, "stride", 1, kFar},      {132, 106, 2, "stride", 1, kFar},
    {132, 106, 3, "stride", 1, kFar},      {132, 106, 5, "dilation", 1, kFar, 1},
    {132, 106, 6, "dilation", 1, kFar, 1}, {132, 106, 7, "dilation", 1, kFar, 1},
    {141, 106, 1, "stride", 1, kFar},      {141, 106, 2, "stride", 1, kFar},
    {141, 106, 3, "stride", 1, kFar},      {141, 106, 5, "dilation", 1, kFar, 1},
    {141, 106, 6, "dilation", 1, kFar, 1}, {141, 106, 7, "dilation", 1, kFar, 1},
    {5, 94, 0, "block", 1, kFar},          {26, 19, 0, "block", 1, kFar},
    {13, 13, 0, "radius", 0, kFar},        {27, 6, 0, "rank", 1, kFar},
};

/// Inputs that have to be constants, how many numbers they hold, and which.
struct Fixed {
  std::int32_t code;
  std::size_t input;
  std::string_view what;
  std::size_t least_count;
  std::size_t most_count;
  std::int64_t least;
  std::int64_t most;
};
constexpr Fixed kFixed[] = {
    {37, 1, "block", 1, 3, 1, kFar},
    {37, 2, "crops", 2, 6, 0, kFar},
    {38, 1, "block", 1, 3, 1, kFar},
    {38, 2, "padding", 2, 6, 0, kFar},
    {39, 1, "permutation", 0, 8, -8, 7},
    {48, 1, "count", 1, 1, 0, INT32_MAX},
    {49, 0, "axis", 1, 1, -8, 7},
    {65, 1, "begin", 1, 5, 0, 1 << 30},
    {65, 2, "size", 1, 5, -1, 1 << 30},
    {67, 0, "output shape", 4, 4, 1, 1 << 20},
    {69, 1, "repeats", 0, 8, 0, kFar},
    {97, 1, "size", 2, 2, 1, 1 << 20},
    {23, 1, "size", 2, 2, 1, 1 << 20},
    {100, 1, "padding", 2, 16, 0, 1 << 20},
    {102, 1, "sizes", 1, 1 << 20, -1, INT32_MAX},
    {102, 2, "axis", 1, 1, -8, 7},
    {105, 1, "axis", 1, 1, -8, 7},
    {122, 2, "shape", 1, 8, 1, INT32_MAX},
    {141, 0, "output shape", 5, 5, 1, 1 << 20},
};

bool is_quantised(std::uint8_t type) {
  return type == kU8 || type == kI8 || type == kI16;
}

/// Arithmetic that ends the process where a quantised tensor has no scale.
constexpr std::array<std::int32_t, 16> kScaled = {0,  3,  4,  9,  18, 25, 41, 42,
                                                  50, 55, 57, 67, 76, 98, 99, 117};

/// Kernels that take it for granted that their output is of their input's type.
constexpr std::array<std::int32_t, 13> kSameType = {0,  18, 41, 42, 50, 55, 57,
                                                    65, 90, 95, 98, 99, 117};

/// Activations in the options: which field of them.
struct Activation {
  std::int32_t code;
  std::uint8_t kind;
  unsigned field;
};
constexpr Activation kActivations[] = {{0, 11, 0},  {1, 5, 5},  {3, 1, 3},  {4, 2, 4},
                                       {9, 8, 0},   {12, 5, 5}, {17, 5, 5}, {18, 21, 0},
                                       {41, 28, 0}, {42, 29, 0}};

/// Kernels of two tensors in up to four dimensions.
constexpr std::array<std::int32_t, 17> kFourDims = {42, 58, 61, 62, 63,  71,  72, 78, 84,
                                                    86, 90, 95, 99, 160, 161, 55, 57};

std::string outside(std::string_view what, std::int64_t value) {
  return fmt::format("has {} in its {}, which TensorFlow Lite would use unchecked", value, what);
}

/// Of a constant of whole numbers.
std::vector<std::int64_t> numbers_of(const TfliteOperand& input) {
  const std::size_t size = input.type == kI64 ? 8 : 4;
  std::vector<std::int64_t> numbers(input.data.size() / size);
  for (std::size_t i = 0; i < numbers.size(); ++i) {
    if (size == 8) {
      std::memcpy(&numbers[i], input.data.data() + i * 8, 8);
    } else {
      std::int32_t narrow = 0;
      std::memcpy(&narrow, input.data.data() + i * 4, 4);
      numbers[i] = narrow;
    }
  }
  return numbers;
}

std::string check_fixed(const TfliteOperand& input, const Fixed& one) {
  if (!input.constant) {
    bool empty = false;
    for (std::size_t i = 0; i < input.shape.size(); ++i)
      empty = empty || input.shape[i] <= 0;
    if (empty && one.least_count == 0) return {};
    return fmt::format(
        "computes its {}, which TensorFlow Lite would use unchecked; here they have to be constant",
        one.what);
  }
  if (input.type != kI64 && input.type != kI32) return {};  // refused by the library
  const std::vector<std::int64_t> numbers = numbers_of(input);
  if (numbers.size() < one.least_count || numbers.size() > one.most_count) {
    return fmt::format("has {} numbers as its {}, which TensorFlow Lite would use unchecked",
                       numbers.size(), one.what);
  }
  for (const std::int64_t value : numbers) {
    if (value < one.least || value > one.most) return outside(one.what, value);
  }
  return {};
}

// Of a shape: as many numbers as the file says, and no more than a shape has.
std::string check_count(const TfliteOperand& numbers) {
  for (std::size_t i = 0; i < numbers.signature.size(); ++i) {
    if (numbers.signature[i] < 0) return "has a shape of a rank that is not known";
  }
  constexpr std::int64_t kMany = 1 << 20;  // no product beyond it, so that none wraps around
  std::int64_t count = 1;
  for (std::size_t i = 0; i < numbers.shape.size(); ++i)
    count = std::min(kMany, count * std::clamp<std::int64_t>(numbers.shape[i], 0, kMany));
  if (count > 8) return fmt::format("has a shape of {} numbers", count);
  return {};
}

bool is_convolution(std::int32_t code) {
  return code == 3 || code == 4 || code == 67 || code == 132 || code == 141;
}

// The weights' type decides over the kernel, and no dimension of theirs may be 0.
std::string check_convolution(const TfliteCall& call) {
  if (call.inputs.size() < 2 || call.inputs[1].absent) return {};
  const TfliteOperand& weights = call.inputs[1];
  const TfliteOperand& data =
      call.inputs[call.code == 67 || call.code == 141 ? 2 % call.inputs.size() : 0];
  for (const TfliteOperand* tensor : {&weights, &data}) {
    for (std::size_t i = 0; i < tensor->shape.size(); ++i) {
      if (tensor->shape[i] <= 0 && (tensor == &weights || i + 1 == tensor->shape.size())) {
        return outside("shapes", tensor->shape[i]);
      }
    }
  }
  for (const TfliteOperand* tensor : {&weights, &data}) {
    for (std::size_t i = 0; i < tensor->signature.size(); ++i) {
      if (tensor->signature[i] >= 0 || (tensor == &data && i + 1 != tensor->signature.size())) {
        continue;
      }
      return "convolves a number of channels that is not known";
    }
  }
  if (call.code == 3 && weights.shape.size() == 4 && data.shape.size() == 4 &&
      data.shape[3] % weights.shape[3] != 0) {
    return fmt::format("convolves {} channels by {}", data.shape[3], weights.shape[3]);
  }
  const bool known =
      weights.type == kF32 || weights.type == kU8 || weights.type == kI8 || weights.type == kI4;
  if (!known) return "has weights of a type that TensorFlow Lite would use unchecked";
  return {};
}

}  // namespace

std::string refuse_operator(const TfliteCall& call) {
  for (const Unchecked& one : kUnchecked) {
    if (call.code < one.first || call.code > one.last) continue;
    return fmt::format(
        "is {} TensorFlow Lite would use unchecked; a model that the operator names "
        "may have it",
        one.what);
  }
  for (const std::string_view custom : kUncheckedCustom) {
    if (call.code != 32 || call.custom != custom) continue;
    return fmt::format(
        "is {}, whose parameters TensorFlow Lite would use unchecked; a model that "
        "the operator names may have it",
        custom);
  }
  for (const Limits& one : kLimits) {
    if (call.code != one.code) continue;
    const FlatTable options = call.options_kind == one.kind ? call.options : FlatTable();
    const auto value = options.number<std::int32_t>(one.field, one.otherwise);
    if (value < one.least || value > one.most) return outside(one.what, value);
  }
  for (const Fixed& one : kFixed) {
    if (call.code != one.code || one.input >= call.inputs.size()) continue;
    const TfliteOperand& input = call.inputs[one.input];
    if (std::string why = input.absent ? "" : check_fixed(input, one); !why.empty()) return why;
  }
  if (is_convolution(call.code)) {
    if (std::string why = check_convolution(call); !why.empty()) return why;
  }
  const bool four_dims = std::ranges::find(kFourDims, call.code) != kFourDims.end();
  const bool scaled = std::ranges::find(kScaled, call.code) != kScaled.end();
  for (const auto operands : {call.inputs, call.outputs}) {
    for (const TfliteOperand& one : operands) {
      if (one.absent) continue;
      if (four_dims && one.shape.size() > 4) {
        return fmt::format("is computed in up to 4 dimensions, and has a tensor of {}",
                           one.shape.size());
      }
      if (scaled && is_quantised(one.type) && !one.has_scale) {
        return "has a quantised tensor without a scale";
      }
    }
  }
  if (call.code == 42 && !call.inputs.empty() && call.inputs[0].type == kI32) {
    return "divides whole numbers, of which one quotient ends the process";
  }
  if (call.inputs.size() > 1 && !call.inputs[1].absent) {
    if (call.code == 22) {
      if (std::string why = check_count(call.inputs[1]); !why.empty()) return why;
    }
  }
  for (const Activation& one : kActivations) {
    if (call.code != one.code || call.options_kind != one.kind) continue;
    const auto function = call.options.number<std::uint8_t>(one.field);
    if (function > 5) return outside("activation", function);
  }
  const bool complete = !call.inputs.empty() && !call.inputs[0].absent && !call.outputs.empty() &&
                        !call.outputs[0].absent;
  if (complete) {
    const std::uint8_t from = call.inputs[0].type;
    const std::uint8_t to = call.outputs[0].type;
    const bool same = std::ranges::find(kSameType, call.code) != kSameType.end();
    const bool scatters = call.code == 122 && call.inputs.size() > 1 && call.inputs[1].type != to;
    if ((same && from != to) || scatters ||
        (call.code == 25 && is_quantised(from) != is_quantised(to))) {
      return "makes elements of another type than it takes";
    }
    // Of 16 bits with scales that have to be powers of two, as converters write no more.
    const bool shifts =
        (call.code == 0 && call.options_kind == 11) || (call.code == 41 && call.options_kind == 28);
    if (from == kI16 && (!shifts || call.options.number<std::uint8_t>(1, 1) != 0) &&
        (call.code == 0 || call.code == 41)) {
      return "adds numbers of 16 bits by scales that TensorFlow Lite would use unchecked";
    }
    // What it slices when the input becomes smaller lies outside.
    const auto& signature = call.inputs[0].signature;
    for (std::size_t i = 0; call.code == 65 && i < signature.size(); ++i) {
      if (signature[i] < 0) return "slices a dimension that is not known";
    }
    // As many numbers as dimensions, and within them.
    const TfliteOperand& data = call.inputs[0];
    std::vector<std::int64_t> begin;
    for (const std::size_t input : {1U, 2U}) {
      if ((call.code != 65 && call.code != 39) || input >= call.inputs.size()) continue;
      if (!call.inputs[input].constant) continue;
      const std::vector<std::int64_t> numbers = numbers_of(call.inputs[input]);
      if (numbers.size() != data.shape.size()) {
        return fmt::format("has {} numbers for {} dimensions", numbers.size(), data.shape.size());
      }
      for (std::size_t i = 0; input == 2 && i < numbers.size() && i < begin.size(); ++i) {
        const std::int64_t size = std::max<std::int64_t>(numbers[i], 0);
        if (begin[i] + size > data.shape[i]) return outside("end", begin[i] + size);
      }
      begin = numbers;
    }
  }
  if (call.code == 4 && (call.inputs.size() < 3 || call.inputs[2].absent)) {
    return "convolves without a bias, which TensorFlow Lite would use unchecked";
  }
  // Weights in an order of its own.
  if (call.code == 9 && call.options_kind == 8 && call.options.number<std::uint8_t>(1) != 0) {
    return "has weights in the order SHUFFLED4x16INT8, which TensorFlow Lite would use unchecked";
  }
  return {};
}

}  // namespace nacre
