// The words of --dialect, in the order of DialectChoice.
#ifndef NACRE_SRC_CLI_DIALECTS_H_
#define NACRE_SRC_CLI_DIALECTS_H_

#include <array>
#include <string_view>

namespace nacre::cli {

inline constexpr std::array<std::string_view, 7> kDialects = {
    "auto", "witx", "wasmedge", "wamr", "legacy", "wit", "wamr-legacy"};
inline constexpr std::string_view kDialectWords = "auto|witx|wasmedge|wamr|legacy|wit|wamr-legacy";

}  // namespace nacre::cli

#endif  // NACRE_SRC_CLI_DIALECTS_H_
