#include "frontends.h"

#include "messages.h"
#include "read_clip.h"

#include <openvino/core/version.hpp>
#include <openvino/frontend/manager.hpp>

#include <array>
#include <charconv>
#include <filesystem>
#include <fstream>
#include <span>
#include <sstream>
#include <string_view>

namespace nacre::openvino {
namespace {

namespace fs = std::filesystem;

ov::frontend::FrontEnd::Ptr frontend(const std::string& name) {
  return ov::frontend::FrontEndManager().load_by_framework(name);
}

std::string library() {
  const std::string build = ov::get_openvino_version().buildNumber;
  return "OpenVINO " + build.substr(0, build.find('-'));
}

bool takes(const ov::frontend::FrontEnd::Ptr& reader, std::istream& bytes) {
  std::istream* stream = &bytes;
  return reader->supported(stream);
}

/// The number in <net … version="…">, if there is one near the beginning.
std::optional<int> version_in(std::istream& xml) {
  std::string head(4096, '\0');
  xml.read(head.data(), static_cast<std::streamsize>(head.size()));
  head.resize(static_cast<std::size_t>(xml.gcount()));
  constexpr std::string_view kVersion = " version=\"";
  const auto net = head.find("<net");
  const auto at = net == head.npos ? net : head.find(kVersion, net);
  if (at == head.npos || at > head.find('>', net)) return std::nullopt;
  int version = 0;
  const char* begin = head.data() + at + kVersion.size();
  if (std::from_chars(begin, head.data() + head.size(), version).ec != std::errc()) {
    return std::nullopt;
  }
  return version;
}

// Given as streams, so that the reader looks for no file of its own.
Result<std::shared_ptr<ov::Model>> read_paddle(std::span<const std::string> paths) {
  if (paths.empty() || paths.size() > 2) {
    return fail(ErrorCode::kInvalidArgument,
                "A Paddle model is a program and a file of parameters; " +
                    std::to_string(paths.size()) + " paths came.");
  }
  std::array<std::ifstream, 2> files;
  std::array<std::istream*, 2> streams = {&files[0], &files[1]};
  for (std::size_t i = 0; i < paths.size(); ++i) {
    files[i].open(paths[i], std::ios::binary);
    if (files[i]) continue;
    return fail(ErrorCode::kModelNotFound, "The file '" + paths[i] + "' cannot be read.");
  }
  const auto reader = frontend("paddle");
  return reader->convert(paths.size() == 1 ? reader->load(streams[0])
                                           : reader->load(streams[0], streams[1]));
}

}  // namespace

Result<std::shared_ptr<ov::Model>> read_by_frontend(const ModelSource& source,
                                                    GraphEncoding encoding) {
  const bool lite = encoding == GraphEncoding::kTensorflowlite;
  const bool paddle = encoding == GraphEncoding::kPaddle;
  const std::string kind = paddle ? "Paddle" : lite ? "TFLite" : "TensorFlow";
  if (source.paths.empty()) {
    return fail(ErrorCode::kUnsupportedOperation,
                "OpenVINO reads " + kind +
                    " models from files only, and this one came as bytes. An operator can name the "
                    "model's file or folder, and the guest load it by that name.");
  }
  if (paddle) return read_paddle(source.paths);
  if (source.paths.size() != 1) {
    return fail(ErrorCode::kInvalidArgument, "A " + kind + " model is one path; " +
                                                 std::to_string(source.paths.size()) + " came.");
  }
  fs::path path = source.paths[0];
  std::error_code error;
  if (!fs::exists(path, error)) {
    return fail(ErrorCode::kModelNotFound, "There is no file or folder '" + path.string() + "'.");
  }
  // The reader knows a SavedModel by its folder, and a TFLite file by its name.
  if (!lite && path.filename() == "saved_model.pb") {
    path = path.has_parent_path() ? path.parent_path() : fs::path(".");
  }
  if (lite && path.extension() != ".tflite") {
    return fail(ErrorCode::kUnsupportedOperation,
                "OpenVINO knows TFLite models by the ending .tflite, which '" + path.string() +
                    "' has not. Rename the file.");
  }
  const auto reader = frontend(lite ? "tflite" : "tf");
  return reader->convert(reader->load(path.string()));
}

Result<std::shared_ptr<ov::Model>> read_onnx(std::istream& bytes) {
  const auto reader = frontend("onnx");
  if (!takes(reader, bytes)) {
    return fail(ErrorCode::kInvalidEncoding,
                "OpenVINO does not read this as an ONNX model: the fields of its bytes are not "
                "those of one.");
  }
  reader->add_extension(clip_reader());
  return reader->convert(reader->load(&bytes));
}

std::optional<std::pair<int, int>> ir_versions() {
  try {
    const auto ir = frontend("ir");
    std::optional<std::pair<int, int>> versions;
    constexpr int kFarthest = 40;
    for (int version = 1; version <= kFarthest; ++version) {
      std::istringstream xml("<?xml version=\"1.0\"?><net name=\"n\" version=\"" +
                             std::to_string(version) + "\"></net>");
      if (!takes(ir, xml)) continue;
      versions = {versions ? versions->first : version, version};
    }
    return versions;
  } catch (const std::exception&) {
    return std::nullopt;
  }
}

Result<void> check_ir(std::istream& xml) {
  if (takes(frontend("ir"), xml)) return {};
  xml.clear();
  xml.seekg(0);
  const auto wanted = version_in(xml);
  const auto known = ir_versions();
  if (wanted && known && (*wanted < known->first || *wanted > known->second)) {
    return fail(ErrorCode::kInvalidEncoding, "The model wants IR version " +
                                                 std::to_string(*wanted) + "; " + library() +
                                                 " supports " + std::to_string(known->first) +
                                                 " up to " + std::to_string(known->second) + ".");
  }
  return fail(
      ErrorCode::kInvalidEncoding,
      "OpenVINO does not read this as an OpenVINO IR: its XML has no <net> of a version that "
      "it knows.");
}

}  // namespace nacre::openvino
