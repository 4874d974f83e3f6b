// "Did you mean …?" for misspelled words.
#ifndef NACRE_SRC_BASE_CLOSEST_MATCH_H_
#define NACRE_SRC_BASE_CLOSEST_MATCH_H_

#include <cstddef>
#include <optional>
#include <span>
#include <string_view>

namespace nacre {

/// How many letters must be added, removed, replaced or swapped with their neighbour to make one
/// word of the other, without regard to ASCII case.
[[nodiscard]] std::size_t edit_distance(std::string_view a, std::string_view b);

/// The candidate nearest to `word`, if one is near enough for a slip of the finger: a third of its
/// letters at most, and never all of them; or the candidate begins with it, three letters or more.
[[nodiscard]] std::optional<std::string_view> closest_match(
    std::string_view word, std::span<const std::string_view> candidates);

}  // namespace nacre

#endif  // NACRE_SRC_BASE_CLOSEST_MATCH_H_
