#include "core/computation.h"

#include <fmt/format.h>

namespace nacre {

Result<void> Computation::run(std::span<const nacre_tensor> inputs, Deadline deadline,
                              const nacre_output_sink& sink) {
  code_ = 0;
  completed_inline_ = false;
  caller_ = std::this_thread::get_id();
  state_.store(kActive, std::memory_order_release);
  bool ended = true;
  {
    const DeadlineGuard guard(deadline, *this);
    backend_.start(inputs, deadline, OutputSink(&sink),
                   Completion(nacre_completion{this, &Computation::done}));
    if (!completed_inline_) ended = wait();
  }
  if (!ended) {
    abandoned_ = true;
    return fail(ErrorCode::kTimeout,
                fmt::format("the computation was to end, and the backend has not let go of it "
                            "within {} ms; this execution context is busy until it does",
                            kCancelGrace.count()));
  }
  return result(finish());
}

void Computation::done(void* self, std::uint32_t code, nacre_string message) {
  static_cast<Computation*>(self)->complete(code, message);
}

void Computation::complete(std::uint32_t code, nacre_string message) noexcept {
  const bool is_inline = std::this_thread::get_id() == caller_;
  // Elsewhere under the lock: when the waiter sees kDone, this thread is through with *this.
  const auto lock = is_inline ? std::unique_lock<std::mutex>() : std::unique_lock(mutex_);
  if (code == 0) {
    constexpr std::uint32_t kBoth = kClaimed | kDone;
    const std::uint32_t before = state_.fetch_or(kBoth, std::memory_order_acq_rel);
    if ((before & kActive) == 0) state_.fetch_and(~kBoth, std::memory_order_acq_rel);
  } else {
    const std::uint32_t before = state_.fetch_or(kClaimed, std::memory_order_acq_rel);
    if ((before & kActive) == 0) {
      state_.fetch_and(~kClaimed, std::memory_order_acq_rel);
      return;
    }
    if ((before & kClaimed) != 0) return;
    code_ = code;
    try {
      message_.assign(to_view(message));
    } catch (...) {
      message_.clear();
    }
    state_.fetch_or(kDone, std::memory_order_acq_rel);
  }
  if (is_inline) {
    completed_inline_ = true;
  } else {
    changed_.notify_all();
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
  const auto has = [this](std::uint32_t bits) {
    return (state_.load(std::memory_order_acquire) & bits) != 0;
  };
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [&] { return has(kDone | kCancelled); });
  return changed_.wait_for(lock, kCancelGrace, [&] { return has(kDone); });
}

std::uint32_t Computation::finish() noexcept {
  std::uint32_t state = kActive | kClaimed | kDone;
  if (state_.compare_exchange_strong(state, 0, std::memory_order_acq_rel)) {
    return kActive | kClaimed | kDone;
  }
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [&] {
    state = state_.load(std::memory_order_acquire);
    return (state & kCancelling) == 0;
  });
  // From here nobody else writes: a cancel needs kDone to be absent.
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

bool Computation::abandoned() noexcept {
  if (!abandoned_) return false;
  if ((state_.load(std::memory_order_acquire) & kDone) == 0) return true;
  finish();
  abandoned_ = false;
  return false;
}

}  // namespace nacre
