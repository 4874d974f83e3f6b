#include "neighbours.h"

#include <algorithm>
#include <limits>

namespace nacre::llama {

std::optional<Exchange> towards_neighbours(std::span<const SlotUse> slots) {
  const auto flowing = static_cast<std::size_t>(std::ranges::count_if(slots, &SlotUse::flowing));
  if (flowing < 2) return std::nullopt;
  // Who flows outside a row must come in, and who is idle in it must go out.
  const auto misplaced = [&](std::size_t slot, std::size_t row) {
    const bool inside = slot >= row && slot < row + flowing;
    return slots[slot].flowing != inside;
  };
  std::size_t best = 0;
  std::size_t least = std::numeric_limits<std::size_t>::max();
  for (std::size_t row = 0; row + flowing <= slots.size(); ++row) {
    std::size_t tokens = 0;
    for (std::size_t slot = 0; slot < slots.size(); ++slot)
      tokens += misplaced(slot, row) ? 1 + slots[slot].tokens : 0;  // fewer exchanges if all is one
    if (tokens >= least) continue;
    least = tokens;
    best = row;
  }
  std::optional<std::size_t> in;
  std::optional<std::size_t> out;
  for (std::size_t slot = 0; slot < slots.size(); ++slot) {
    if (!misplaced(slot, best)) continue;
    std::optional<std::size_t>& which = slots[slot].flowing ? in : out;
    if (!which || slots[slot].tokens < slots[*which].tokens) which = slot;
  }
  if (!in || !out) return std::nullopt;
  return Exchange{.flowing = *in, .other = *out, .tokens = slots[*in].tokens + slots[*out].tokens};
}

}  // namespace nacre::llama
