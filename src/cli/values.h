// The spellings of option values: folders, durations, sizes, variables, Wasmtime's -S lists.
//
// Pure functions of their text (parse_env also reads the process's environment). Errors are
// kInvalidArgument; their sentences quote the part that is wrong and say what is accepted.
#ifndef NACRE_SRC_CLI_VALUES_H_
#define NACRE_SRC_CLI_VALUES_H_

#include <nacre/error.h>
#include <nacre/host.h>

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace nacre::cli {

/// Wasmtime's `HOST[::GUEST[::ro]]`, or with single colons WasmEdge's `GUEST:HOST[:readonly]`.
[[nodiscard]] Result<DirMapping> parse_dir(std::string_view text);

/// `5s`, `500ms`, `2m`, `1h`, or a bare number of seconds; fractions are fine, zero is not.
[[nodiscard]] Result<std::chrono::nanoseconds> parse_duration(std::string_view text);

/// `65536`, `64K`, `64M`, `1GiB`: the units are powers of 1024.
[[nodiscard]] Result<std::uint64_t> parse_byte_size(std::string_view text);

/// A plain number, from 1 up.
[[nodiscard]] Result<std::uint64_t> parse_count(std::string_view text);

/// `NAME=VALUE`, or `NAME` alone: the value this process has (nullopt when it has none).
[[nodiscard]] Result<std::optional<std::pair<std::string, std::string>>> parse_env(
    std::string_view text);

/// `ENCODING=NAME`: who reads a format by default. That there is such a backend is not looked at.
[[nodiscard]] Result<std::pair<GraphEncoding, std::string>> parse_default_backend(
    std::string_view text);

/// What one `-S` option asks for; Wasmtime's other words are accepted or explained.
struct WasiOptions {
  std::vector<ModelSpec> models;  ///< from nn-graph=ENCODING::DIR
  bool inherit_env = false;
  bool nn_prompt = false;
};
[[nodiscard]] Result<WasiOptions> parse_wasi_options(std::string_view text);

}  // namespace nacre::cli

#endif  // NACRE_SRC_CLI_VALUES_H_
