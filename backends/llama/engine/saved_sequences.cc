#include "saved_sequences.h"

#include <algorithm>
#include <new>
#include <utility>

namespace nacre::llama {

std::unique_ptr<std::uint8_t[]> SavedSequences::room_for(std::size_t size) {
  if (size == 0 || size > most_) return nullptr;
  while (bytes_ + size > most_) {
    bytes_ -= saved_.front().size;
    saved_.pop_front();
  }
  return std::unique_ptr<std::uint8_t[]>(new (std::nothrow) std::uint8_t[size]);
}

void SavedSequences::put(Saved saved) {
  forget(*saved.of);
  bytes_ += saved.size;
  saved_.push_back(std::move(saved));
}

std::optional<SavedSequences::Saved> SavedSequences::take(const Sequence& sequence) noexcept {
  const auto it = std::ranges::find(saved_, &sequence, &Saved::of);
  if (it == saved_.end()) return std::nullopt;
  std::optional<Saved> taken(std::move(*it));
  bytes_ -= taken->size;
  saved_.erase(it);
  return taken;
}

void SavedSequences::forget(const Sequence& sequence) noexcept {
  static_cast<void>(take(sequence));
}

}  // namespace nacre::llama
