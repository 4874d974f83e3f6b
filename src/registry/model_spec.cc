// Every spelling of "name = files, encoding, target, options" on a command line.

#include <nacre/registry.h>

#include "base/lower_case.h"
#include "base/sha256.h"
#include "registry/model_values.h"

#include <fmt/format.h>
#include <algorithm>
#include <array>
#include <expected>
#include <filesystem>
#include <span>
#include <utility>

namespace nacre {
namespace {

constexpr std::array<std::string_view, 9> kKeys = {"encoding", "target",  "backend",
                                                   "threads",  "streams", "precision",
                                                   "preload",  "config",  "sha256"};

std::unexpected<Error> wrong(std::string_view text, std::string_view what) {
  return fail(ErrorCode::kInvalidArgument, fmt::format("in the model \"{}\": {}", text, what));
}

std::vector<std::string_view> split(std::string_view text, char separator) {
  std::vector<std::string_view> parts;
  for (;;) {
    const auto end = text.find(separator);
    parts.push_back(text.substr(0, end));
    if (end == std::string_view::npos) return parts;
    text.remove_prefix(end + 1);
  }
}

using Wanted = std::expected<void, std::string>;

Wanted set_hashes(ModelSpec& spec, std::string_view value) {
  for (const std::string_view hash : split(value, ':')) {
    if (!parse_sha256(hash)) {
      return std::unexpected("64 hexadecimal digits for each path, with colons between them");
    }
    spec.sha256.emplace_back(hash);
  }
  return {};
}

template <typename T>
Wanted put(T& into, std::expected<T, std::string> value) {
  if (!value) return std::unexpected(std::move(value.error()));
  into = *value;
  return {};
}

// The error is what is wanted instead of the value.
Wanted set(ModelSpec& spec, std::string_view key, std::string_view value) {
  if (key == "encoding") return put(spec.encoding, encoding_of(value));
  if (key == "target") return put(spec.target, target_of(value));
  if (key == "precision") return put(spec.precision, precision_of(value));
  if (key == "threads") return put(spec.threads, count_of(value));
  if (key == "streams") return put(spec.streams, count_of(value));
  if (key == "sha256") return set_hashes(spec, value);
  if (key == "preload") {
    constexpr std::array<std::string_view, 2> kAnswers = {"true", "false"};
    if (value != kAnswers[0] && value != kAnswers[1]) {
      return std::unexpected(choices(value, kAnswers));
    }
    spec.preload = value == kAnswers[0];
  } else if (key == "backend") {
    if (value.empty()) return std::unexpected("a backend's name");
    spec.backend = value;
  } else if (key == "config") {
    spec.config = value;
  } else {
    spec.options.push_back({std::string(key), std::string(value)});
  }
  return {};
}

Result<void> parse_option(std::string_view text, std::string_view option, ModelSpec& spec,
                          std::vector<std::string_view>& seen) {
  const auto equals = option.find('=');
  if (equals == std::string_view::npos || equals == 0) {
    return wrong(text, fmt::format("\"{}\" is no option; KEY=VALUE is wanted, where a path may not "
                                   "contain a comma",
                                   option));
  }
  const std::string_view key = option.substr(0, equals);
  for (const std::string_view earlier : seen) {
    if (earlier == key) return wrong(text, fmt::format("\"{}\" is there twice", key));
  }
  // Other keys are the backend's, so only what is one slip away from ours is taken for ours.
  if (const auto known = slip_of(key, kKeys)) {
    return wrong(text, fmt::format("there is no option \"{}\"; did you mean \"{}\"?", key, *known));
  }
  seen.push_back(key);
  const std::string_view value = option.substr(equals + 1);
  if (auto ok = set(spec, key, value); !ok) {
    return wrong(text,
                 fmt::format("{}=\"{}\" is not understood; wanted: {}", key, value, ok.error()));
  }
  return {};
}

}  // namespace

Result<ModelSpec> parse_model_spec(std::string_view text) {
  const auto equals = text.find('=');
  const std::vector<std::string_view> fields =
      split(equals == std::string_view::npos ? std::string_view{} : text.substr(equals + 1), ',');
  if (equals == std::string_view::npos || equals == 0) {
    return wrong(text, "NAME=FILE is wanted, for example net=model.onnx");
  }
  ModelSpec spec;
  spec.name = text.substr(0, equals);
  if (fields[0] == "@echo") {
    spec.encoding = GraphEncoding::kEcho;
  } else {
    for (const std::string_view path : split(fields[0], ':')) {
      if (path.empty()) {
        return wrong(text, "a path is empty; NAME=FILE or NAME=FILE:FILE is wanted");
      }
      spec.paths.emplace_back(path);
    }
  }
  std::vector<std::string_view> seen;
  for (std::size_t i = 1; i < fields.size(); ++i) {
    auto ok = parse_option(text, fields[i], spec, seen);
    if (!ok) return std::unexpected(std::move(ok.error()));
  }
  if (spec.paths.empty() && spec.encoding != GraphEncoding::kEcho) {
    return wrong(text, "@echo is the built-in echo model, whose encoding is echo");
  }
  if (!spec.sha256.empty() && spec.sha256.size() != spec.paths.size()) {
    return wrong(text, fmt::format("there are {} hashes for {} paths; each path wants its own",
                                   spec.sha256.size(), spec.paths.size()));
  }
  return spec;
}

Result<ModelSpec> parse_nn_graph(std::string_view text) {
  const auto colons = text.find("::");
  if (colons == std::string_view::npos || colons == 0 || colons + 2 == text.size()) {
    return wrong(text, "ENCODING::DIR is wanted, for example onnx::fixture");
  }
  const std::string_view encoding = text.substr(0, colons);
  const auto known = parse_graph_encoding(encoding);
  struct Layout {
    GraphEncoding encoding;
    std::vector<const char*> files;
  };
  const std::array<Layout, 3> layouts{{{GraphEncoding::kOnnx, {"model.onnx"}},
                                       {GraphEncoding::kOpenvino, {"model.xml", "model.bin"}},
                                       {GraphEncoding::kPytorch, {"model.pt"}}}};
  namespace fs = std::filesystem;
  fs::path dir = fs::path(text.substr(colons + 2)).lexically_normal();
  if (!dir.has_filename()) dir = dir.parent_path();
  const std::string name = dir.filename().string();
  if (name.empty() || name == "." || name == "..") {
    return wrong(text, "the graph is named after its folder, and this path does not end in a name");
  }
  for (const Layout& layout : layouts) {
    if (known != layout.encoding) continue;
    ModelSpec spec;
    spec.name = name;
    spec.encoding = layout.encoding;
    for (const char* file : layout.files)
      spec.paths.push_back((dir / file).string());
    return spec;
  }
  constexpr std::array<std::string_view, 3> kEncodings = {"onnx", "openvino", "pytorch"};
  return wrong(text, fmt::format("\"{}\" is no encoding with fixed file names; wanted: {}",
                                 encoding, choices(encoding, kEncodings)));
}

namespace {

// What WasmEdge preloads beside the formats that Nacre has names for.
constexpr std::array<std::string_view, 7> kOtherEncodings = {
    "neuralspeed", "whisper", "mlx", "piper", "chattts", "openvinogenai", "bitnet"};

// The encodings without what only Nacre says; tensorflow-lite is another spelling of one of them.
std::expected<GraphEncoding, std::string> encoding_of_others(std::string_view text) {
  std::string word = to_lower(text);
  std::erase(word, '-');
  if (std::ranges::find(kOtherEncodings, word) != kOtherEncodings.end()) {
    return std::unexpected(
        fmt::format("\"{}\" is an encoding that Nacre has no runtime for", text));
  }
  const auto encoding = encoding_of(word);
  constexpr std::span<const std::string_view> kNames(kGraphEncodingNames);
  static_assert(kNames[7] == to_string(GraphEncoding::kEcho), "what follows only Nacre says");
  if (encoding && *encoding < GraphEncoding::kEcho) return encoding;
  return std::unexpected(
      fmt::format("\"{}\" is no encoding; wanted: {}", text, choices(word, kNames.first(7))));
}

// NAME:ENCODING:TARGET:PATH[:PATH…], which two hosts have under different flags.
Result<ModelSpec> parse_fields(std::string_view text, std::string_view example) {
  const auto misses = [&](std::string_view what) {
    return wrong(
        text, fmt::format("{}; NAME:ENCODING:TARGET:PATH[:PATH…] is wanted, for example {}", what,
                          example));
  };
  const std::vector<std::string_view> fields = split(text, ':');
  if (fields.size() < 4) {
    return misses(fmt::format("there {} {} field{}", fields.size() == 1 ? "is" : "are",
                              fields.size(), fields.size() == 1 ? "" : "s"));
  }
  if (fields[0].empty()) return misses("the name is empty");
  ModelSpec spec;
  spec.name = fields[0];
  const auto encoding = encoding_of_others(fields[1]);
  if (!encoding) return misses(encoding.error());
  spec.encoding = *encoding;
  const auto target = target_of(fields[2]);
  if (!target) {
    return misses(fmt::format("\"{}\" is no target; wanted: {}", fields[2], target.error()));
  }
  spec.target = *target;
  if (spec.encoding == GraphEncoding::kGgml) {
    spec.paths.emplace_back(fields[3].data(), text.data() + text.size());
  } else {
    spec.paths.assign(fields.begin() + 3, fields.end());
  }
  for (const std::string& path : spec.paths) {
    if (path.empty()) return misses("a path is empty");
  }
  return spec;
}

}  // namespace

Result<ModelSpec> parse_nn_preload(std::string_view text) {
  return parse_fields(text, "default:GGML:AUTO:model.gguf");
}

Result<ModelSpec> parse_wamr_graph(std::string_view text) {
  return parse_fields(text, "net:onnx:cpu:model.onnx");
}

}  // namespace nacre
