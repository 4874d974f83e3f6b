#include "cli/suggest.h"

#include <algorithm>

#include "base/closest_match.h"

namespace nacre::cli {

std::optional<std::string> nearest(std::string_view word, std::span<const std::string> candidates) {
  const auto letters = [](std::string_view text) {
    text.remove_prefix(std::min(text.find_first_not_of('-'), text.size()));
    return text;
  };
  const std::string_view meant = letters(word);
  std::optional<std::string> best;
  std::size_t best_distance = 0;
  for (const std::string& candidate : candidates) {
    const std::string_view given = letters(candidate);
    std::size_t distance = edit_distance(meant, given);
    if (meant.size() >= 3 && given.starts_with(meant)) distance = 1;
    const std::size_t allowed = std::max<std::size_t>(1, std::max(meant.size(), given.size()) / 3);
    if (distance > allowed || (given.size() < 2 && distance > 0)) continue;
    if (!best || distance < best_distance) {
      best = candidate;
      best_distance = distance;
    }
  }
  return best;
}

std::string did_you_mean(std::string_view word, std::span<const std::string> candidates) {
  const auto candidate = nearest(word, candidates);
  return candidate ? "; did you mean " + *candidate + "?" : "";
}

}  // namespace nacre::cli
