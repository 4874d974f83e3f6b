#include "segments.h"

#include <algorithm>
#include <optional>

namespace vad {

std::vector<Segment> segments(std::span<const float> probabilities, std::size_t samples,
                              float threshold) {
  constexpr std::size_t kShortestSpeech = kRate / 4;
  constexpr std::size_t kShortestSilence = kRate / 10;
  constexpr std::size_t kPadding = kRate * 3 / 100;
  const float silence_below = std::max(threshold - 0.15f, 0.01f);

  std::vector<Segment> found;
  std::optional<std::size_t> begin;
  std::optional<std::size_t> silent_since;
  const auto close = [&](std::size_t end) {
    if (end - *begin > kShortestSpeech) found.push_back({*begin, end});
    begin.reset();
    silent_since.reset();
  };
  for (std::size_t i = 0; i < probabilities.size(); ++i) {
    const std::size_t at = i * kChunk;
    if (probabilities[i] >= threshold) {
      silent_since.reset();
      if (!begin) begin = at;
    } else if (begin && probabilities[i] < silence_below) {
      if (!silent_since) silent_since = at;
      if (at - *silent_since >= kShortestSilence) close(*silent_since);
    }
  }
  if (begin) close(samples);

  for (std::size_t i = 0; i < found.size(); ++i) {
    Segment& one = found[i];
    if (i == 0) one.begin -= std::min(one.begin, kPadding);
    if (i + 1 == found.size()) {
      one.end = std::min(samples, one.end + kPadding);
      continue;
    }
    Segment& next = found[i + 1];
    const std::size_t gap = next.begin - one.end;
    const std::size_t each = gap < 2 * kPadding ? gap / 2 : kPadding;
    one.end += each;
    next.begin -= each;
  }
  return found;
}

}  // namespace vad
