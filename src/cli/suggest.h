// "Did you mean …?" for misspelled options, sub-commands and values.
#ifndef NACRE_SRC_CLI_SUGGEST_H_
#define NACRE_SRC_CLI_SUGGEST_H_

#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace nacre::cli {

/// The candidate nearest to `word`, if one is near enough to be meant: a third of its letters may
/// be wrong, or it begins with the word (three letters or more).
[[nodiscard]] std::optional<std::string> nearest(std::string_view word,
                                                 std::span<const std::string> candidates);

/// "; did you mean --timeout?", or nothing.
[[nodiscard]] std::string did_you_mean(std::string_view word,
                                       std::span<const std::string> candidates);

}  // namespace nacre::cli

#endif  // NACRE_SRC_CLI_SUGGEST_H_
