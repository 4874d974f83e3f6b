// Field numbers and enumerations are those of the TFLite schema, version 3; they never change.
#include "core/tflite_walk.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cstring>
#include <optional>
#include <string_view>
#include <unordered_map>

#include "base/checked_math.h"
#include "base/flatbuffer.h"
#include "core/tflite_operators.h"
#include "core/tflite_sparsity.h"

namespace nacre {
namespace {

using Bytes = std::span<const std::byte>;

constexpr std::string_view kFormat = "TFL3";
constexpr std::size_t kMostDims = 64;
constexpr float kLeastScale = 1e-12F;  // beyond these the library ends the process
constexpr float kMostScale = 1e6F;
constexpr std::size_t kMostNumbers = 200'000;  // that are followed, of all shapes together
constexpr std::size_t kMostNames = 16;         // that tflite_facts gives
constexpr std::size_t kLongestName = 64;

namespace model_field {
enum : unsigned {
  kVersion,
  kCodes,
  kSubgraphs,
  kDescription,
  kBuffers,
  kMetadataBuffer,
  kMetadata
};
}
namespace code_field {
enum : unsigned { kOldCode, kCustom, kVersion, kCode };
}
namespace subgraph_field {
enum : unsigned { kTensors, kInputs, kOutputs, kOperators };
}
namespace tensor_field {
enum : unsigned { kShape, kType, kBuffer, kName, kQuantization, kVariable, kSparsity, kSignature };
}
namespace operator_field {
enum : unsigned { kCode, kInputs, kOutputs, kOptionsType, kOptions, kCustomOptions };
constexpr unsigned kIntermediates = 8;
constexpr unsigned kFarOptions = 9;
constexpr unsigned kOptions2Type = 11;
constexpr unsigned kOptions2 = 12;
}  // namespace operator_field
namespace buffer_field {
enum : unsigned { kData, kOffset, kSize };
}

constexpr std::int32_t kCustomOperator = 32;
constexpr std::int32_t kDensify = 124;

/// Bits of an element by the schema's number of its type; 0 for what has no size: strings (5),
/// resources (13) and variants (14).
constexpr std::array<std::uint8_t, 19> kElementBits = {32, 16,  32, 8, 64, 0,  8,  16, 64, 8,
                                                       64, 128, 64, 0, 0,  32, 16, 4,  16};
constexpr std::uint8_t kStringType = 5;

/// Operators that run other subgraphs: where the numbers of these stand in their options. A field
/// that is absent, or in options of another kind, reads as 0, as it does for TFLite.
struct Caller {
  std::int32_t code;
  std::uint8_t kind;  // of the options
  bool second_union;
  std::array<std::int8_t, 2> fields;  // -1: none
};
constexpr std::array<Caller, 10> kCallers = {{{31, 16, false, {0, -1}},    // CALL
                                              {118, 92, false, {0, 1}},    // IF
                                              {119, 93, false, {0, 1}},    // WHILE
                                              {129, 103, false, {0, -1}},  // CALL_ONCE
                                              {174, 6, true, {1, -1}},     // STABLEHLO_REDUCE
                                              {190, 7, true, {6, -1}},     // STABLEHLO_SCATTER
                                              {198, 13, true, {5, -1}},  // STABLEHLO_REDUCE_WINDOW
                                              {199, 14, true, {2, -1}},  // STABLEHLO_SORT
                                              {200, 15, true, {0, 1}},   // STABLEHLO_WHILE
                                              {206, 21, true, {1, -1}}}};  // STABLEHLO_COMPOSITE

std::int32_t code_of(const FlatTable& code) {
  const auto old = std::int32_t{code.number<std::int8_t>(code_field::kOldCode)};
  return std::max(old, code.number<std::int32_t>(code_field::kCode));
}

std::unexpected<Error> no_model() {
  return fail(ErrorCode::kInvalidEncoding,
              "the bytes are not a TFLite model: they are no whole FlatBuffer marked TFL3");
}

template <typename... Args>
std::unexpected<Error> wrong(fmt::format_string<Args...> format, Args&&... args) {
  return fail(ErrorCode::kInvalidEncoding, "a TFLite model was wanted, and in the one given " +
                                               fmt::format(format, std::forward<Args>(args)...));
}

/// Whether a row of strings hangs together: count, count + 1 offsets from the start, texts.
bool strings_hang_together(Bytes row) {
  if (row.size() < 8) return false;
  const auto number = [row](std::size_t i) {
    std::int32_t value = 0;
    std::memcpy(&value, row.data() + i * 4, sizeof value);
    return std::int64_t{value};
  };
  const std::int64_t count = number(0);
  if (count < 0 || static_cast<std::uint64_t>(count) > row.size() / 4 - 2) return false;
  std::int64_t before = 4 * (count + 2);
  for (std::int64_t i = 0; i <= count; ++i) {
    const std::int64_t offset = number(static_cast<std::size_t>(i) + 1);
    if (offset < before || static_cast<std::uint64_t>(offset) > row.size()) return false;
    before = offset;
  }
  return true;
}

class Walk {
 public:
  explicit Walk(Bytes model) : in_(model) {}

