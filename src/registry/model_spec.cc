// Every spelling of "name = files, encoding, target, options" on a command line.

#include <nacre/registry.h>

#include "base/closest_match.h"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <array>
#include <charconv>
#include <filesystem>
#include <utility>

namespace nacre {
namespace {

constexpr std::array<std::string_view, 8> kKeys = {"encoding", "target",    "backend", "threads",
                                                   "streams",  "precision", "preload", "config"};

std::unexpected<Error> wrong(std::string_view text, std::string_view what) {
  return fail(ErrorCode::kInvalidArgument, fmt::format("in the model \"{}\": {}", text, what));
}

/// "…; known: a, b", with the nearest one in front where one is near.
std::string choices(std::string_view word, std::span<const std::string_view> known) {
  const auto near = closest_match(word, known);
  return fmt::format("{}one of: {}", near ? fmt::format("did you mean \"{}\"? ", *near) : "",
                     fmt::join(known, ", "));
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

// The error is what is wrong with the value, without saying where.
std::expected<std::uint32_t, std::string> parse_count(std::string_view value) {
  std::uint32_t number = 0;
  constexpr std::uint32_t kMost = 1024;
  const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), number);
  if (error != std::errc{} || end != value.data() + value.size() || number > kMost) {
    return std::unexpected(fmt::format("a number from 0 to {}", kMost));
  }
  return number;
}

std::expected<void, std::string> set(ModelSpec& spec, std::string_view key,
                                     std::string_view value) {
  if (key == "encoding") {
    const auto encoding = parse_graph_encoding(value);
    if (!encoding) return std::unexpected(choices(value, kGraphEncodingNames));
    spec.encoding = *encoding;
  } else if (key == "target") {
    const auto target = parse_execution_target(value);
    if (!target) return std::unexpected(choices(value, kExecutionTargetNames));
    spec.target = *target;
  } else if (key == "precision") {
    constexpr std::array<std::string_view, 2> kPrecisions = {"model", "fast"};
    if (value != kPrecisions[0] && value != kPrecisions[1]) {
      return std::unexpected(choices(value, kPrecisions));
    }
    spec.precision = value == kPrecisions[1] ? Precision::kFast : Precision::kModel;
  } else if (key == "preload") {
    constexpr std::array<std::string_view, 2> kAnswers = {"true", "false"};
    if (value != kAnswers[0] && value != kAnswers[1]) {
      return std::unexpected(choices(value, kAnswers));
    }
    spec.preload = value == kAnswers[0];
  } else if (key == "threads" || key == "streams") {
    const auto number = parse_count(value);
    if (!number) return std::unexpected(number.error());
    (key == "threads" ? spec.threads : spec.streams) = *number;
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
  for (const std::string_view known : kKeys) {
    if (key != known && edit_distance(key, known) == 1) {
      return wrong(text,
                   fmt::format("there is no option \"{}\"; did you mean \"{}\"?", key, known));
    }
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

}  // namespace nacre
