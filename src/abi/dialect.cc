#include "abi/dialect.h"

#include <fmt/format.h>

#include <algorithm>

namespace nacre {
namespace {

using Encoding = DialectTable::Encoding;

// A word that exists in the dialect and that nothing in Nacre reads.
constexpr Encoding unread(std::string_view word) {
  return {word, std::nullopt};
}

constexpr Encoding kOpenvino = {"openvino", GraphEncoding::kOpenvino};
constexpr Encoding kOnnx = {"onnx", GraphEncoding::kOnnx};
constexpr Encoding kTensorflow = {"tensorflow", GraphEncoding::kTensorflow};
constexpr Encoding kPytorch = {"pytorch", GraphEncoding::kPytorch};
constexpr Encoding kTensorflowlite = {"tensorflowlite", GraphEncoding::kTensorflowlite};
constexpr Encoding kAutodetect = {"autodetect", GraphEncoding::kAutodetect};
constexpr Encoding kGgml = {"ggml", GraphEncoding::kGgml};

constexpr std::array<TensorType, 7> kTypes = {TensorType::kF16, TensorType::kF32, TensorType::kF64,
                                              TensorType::kU8,  TensorType::kI32, TensorType::kI64};
constexpr std::array<TensorType, 7> kLegacyTypes = {TensorType::kF16, TensorType::kF32,
                                                    TensorType::kU8, TensorType::kI32};
constexpr std::array<TensorType, 7> kWitTypes = {
    TensorType::kF16, TensorType::kF32, TensorType::kF64, TensorType::kBf16,
    TensorType::kU8,  TensorType::kI32, TensorType::kI64};

// 6 means something to kWit alone.
constexpr std::array<TensorType, 7> kUndecidedTypes = {
    TensorType::kF16, TensorType::kF32, TensorType::kF64, TensorType::kU8,
    TensorType::kI32, TensorType::kI64, TensorType::kI64};

// In the order of ErrorCode, whose 0 is no error. What a dialect cannot say becomes the nearest
// that it can: security is "unsupported", timeout and unknown are "runtime error".
//                                            0  1  2  3  4  5  6  7  8  sec tim unk eos full long
//                                            model
constexpr std::array<std::uint32_t, 16> kErrnos = {0, 1, 2, 3, 4, 5, 6, 7, 8, 6, 5, 5, 5, 5, 5, 8};
constexpr std::array<std::uint32_t, 16> kWasmedgeErrnos = {0, 1, 2, 3, 4,   5,   6,   7,
                                                           8, 6, 5, 5, 100, 101, 102, 103};
// The order of the WIT's error-code, which has neither missing_memory nor busy.
constexpr std::array<std::uint32_t, 16> kWitErrnos = {0, 1, 2, 4, 4,   4,   5,   6,
                                                      7, 8, 3, 9, 100, 101, 102, 103};

constexpr std::array<Encoding, 15> kWamrEncodings = {kOpenvino,       kOnnx, kTensorflow, kPytorch,
                                                     kTensorflowlite, kGgml, kAutodetect};

// llama-core passes a length of 0 for a buffer of this many bytes.
constexpr std::uint32_t kWasmedgeBuffer = 245'888;

constexpr std::array<DialectTable, 7> kTables = {{
    {.dialect = Dialect::kWitx,
     .name = "witx",
     .encodings = {kOpenvino, kOnnx, kTensorflow, kPytorch, kTensorflowlite, kAutodetect},
     .tensor_types = kTypes,
     .errnos = kErrnos,
     .zero_buffer_means = 0},
    {.dialect = Dialect::kWasmedge,
     .name = "wasmedge",
     .encodings = {kOpenvino, kOnnx, kTensorflow, kPytorch, kTensorflowlite, kAutodetect, kGgml,
                   unread("neural-speed"), unread("burn"), unread("whisper"), unread("mlx"),
                   unread("piper"), unread("chattts"), unread("openvino-genai"), unread("bitnet")},
     .tensor_types = kTypes,
     .errnos = kWasmedgeErrnos,
     .zero_buffer_means = kWasmedgeBuffer,
     .speaks_text = true},
    {.dialect = Dialect::kWamr,
     .name = "wamr",
     .encodings = kWamrEncodings,
     .tensor_types = kTypes,
     .errnos = kErrnos,
     .zero_buffer_means = 0},
    {.dialect = Dialect::kLegacy,
     .name = "legacy",
     .encodings = {kOpenvino, kOnnx, kTensorflow, kPytorch, kTensorflowlite},
     .tensor_types = kLegacyTypes,
     .errnos = kErrnos,
     .zero_buffer_means = 0},
    {.dialect = Dialect::kWit,
     .name = "wit",
     .encodings = kWamrEncodings,
     .tensor_types = kWitTypes,
     .errnos = kWitErrnos,
     .zero_buffer_means = 0},
    {.dialect = Dialect::kWamrLegacy,
     .name = "wamr-legacy",
     .encodings = kWamrEncodings,
     .tensor_types = kLegacyTypes,
     .errnos = kErrnos,
     .zero_buffer_means = 0},
    {.dialect = Dialect::kUndecided,
     .name = "witx",
     .encodings = {kOpenvino, kOnnx, kTensorflow, kPytorch, kTensorflowlite, kAutodetect, kGgml},
     .tensor_types = kUndecidedTypes,
     .errnos = kWasmedgeErrnos,  // of a missing file too: WasmEdge's guests look for that number
     .zero_buffer_means = 0,
     .speaks_text = true},
}};

constexpr bool tables_stand_at_their_numbers() {
  for (std::size_t i = 0; i < kTables.size(); ++i) {
    if (kTables[i].dialect != static_cast<Dialect>(i)) return false;
  }
  return true;
}
static_assert(tables_stand_at_their_numbers());

constexpr std::array<ExecutionTarget, 4> kTargets = {ExecutionTarget::kCpu, ExecutionTarget::kGpu,
                                                     ExecutionTarget::kTpu, ExecutionTarget::kAuto};

constexpr std::array<std::string_view, 6> kOnlyWasmedge = {
    "load_by_name_with_config",  "compute_single", "get_output_single", "fini_single", "unload",
    "finalize_execution_context"};

}  // namespace

const DialectTable& dialect_table(Dialect dialect) noexcept {
  return kTables[static_cast<std::size_t>(dialect)];
}

Result<GraphEncoding> DialectTable::decode_encoding(std::uint32_t wire) const {
  if (wire < encodings.size()) {
    const Encoding& row = encodings[wire];
    if (row.encoding) return *row.encoding;
    if (!row.word.empty()) {
      return fail(ErrorCode::kInvalidEncoding,
                  fmt::format("Encoding {} is \"{}\" in the {} dialect, which no backend of Nacre "
                              "reads.",
                              wire, row.word, name));
    }
  }
  std::string known;
  for (std::size_t i = 0; i < encodings.size(); ++i) {
    if (encodings[i].encoding) known += fmt::format(", {} {}", i, encodings[i].word);
  }
  return fail(ErrorCode::kInvalidEncoding,
              fmt::format("Encoding {} means nothing in the {} dialect, which has{}. If the guest "
                          "was built for another, choose it with --dialect.",
                          wire, name, known.substr(1)));
}

std::string DialectTable::unknown_tensor_type(std::uint8_t wire) const {
  std::string known;
  for (std::size_t i = 0; i < tensor_types.size(); ++i) {
    if (tensor_types[i] != TensorType::kUnknown) {
      known += fmt::format(", {} {}", i, to_string(tensor_types[i]));
    }
  }
  return fmt::format(
      "Tensor type {} means nothing in the {} dialect, which has{}. If the guest was "
      "built for another, choose it with --dialect.",
      wire, name, known.substr(1));
}

std::array<TensorType, 2> other_meanings(TensorType today) noexcept {
  std::array<TensorType, 2> others = {TensorType::kUnknown, TensorType::kUnknown};
  const auto wire = static_cast<std::size_t>(std::ranges::find(kTypes, today) - kTypes.begin());
  if (wire == kTypes.size()) return others;
  if (kLegacyTypes[wire] != today) others[0] = kLegacyTypes[wire];
  if (kWitTypes[wire] != today) others[1] = kWitTypes[wire];
  return others;
}

Result<ExecutionTarget> decode_execution_target(std::uint32_t wire) {
  if (wire < kTargets.size()) return kTargets[wire];
  return fail(ErrorCode::kInvalidArgument,
              fmt::format("Target {} means nothing; there are 0 cpu, 1 gpu, 2 tpu, 3 auto.", wire));
}

DialectDecision choose_dialect(const NnImports& imports, DialectChoice choice) {
  const auto chosen = [](Dialect dialect) -> DialectDecision {
    return {dialect, fmt::format("The {} dialect was asked for.", dialect_table(dialect).name)};
  };
  switch (choice) {
    case DialectChoice::kWitx:
      return chosen(Dialect::kWitx);
    case DialectChoice::kWasmedge:
      return chosen(Dialect::kWasmedge);
    case DialectChoice::kWamr:
      return chosen(Dialect::kWamr);
    case DialectChoice::kLegacy:
      return chosen(Dialect::kLegacy);
    case DialectChoice::kWit:
      return chosen(Dialect::kWit);
    case DialectChoice::kWamrLegacy:
      return chosen(Dialect::kWamrLegacy);
    case DialectChoice::kAuto:
      break;
  }
  if (imports.names.empty() && imports.wamr_module) {
    return {Dialect::kWamrLegacy,
            fmt::format("The guest imports {}, which only WAMR's older guests do.", kWamrModule)};
  }
  for (const std::string_view name : imports.names) {
    if (std::ranges::find(kOnlyWasmedge, name) != kOnlyWasmedge.end()) {
      return {Dialect::kWasmedge,
              fmt::format("The guest imports {}, which only WasmEdge's guests do.", name)};
    }
  }
  return {Dialect::kUndecided, "The guest imports no function that only WasmEdge has."};
}

}  // namespace nacre
