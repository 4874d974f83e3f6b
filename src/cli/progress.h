// "nacre: loading model net…" on a terminal, when a step takes more than a second.
#ifndef NACRE_SRC_CLI_PROGRESS_H_
#define NACRE_SRC_CLI_PROGRESS_H_

#include <condition_variable>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>

namespace nacre::cli {

/// Watches one step at a time and says so once if it is slow. It has a thread only from the first
/// step on, and only where standard error is a terminal; elsewhere it does nothing.
/// Threading: any thread; a step that begins while another runs is not announced.
class Progress {
 public:
  Progress();
  ~Progress();
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;

  /// `step` as in "compiling guest.wasm"; an empty one ends the step under way.
  void report(std::string_view step);

 private:
  void watch();

  const bool terminal_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::string step_;
  unsigned serial_ = 0;  // raised by every change, so that the watcher tells steps apart
  bool ended_ = false;
  std::thread thread_;
};

}  // namespace nacre::cli

#endif  // NACRE_SRC_CLI_PROGRESS_H_