  Result<void> run() {
    const FlatTable root = FlatTable::root(in_, kFormat);
    codes_ = root.tables(model_field::kCodes);
    buffers_ = root.tables(model_field::kBuffers);
    subgraphs_ = root.tables(model_field::kSubgraphs);
    if (in_.broken() || subgraphs_.size() == 0) return no_model();
    if (!count(codes_.size()) || !count(buffers_.size()) || !count(subgraphs_.size())) {
      return too_many();
    }
    calls_.resize(subgraphs_.size());
    for (std::size_t i = 0; i < subgraphs_.size(); ++i) {
      if (auto ok = subgraph(i); !ok) return ok;
      if (in_.broken()) return no_model();
    }
    depths_.resize(subgraphs_.size());
    for (std::size_t i = 0; i < subgraphs_.size(); ++i) {
      if (auto ok = nesting(i, 0); !ok) return ok;
    }
    return {};
  }

 private:
  enum class Origin : std::uint8_t { kNothing, kEmpty, kConstant, kVariable, kInput, kOperator };

  bool count(std::uint64_t tables) noexcept { return (tables_ += tables) <= kMaxTfliteTables; }

  static std::unexpected<Error> too_many() {
    return fail(ErrorCode::kTooLarge,
                fmt::format("the TFLite model has more than {} tables", kMaxTfliteTables));
  }

  /// The bytes of a buffer; nullopt when they are not there.
  std::optional<Bytes> data_of(std::uint32_t buffer) {
    if (buffer == 0) return Bytes{};
    if (buffer >= buffers_.size()) return std::nullopt;
    const FlatTable table = buffers_[buffer];
    const auto offset = table.number<std::uint64_t>(buffer_field::kOffset);
    if (offset <= 1) return table.numbers<std::uint8_t>(buffer_field::kData).bytes();
    const auto size = table.number<std::uint64_t>(buffer_field::kSize);
    if (!range_fits(offset, size, in_.bytes().size())) return std::nullopt;
    return in_.bytes().subspan(static_cast<std::size_t>(offset), static_cast<std::size_t>(size));
  }

  Result<void> tensor(std::size_t graph, std::size_t index, const FlatTable& table) {
    const auto where = [&] { return fmt::format("tensor {} of subgraph {}", index, graph); };
    const auto type = table.number<std::uint8_t>(tensor_field::kType);
    if (type >= kElementBits.size()) {
      return wrong("{} has the element type {}, which the schema's version 3 has not", where(),
                   type);
    }
    const auto scales = table.table(tensor_field::kQuantization).numbers<std::uint32_t>(2);
    if (!count(scales.size() / 16)) return too_many();
    for (std::size_t i = 0; i < scales.size(); ++i) {
      const float scale = std::bit_cast<float>(scales[i]);
      if (scale >= kLeastScale && scale <= kMostScale) continue;
      return wrong("{} is quantised by the scale {}", where(), scale);
    }
    const auto shape = table.numbers<std::int32_t>(tensor_field::kShape);
    if (shape.size() > kMostDims) return wrong("{} has {} dimensions", where(), shape.size());
    std::optional<std::uint64_t> elements = 1;
    bool empty = false;
    for (std::size_t i = 0; i < shape.size(); ++i) {
      if (shape[i] < 0) return wrong("{} has a dimension of {}", where(), shape[i]);
      empty = empty || shape[i] == 0;
      if (elements) elements = checked_mul(*elements, static_cast<std::uint64_t>(shape[i]));
    }
    if (empty) elements = 0;
    const std::uint64_t bits = kElementBits[type];
    const auto all_bits = elements ? checked_mul(*elements, bits) : std::nullopt;
    if (!all_bits) return wrong("{} has more elements than 64 bits count", where());
    const std::uint64_t size = *all_bits / 8 + (*all_bits % 8 != 0 ? 1 : 0);

    const auto buffer = table.number<std::uint32_t>(tensor_field::kBuffer);
    const auto data = data_of(buffer);
    if (!data) return wrong("{} has its bytes in buffer {}, which is not there", where(), buffer);
    std::uint64_t brought = size;
    if (table.has(tensor_field::kSparsity)) {
      const auto values = sparse_tflite_values(table.table(tensor_field::kSparsity), shape);
      if (in_.broken()) return no_model();
      if (!values) return wrong("{} is sparse and {}", where(), values.error());
      // What has no size of its own, or less than a byte, the library does not write out.
      if (bits < 8 || data->empty()) return wrong("{} is sparse and has no values", where());
      brought = *values * bits / 8;
      sparse_[index] = true;
      if (!count((brought + size) / 1024)) return too_many();
    }
    if (!data->empty()) {
      // Many tensors may share one row, which is gone through for each.
      if (type == kStringType && !count(data->size() / 64)) return too_many();
      if (type == kStringType && !strings_hang_together(*data)) {
        return wrong("{} is a row of strings whose offsets lead out of it", where());
      }
      if (bits != 0 && data->size() != brought) {
        return wrong("{} has a shape of {} bytes and brings {}", where(), brought, data->size());
      }
      origins_[index] = Origin::kConstant;
    } else if (table.number<std::uint8_t>(tensor_field::kVariable) != 0) {
      origins_[index] = Origin::kVariable;
    } else if (empty) {
      origins_[index] = Origin::kEmpty;
    }
    if (data->empty() || sparse_[index]) {
      activations_ = checked_add(activations_, size).value_or(UINT64_MAX);
      if (activations_ > kMaxTfliteActivations) {
        return fail(ErrorCode::kTooLarge,
                    fmt::format("the TFLite model's tensors take more than {} bytes",
                                kMaxTfliteActivations));
      }
    }
    return {};
  }

