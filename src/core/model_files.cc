#include "core/model_files.h"

#include "core/gguf_walk.h"
#include "core/model_format.h"
#include "core/model_hashes.h"
#include "core/onnx_walk.h"
#include "core/paddle_walk.h"
#include "core/sniff.h"
#include "core/tensorflow_walk.h"
#include "core/torchscript_walk.h"

#include <fmt/format.h>
#include <algorithm>
#include <filesystem>
#include <span>
#include <utility>

namespace nacre {
namespace {

namespace fs = std::filesystem;
using Bytes = std::span<const std::byte>;

constexpr const char* kSavedModel = "saved_model.pb";

Result<MappedFile> map_file(const std::string& path) {
  auto file = MappedFile::open(path);
  if (file) return std::move(*file);
  return cannot_read(path, file.error());
}

/// Of two formats a model is two files, whose first has the format's mark. It comes to stand first,
/// and the second, where it is not named, is looked for beside it under the same name.
Result<void> open_second(OpenedFiles& opened, const char* extension) {
  if (opened.files.size() == 2 && sniff(opened.files[0].bytes()) != opened.found) {
    std::swap(opened.files[0], opened.files[1]);
    std::swap(opened.paths[0], opened.paths[1]);
  }
  if (opened.files.size() != 1) return {};
  const std::string second = fs::path(opened.paths[0]).replace_extension(extension).string();
  std::error_code error;
  if (second == opened.paths[0] || !fs::is_regular_file(second, error)) return {};
  auto file = map_file(second);
  if (!file) return std::unexpected(std::move(file.error()));
  opened.paths.push_back(second);
  opened.files.push_back(std::move(*file));
  return {};
}

Result<OpenedFiles> open_files(const ModelSpec& spec) {
  OpenedFiles opened{.paths = spec.paths, .files = {}, .found = std::nullopt, .beside = {}};
  std::error_code error;
  if (spec.paths.size() == 1 && fs::is_directory(spec.paths[0], error)) {
    const fs::path inside = fs::path(spec.paths[0]) / kSavedModel;
    auto file = map_file(inside.string());
    if (!file) {
      return fail(file.error().code, fmt::format("{} is a folder, and of folders only TensorFlow's "
                                                 "SavedModels are models: {}",
                                                 spec.paths[0], file.error().message));
    }
    opened.found = sniff(file->bytes());
    return opened;
  }
  for (const std::string& path : opened.paths) {
    auto file = map_file(path);
    if (!file) return std::unexpected(std::move(file.error()));
    opened.files.push_back(std::move(*file));
  }
  std::vector<Bytes> parts;
  parts.reserve(opened.files.size());
  for (const MappedFile& file : opened.files)
    parts.push_back(file.bytes());
  opened.found = sniff(parts);
  if (parts.size() > 1 && sniff(parts[0]) == GraphEncoding::kOnnx) {
    opened.found = GraphEncoding::kOnnx;
    opened.beside.assign(opened.paths.begin() + 1, opened.paths.end());
    opened.paths.resize(1);
    opened.files.resize(1);
  }
  // Models without weights have no second file.
  const bool is_ir = opened.found == GraphEncoding::kOpenvino;
  if (is_ir || opened.found == GraphEncoding::kPaddle) {
    if (auto ok = open_second(opened, is_ir ? ".bin" : ".pdiparams"); !ok) {
      return std::unexpected(std::move(ok.error()));
    }
  }
  return opened;
}

/// Of several files, none may be another model of its own.
Result<void> check_parts(const OpenedFiles& opened) {
  if (opened.files.size() < 2) return {};
  for (std::size_t i = 0; i < opened.files.size(); ++i) {
    const auto found = sniff(opened.files[i].bytes());
    if (!found || found == opened.found) continue;
    return fail(ErrorCode::kInvalidEncoding,
                fmt::format("{} is a whole model ({}), and together with {} it is none; name them "
                            "one at a time",
                            opened.paths[i], to_string(*found), opened.paths[i == 0 ? 1 : 0]));
  }
  return {};
}

/// What an ONNX model keeps in other files is in its folder, and what is named beside it is that.
Result<std::vector<std::string>> check_external_data(const OpenedFiles& opened) {
  std::error_code error;  // the current directory may be gone
  const fs::path folder = fs::absolute(opened.paths[0], error).parent_path();
  if (error) {
    return fail(ErrorCode::kModelNotFound,
                fmt::format("where {} lies cannot be told: {}", opened.paths[0], error.message()));
  }
  auto found = check_external_data_inside(opened.files[0].bytes(), folder);
  if (!found) return std::unexpected(std::move(found.error()));
  std::vector<std::string> external;
  for (const std::string& location : *found)
    external.push_back((folder / location).string());
  for (const std::string& path : opened.beside) {
    const bool used = std::ranges::any_of(
        external, [&](const std::string& one) { return fs::equivalent(one, path, error); });
    if (used) continue;
    return fail(ErrorCode::kInvalidEncoding,
                fmt::format("the ONNX model {} keeps no data in {}; beside the model itself only "
                            "files that it keeps data in can be named",
                            opened.paths[0], path));
  }
  return external;
}

Result<void> check_paddle_files(const OpenedFiles& opened) {
  if (opened.files.empty()) {
    return fail(ErrorCode::kInvalidEncoding,
                fmt::format("{} is a folder, and a Paddle model is named by its .pdmodel",
                            opened.paths[0]));
  }
  const auto program = check_paddle(opened.files[0].bytes());
  if (!program) return std::unexpected(program.error());
  if (opened.files.size() == 2) {
    return check_paddle_parameters(*program, opened.files[1].bytes());
  }
  if (program->parameters.empty()) return {};
  return fail(ErrorCode::kModelNotFound,
              fmt::format("the Paddle model {} has {} parameters, and there is no {}; name the "
                          "file after the model",
                          opened.paths[0], program->parameters.size(),
                          fs::path(opened.paths[0]).replace_extension(".pdiparams").string()));
}

/// A SavedModel is its folder or the file in that, a frozen graph any other file.
Result<void> check_tensorflow_file(const OpenedFiles& opened) {
  if (!opened.files.empty()) {
    const Bytes file = opened.files[0].bytes();
    return fs::path(opened.paths[0]).filename() == kSavedModel ? check_saved_model(file)
                                                               : check_tensorflow_graph(file);
  }
  auto file = map_file((fs::path(opened.paths[0]) / kSavedModel).string());
  if (!file) return std::unexpected(std::move(file.error()));
  return check_saved_model(file->bytes());
}

/// The parts of a split GGUF are found by the first one's name, so that no hash covers them.
Result<void> check_no_parts(const ModelSpec& spec, const OpenedFiles& opened) {
  if (spec.sha256.empty() || opened.files.empty()) return {};
  const Bytes model = opened.files[0].bytes();
  const auto facts = read_gguf_facts(model, model.size());
  if (!facts || !*facts) return {};  // whoever loads it says what is wrong
  const auto parts = (*facts)->numbers.find("split.count");
  if (parts == (*facts)->numbers.end() || parts->second <= 1) return {};
  return fail(ErrorCode::kSecurity,
              fmt::format("the sha256 of {} says nothing of the {} files that its model is split "
                          "into; join them to one, with its hash",
                          opened.paths[0], parts->second));
}

}  // namespace

Result<OpenedFiles> open_model_files(const ModelSpec& spec, GraphEncoding& encoding) {
  if (spec.paths.empty()) {
    encoding = GraphEncoding::kEcho;
    if (spec.encoding == encoding) return OpenedFiles{};
    return fail(ErrorCode::kInvalidArgument,
                fmt::format("the model \"{}\" names no file", spec.name));
  }
  auto opened = open_files(spec);
  if (!opened) return opened;
  if (auto ok = check_parts(*opened); !ok) return std::unexpected(std::move(ok.error()));
  auto decided = decide_format(spec.encoding, opened->found);
  if (!decided) {
    decided.error().message = fmt::format("{}: {}", spec.paths[0], decided.error().message);
    return std::unexpected(std::move(decided.error()));
  }
  encoding = *decided;
  return opened;
}

Result<void> check_no_variables(const ModelSpec& spec, const OpenedFiles& opened,
                                GraphEncoding encoding) {
  if (encoding != GraphEncoding::kTensorflow || opened.files.empty() || spec.sha256.empty()) {
    return {};
  }
  const fs::path file = opened.paths[0];
  const fs::path variables = file.parent_path() / "variables";
  std::error_code error;
  if (file.filename() != kSavedModel ||
      fs::symlink_status(variables, error).type() == fs::file_type::not_found) {
    return {};
  }
  return fail(ErrorCode::kSecurity,
              fmt::format("the sha256 of {} says nothing of {}, which would be read with it; name "
                          "the folder, with the folder's hash",
                          opened.paths[0], variables.string()));
}

Result<void> check_model_files(const ModelSpec& spec, const OpenedFiles& opened,
                               GraphEncoding encoding) {
  std::vector<std::string> read = opened.paths;
  if (encoding == GraphEncoding::kOnnx) {
    if (opened.files.size() != 1) {
      return fail(
          ErrorCode::kInvalidEncoding,
          fmt::format("an ONNX model is one file, and after it those that it keeps data in; "
                      "{} were given and the first is no ONNX",
                      opened.paths.size()));
    }
    const auto external = check_external_data(opened);
    if (!external) return std::unexpected(external.error());
    read.insert(read.end(), external->begin(), external->end());
  }
  if (encoding == GraphEncoding::kPytorch && opened.files.size() == 1) {
    if (auto ok = check_torchscript(opened.files[0].bytes()); !ok) return ok;
  }
  if (encoding == GraphEncoding::kPaddle) {
    if (auto ok = check_paddle_files(opened); !ok) return ok;
  }
  if (encoding == GraphEncoding::kTensorflow) {
    if (auto ok = check_tensorflow_file(opened); !ok) return ok;
  }
  if (auto ok = check_no_variables(spec, opened, encoding); !ok) return ok;
  if (encoding == GraphEncoding::kGgml) {
    if (auto ok = check_no_parts(spec, opened); !ok) return ok;
  }
  return check_that_hashes_cover(spec, read);
}

}  // namespace nacre
