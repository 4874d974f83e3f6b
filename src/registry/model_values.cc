#include "registry/model_values.h"

#include "base/closest_match.h"
#include "base/lower_case.h"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <algorithm>
#include <array>
#include <charconv>
#include <utility>

namespace nacre {

std::string choices(std::string_view word, std::span<const std::string_view> known) {
  const auto near = closest_match(word, known);
  return fmt::format("{}one of: {}", near ? fmt::format("did you mean \"{}\"? ", *near) : "",
                     fmt::join(known, ", "));
}

std::expected<GraphEncoding, std::string> encoding_of(std::string_view text) {
  const auto encoding = parse_graph_encoding(text);
  if (encoding) return *encoding;
  // Words of the field that wasi:nn has others for.
  constexpr std::array<std::pair<std::string_view, std::string_view>, 5> kOthers = {
      {{"gguf", "ggml"},
       {"tflite", "tensorflowlite"},
       {"torch", "pytorch"},
       {"torchscript", "pytorch"},
       {"ir", "openvino"}}};
  const auto other = std::ranges::find(kOthers, to_lower(text),
                                       &std::pair<std::string_view, std::string_view>::first);
  return std::unexpected(
      choices(other == kOthers.end() ? text : other->second, kGraphEncodingNames));
}

std::expected<ExecutionTarget, std::string> target_of(std::string_view text) {
  const auto target = parse_execution_target(text);
  if (!target) return std::unexpected(choices(text, kExecutionTargetNames));
  return *target;
}

std::expected<Precision, std::string> precision_of(std::string_view text) {
  constexpr std::array<std::string_view, 2> kPrecisions = {"model", "fast"};
  if (text == kPrecisions[0]) return Precision::kModel;
  if (text == kPrecisions[1]) return Precision::kFast;
  return std::unexpected(choices(text, kPrecisions));
}

std::expected<std::uint32_t, std::string> count_of(std::string_view text) {
  std::uint32_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc{} || end != text.data() + text.size() || number > kMostThreads) {
    return std::unexpected(fmt::format("a number from 0 to {}", kMostThreads));
  }
  return number;
}

std::optional<std::string_view> slip_of(std::string_view key,
                                        std::span<const std::string_view> ours) {
  for (const std::string_view known : ours) {
    if (key == known) return std::nullopt;
  }
  for (const std::string_view known : ours) {
    if (edit_distance(key, known) == 1) return known;
  }
  return std::nullopt;
}

}  // namespace nacre
