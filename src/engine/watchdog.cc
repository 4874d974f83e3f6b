#include "engine/watchdog.h"

#include <pthread.h>

#include <csignal>
#include <utility>

namespace nacre::engine {

Watchdog::Watchdog(std::chrono::milliseconds timeout, std::chrono::milliseconds grace,
                   std::function<void()> expired, std::function<void()> grace_expired) {
  const auto now = std::chrono::steady_clock::now();
  // A timeout of years must not wrap the clock.
  constexpr std::chrono::milliseconds kLongest = std::chrono::hours(24 * 365);
  const auto deadline = now + std::min(timeout, kLongest);
  // Signals belong to the embedder's threads, not to this one.
  sigset_t all;
  sigset_t before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  thread_ = std::thread([this, deadline, grace, expired = std::move(expired),
                         grace_expired = std::move(grace_expired)] {
    if (called_off_by(deadline)) return;
    if (expired) expired();
    if (called_off_by(deadline + grace)) return;
    if (grace_expired) grace_expired();
  });
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
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
