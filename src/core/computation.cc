#include "core/computation.h"

#include <fmt/format.h>

#include <cstdint>
#include <string_view>

namespace nacre {
namespace {

// Cheaper than std::this_thread::get_id().
const void* this_thread() noexcept {
  // Of a pointer's size: mold has laid out a program with one byte of thread-local data so that it
  // could not start.
  static thread_local std::uintptr_t mark;
  return &mark;
}

}  // namespace

void Computation::begin() noexcept {
  code_ = 0;
  completed_inline_ = false;
  caller_.store(this_thread(), std::memory_order_relaxed);
  state_.store(kActive, std::memory_order_release);
}

void Computation::unwatched() noexcept {
  constexpr std::string_view kWhy = "there is no memory or no thread to watch the deadline with";
  complete_inline(static_cast<std::uint32_t>(ErrorCode::kRuntimeError), {kWhy.data(), kWhy.size()});
}

Result<void> Computation::conclude(bool ended) {
  if (!ended) {
    abandoned_ = true;
    return fail(ErrorCode::kTimeout,
                fmt::format("the computation was to end, and the backend has not let go of it "
                            "within {} ms; this execution context is busy until it does",
                            kCancelGrace.count()));
  }
  return result(finish(completed_inline_ ? kActive : kActive | kClaimed | kDone));
}

void Computation::done(void* self, std::uint32_t code, nacre_string message) {
  auto* computation = static_cast<Computation*>(self);
  if (computation->caller_.load(std::memory_order_relaxed) == this_thread()) {
    computation->complete_inline(code, message);
  } else {
    computation->complete_elsewhere(code, message);
  }
}

void Computation::complete_inline(std::uint32_t code, nacre_string message) noexcept {
  if (completed_inline_) return;
  completed_inline_ = true;
  if (code != 0) keep(code, message);
}

void Computation::complete_elsewhere(std::uint32_t code, nacre_string message) noexcept {
  // Under the lock: when the waiter sees kDone, this thread is through with *this.
  const std::lock_guard lock(mutex_);
  const std::uint32_t state = state_.load(std::memory_order_acquire);
  if ((state & kActive) == 0 || (state & kClaimed) != 0) return;
  state_.fetch_or(kClaimed, std::memory_order_acq_rel);
  if (code != 0) keep(code, message);
  state_.fetch_or(kDone, std::memory_order_acq_rel);
  changed_.notify_all();
}

void Computation::keep(std::uint32_t code, nacre_string message) noexcept {
  code_ = code;
  try {
    message_.assign(to_view(message));
  } catch (...) {
    message_.clear();
  }
}

void Computation::cancel_with(std::uint32_t reason) noexcept {
  std::uint32_t state = state_.load(std::memory_order_acquire);
  do {
    // Nothing to cancel, or somebody has done it.
    if ((state & kActive) == 0 || (state & (kDone | kCancelling | kCancelled)) != 0) return;
  } while (!state_.compare_exchange_weak(state, state | kCancelling, std::memory_order_acq_rel));
  backend_.cancel();
  {
    const std::lock_guard lock(mutex_);
    state_.fetch_or(reason, std::memory_order_acq_rel);
    state_.fetch_and(~std::uint32_t{kCancelling}, std::memory_order_acq_rel);
    changed_.notify_all();
  }
}

bool Computation::wait() {
  caller_.store(nullptr, std::memory_order_relaxed);
  const auto has = [this](std::uint32_t bits) {
    return (state_.load(std::memory_order_acquire) & bits) != 0;
  };
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [&] { return has(kDone | kCancelled); });
  return changed_.wait_for(lock, kCancelGrace, [&] { return has(kDone); });
}

std::uint32_t Computation::finish(std::uint32_t expected) noexcept {
  std::uint32_t state = expected;
  if (state_.compare_exchange_strong(state, 0, std::memory_order_acq_rel)) return state;
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [&] {
    state = state_.load(std::memory_order_acquire);
    return (state & kCancelling) == 0;
  });
  // kCancelled stands, so no other cancel comes and nobody else writes.
  if ((state & kCancelled) != 0) backend_.rearm();
  state_.store(0, std::memory_order_release);
  return state;
}

Result<void> Computation::result(std::uint32_t state) {
  if (code_ == 0) return {};
  if ((state & kTimeUp) != 0) return fail(ErrorCode::kTimeout, "the computation's time was up");
  if ((state & kCancelled) != 0) return fail(ErrorCode::kTimeout, "the computation was cancelled");
  return fail(static_cast<ErrorCode>(code_),
              message_.empty() ? "the backend failed without saying why" : message_);
}

bool Computation::still_running() noexcept {
  if ((state_.load(std::memory_order_acquire) & kDone) == 0) return true;
  // Waits for the completing thread too, which holds the lock until it is through.
  finish(0);
  abandoned_ = false;
  return false;
}

}  // namespace nacre
