// Who takes part in a step, and with how much.
#include "engine.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace nacre::llama {
namespace {

// A stream whose guest looks at the last piece is about to ask for the next.
constexpr std::chrono::milliseconds kAboutToAsk{1000};

}  // namespace

// Gives slots to those who wait, and ends what was cancelled or has waited too long. By index: the
// lock is opened in between, and more may come to wait.
void Engine::admit(Clock::time_point now, std::unique_lock<std::mutex>& lock) {
  for (std::size_t i = 0; i < waiting_.size();) {
    Sequence& sequence = *waiting_[i];
    const auto leave_queue = [&] { waiting_.erase(waiting_.begin() + static_cast<long>(i)); };
    if (sequence.cancelled) {
      leave_queue();
      end_request(sequence, {ErrorCode::kTimeout, "cancelled"});
      continue;
    }
    const bool had = sequence.slot >= 0;
    const int slot = had ? sequence.slot : slots_->find(sequence, now);
    if (slot < 0) {
      if (now - sequence.asked < options_.wait) {
        ++i;
        continue;
      }
      leave_queue();
      sequence.queued += now - sequence.asked;
      end_request(sequence,
                  {ErrorCode::kBusy,
                   fmt::format("all {} slots of the model are taken by texts under way, and none "
                               "came free within {} ms; try again later",
                               layout_.slots, options_.wait.count())});
      continue;
    }
    leave_queue();
    if (!had) {
      sequence.queued += now - sequence.asked;
      slots_->give(sequence, slot, now, lock);
    }
    if (!sequence.flowing || !had) slots_->reuse_prefix(sequence, lock);
    if (!sequence.flowing) {
      sequence.flowing = true;
      if (sequence.made == 0) sequence.begun = now;
    }
    activate(sequence);
  }
  for (std::size_t i = 0; i < active_.size();) {
    Sequence& sequence = *active_[i];
    if (!sequence.cancelled) {
      ++i;
      continue;
    }
    retire(sequence);
    if (sequence.request.task == Task::kNone) continue;
    sequence.flowing = false;
    end_request(sequence, {ErrorCode::kTimeout, "cancelled"});
  }
}

// In the order of their slots: llama.cpp computes together only what comes in rising order, and
// each step back costs a pass of its own over the weights.
void Engine::activate(Sequence& sequence) {
  sequence.active = true;
  active_.insert(std::ranges::upper_bound(active_, sequence.slot, {}, &Sequence::slot), &sequence);
}

void Engine::retire(Sequence& sequence) noexcept {
  if (!std::exchange(sequence.active, false)) return;
  std::erase(active_, &sequence);
}

// Whether its text takes part in most steps: a stream whose guest looks at a piece comes back.
bool Engine::flows(const Slot& slot, Clock::time_point now) noexcept {
  return slot.holder != nullptr && slot.holder->flowing &&
         (slot.holder->active || now - slot.last_used < kAboutToAsk);
}

bool Engine::others_flow(const Sequence& sequence, Clock::time_point now) const noexcept {
  return std::ranges::any_of(*slots_, [&](const Slot& slot) {
    return slot.holder != &sequence && flows(slot, now) &&
           slot.holder->pending(slot.cached.size()) <= 1;
  });
}

// Texts that flow together are moved side by side once the passes lost by then have read as much as
// the move does: so never is more than about twice the necessary spent, whatever comes after.
void Engine::bring_together(Clock::time_point now, std::unique_lock<std::mutex>& lock) {
  if (lost_bytes_ == 0) return;
  uses_.clear();
  for (const Slot& slot : *slots_)
    uses_.push_back({flows(slot, now), slot.cached.size()});
  const auto exchange = towards_neighbours(uses_);
  if (!exchange) {
    lost_bytes_ = 0;
    return;
  }
  constexpr std::uint64_t kTimesCopied = 4;  // read and written, out and in
  const std::uint64_t cost =
      kTimesCopied * exchange->tokens *
      model_->kv_bytes_per_token(parameters_.cache_type_k, parameters_.cache_type_v);
  if (lost_bytes_ < cost) return;
  lost_bytes_ = 0;
  const bool done = slots_->exchange(exchange->flowing, exchange->other, lock);
  std::ranges::sort(active_, {}, &Sequence::slot);
  settled_.notify_all();
  if (!done) return;
  lock.unlock();  // whoever reads the line may cancel a request
  services_.log(LogLevel::kDebug,
                fmt::format("slots {} and {} of the model have changed places, with {} tokens, so "
                            "that the texts under way lie side by side",
                            exchange->flowing, exchange->other, exchange->tokens));
  lock.lock();
}

// What the next batch holds: a token for everybody whose text flows, and then parts of prompts.
void Engine::plan(Clock::time_point now) {
  batch_.n_tokens = 0;
  ++turn_;
  if (parameters_.embedding || options_.reproducible) return plan_alone();
  const std::size_t count = active_.size();
  const auto pending = [this](const Sequence& sequence) {
    return sequence.pending(slots_->of(sequence).cached.size());
  };
  bool flowing = false;
  for (Sequence* sequence : active_) {
    if (pending(*sequence) == 1) add(*sequence, 1);
    flowing = flowing || others_flow(*sequence, now);
  }
  flowing = flowing || batch_.n_tokens > 0;
  if (slots_->movable()) {
    for (std::size_t i = 1; i < parts_.size(); ++i) {
      const bool beside = parts_[i].sequence->slot == parts_[i - 1].sequence->slot + 1;
      lost_bytes_ += beside ? 0 : llama_model_size(model_->get());
    }
  }
  std::size_t room = flowing ? std::min(kSmallChunk, chunk_) : chunk_;
  for (std::size_t i = 0; i < count && room > 0; ++i) {
    Sequence& sequence = *active_[(turn_ + i) % count];
    const std::size_t wanted = pending(sequence);
    if (wanted == 1) continue;
    const std::size_t given = std::min(wanted, room);
    add(sequence, given);
    room -= given;
  }
}

// One sequence, cut where it always is: the prompt from chunk to chunk, then token by token. Who
// waits comes before who may ask later.
void Engine::plan_alone() {
  const std::size_t count = active_.size();
  Sequence* next = active_[turn_ % count];
  for (std::size_t i = 0; i < count && next->request.task == Task::kNone; ++i)
    next = active_[(turn_ + i) % count];
  const std::size_t read = slots_->of(*next).cached.size();
  if (parameters_.embedding) return add(*next, next->pending(read));
  const std::size_t of_prompt = next->prompt_size - std::min(next->prompt_size, read);
  add(*next, std::max<std::size_t>(1, std::min(of_prompt, chunk_)));
}

void Engine::add(Sequence& sequence, std::size_t tokens) {
  const std::size_t first = slots_->of(sequence).cached.size();
  Part part{.sequence = &sequence, .tokens = tokens};
  for (std::size_t i = first; i < first + tokens; ++i) {
    const auto at = static_cast<std::size_t>(batch_.n_tokens++);
    const bool last = i + 1 == sequence.tokens.size();
    batch_.token[at] = sequence.tokens[i];
    batch_.pos[at] = static_cast<llama_pos>(i);
    batch_.n_seq_id[at] = 1;
    batch_.seq_id[at][0] = sequence.slot;
    batch_.logits[at] = last || parameters_.embedding ? 1 : 0;
    if (last) part.logits = static_cast<int>(at);
  }
  sequence.in_batch = true;
  parts_.push_back(std::move(part));
}

}  // namespace nacre::llama
