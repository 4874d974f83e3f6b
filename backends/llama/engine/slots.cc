#include "slots.h"

#include <algorithm>
#include <new>
#include <utility>

namespace nacre::llama {
namespace {

// Fewer tokens are read sooner than copied, and are not worth their bytes.
constexpr std::size_t kWorthCopying = 32;

std::size_t common_prefix(const std::vector<llama_token>& a, const std::vector<llama_token>& b) {
  const auto [end, unused] = std::ranges::mismatch(a, b);
  return static_cast<std::size_t>(end - a.begin());
}

// The last token is read in any case: its logits are wanted.
std::size_t most_of(const Sequence& sequence) {
  return sequence.tokens.size() - 1;
}

}  // namespace

Slots::Slots(const Options& options, bool embedding, bool partial, llama_context* context,
             std::size_t count, std::size_t chunk)
    : options_(options),
      keeps_(options.prefix_cache != PrefixCache::kOff && !embedding),
      partial_(partial),
      context_(context),
      memory_(llama_get_memory(context)),
      chunk_(chunk),
      slots_(count),
      saved_(keeps_ ? options.saved_bytes : 0) {}

int Slots::find(const Sequence& sequence, Clock::time_point now) const {
  int best = -1;
  double best_value = 0;
  for (std::size_t i = 0; i < slots_.size(); ++i) {
    const Slot& slot = slots_[i];
    double value = 0;
    if (slot.holder == nullptr) {
      // What is in it may be ours to use; else the emptier and the older the better.
      const std::size_t common =
          may_share(slot, sequence) ? common_prefix(slot.cached, sequence.tokens) : 0;
      // At equal cost beside somebody whose text flows (neighbours.h).
      value = 1e9 + (beside_flowing(i) ? 1e7 : 0) +
              (common > 0 ? 1e9 + static_cast<double>(common) : 0) +
              (slot.cached.empty() ? 1e8 : 0);
    } else {
      const Sequence& holder = *slot.holder;
      if (holder.request.task != Task::kNone || holder.active || holder.in_batch) continue;
      if (holder.flowing && now - slot.last_used < kStreamHold) continue;
    }
    value += std::chrono::duration<double>(now - slot.last_used).count();
    if (best < 0 || value > best_value) {
      best = static_cast<int>(i);
      best_value = value;
    }
  }
  return best;
}

bool Slots::beside_flowing(std::size_t index) const noexcept {
  const auto flows = [this](std::size_t i) {
    return i < slots_.size() && slots_[i].holder != nullptr && slots_[i].holder->flowing;
  };
  return flows(index - 1) || flows(index + 1);
}

void Slots::give(Sequence& sequence, int index, Clock::time_point now,
                 std::unique_lock<std::mutex>& lock) {
  Slot& slot = slots_[static_cast<std::size_t>(index)];
  coming_ = saved_.take(sequence);  // else it might have to make room for what is saved now
  if (slot.holder != nullptr) save(index, lock);
  if (!may_share(slot, sequence)) keep_only(index, 0);
  slot.holder = &sequence;
  slot.owner = sequence.owner;
  slot.last_used = now;
  sequence.slot = index;
}

bool Slots::may_share(const Slot& slot, const Sequence& sequence) const noexcept {
  if (!keeps_) return false;
  switch (options_.prefix_cache) {
    case PrefixCache::kOff:
      return false;
    case PrefixCache::kOwner:
      return slot.holder == &sequence || (slot.owner == sequence.owner && sequence.owner != 0);
    case PrefixCache::kShared:
      return true;
  }
  return false;
}

// How a token was read, alone or among others, shows in the last bits of its values. So where texts
// are to be the same in any company, only what was read in whole chunks is used again.
std::size_t Slots::usable(std::size_t common, std::size_t whole) const noexcept {
  if (!options_.reproducible) return common;
  common = std::min(common, whole);
  return common - common % chunk_;
}

void Slots::reuse_prefix(Sequence& sequence, std::unique_lock<std::mutex>& lock) {
  Slot& own = of(sequence);
  const std::size_t most = most_of(sequence);
  std::size_t common = 0;
  if (keeps_) {
    common = usable(std::min(common_prefix(own.cached, sequence.tokens), most), own.whole);
    std::size_t best = common + kWorthCopying;
    const Slot* from = nullptr;
    for (const Slot& slot : slots_) {
      if (&slot == &own || !may_share(slot, sequence) || !partial_) continue;
      const std::size_t theirs =
          usable(std::min(common_prefix(slot.cached, sequence.tokens), most), slot.whole);
      if (theirs < best) continue;
      best = theirs;
      from = &slot;
    }
    const auto saved = std::exchange(coming_, std::nullopt);
    const std::size_t restorable =
        saved && saved->of == &sequence ? usable_of(*saved, sequence) : 0;
    if (restorable >= best) {
      restore(sequence, *saved, restorable, lock);
      sequence.cached = own.cached.size();
      return;
    }
    if (from != nullptr) {
      // Between two sequences' own parts of the cache only all of one can be copied.
      llama_memory_seq_rm(memory_, sequence.slot, -1, -1);
      llama_memory_seq_cp(memory_, static_cast<int>(from - slots_.data()), sequence.slot, -1, -1);
      own.cached = from->cached;
      own.whole = from->whole;
      common = best;
    }
  }
  keep_only(sequence.slot, common);
  sequence.cached = own.cached.size();
}

void Slots::keep_only(int index, std::size_t tokens) {
  Slot& slot = slots_[static_cast<std::size_t>(index)];
  if (tokens >= slot.cached.size() && tokens != 0) return;
  // Some memories, recurrent or with a window, cannot forget a part.
  if (tokens != 0 &&
      (!partial_ || !llama_memory_seq_rm(memory_, index, static_cast<llama_pos>(tokens), -1))) {
    tokens = 0;
  }
  if (tokens == 0 && memory_ != nullptr) llama_memory_seq_rm(memory_, index, -1, -1);
  slot.cached.resize(tokens);
  slot.whole = std::min(slot.whole, tokens - tokens % chunk_);
}

void Slots::has_read(const Sequence& sequence, std::size_t tokens) {
  Slot& slot = of(sequence);
  const std::size_t before = slot.cached.size();
  const auto from = sequence.tokens.begin() + static_cast<long>(before);
  slot.cached.insert(slot.cached.end(), from, from + static_cast<long>(tokens));
  if (slot.whole == before && tokens == chunk_ && slot.cached.size() <= sequence.prompt_size) {
    slot.whole = slot.cached.size();
  }
  slot.run = sequence.run;
  slot.last_used = Clock::now();
}

void Slots::forget_unfinished(const Sequence& sequence) {
  Slot& slot = of(sequence);
  const std::size_t before = slot.cached.size();
  slot.cached.resize(before + 1);  // some of the batch may be in the cache already
  keep_only(sequence.slot, before);
}

void Slots::leave(Sequence& sequence) noexcept {
  saved_.forget(sequence);
  if (being_saved_ == &sequence) being_saved_ = nullptr;
  if (sequence.slot < 0) return;
  of(sequence).holder = nullptr;
  sequence.slot = -1;
}

// ---- changing places

bool Slots::copy_out(std::size_t slot, Copy& copy) const {
  const auto sequence = static_cast<llama_seq_id>(slot);
  copy.size = llama_state_seq_get_size(context_, sequence);
  copy.bytes.reset(new (std::nothrow) std::uint8_t[copy.size]);
  return copy.size != 0 && copy.bytes != nullptr &&
         llama_state_seq_get_data(context_, copy.bytes.get(), copy.size, sequence) == copy.size;
}

bool Slots::copy_in(const Copy& copy, std::size_t slot) {
  const auto sequence = static_cast<llama_seq_id>(slot);
  llama_memory_seq_rm(memory_, sequence, -1, -1);
  if (copy.size == 0) return true;
  if (llama_state_seq_set_data(context_, copy.bytes.get(), copy.size, sequence) != 0) return true;
  llama_memory_seq_rm(memory_, sequence, -1, -1);
  return false;
}

bool Slots::exchange(std::size_t a, std::size_t b, std::unique_lock<std::mutex>& lock) {
  const std::size_t both[] = {a, b};
  for (const std::size_t i : both) {
    if (slots_[i].holder != nullptr) slots_[i].holder->in_batch = true;
  }
  lock.unlock();
  Copy copies[2];
  bool out = true;
  for (std::size_t i = 0; i < 2 && out; ++i)
    out = slots_[both[i]].cached.empty() || copy_out(both[i], copies[i]);
  const bool in_b = out && copy_in(copies[0], b);
  const bool in_a = out && copy_in(copies[1], a);
  lock.lock();
  if (out) std::swap(slots_[a], slots_[b]);
  const auto read_again = [this](std::size_t i) {
    slots_[i].cached.clear();
    slots_[i].whole = 0;
  };
  if (out && !in_a) read_again(a);
  if (out && !in_b) read_again(b);
  for (const std::size_t i : both) {
    if (slots_[i].holder == nullptr) continue;
    slots_[i].holder->slot = static_cast<int>(i);
    slots_[i].holder->in_batch = false;
  }
  return out;
}

// ---- sequences in ordinary memory

void Slots::save(int index, std::unique_lock<std::mutex>& lock) {
  Slot& slot = slots_[static_cast<std::size_t>(index)];
  Sequence& holder = *std::exchange(slot.holder, nullptr);
  holder.slot = -1;
  if (slot.cached.size() < kWorthCopying) return;
  const std::size_t size = llama_state_seq_get_size(context_, index);
  auto bytes = saved_.room_for(size);
  if (bytes == nullptr) return;
  SavedSequences::Saved saved{.of = &holder,
                              .run = slot.run,
                              .tokens = slot.cached,
                              .whole = slot.whole,
                              .bytes = std::move(bytes),
                              .size = size};
  being_saved_ = &holder;
  lock.unlock();
  const std::size_t written =
      llama_state_seq_get_data(context_, saved.bytes.get(), saved.size, index);
  lock.lock();
  // Its context may have gone in the meantime.
  if (written == size && being_saved_ == &holder) saved_.put(std::move(saved));
  being_saved_ = nullptr;
}

std::size_t Slots::usable_of(const SavedSequences::Saved& saved,
                             const Sequence& sequence) const noexcept {
  const std::size_t common =
      std::min(common_prefix(saved.tokens, sequence.tokens), most_of(sequence));
  if (!partial_ && common < saved.tokens.size()) return 0;
  return saved.run == sequence.run ? common : usable(common, saved.whole);
}

void Slots::restore(Sequence& sequence, const SavedSequences::Saved& saved, std::size_t usable,
                    std::unique_lock<std::mutex>& lock) {
  Slot& slot = of(sequence);
  keep_only(sequence.slot, 0);
  lock.unlock();
  const std::size_t read =
      llama_state_seq_set_data(context_, saved.bytes.get(), saved.size, sequence.slot);
  lock.lock();
  if (read == 0) {
    if (memory_ != nullptr) llama_memory_seq_rm(memory_, sequence.slot, -1, -1);
    return;
  }
  slot.cached = saved.tokens;
  slot.whole = saved.whole;
  keep_only(sequence.slot, usable);
}

}  // namespace nacre::llama
