// Which contents of two slots should change places so that texts under way lie side by side.
//
// llama.cpp takes into one pass over the weights only sequences whose numbers follow one another
// (its split_equal). Texts in slots 0, 3 and 6 cost three passes a step, as if nobody had company.
#ifndef NACRE_BACKENDS_LLAMA_ENGINE_NEIGHBOURS_H_
#define NACRE_BACKENDS_LLAMA_ENGINE_NEIGHBOURS_H_

#include <cstddef>
#include <optional>
#include <span>

namespace nacre::llama {

struct SlotUse {
  bool flowing = false;    ///< its text takes part in most steps
  std::size_t tokens = 0;  ///< that would have to be copied
};

struct Exchange {
  std::size_t flowing = 0;  ///< this slot's content goes
  std::size_t other = 0;    ///< here, and the other way round
  std::size_t tokens = 0;   ///< in both
};

/// The next step towards the row of slots that costs least to fill with all who flow; nothing when
/// they lie side by side, or fewer than two flow.
[[nodiscard]] std::optional<Exchange> towards_neighbours(std::span<const SlotUse> slots);

}  // namespace nacre::llama

#endif  // NACRE_BACKENDS_LLAMA_ENGINE_NEIGHBOURS_H_
