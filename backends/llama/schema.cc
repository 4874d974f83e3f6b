#include "schema.h"

#include "child.h"

#include <nlohmann/json.hpp>

#include <algorithm>

namespace nacre::llama {

Result<void> check_schema(std::string_view schema) {
  if (schema.size() > kMaxSchemaBytes) {
    return fail(ErrorCode::kTooLarge, "\"json-schema\" has " + std::to_string(schema.size()) +
                                          " bytes, and the limit is " +
                                          std::to_string(kMaxSchemaBytes));
  }
  std::size_t depth = 0;
  std::size_t parentheses = 0;
  bool in_string = false;
  for (std::size_t i = 0; i < schema.size(); ++i) {
    const char c = schema[i];
    if (in_string) {
      if (c == '\\') ++i;
      if (c == '"') in_string = false;
      if (c == '(') ++parentheses;
      if (c == ')' && parentheses > 0) --parentheses;
    } else if (c == '"') {
      in_string = true;
      parentheses = 0;
    } else if (c == '{' || c == '[') {
      ++depth;
    } else if ((c == '}' || c == ']') && depth > 0) {
      --depth;
    }
    if (depth > kMaxSchemaDepth || parentheses > kMaxSchemaDepth) {
      return fail(ErrorCode::kTooLarge,
                  "\"json-schema\" is nested deeper than " + std::to_string(kMaxSchemaDepth));
    }
  }
  if (!nlohmann::json::accept(schema)) {
    return fail(ErrorCode::kInvalidArgument, "\"json-schema\" is not JSON");
  }
  return {};
}

Result<std::string> schema_to_gbnf(const std::string& helper, std::string_view schema) {
  auto child = run_child(helper, "schema", std::as_bytes(std::span(schema)),
                         {.seconds = 5,
                          .cpu_seconds = 5,
                          .memory_bytes = std::uint64_t{1} << 30,
                          .max_output = std::size_t{1} << 20});
  if (!child) return std::unexpected(std::move(child.error()));
  if (child->survived) return std::move(child->output);
  return fail(ErrorCode::kInvalidArgument,
              "\"json-schema\" cannot be turned into a grammar: " +
                  (child->output.empty() ? child->how : child->output.substr(0, 500)));
}

}  // namespace nacre::llama
