// Numbers of operators, options and fields are those of the TFLite schema, version 3.
#include "core/tflite_operators.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <vector>

#include "base/flexbuffer.h"

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
    {145, 145, "BROADCAST_ARGS, whose shapes"},
    {149, 149, "MULTINOMIAL, whose numbers"},
    {153, 155, "an unsorted segment, whose numbers"},
    {157, 157, "an unsorted segment, whose numbers"},
    {162, 206, "of the STABLEHLO_ kind, whose parameters"},
};
constexpr std::string_view kDetections = "TFLite_Detection_PostProcess";

/// Numbers in the options of custom operators, and where they may lie.
struct CustomLimits {
  std::string_view custom;
  std::string_view name;
  double least;
  double most;
  bool needed = true;
};
constexpr CustomLimits kCustomLimits[] = {
    {"AudioSpectrogram", "window_size", 2, 1 << 20},
    {"AudioSpectrogram", "stride", 1, 1 << 20},
    {"Mfcc", "upper_frequency_limit", 0, 1e6},
    {"Mfcc", "lower_frequency_limit", 0, 1e6},
    {"Mfcc", "filterbank_channel_count", 1, 4096},
    {"Mfcc", "dct_coefficient_count", 1, 4096},
    {kDetections, "max_detections", 1, 4096},
    {kDetections, "max_classes_per_detection", 1, 4096},
    {kDetections, "num_classes", 1, 4096},
    {kDetections, "detections_per_class", 1, 4096, false},
};

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
    {146, 0, "shape", 1, 8, 1, 1 << 20},
    {148, 0, "shape", 1, 8, 1, 1 << 20},
};

constexpr std::int32_t kCustom = 32;
constexpr std::int32_t kTranspose = 39;
constexpr std::int32_t kStridedSlice = 45;
constexpr std::int32_t kSlice = 65;
constexpr std::int32_t kTransposeConv = 67;
constexpr std::int32_t kTile = 69;
constexpr std::int32_t kRandomNormal = 146;

bool is_quantised(std::uint8_t type) {
  return type == kU8 || type == kI8 || type == kI16;
}

/// Arithmetic that ends the process where a quantised tensor has no scale.
constexpr std::array<std::int32_t, 16> kScaled = {0,  3,  4,  9,  18, 25, 41, 42,
                                                  50, 55, 57, 67, 76, 98, 99, 117};

/// Kernels that take it for granted that their output is of their input's type.
constexpr std::array<std::int32_t, 14> kSameType = {0,  18, 41, 42, 50, 55,  57,
                                                    65, 90, 95, 98, 99, 117, 124};

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

/// Whether a transposed convolution that gives `rows` in dimension `i` (1 or 2) is the convolution
/// of as many as it takes: its kernel goes through its input by what its output is. For a number
/// that follows the input's dimension whatever that is, else for the dimension in the file.
bool gives_back(const TfliteCall& call, std::size_t i, const TfliteNumber& rows) {
  const TfliteOperand& weights = call.inputs[1];
  const FlatTable options = call.options_kind == 49 ? call.options : FlatTable();
  const std::int64_t stride = options.number<std::int32_t>(i == 1 ? 2 : 1);
  if (stride < 1 || weights.shape.size() != 4) return false;
  const bool valid = options.number<std::uint8_t>(0) != 0;  // without padding
  // ⌈rows / stride⌉ or, without padding, ⌈(rows - filter + 1) / stride⌉ have to be the input's.
  const std::int64_t above = stride - 1 + (valid ? 1 - std::int64_t{weights.shape[i]} : 0);
  if (!rows.is_constant()) {
    const std::int64_t rest = rows.offset + above;
    return rows.factor == stride && rest >= 0 && rest < stride;
  }
  const TfliteOperand& data = call.inputs[2];
  return rows.offset + above >= 0 && (rows.offset + above) / stride == data.shape[i];
}

