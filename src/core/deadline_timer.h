// Calls back when a computation's time is up.
//
// A backend that computes on the caller's thread cannot look at the clock meanwhile, so one thread
// of the process does for all of them. Only computations with a deadline pay for it (a lock and an
// entry in a set); the thread starts with the first.
#ifndef NACRE_SRC_CORE_DEADLINE_TIMER_H_
#define NACRE_SRC_CORE_DEADLINE_TIMER_H_

#include <nacre/execution_context.h>

namespace nacre {

/// What a timer calls, on its own thread; short and noexcept.
class DeadlineListener {
 public:
  virtual void deadline_passed() noexcept = 0;

 protected:
  ~DeadlineListener() = default;
};

/// Watches for as long as it lives, if it could begin to (`watching()`). After the destructor the
/// listener is not called any more, and a call that was under way has ended. Without a deadline it
/// does nothing at all.
class DeadlineGuard {
 public:
  DeadlineGuard(Deadline deadline, DeadlineListener& listener) noexcept
      : deadline_(deadline), listener_(listener), watching_(deadline == kNoDeadline || watch()) {}
  ~DeadlineGuard() {
    if (deadline_ != kNoDeadline && watching_) forget();
  }
  DeadlineGuard(const DeadlineGuard&) = delete;
  DeadlineGuard& operator=(const DeadlineGuard&) = delete;

  /// False: there was no memory or no thread for it, and the deadline would pass unseen.
  [[nodiscard]] bool watching() const noexcept { return watching_; }

 private:
  [[nodiscard]] bool watch() noexcept;
  void forget() noexcept;

  Deadline deadline_;
  DeadlineListener& listener_;
  bool watching_;
};

}  // namespace nacre

#endif  // NACRE_SRC_CORE_DEADLINE_TIMER_H_
