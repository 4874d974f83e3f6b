#include "core/model_format.h"

#include "core/onnx_walk.h"
#include "core/paddle_walk.h"
#include "core/tflite_walk.h"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <string>
#include <string_view>
#include <utility>

namespace nacre {
namespace {

using Bytes = std::span<const std::byte>;

std::string_view what_is_wanted(GraphEncoding encoding) {
  switch (encoding) {
    case GraphEncoding::kOpenvino:
      return "an OpenVINO model is its XML and its weights";
    case GraphEncoding::kOnnx:
      return "an ONNX model is a protobuf with an IR version and a graph";
    case GraphEncoding::kTensorflow:
      return "a TensorFlow model is a frozen graph or a SavedModel";
    case GraphEncoding::kPytorch:
      return "a TorchScript model is a zip file with data.pkl, constants.pkl and code";
    case GraphEncoding::kTensorflowlite:
      return "a TFLite model is a flatbuffer marked TFL3";
    case GraphEncoding::kGgml:
      return "a GGUF model starts with GGUF";
    case GraphEncoding::kEcho:
      return "an echo model is text that starts with the line nacre-echo v1";
    case GraphEncoding::kPaddle:
      return "a Paddle model is a program (.pdmodel) and its parameters (.pdiparams)";
    case GraphEncoding::kAutodetect:
      break;
  }
  return "known: ONNX, OpenVINO (XML and weights), TensorFlow, TorchScript, TFLite, GGUF, Paddle";
}

std::unexpected<Error> not_a_model(GraphEncoding stated, std::optional<GraphEncoding> found) {
  if (found && stated != GraphEncoding::kAutodetect) {
    return fail(ErrorCode::kInvalidEncoding,
                fmt::format("the encoding {0} was stated, and the bytes are {1}; state {1}",
                            to_string(stated), to_string(*found)));
  }
  return fail(
      ErrorCode::kInvalidEncoding,
      fmt::format("the bytes are no {} that Nacre knows, or not all of one; {}",
                  stated == GraphEncoding::kAutodetect ? "model format"
                                                       : fmt::format("{} model", to_string(stated)),
                  what_is_wanted(stated)));
}

std::vector<Property> onnx_facts(Bytes model) {
  std::vector<Property> facts;
  const auto versions = onnx_versions(model);
  if (!versions) return facts;  // whoever loads it says what is wrong
  std::string opsets;
  for (const OnnxOpset& opset : versions->opsets) {
    if (!opsets.empty()) opsets += ',';
    const bool own = opset.domain.empty() || opset.domain == "ai.onnx";
    opsets +=
        own ? fmt::format("{}", opset.version) : fmt::format("{}:{}", opset.domain, opset.version);
  }
  if (!opsets.empty()) facts.push_back({"opset", std::move(opsets)});
  if (versions->ir_version) {
    facts.push_back({"ir_version", fmt::format("{}", *versions->ir_version)});
  }
  if (!versions->producer.empty()) facts.push_back({"producer", versions->producer});
  return facts;
}

std::vector<Property> tflite_model_facts(Bytes model) {
  std::vector<Property> facts;
  const auto read = tflite_facts(model);
  if (!read) return facts;
  facts.push_back({"format_version", fmt::format("TFLite schema {}", read->schema_version)});
  if (!read->min_runtime_version.empty()) {
    facts.push_back({"min_runtime_version", read->min_runtime_version});
  }
  if (!read->custom_operators.empty()) {
    facts.push_back(
        {"custom_operators", fmt::format("{}", fmt::join(read->custom_operators, ","))});
  }
  return facts;
}

std::vector<Property> paddle_facts(Bytes model) {
  const auto program = check_paddle(model);
  if (!program) return {};
  return {{"format_version", "Paddle " + paddle_version(*program)}};
}

}  // namespace

Result<GraphEncoding> decide_format(GraphEncoding stated, std::optional<GraphEncoding> found) {
  if (stated == GraphEncoding::kAutodetect) {
    if (!found) return not_a_model(stated, found);
    return *found;
  }
  if (found == stated || (!found && stated == GraphEncoding::kOnnx)) return stated;
  return not_a_model(stated, found);
}

std::vector<Property> model_facts(GraphEncoding encoding, Bytes model) {
  switch (encoding) {
    case GraphEncoding::kOnnx:
      return onnx_facts(model);
    case GraphEncoding::kTensorflowlite:
      return tflite_model_facts(model);
    case GraphEncoding::kPaddle:
      return paddle_facts(model);
    default:
      return {};
  }
}

}  // namespace nacre