/// Whether the one number of an input that is no constant is right whatever the dimension it
/// follows will be.
bool fits_any_dimension(const TfliteCall& call, std::size_t i, const TfliteNumber& number) {
  const auto of = [&](std::size_t data) {
    return data < call.inputs.size() && number.tensor == call.inputs[data].index &&
           number.axis == i && number.axis != kTfliteValue;
  };
  // One row of a tensor becomes as many as there are of another.
  if (call.code == kTile) {
    const TfliteOperand& data = call.inputs[0];
    return number.is_dimension() && i < data.shape.size() && data.shape[i] == 1 &&
           (i >= data.signature.size() || data.signature[i] == 1);
  }
  if (call.code != kTransposeConv || !of(2) || call.inputs[2].shape.size() != 4) return false;
  return i == 0 ? number.is_dimension() : i < 3 && gives_back(call, i, number);
}

std::string check_fixed(const TfliteCall& call, const Fixed& one) {
  const TfliteOperand& input = call.inputs[one.input];
  if (input.constant && input.type != kI64 && input.type != kI32) return {};  // the library refuses
  const auto computed = [&] {
    return fmt::format(
        "computes its {}, which TensorFlow Lite would use unchecked; here they have to be "
        "constant, or the dimensions of what it takes",
        one.what);
  };
  std::vector<TfliteNumber> numbers = tflite_numbers(input);
  if (!input.constant && numbers.empty()) {
    bool empty = false;
    for (std::size_t i = 0; i < input.shape.size(); ++i)
      empty = empty || input.shape[i] <= 0;
    return empty && one.least_count == 0 ? std::string() : computed();
  }
  const std::size_t count =
      input.constant ? input.data.size() / (input.type == kI64 ? 8 : 4) : numbers.size();
  if (count < one.least_count || count > one.most_count) {
    return fmt::format("has {} numbers as its {}, which TensorFlow Lite would use unchecked", count,
                       one.what);
  }
  if (input.constant) {
    for (const std::int64_t value : numbers_of(input)) {
      if (value < one.least || value > one.most) return outside(one.what, value);
    }
    return {};
  }
  for (std::size_t i = 0; i < numbers.size(); ++i) {
    if (numbers[i].is_constant()) {
      const std::int64_t value = numbers[i].offset;
      if (value < one.least || value > one.most) return outside(one.what, value);
    } else if (!numbers[i].known || !fits_any_dimension(call, i, numbers[i])) {
      return computed();
    }
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

std::string check_each_dimension(const TfliteOperand& data,
                                 const std::vector<TfliteNumber>& numbers) {
  if (numbers.size() == data.shape.size()) return {};
  return fmt::format("has {} numbers for {} dimensions", numbers.size(), data.shape.size());
}

constexpr std::string_view kComputed =
    "computes its {}, which TensorFlow Lite would use unchecked; here it has to be constant, or "
    "what a loop counts";

// One dimension of a slice; "" when it stays inside whatever the dimension will be. A kernel that
// gets a computed size looks whether it is -1, or together with the begin at most the dimension.
std::string check_slice(const TfliteCall& call, std::size_t i, const TfliteNumber& begin,
                        const TfliteNumber& size) {
  const TfliteOperand& data = call.inputs[0];
  if (begin.is_value(1)) {
    // The rest of a list behind a number that a slice before has taken as the size of its front.
    const bool behind = std::ranges::any_of(call.fronts, [&](const TfliteFront& front) {
      return front.list == data.index && front.axis == i && front.size == begin.tensor;
    });
    const bool rest = size.is_constant() && size.offset == -1;
    const bool wide = data.type == kF32 || data.type == kI32 || data.type == kI64;
    return behind && rest && wide ? std::string() : fmt::format(kComputed, "begin");
  }
  if (!begin.is_constant()) return fmt::format(kComputed, "begin");
  if (begin.offset < 0) return outside("begin", begin.offset);
  if (!size.is_constant()) {
    return begin.offset == 0 ? std::string() : fmt::format(kComputed, "size");
  }
  if (size.offset < -1) return outside("size", size.offset);
  // What it slices when the dimension becomes smaller lies outside, even if it is all of it.
  if (i < data.signature.size() && data.signature[i] < 0) {
    return "slices a dimension that is not known";
  }
  const std::int64_t end = begin.offset + std::max<std::int64_t>(size.offset, 0);
  if (end > data.shape[i]) return outside("end", end);
  // The vendor's delegate, which takes it where all is constant, writes as much as it slices,
  // whatever room the file's shape makes.
  if (!call.inputs[1].constant || !call.inputs[2].constant) return {};
  const std::int64_t taken = size.offset == -1 ? data.shape[i] - begin.offset : size.offset;
  const auto& given = call.outputs[0].shape;
  if (i >= given.size() || given[i] != taken) {
    return fmt::format("slices {} in dimension {} and gives another number", taken, i);
  }
  return {};
}

std::string check_slice(const TfliteCall& call) {
  if (call.inputs.size() < 3 || call.inputs[1].absent || call.inputs[2].absent) return {};
  const TfliteOperand& data = call.inputs[0];
  const std::vector<TfliteNumber> begins = tflite_numbers(call.inputs[1]);
  const std::vector<TfliteNumber> sizes = tflite_numbers(call.inputs[2]);
  // How many there are has to be known: the kernel reads as many as there are dimensions.
  for (const bool size : {false, true}) {
    if (!(size ? sizes : begins).empty() || call.inputs[size ? 2 : 1].constant) continue;
    return fmt::format(kComputed, size ? "size" : "begin");
  }
  for (const auto& numbers : {begins, sizes}) {
    if (std::string why = check_each_dimension(data, numbers); !why.empty()) return why;
  }
  for (std::size_t i = 0; i < sizes.size(); ++i) {
    if (std::string why = check_slice(call, i, begins[i], sizes[i]); !why.empty()) return why;
  }
  return {};
}

// Begin, end and strides are as many as each other; the kernel looks at how many the first are.
std::string check_strided_slice(const TfliteCall& call) {
  if (call.options_kind == 32 && call.options.number<std::uint8_t>(5) != 0) {
    return "counts its end from its begin, which TensorFlow Lite would use unchecked";
  }
  if (call.inputs.size() < 4) return {};
  for (std::size_t i = 1; i < 4; ++i) {
    const TfliteOperand& one = call.inputs[i];
    const TfliteOperand& first = call.inputs[1];
    if (one.absent || first.absent) return {};
    const bool row = one.shape.size() == 1 && first.shape.size() == 1 &&
                     (one.signature.size() == 0 || one.signature[0] >= 0);
    if (!row || one.shape[0] != first.shape[0]) {
      return "has not as many strides and ends as begins";
    }
  }
  return {};
}

// What it gives has to be what a convolution takes to give what this one takes.
std::string check_transposed(const TfliteCall& call) {
  if (call.inputs.size() < 3 || call.inputs[1].absent || call.inputs[2].absent) return {};
  const TfliteOperand& weights = call.inputs[1];
  const TfliteOperand& data = call.inputs[2];
  const std::vector<TfliteNumber> rows = tflite_numbers(call.inputs[0]);
  if (rows.size() != 4 || data.shape.size() != 4 || weights.shape.size() != 4) {
    return "convolves tensors that have not four dimensions";
  }
  for (std::size_t i = 0; i < 4; ++i) {
    const bool known = i >= data.signature.size() || data.signature[i] >= 0;
    if (!rows[i].is_constant()) continue;  // follows a dimension, as was looked at
    const std::int64_t value = rows[i].offset;
    bool fits = false;
    if (i == 0) fits = known && value == data.shape[0];
    if (i == 1 || i == 2) fits = known && gives_back(call, i, rows[i]);
    if (i == 3) fits = value == weights.shape[0];
    if (!fits) {
      return fmt::format(
          "gives {} in dimension {}, which does not follow from what it takes; TensorFlow Lite "
          "would not look",
          value, i);
    }
  }
  return {};
}

// As other operators' options, if they are there: what the library takes for a map it reads as one.
std::string check_custom_options(const TfliteCall& call) {
  const bool known = std::ranges::find(kCustomLimits, call.custom, &CustomLimits::custom) !=
                     std::end(kCustomLimits);
  if (!known) return {};
  const auto options = flex_numbers(call.custom_options);
  if (!options) return "has options that are no map of numbers, and TensorFlow Lite would not look";
  for (const CustomLimits& one : kCustomLimits) {
    if (call.custom != one.custom) continue;
    const auto found = std::ranges::find(*options, one.name, [](const auto& o) { return o.first; });
    if (found == options->end()) {
      if (one.needed) return fmt::format("does not say its {}", one.name);
    } else if (!(found->second >= one.least && found->second <= one.most)) {
      return fmt::format("has {} as its {}, which TensorFlow Lite would use unchecked",
                         found->second, one.name);
    }
  }
  return {};
}

// Boxes, classes and anchors of a detector: an anchor for every box.
std::string check_detections(const TfliteCall& call) {
  const auto whole = [](const TfliteOperand& one, std::size_t rank) {
    bool fine = !one.absent && (one.type == kF32 || (one.type == kU8 && one.has_scale)) &&
                one.shape.size() == rank;
    for (std::size_t i = 0; i < one.signature.size(); ++i)
      fine = fine && one.signature[i] >= 0;
    return fine;
  };
  if (call.inputs.size() != 3 || !whole(call.inputs[0], 3) || !whole(call.inputs[1], 3) ||
      !whole(call.inputs[2], 2)) {
    return "wants boxes, classes and anchors of known sizes, as f32 or as u8 with a scale";
  }
  const TfliteOperand& boxes = call.inputs[0];
  const TfliteOperand& anchors = call.inputs[2];
  if (!anchors.constant || anchors.type != boxes.type || anchors.shape[0] != boxes.shape[1] ||
      anchors.shape[1] != 4) {
    return fmt::format("wants {} constant anchors of four numbers, of the type of its boxes",
                       boxes.shape[1]);
  }
  for (const TfliteOperand& output : call.outputs) {
    if (output.absent || output.type != kF32) return "gives something else than f32";
  }
  return {};
}

}  // namespace

std::vector<TfliteFront> tflite_fronts(const TfliteCall& call) {
  std::vector<TfliteFront> fronts;
  if (call.code != kSlice || call.inputs.size() < 3) return fronts;
  const std::vector<TfliteNumber> begins = tflite_numbers(call.inputs[1]);
  const std::vector<TfliteNumber> sizes = tflite_numbers(call.inputs[2]);
  for (std::uint32_t i = 0; i < std::min(begins.size(), sizes.size()); ++i) {
    if (!begins[i].is_constant() || begins[i].offset != 0 || !sizes[i].is_value()) continue;
    fronts.push_back({.list = call.inputs[0].index, .axis = i, .size = sizes[i].tensor});
  }
  return fronts;
}

std::string refuse_operator(const TfliteCall& call) {
  for (const Unchecked& one : kUnchecked) {
    if (call.code < one.first || call.code > one.last) continue;
    return fmt::format(
        "is {} TensorFlow Lite would use unchecked; a model that the operator names "
        "may have it",
        one.what);
  }
  if (call.code == kCustom) {
    if (std::string why = check_custom_options(call); !why.empty()) return why;
    return call.custom == kDetections ? check_detections(call) : std::string();
  }
  for (const Limits& one : kLimits) {
    if (call.code != one.code) continue;
    const FlatTable options = call.options_kind == one.kind ? call.options : FlatTable();
    const auto value = options.number<std::int32_t>(one.field, one.otherwise);
    if (value < one.least || value > one.most) return outside(one.what, value);
  }
  for (const Fixed& one : kFixed) {
    if (call.code != one.code || one.input >= call.inputs.size()) continue;
    if (call.inputs[one.input].absent) continue;
    if (std::string why = check_fixed(call, one); !why.empty()) return why;
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
    // The smallest number by -1 is none.
    bool fine = call.inputs.size() == 2 && call.inputs[1].constant && call.inputs[1].type == kI32;
    for (const std::int64_t by : fine ? numbers_of(call.inputs[1]) : std::vector<std::int64_t>())
      fine = fine && by != -1 && by != 0;
    if (!fine) {
      return "divides whole numbers, of which one quotient ends the process; by constants other "
             "than 0 and -1 it may";
    }
  }
  if (call.code == kRandomNormal && !call.inputs.empty()) {
    bool even = false;  // they are made in pairs, and the second of the last has to have a place
    for (const std::int64_t dim : numbers_of(call.inputs[0]))
      even = even || dim % 2 == 0;
    if (!even) return "makes an odd count of random numbers, and TensorFlow Lite one more";
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
    if (call.code == kSlice) return check_slice(call);
    if (call.code == kStridedSlice) return check_strided_slice(call);
    if (call.code == kTransposeConv) return check_transposed(call);
    if (call.code == kTranspose && call.inputs.size() > 1 && call.inputs[1].constant) {
      return check_each_dimension(call.inputs[0], tflite_numbers(call.inputs[1]));
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
