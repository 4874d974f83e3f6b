// Signals belong to the embedder's threads, not to ours.
#ifndef NACRE_SRC_BASE_SIGNALS_H_
#define NACRE_SRC_BASE_SIGNALS_H_

#include <pthread.h>

#include <csignal>

namespace nacre {

/// Keeps signals from the calling thread, and from every thread that it starts, for as long as this
/// lives; a thread started meanwhile never gets any. But for those that a thread's own instructions
/// raise: blocked, they would end the process whoever has a handler for them.
class SignalsBlocked {
 public:
  SignalsBlocked() noexcept {
    sigset_t all;
    sigfillset(&all);
    for (const int fault : {SIGFPE, SIGSEGV, SIGBUS, SIGILL})
      sigdelset(&all, fault);
    pthread_sigmask(SIG_SETMASK, &all, &before_);
  }
  ~SignalsBlocked() { pthread_sigmask(SIG_SETMASK, &before_, nullptr); }
  SignalsBlocked(const SignalsBlocked&) = delete;
  SignalsBlocked& operator=(const SignalsBlocked&) = delete;

 private:
  sigset_t before_{};
};

}  // namespace nacre

#endif  // NACRE_SRC_BASE_SIGNALS_H_
