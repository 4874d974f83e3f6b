// The words of --dialect, in the order of DialectChoice.
#ifndef NACRE_SRC_CLI_DIALECTS_H_
#define NACRE_SRC_CLI_DIALECTS_H_

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <array>
#include <string>
#include <string_view>

namespace nacre::cli {

inline constexpr std::array<std::string_view, 7> kDialects = {
    "auto", "witx", "wasmedge", "wamr", "legacy", "wit", "wamr-legacy"};
/// "auto|witx|…", as add_value() takes them.
inline std::string dialect_words() {
  return fmt::format("{}", fmt::join(kDialects, "|"));
}

}  // namespace nacre::cli

#endif  // NACRE_SRC_CLI_DIALECTS_H_