  Result<void> subgraph(std::size_t index) {
    const FlatTable graph = subgraphs_[index];
    const FlatTables tensors = graph.tables(subgraph_field::kTensors);
    if (!count(tensors.size())) return too_many();
    origins_.assign(tensors.size(), Origin::kNothing);
    sparse_.assign(tensors.size(), false);
    tensors_ = tensors;
    numbers_.clear();
    fronts_.clear();
    for (std::size_t i = 0; i < tensors.size(); ++i) {
      const FlatTable table = tensors[i];
      if (auto ok = tensor(index, i, table); !ok) return ok;
      if (in_.broken()) return no_model();
    }
    const auto inputs = graph.numbers<std::int32_t>(subgraph_field::kInputs);
    for (std::size_t i = 0; i < inputs.size(); ++i) {
      Origin* origin = origin_of(inputs[i]);
      if (origin == nullptr) {
        return wrong("subgraph {} takes tensor {}, which is not there", index, inputs[i]);
      }
      if (*origin == Origin::kConstant || *origin == Origin::kInput) {
        return wrong("subgraph {} takes tensor {}, which is {}", index, inputs[i],
                     *origin == Origin::kInput ? "an input already" : "a constant");
      }
      *origin = Origin::kInput;
    }
    const FlatTables operators = graph.tables(subgraph_field::kOperators);
    if (!count(operators.size())) return too_many();
    for (std::size_t i = 0; i < operators.size(); ++i) {
      const FlatTable table = operators[i];
      if (auto ok = operation(index, i, table); !ok) return ok;
      if (in_.broken()) return no_model();
    }
    const auto outputs = graph.numbers<std::int32_t>(subgraph_field::kOutputs);
    if (!count((inputs.size() + outputs.size()) / 4)) return too_many();
    for (std::size_t i = 0; i < outputs.size(); ++i) {
      const Origin* origin = origin_of(outputs[i]);
      if (origin == nullptr || *origin == Origin::kNothing) {
        return wrong("subgraph {} gives tensor {}, which {}", index, outputs[i],
                     origin == nullptr ? "is not there" : "nothing has written");
      }
      if (sparse_[static_cast<std::size_t>(outputs[i])]) {
        return wrong("subgraph {} gives tensor {}, which is sparse", index, outputs[i]);
      }
    }
    return {};
  }

