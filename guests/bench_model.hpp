// What the bench guests share: a model by name, or by the bytes of files.
#pragma once

#include <cstdio>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "sdk/wasi_nn.hpp"

namespace bench {

inline std::optional<nn::GraphEncoding> encoding_of(std::string_view word) {
  if (word == "openvino") return nn::GraphEncoding::kOpenvino;
  if (word == "onnx") return nn::GraphEncoding::kOnnx;
  if (word == "tensorflow") return nn::GraphEncoding::kTensorflow;
  if (word == "pytorch") return nn::GraphEncoding::kPytorch;
  if (word == "tensorflowlite") return nn::GraphEncoding::kTensorflowlite;
  if (word == "autodetect") return nn::GraphEncoding::kAutodetect;
  return std::nullopt;
}

inline std::optional<std::vector<std::byte>> read_file(const std::string& path) {
  std::FILE* file = std::fopen(path.c_str(), "rb");
  if (file == nullptr) return std::nullopt;
  std::vector<std::byte> bytes;
  std::fseek(file, 0, SEEK_END);
  bytes.resize(static_cast<std::size_t>(std::ftell(file)));
  std::rewind(file);
  const bool whole = std::fread(bytes.data(), 1, bytes.size(), file) == bytes.size();
  std::fclose(file);
  if (!whole) return std::nullopt;
  return bytes;
}

// `model` is a registered model's name, or ENCODING:FILE[:FILE].
inline nn::Result<nn::Graph> open_model(std::string_view model) {
  auto at = model.find(':');
  if (at == model.npos) return nn::Graph::load_by_name(model);
  const auto wrong = [](std::string sentence) {
    return std::unexpected(nn::Error{nn::ErrorCode::kInvalidArgument, std::move(sentence)});
  };
  const auto encoding = encoding_of(model.substr(0, at));
  if (!encoding) return wrong("there is no encoding '" + std::string(model.substr(0, at)) + "'");
  std::vector<std::vector<std::byte>> files;
  while (at != model.npos) {
    model.remove_prefix(at + 1);
    at = model.find(':');
    const std::string path(model.substr(0, at));
    auto bytes = read_file(path);
    if (!bytes) return wrong("cannot read '" + path + "'");
    files.push_back(std::move(*bytes));
  }
  const std::vector<std::span<const std::byte>> parts(files.begin(), files.end());
  return nn::Graph::load(parts, *encoding);
}

}  // namespace bench
