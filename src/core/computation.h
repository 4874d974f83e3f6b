// One run of a backend: start, completion, cancel, deadline.
//
// The state is one atomic word:
//
//   kActive      set by run() for as long as the backend may touch inputs and outputs
//   kClaimed     the completion came on another thread; a second one is ignored
//   kDone        that completion's code and sentence may be read
//   kCancelling  somebody is inside the backend's cancel()
//   kCancelled   the backend's cancel() was called; rearm() is due
//   kTimeUp      … because of the deadline
//
// A completion on the caller's own thread, before `start` returns, needs none of them: only that
// thread looks. So an inline computation costs one locked instruction, at its end, and no lock.
//
// A cancel takes kCancelling by compare-and-swap and only while kActive stands and kDone does not;
// the end of a run waits until kCancelling is gone. So a cancel reaches exactly the run it was
// meant for.
#ifndef NACRE_SRC_CORE_COMPUTATION_H_
#define NACRE_SRC_CORE_COMPUTATION_H_

#include <nacre/backend.h>
#include <nacre/error.h>
#include <nacre/execution_context.h>

#include "core/deadline_timer.h"

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <span>
#include <string>
#include <utility>

namespace nacre {

/// After a cancel or a deadline a backend has this long to end before its run is abandoned.
inline constexpr std::chrono::milliseconds kCancelGrace{1000};

/// Threading: run() and abandoned() on one thread at a time, cancel() on any, the completion on
/// any. Lifetime: an abandoned Computation must be kept, with all that the backend was given, until
/// abandoned() says false.
class Computation final : private DeadlineListener {
 public:
  explicit Computation(BackendContext& backend) noexcept : backend_(backend) {}

  /// Starts the backend and waits for its completion. Any failure after a cancel is kTimeout. When
  /// the backend does not end within kCancelGrace of a cancel, the run is abandoned: the result is
  /// kTimeout and the backend may go on using what it was given.
  [[nodiscard]] Result<void> run(std::span<const nacre_tensor> inputs, Deadline deadline,
                                 const nacre_output_sink& sink) {
    return run_started_by(deadline, [&](Completion completion) {
      backend_.start(inputs, deadline, OutputSink(&sink), completion);
    });
  }

  /// The same for an ability's own way to start: `start(Completion)`.
  template <typename Start>
  [[nodiscard]] Result<void> run_started_by(Deadline deadline, Start&& start) {
    begin();
    bool ended = true;
    {
      const DeadlineGuard guard(deadline, *this);
      if (guard.watching()) {
        std::forward<Start>(start)(Completion(nacre_completion{this, &Computation::done}));
      } else {
        unwatched();
      }
      if (!completed_inline_) ended = wait();
    }
    return conclude(ended);
  }

  /// Ends the run that is under way, if one is.
  void cancel() noexcept { cancel_with(kCancelled); }

  /// Whether a run was abandoned and has not ended yet.
  [[nodiscard]] bool abandoned() noexcept { return abandoned_ && still_running(); }

  /// Whether the last run() left the backend to itself, even if it has ended since.
  [[nodiscard]] bool was_abandoned() const noexcept { return abandoned_; }

 private:
  enum : std::uint32_t {
    kActive = 1,
    kClaimed = 2,
    kDone = 4,
    kCancelling = 8,
    kCancelled = 16,
    kTimeUp = 32,
  };

  void deadline_passed() noexcept override { cancel_with(kCancelled | kTimeUp); }
  void begin() noexcept;
  void unwatched() noexcept;
  [[nodiscard]] Result<void> conclude(bool ended);
  static void done(void* self, std::uint32_t code, nacre_string message);
  void complete_inline(std::uint32_t code, nacre_string message) noexcept;
  void complete_elsewhere(std::uint32_t code, nacre_string message) noexcept;
  void keep(std::uint32_t code, nacre_string message) noexcept;
  [[nodiscard]] bool still_running() noexcept;
  void cancel_with(std::uint32_t reason) noexcept;
  [[nodiscard]] bool wait();
  std::uint32_t finish(std::uint32_t expected) noexcept;
  [[nodiscard]] Result<void> result(std::uint32_t state);

  BackendContext& backend_;
  std::atomic<std::uint32_t> state_{0};
  std::atomic<const void*> caller_{nullptr};  // the thread that is inside `start`
  bool completed_inline_ = false;             // the caller's thread only
  bool abandoned_ = false;
  std::uint32_t code_ = 0;
  std::string message_;
  std::mutex mutex_;
  std::condition_variable changed_;
};

}  // namespace nacre

#endif  // NACRE_SRC_CORE_COMPUTATION_H_
