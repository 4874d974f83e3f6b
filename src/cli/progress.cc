#include "cli/progress.h"

#include <fmt/format.h>
#include <unistd.h>

#include <chrono>

#include "cli/command.h"

namespace nacre::cli {

Progress::Progress() : terminal_(::isatty(STDERR_FILENO) == 1) {}

Progress::~Progress() {
  {
    const std::lock_guard lock(mutex_);
    ended_ = true;
    ++serial_;
  }
  changed_.notify_one();
  if (thread_.joinable()) thread_.join();
}

void Progress::report(std::string_view step) {
  if (!terminal_) return;
  {
    const std::lock_guard lock(mutex_);
    if (!step.empty() && !step_.empty()) return;
    step_ = step;
    ++serial_;
    if (!step.empty() && !thread_.joinable()) thread_ = std::thread([this] { watch(); });
  }
  changed_.notify_one();
}

void Progress::watch() {
  std::unique_lock lock(mutex_);
  while (!ended_) {
    const unsigned seen = serial_;
    const auto moved_on = [&] { return serial_ != seen; };
    if (step_.empty()) {
      changed_.wait(lock, moved_on);
    } else if (!changed_.wait_for(lock, std::chrono::seconds(1), moved_on)) {
      say(fmt::format("nacre: {}…\n", step_));
      changed_.wait(lock, moved_on);
    }
  }
}

}  // namespace nacre::cli
