// A clock beside a running guest: calls back when its time is up, and again when the grace is.
//
// Contract. `expired` is called once `timeout` after construction, `grace_expired` `grace` after
// that, both on the watchdog's own thread. The destructor calls it off and waits for a callback
// that is under way, so neither is ever called once it has returned. Callbacks must not throw, nor
// destroy the watchdog. A thread exists only while a watchdog does: a guest without a timeout costs
// nothing.
#ifndef NACRE_SRC_ENGINE_WATCHDOG_H_
#define NACRE_SRC_ENGINE_WATCHDOG_H_

#include <chrono>
#include <condition_variable>
#include <functional>
#include <mutex>
#include <thread>

namespace nacre::engine {

class Watchdog {
 public:
  Watchdog(std::chrono::milliseconds timeout, std::chrono::milliseconds grace,
           std::function<void()> expired, std::function<void()> grace_expired);
  ~Watchdog();
  Watchdog(const Watchdog&) = delete;
  Watchdog& operator=(const Watchdog&) = delete;

 private:
  bool called_off_by(std::chrono::steady_clock::time_point when);

  std::mutex mutex_;
  std::condition_variable wake_;
  bool called_off_ = false;
  std::thread thread_;
};

}  // namespace nacre::engine

#endif  // NACRE_SRC_ENGINE_WATCHDOG_H_
