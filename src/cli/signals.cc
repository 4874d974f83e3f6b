#include "cli/signals.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstring>

namespace nacre::cli {
namespace {

std::atomic<const char*> unfinished_file = nullptr;
static_assert(std::atomic<const char*>::is_always_lock_free, "a signal handler reads it");

extern "C" void end_process(int signal) {
  if (const char* path = unfinished_file.load()) ::unlink(path);
  ::_exit(128 + signal);
}

}  // namespace

void exit_on_signals() noexcept {
  struct sigaction action = {};
  action.sa_handler = end_process;
  sigemptyset(&action.sa_mask);
  // A file that grows beyond `ulimit -f` is an error of the write, the guest's or ours, and no end.
  ::signal(SIGXFSZ, SIG_IGN);
  for (const int signal : {SIGINT, SIGTERM}) {
    struct sigaction before = {};
    ::sigaction(signal, nullptr, &before);
    // Who starts us in the background with the signal ignored (nohup, a shell's &) means it.
    if (before.sa_handler != SIG_IGN) ::sigaction(signal, &action, nullptr);
  }
}

Result<void> write_file(const std::string& path, std::span<const std::byte> bytes) {
  const auto failed = [&path](std::string_view what) {
    return fail(ErrorCode::kRuntimeError,
                fmt::format("{} could not be {}: {}", path, what, std::strerror(errno)));
  };
  struct stat info = {};
  const bool exists = ::stat(path.c_str(), &info) == 0;
  if (exists && !S_ISREG(info.st_mode)) {
    // A device or a pipe takes the bytes themselves.
    std::FILE* file = std::fopen(path.c_str(), "wb");
    if (file == nullptr) return failed("opened");
    const bool written = std::fwrite(bytes.data(), 1, bytes.size(), file) == bytes.size();
    if ((std::fclose(file) != 0) || !written) return failed("written");
    return {};
  }
  std::string temporary = path + ".XXXXXX";
  const int fd = ::mkstemp(temporary.data());
  if (fd < 0) return failed("made");
  unfinished_file.store(temporary.c_str());
  bool good = true;
  for (std::size_t done = 0; good && done < bytes.size();) {
    const ssize_t n = ::write(fd, bytes.data() + done, bytes.size() - done);
    if (n < 0 && errno == EINTR) continue;
    good = n > 0;
    if (good) done += static_cast<std::size_t>(n);
  }
  const mode_t mask = ::umask(0);
  ::umask(mask);
  good = good && ::fchmod(fd, exists ? info.st_mode & 07777 : 0666 & ~mask) == 0;
  good = (::close(fd) == 0) && good;
  good = good && ::rename(temporary.c_str(), path.c_str()) == 0;
  const int error = errno;
  if (!good) ::unlink(temporary.c_str());
  unfinished_file.store(nullptr);
  errno = error;
  if (!good) return failed("written");
  return {};
}

}  // namespace nacre::cli
