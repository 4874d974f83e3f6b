#include "core/onnx_inputs.h"

#include <algorithm>
#include <array>
#include <span>

namespace nacre {
namespace {

struct Least {
  std::string_view op;
  std::size_t inputs;
};

// In the order of the alphabet.
constexpr std::array kTwoOrMore = {
    Least{"Add", 2},
    Least{"AffineGrid", 2},
    Least{"And", 2},
    Least{"Attention", 3},
    Least{"BatchNormalization", 5},
    Least{"BitShift", 2},
    Least{"BitwiseAnd", 2},
    Least{"BitwiseOr", 2},
    Least{"BitwiseXor", 2},
    Least{"CastLike", 2},
    Least{"CausalConvWithState", 2},
    Least{"CenterCropPad", 2},
    Least{"Col2Im", 3},
    Least{"Compress", 2},
    Least{"Conv", 2},
    Least{"ConvInteger", 2},
    Least{"ConvTranspose", 2},
    Least{"CumProd", 2},
    Least{"CumSum", 2},
    Least{"DeformConv", 3},
    Least{"DequantizeLinear", 2},
    Least{"Div", 2},
    Least{"Equal", 2},
    Least{"Expand", 2},
    Least{"GRU", 3},
    Least{"Gather", 2},
    Least{"GatherElements", 2},
    Least{"GatherND", 2},
    Least{"Gemm", 2},
    Least{"Greater", 2},
    Least{"GreaterOrEqual", 2},
    Least{"GridSample", 2},
    Least{"GroupNormalization", 3},
    Least{"InstanceNormalization", 3},
    Least{"LSTM", 3},
    Least{"LayerNormalization", 2},
    Least{"Less", 2},
    Least{"LessOrEqual", 2},
    Least{"LinearAttention", 3},
    Least{"Loop", 2},
    Least{"MatMul", 2},
    Least{"MatMulInteger", 2},
    Least{"MaxRoiPool", 2},
    Least{"MaxUnpool", 2},
    Least{"MelWeightMatrix", 5},
    Least{"Mod", 2},
    Least{"Mul", 2},
    Least{"NegativeLogLikelihoodLoss", 2},
    Least{"NonMaxSuppression", 2},
    Least{"OneHot", 3},
    Least{"Or", 2},
    Least{"PRelu", 2},
    Least{"Pow", 2},
    Least{"QLinearConv", 8},
    Least{"QLinearMatMul", 8},
    Least{"QuantizeLinear", 2},
    Least{"RMSNormalization", 2},
    Least{"RNN", 3},
    Least{"Range", 3},
    Least{"ReverseSequence", 2},
    Least{"RoiAlign", 3},
    Least{"RotaryEmbedding", 3},
    Least{"STFT", 2},
    Least{"Scatter", 3},
    Least{"ScatterElements", 3},
    Least{"ScatterND", 3},
    Least{"SequenceAt", 2},
    Least{"SequenceInsert", 2},
    Least{"SoftmaxCrossEntropyLoss", 2},
    Least{"StringConcat", 2},
    Least{"Sub", 2},
    Least{"SwiGLU", 2},
    Least{"TensorScatter", 2},
    Least{"Tile", 2},
    Least{"Where", 3},
    Least{"Xor", 2},
};
static_assert(std::ranges::is_sorted(kTwoOrMore, {}, &Least::op));

// Of other domains, those that OpenVINO's reader knows; in the order of the alphabet.
constexpr std::array kMicrosoft = {
    Least{"Attention", 2},
    Least{"FusedConv", 2},
    Least{"Pad", 2},
};
constexpr std::array kOpenvino = {
    Least{"DetectionOutput", 3},
    Least{"ExperimentalDetectronDetectionOutput", 4},
    Least{"ExperimentalDetectronGenerateProposalsSingleImage", 4},
    Least{"ExperimentalDetectronPriorGridGenerator", 3},
    Least{"ExperimentalDetectronROIFeatureExtractor", 2},
    Least{"ExperimentalDetectronTopKROIs", 2},
    Least{"FakeQuantize", 5},
    Least{"GenerateProposals", 4},
    Least{"PriorBox", 2},
    Least{"PriorBoxClustered", 2},
};
static_assert(std::ranges::is_sorted(kMicrosoft, {}, &Least::op));
static_assert(std::ranges::is_sorted(kOpenvino, {}, &Least::op));

std::size_t find_least(std::span<const Least> sorted, std::string_view op) noexcept {
  const auto found = std::ranges::lower_bound(sorted, op, {}, &Least::op);
  return found != sorted.end() && found->op == op ? found->inputs : 1;
}

constexpr std::array<std::string_view, 6> kNone = {
    "Constant", "Optional", "OptionalHasElement", "RandomNormal", "RandomUniform", "SequenceEmpty"};

// All of their operators have an input, but for those above.
constexpr std::array<std::string_view, 5> kDomains = {"", "ai.onnx", "ai.onnx.ml", "com.microsoft",
                                                      "org.openvinotoolkit"};

}  // namespace

std::size_t least_onnx_inputs(std::string_view domain, std::string_view op,
                              std::int64_t opset) noexcept {
  if (op.empty() || std::ranges::find(kDomains, domain) == kDomains.end()) return 0;
  if (domain == "com.microsoft") return find_least(kMicrosoft, op);
  if (domain == "org.openvinotoolkit") return find_least(kOpenvino, op);
  if (domain == "ai.onnx.ml") return 1;
  if (std::ranges::find(kNone, op) != kNone.end()) return 0;
  constexpr std::int64_t kPadsAreAnInput = 11;
  if (op == "Pad") return opset >= kPadsAreAnInput ? 2 : 1;
  return find_least(kTwoOrMore, op);
}

}  // namespace nacre
