#include "model_text.h"

#include <charconv>
#include <optional>
#include <utility>

namespace nacre::echo {
namespace {

template <typename T>
std::optional<T> parse_number(std::string_view text) {
  T value{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return value;
}

std::string_view next_word(std::string_view& rest) {
  const auto start = rest.find_first_not_of(' ');
  rest.remove_prefix(start == std::string_view::npos ? rest.size() : start);
  const auto end = std::min(rest.find(' '), rest.size());
  const std::string_view word = rest.substr(0, end);
  rest.remove_prefix(end);
  return word;
}

std::unexpected<Error> wrong(std::size_t line, std::string_view what) {
  return fail(ErrorCode::kInvalidEncoding,
              "echo model, line " + std::to_string(line) + ": " + std::string(what));
}

std::string quoted(std::string_view word) {
  return '"' + std::string(word.substr(0, 80)) + '"';
}

/// An empty optional is the unknown rank "any".
std::optional<std::optional<Shape>> parse_shape(std::string_view text) {
  if (text == "any") return std::optional<Shape>{};
  Shape shape;
  if (text.empty() || text == "scalar") return shape;
  for (;;) {
    const auto comma = text.find(',');
    const std::string_view word = text.substr(0, comma);
    const auto dim =
        word == "?" ? std::optional<std::int64_t>(-1) : parse_number<std::int64_t>(word);
    if (!dim || (*dim < 0 && word != "?") || shape.rank() == kMaxRank) return std::nullopt;
    shape.push_back(*dim);
    if (comma == std::string_view::npos) return shape;
    text.remove_prefix(comma + 1);
  }
}

Result<void> parse_input(std::size_t line, std::string_view rest, Model& model) {
  TensorDescription input;
  input.name = next_word(rest);
  const std::string_view type = next_word(rest);
  const std::string_view shape = next_word(rest);
  if (input.name.empty() || type.empty() || !next_word(rest).empty()) {
    return wrong(line, "wanted: input NAME TYPE SHAPE");
  }
  if (type != "unknown") {
    const auto known = parse_tensor_type(type);
    if (!known) return wrong(line, quoted(type) + " is no element type (f32, u8, i64, …, unknown)");
    input.type = *known;
  }
  const auto dims = parse_shape(shape);
  if (!dims) {
    return wrong(line, quoted(shape) + " is no shape (1,3,? or scalar or any, at most " +
                           std::to_string(kMaxRank) + " dimensions)");
  }
  input.shape = *dims;
  for (const TensorDescription& other : model.inputs) {
    if (other.name == input.name) return wrong(line, quoted(input.name) + " is there twice");
  }
  if (model.inputs.size() == kMaxInputs) {
    return wrong(line, "more than " + std::to_string(kMaxInputs) + " inputs");
  }
  model.inputs.push_back(std::move(input));
  return {};
}

Result<void> parse_line(std::size_t line, std::string_view text, Model& model) {
  std::string_view rest = text;
  const std::string_view word = next_word(rest);
  if (word.empty() || word.starts_with('#')) return {};
  if (word == "input") return parse_input(line, rest, model);
  if (word == "fail") {
    rest.remove_prefix(std::min(rest.find_first_not_of(' '), rest.size()));
    model.fail = true;
    model.message = rest;
    return {};
  }
  if (word == "sleep_ms") {
    const auto ms = parse_number<std::uint64_t>(next_word(rest));
    if (!ms || *ms > kMaxSleepMs) {
      return wrong(line, "sleep_ms wants a number up to " + std::to_string(kMaxSleepMs));
    }
    model.sleep_ms = *ms;
  } else if (word == "text") {
    const auto words = parse_number<std::uint64_t>(next_word(rest));
    if (!words || *words < 8 || *words > kMaxTextWords) {
      return wrong(line, "text wants a number from 8 to " + std::to_string(kMaxTextWords));
    }
    model.text_words = *words;
  } else if (word == "hang") {
    model.hang = true;
  } else if (word == "throw") {
    model.throws = true;
  } else if (word == "wrong_shape") {
    model.wrong_shape = true;
  } else if (word == "async") {
    model.async = true;
  } else if (word == "chatless") {
    model.chatless = true;
  } else if (word == "deaf") {
    model.deaf = true;
  } else {
    return wrong(line, quoted(word) + " is not known here");
  }
  if (!next_word(rest).empty()) return wrong(line, quoted(word) + " is followed by too much");
  return {};
}

}  // namespace

Result<Model> parse_model(std::string_view text) {
  Model model;
  std::size_t line = 0;
  while (line == 0 || !text.empty()) {
    const auto end = text.find('\n');
    std::string_view row = text.substr(0, end);
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
    if (row.ends_with('\r')) row.remove_suffix(1);
    if (++line == 1) {
      if (row != kFirstLine) return wrong(1, "wanted: " + std::string(kFirstLine));
      continue;
    }
    if (auto ok = parse_line(line, row, model); !ok) return std::unexpected(std::move(ok.error()));
  }
  if (model.text_words != 0) {
    if (!model.inputs.empty()) return wrong(line, "a text model has no input lines");
    const Shape any({std::int64_t{-1}});
    model.inputs.push_back({.name = "prompt", .type = TensorType::kU8, .shape = any, .note = {}});
    model.outputs.push_back(
        {.name = "response", .type = TensorType::kU8, .shape = any, .note = {}});
    return model;
  }
  model.outputs = model.inputs;
  if (model.inputs.empty()) {
    model.inputs.push_back({.name = "input", .type = {}, .shape = {}, .note = {}});
    model.outputs.push_back({.name = "output", .type = {}, .shape = {}, .note = {}});
  }
  return model;
}

}  // namespace nacre::echo
