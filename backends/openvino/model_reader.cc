#include "model_reader.h"

#include "frontends.h"
#include "messages.h"

#include <cstring>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <string_view>

namespace nacre::openvino {
namespace {

std::string_view text_of(std::span<const std::byte> bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

// OpenVINO finds out by itself which of its readers takes the bytes, so a wrong encoding would go
// unnoticed, and bytes would reach readers that Nacre has no checks for.
bool looks_like_xml(std::string_view head) {
  if (head.starts_with("\xEF\xBB\xBF")) head.remove_prefix(3);
  const std::size_t first = head.find_first_not_of(" \t\r\n");
  return first != head.npos && head[first] == '<';
}

Result<void> check_format(std::string_view head, GraphEncoding encoding, const std::string& what) {
  const bool xml = looks_like_xml(head);
  if (encoding == GraphEncoding::kOpenvino && !xml) {
    return fail(ErrorCode::kInvalidEncoding,
                what + " was to be the XML of an OpenVINO IR, and does not begin like XML.");
  }
  if (encoding == GraphEncoding::kOnnx && (xml || head.empty())) {
    return fail(ErrorCode::kInvalidEncoding,
                what + " was to be an ONNX model, and is " +
                    (xml ? "XML: for an OpenVINO IR the encoding is openvino." : "empty."));
  }
  return {};
}

Result<std::shared_ptr<ov::Model>> read_bytes(ov::Core& core,
                                              std::span<const std::span<const std::byte>> parts,
                                              GraphEncoding encoding) {
  const bool ir = encoding == GraphEncoding::kOpenvino;
  if (parts.empty() || parts.size() > (ir ? 2u : 1u)) {
    return fail(ErrorCode::kInvalidArgument,
                std::string(ir ? "An OpenVINO IR is two parts, the XML and the weights"
                               : "An ONNX model is one part") +
                    "; " + std::to_string(parts.size()) + " came.");
  }
  const std::string_view model = text_of(parts[0]);
  if (auto checked = check_format(model, encoding, "The model's first part"); !checked) {
    return std::unexpected(std::move(checked.error()));
  }
  if (ir) {
    std::istringstream xml{std::string(model)};
    if (auto checked = check_ir(xml); !checked) return std::unexpected(std::move(checked.error()));
  }
  if (!ir) {
    std::istringstream onnx{std::string(model)};
    return read_onnx(onnx);
  }
  // The model keeps its weights, and the guest's bytes are gone after the load.
  ov::Tensor weights;
  if (parts.size() == 2 && !parts[1].empty()) {
    weights = ov::Tensor(ov::element::u8, ov::Shape{parts[1].size()});
    std::memcpy(weights.data(), parts[1].data(), parts[1].size());
  }
  return core.read_model(std::string(model), weights);
}

Result<std::shared_ptr<ov::Model>> read_files(ov::Core& core, std::span<const std::string> paths,
                                              GraphEncoding encoding) {
  const bool ir = encoding == GraphEncoding::kOpenvino;
  if (paths.empty() || paths.size() > (ir ? 2u : 1u)) {
    return fail(ErrorCode::kInvalidArgument,
                std::string(ir ? "An OpenVINO IR is an .xml file and a .bin file"
                               : "An ONNX model is one file") +
                    "; " + std::to_string(paths.size()) + " paths came.");
  }
  for (const std::string& path : paths) {
    std::error_code error;
    if (std::filesystem::is_regular_file(path, error)) continue;
    return fail(ErrorCode::kModelNotFound, "There is no file '" + path + "'.");
  }
  std::ifstream file(paths[0], std::ios::binary);
  char head[256];
  file.read(head, sizeof head);
  if (!file.eof() && !file) {
    return fail(ErrorCode::kModelNotFound, "The file '" + paths[0] + "' cannot be read.");
  }
  const std::string_view begin(head, static_cast<std::size_t>(file.gcount()));
  if (auto checked = check_format(begin, encoding, "The file '" + paths[0] + "'"); !checked) {
    return std::unexpected(std::move(checked.error()));
  }
  if (ir) {
    file.clear();
    file.seekg(0);
    if (auto checked = check_ir(file); !checked) return std::unexpected(std::move(checked.error()));
  }
  return core.read_model(paths[0], paths.size() == 2 ? paths[1] : std::string());
}

}  // namespace

Result<std::shared_ptr<ov::Model>> read_model(ov::Core& core, const ModelSource& source,
                                              GraphEncoding encoding) {
  const std::string format = encoding == GraphEncoding::kOnnx             ? "an ONNX model"
                             : encoding == GraphEncoding::kTensorflow     ? "a TensorFlow model"
                             : encoding == GraphEncoding::kTensorflowlite ? "a TFLite model"
                             : encoding == GraphEncoding::kPaddle         ? "a Paddle model"
                                                                          : "an OpenVINO IR";
  try {
    if (encoding == GraphEncoding::kTensorflow || encoding == GraphEncoding::kTensorflowlite ||
        encoding == GraphEncoding::kPaddle) {
      return read_by_frontend(source, encoding);
    }
    return source.paths.empty() ? read_bytes(core, source.parts, encoding)
                                : read_files(core, source.paths, encoding);
  } catch (const std::exception& e) {
    // The readers' own exception types are wrapped in a plain one on the way.
    const std::string_view what = e.what();
    for (const std::string_view sign : {"OpConversionFailure", "NotImplementedFailure",
                                        "doesn't contain the operation with type"}) {
      if (what.find(sign) == what.npos) continue;
      return fail(ErrorCode::kUnsupportedOperation,
                  "OpenVINO does not have what the model asks for: " + explain(e));
    }
    return fail(ErrorCode::kInvalidEncoding,
                "OpenVINO does not read this as " + format + ": " + explain(e));
  }
}

}  // namespace nacre::openvino
