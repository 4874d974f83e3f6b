// JSON schemas: a look at one before llama.cpp's converter sees it.
#ifndef NACRE_BACKENDS_LLAMA_SCHEMA_H_
#define NACRE_BACKENDS_LLAMA_SCHEMA_H_

#include <nacre/error.h>

#include <cstddef>
#include <string>
#include <string_view>

namespace nacre::llama {

inline constexpr std::size_t kMaxSchemaBytes = std::size_t{64} << 10;
inline constexpr std::size_t kMaxSchemaDepth = 64;

/// Bytes, depth (of [ and {, and of parentheses within a string, where a pattern may be), and
/// whether it is JSON at all. Errors: kTooLarge, kInvalidArgument.
[[nodiscard]] Result<void> check_schema(std::string_view schema);

/// Turns a schema that was checked into GBNF, in a process of its own: the converter recurses
/// through what a schema refers to, and ends the process on some. `helper` is that program.
/// kInvalidArgument when the converter refuses it or does not survive it.
[[nodiscard]] Result<std::string> schema_to_gbnf(const std::string& helper,
                                                 std::string_view schema);

}  // namespace nacre::llama

#endif  // NACRE_BACKENDS_LLAMA_SCHEMA_H_