  Result<void> operation(std::size_t graph, std::size_t index, const FlatTable& table) {
    const auto where = [&] { return fmt::format("operator {} of subgraph {}", index, graph); };
    const auto inputs = table.numbers<std::int32_t>(operator_field::kInputs);
    const auto outputs = table.numbers<std::int32_t>(operator_field::kOutputs);
    if (!count((inputs.size() + outputs.size()) / 4)) return too_many();
    for (std::size_t i = 0; i < inputs.size(); ++i) {
      if (inputs[i] == -1) continue;  // optional, and left out
      const Origin* origin = origin_of(inputs[i]);
      if (origin == nullptr || *origin == Origin::kNothing) {
        return wrong("{} reads tensor {}, which {}", where(), inputs[i],
                     origin == nullptr ? "is not there" : "nothing has written before");
      }
    }
    for (std::size_t i = 0; i < outputs.size(); ++i) {
      if (outputs[i] == -1) continue;
      Origin* origin = origin_of(outputs[i]);
      if (origin == nullptr || (*origin != Origin::kNothing && *origin != Origin::kEmpty)) {
        constexpr std::array<std::string_view, 6> kWhat = {
            "", "", "is a constant", "is a variable", "is an input", "is written already"};
        return wrong("{} writes tensor {}, which {}", where(), outputs[i],
                     origin == nullptr ? "is not there" : kWhat[static_cast<std::size_t>(*origin)]);
      }
      *origin = Origin::kOperator;
    }
    const auto between = table.numbers<std::int32_t>(operator_field::kIntermediates);
    if (!count(between.size() / 4)) return too_many();
    for (std::size_t i = 0; i < between.size(); ++i) {
      if (between[i] == -1 || origin_of(between[i]) != nullptr) continue;
      return wrong("{} keeps tensor {} to itself, which is not there", where(), between[i]);
    }
    const auto code = table.number<std::uint32_t>(operator_field::kCode);
    if (code >= codes_.size()) return wrong("{} has the unknown code {}", where(), code);
    // The library adds offset and size without looking whether the sum fits.
    if (table.number<std::uint64_t>(operator_field::kFarOptions) != 0) {
      return wrong("{} has its options outside of the FlatBuffer", where());
    }
    const bool densifies = code_of(codes_[code]) == kDensify;
    for (std::size_t i = 0; i < inputs.size(); ++i) {
      if (origin_of(inputs[i]) == nullptr) continue;
      if (sparse_[static_cast<std::size_t>(inputs[i])] == densifies) continue;
      return wrong("{} reads tensor {}, which is {}", where(), inputs[i],
                   densifies ? "not sparse, with DENSIFY"
                             : "sparse: only DENSIFY may read it; convert the model without "
                               "sparsity, or let the operator name it");
    }
    if (auto ok = calls(graph, index, table, code_of(codes_[code])); !ok) return ok;
    return parameters(graph, index, table, codes_[code]);
  }

  /// What stands in the file of a tensor; of one that is not there nothing.
  TfliteOperand operand(std::int32_t index) {
    const Origin* origin = origin_of(index);
    if (origin == nullptr) return {};
    const FlatTable table = tensors_[static_cast<std::size_t>(index)];
    TfliteOperand operand{.absent = false,
                          .type = table.number<std::uint8_t>(tensor_field::kType),
                          .shape = table.numbers<std::int32_t>(tensor_field::kShape),
                          .signature = table.numbers<std::int32_t>(tensor_field::kSignature),
                          .constant = *origin == Origin::kConstant,
                          .index = index};
    if (const auto found = numbers_.find(index); found != numbers_.end()) {
      operand.numbers = found->second;
    }
    if (operand.constant) {
      operand.data = data_of(table.number<std::uint32_t>(tensor_field::kBuffer)).value_or(Bytes{});
    }
    const auto scales = table.table(tensor_field::kQuantization).numbers<std::uint32_t>(2);
    operand.has_scale = scales.size() != 0;
    return operand;
  }

  Result<void> parameters(std::size_t graph, std::size_t index, const FlatTable& table,
                          const FlatTable& code) {
    std::array<std::vector<TfliteOperand>, 2> operands;
    for (const bool output : {false, true}) {
      const auto numbers =
          table.numbers<std::int32_t>(output ? operator_field::kOutputs : operator_field::kInputs);
      for (std::size_t i = 0; i < numbers.size(); ++i)
        operands[output ? 1 : 0].push_back(operand(numbers[i]));
    }
    const TfliteCall call = {
        .code = code_of(code),
        .custom = code.text(code_field::kCustom),
        .options = table.table(operator_field::kOptions),
        .options_kind = table.number<std::uint8_t>(operator_field::kOptionsType),
        .inputs = operands[0],
        .outputs = operands[1],
        .custom_options = table.numbers<std::uint8_t>(operator_field::kCustomOptions).bytes(),
        .fronts = fronts_};
    const std::string why = refuse_operator(call);
    if (why.empty()) {
      follow_numbers(call);
      return {};
    }
    return fail(ErrorCode::kUnsupportedOperation,
                fmt::format("a TFLite model was wanted that a guest may bring, and operator {} of "
                            "subgraph {} {}",
                            index, graph, why));
  }

