// A thread that ends what is being computed, whenever that begins: a single cancel could come
// before it, where there is nothing to cancel, and a test would wait without end.
#ifndef NACRE_TESTS_KEEP_CANCELLING_H_
#define NACRE_TESTS_KEEP_CANCELLING_H_

#include <chrono>
#include <stop_token>
#include <thread>
#include <utility>

namespace nacre::test {

/// Calls `cancel` every millisecond from `delay` after its construction until its destruction.
class KeepCancelling {
 public:
  template <typename Cancel>
  explicit KeepCancelling(Cancel cancel, std::chrono::microseconds delay = {})
      : thread_([cancel = std::move(cancel), delay](const std::stop_token& over) {
          std::this_thread::sleep_for(delay);
          while (!over.stop_requested()) {
            cancel();
            std::this_thread::sleep_for(std::chrono::milliseconds(1));
          }
        }) {}

 private:
  std::jthread thread_;
};

}  // namespace nacre::test

#endif  // NACRE_TESTS_KEEP_CANCELLING_H_
