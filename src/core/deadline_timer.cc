#include "core/deadline_timer.h"

#include <condition_variable>
#include <exception>
#include <mutex>
#include <set>
#include <thread>
#include <utility>

#include "base/signals.h"

namespace nacre {
namespace {

class Timer {
 public:
  // Never destroyed: computations may still run while the process ends.
  static Timer& instance() {
    static auto* timer = new Timer;
    return *timer;
  }

  void add(Deadline deadline, DeadlineListener* listener) {
    const std::lock_guard lock(mutex_);
    if (!started_) {
      const SignalsBlocked none_for_the_thread;
      std::thread([this] { run(); }).detach();
      started_ = true;
    }
    const auto [entry, added] = entries_.emplace(deadline, listener);
    if (added && entry == entries_.begin()) changed_.notify_all();
  }

  void remove(Deadline deadline, DeadlineListener* listener) {
    std::unique_lock lock(mutex_);
    entries_.erase({deadline, listener});
    changed_.wait(lock, [&] { return calling_ != listener; });
  }

 private:
  void run() {
    std::unique_lock lock(mutex_);
    for (;;) {
      if (entries_.empty()) {
        changed_.wait(lock);
        continue;
      }
      const auto [deadline, listener] = *entries_.begin();
      if (std::chrono::steady_clock::now() < deadline) {
        changed_.wait_until(lock, deadline);
        continue;
      }
      entries_.erase(entries_.begin());
      calling_ = listener;
      lock.unlock();
      listener->deadline_passed();
      lock.lock();
      calling_ = nullptr;
      changed_.notify_all();
    }
  }

  std::mutex mutex_;
  std::condition_variable changed_;
  std::set<std::pair<Deadline, DeadlineListener*>> entries_;
  DeadlineListener* calling_ = nullptr;
  bool started_ = false;
};

}  // namespace

bool DeadlineGuard::watch() noexcept {
  try {
    Timer::instance().add(deadline_, &listener_);
    return true;
  } catch (const std::exception&) {  // no memory, or no thread
    return false;
  }
}

void DeadlineGuard::forget() noexcept {
  Timer::instance().remove(deadline_, &listener_);
}

}  // namespace nacre