  void follow_numbers(const TfliteCall& call) {
    if (followed_ >= kMostNumbers) return;
    // A loop writes into a few lists.
    constexpr std::size_t kMostFronts = 64;
    for (const TfliteFront& front : tflite_fronts(call))
      if (fronts_.size() < kMostFronts) fronts_.push_back(front);
    std::vector<TfliteNumber> numbers = follow_tflite_numbers(call);
    if (numbers.empty()) return;
    followed_ += numbers.size();
    numbers_[call.outputs[0].index] = std::move(numbers);
  }

  Result<void> calls(std::size_t graph, std::size_t index, const FlatTable& table,
                     std::int32_t code) {
    for (const Caller& caller : kCallers) {
      if (caller.code != code) continue;
      const auto kind = table.number<std::uint8_t>(
          caller.second_union ? operator_field::kOptions2Type : operator_field::kOptionsType);
      FlatTable options;
      if (kind == caller.kind) {
        options =
            table.table(caller.second_union ? operator_field::kOptions2 : operator_field::kOptions);
      }
      for (const std::int8_t field : caller.fields) {
        if (field < 0) continue;
        const auto called = options.number<std::int32_t>(static_cast<unsigned>(field));
        if (called < 0 || static_cast<std::size_t>(called) >= subgraphs_.size()) {
          return wrong("operator {} of subgraph {} runs subgraph {}, which is not there", index,
                       graph, called);
        }
        calls_[graph].push_back(static_cast<std::uint32_t>(called));
      }
    }
    return {};
  }

  // Recursion ends at kMaxTfliteNesting; a subgraph whose depth is known is not gone through again.
  Result<void> nesting(std::size_t graph, std::size_t above) {
    if (above >= kMaxTfliteNesting) {
      return wrong("subgraphs run each other in a circle, or more than {} deep", kMaxTfliteNesting);
    }
    if (depths_[graph] > above) return {};
    depths_[graph] = static_cast<std::uint8_t>(above + 1);
    for (const std::uint32_t called : calls_[graph]) {
      if (auto ok = nesting(called, above + 1); !ok) return ok;
    }
    return {};
  }

  Origin* origin_of(std::int32_t tensor) noexcept {
    return tensor < 0 || static_cast<std::size_t>(tensor) >= origins_.size()
               ? nullptr
               : &origins_[static_cast<std::size_t>(tensor)];
  }

  FlatBytes in_;
  FlatTables codes_;
  FlatTables buffers_;
  FlatTables subgraphs_;
  std::uint64_t tables_ = 0;
  std::uint64_t activations_ = 0;
  FlatTables tensors_;           // of the subgraph that is looked at
  std::vector<Origin> origins_;  // of the tensors of the subgraph that is looked at
  std::vector<bool> sparse_;
  std::unordered_map<std::int32_t, std::vector<TfliteNumber>> numbers_;  // and what some will hold
  std::size_t followed_ = 0;
  std::vector<TfliteFront> fronts_;
  std::vector<std::vector<std::uint32_t>> calls_;
  std::vector<std::uint8_t> depths_;  // the deepest place a subgraph was found in, counted from 1
};

}  // namespace

Result<void> check_tflite(std::span<const std::byte> model) {
  return Walk(model).run();
}

Result<TfliteFacts> tflite_facts(std::span<const std::byte> model) {
  FlatBytes in(model);
  const FlatTable root = FlatTable::root(in, kFormat);
  TfliteFacts facts;
  facts.schema_version = root.number<std::uint32_t>(model_field::kVersion);
  const FlatTables codes = root.tables(model_field::kCodes);
  for (std::size_t i = 0; i < codes.size() && i < kMaxTfliteTables && !in.broken(); ++i) {
    const FlatTable code = codes[i];
    if (code_of(code) != kCustomOperator || facts.custom_operators.size() >= kMostNames) continue;
    facts.custom_operators.emplace_back(code.text(code_field::kCustom).substr(0, kLongestName));
  }
  const FlatTables buffers = root.tables(model_field::kBuffers);
  const FlatTables metadata = root.tables(model_field::kMetadata);
  for (std::size_t i = 0; i < metadata.size() && i < kMaxTfliteTables && !in.broken(); ++i) {
    const FlatTable entry = metadata[i];
    const auto buffer = entry.number<std::uint32_t>(1);
    if (entry.text(0) != "min_runtime_version" || buffer >= buffers.size()) continue;
    const std::string_view text = buffers[buffer].text(buffer_field::kData);
    facts.min_runtime_version = text.substr(0, std::min(text.find('\0'), kLongestName));
  }
  if (in.broken()) return no_model();
  return facts;
}

}  // namespace nacre
