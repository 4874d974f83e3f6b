#include "engine/watchdog.h"

#include <utility>

#include "base/signals.h"

namespace nacre::engine {

Watchdog::Watchdog(std::chrono::milliseconds timeout, std::chrono::milliseconds grace,
                   std::function<void()> expired, std::function<void()> grace_expired) {
  const auto now = std::chrono::steady_clock::now();
  // A timeout of years must not wrap the clock.
  constexpr std::chrono::milliseconds kLongest = std::chrono::hours(24 * 365);
  const auto deadline = now + std::min(timeout, kLongest);
  const SignalsBlocked none_for_the_thread;
  thread_ = std::thread([this, deadline, grace, expired = std::move(expired),
                         grace_expired = std::move(grace_expired)] {
    if (called_off_by(deadline)) return;
    if (expired) expired();
    if (called_off_by(deadline + grace)) return;
    if (grace_expired) grace_expired();
  });
}

Watchdog::~Watchdog() {
  {
    const std::lock_guard lock(mutex_);
    called_off_ = true;
  }
  wake_.notify_one();
  thread_.join();
}

bool Watchdog::called_off_by(std::chrono::steady_clock::time_point when) {
  std::unique_lock lock(mutex_);
  return wake_.wait_until(lock, when, [this] { return called_off_; });
}

}  // namespace nacre::engine
