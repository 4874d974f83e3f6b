#include "cli/suggest.h"

#include <algorithm>
#include <vector>

namespace nacre::cli {

std::size_t edit_distance(std::string_view a, std::string_view b) {
  // Three rows of the usual table are enough to see a swap of neighbours.
  std::vector<std::size_t> before;
  std::vector<std::size_t> last(b.size() + 1);
  std::vector<std::size_t> row(b.size() + 1);
  for (std::size_t j = 0; j <= b.size(); ++j)
    last[j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t cost = a[i - 1] == b[j - 1] ? 0 : 1;
      row[j] = std::min({last[j] + 1, row[j - 1] + 1, last[j - 1] + cost});
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1]) {
        row[j] = std::min(row[j], before[j - 2] + 1);
      }
    }
    before = last;
    std::swap(last, row);
  }
  return last[b.size()];
}

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
