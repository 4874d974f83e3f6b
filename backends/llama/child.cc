#include "child.h"

#include <dlfcn.h>
#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstring>
#include <filesystem>
#include <thread>
#include <utility>

namespace nacre::llama {
namespace {

class Descriptor {
 public:
  explicit Descriptor(int fd) noexcept : fd_(fd) {}
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  ~Descriptor() { reset(); }
  [[nodiscard]] int get() const noexcept { return fd_; }
  void reset() noexcept {
    if (fd_ >= 0) ::close(fd_);
    fd_ = -1;
  }

 private:
  int fd_;
};

int marker;  // an address inside this module

std::string name_end(int status) {
  if (WIFSIGNALED(status)) {
    const int number = WTERMSIG(status);
    const char* name = ::sigdescr_np(number);
    return "killed by signal " + std::to_string(number) +
           (name == nullptr ? "" : " (" + std::string(name) + ")");
  }
  return "ended with code " + std::to_string(WEXITSTATUS(status));
}

}  // namespace

int memory_file(std::span<const std::byte> bytes) noexcept {
  const int fd = ::memfd_create("nacre-model", MFD_CLOEXEC | MFD_ALLOW_SEALING);
  if (fd < 0) return -1;
  for (std::size_t done = 0; done < bytes.size();) {
    const ssize_t n = ::write(fd, bytes.data() + done, bytes.size() - done);
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) {
      ::close(fd);
      return -1;
    }
    done += static_cast<std::size_t>(n);
  }
  ::fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE | F_SEAL_SEAL);
  return ::lseek(fd, 0, SEEK_SET) == 0 ? fd : -1;
}

Result<ChildOutcome> run_child(const std::string& program, const char* word, int fd,
                               const ChildLimits& limits) {
  std::array<int, 2> pipe{};
  if (::pipe2(pipe.data(), O_CLOEXEC) != 0) {
    return fail(ErrorCode::kRuntimeError, "there is no pipe to be had");
  }
  const Descriptor from(pipe[0]);
  Descriptor to(pipe[1]);

  posix_spawn_file_actions_t actions;
  ::posix_spawn_file_actions_init(&actions);
  ::posix_spawn_file_actions_adddup2(&actions, fd, STDIN_FILENO);
  ::posix_spawn_file_actions_adddup2(&actions, to.get(), STDOUT_FILENO);
  ::posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, "/dev/null", O_WRONLY, 0);
  // Whatever else the host has open without O_CLOEXEC.
  ::posix_spawn_file_actions_addclosefrom_np(&actions, 3);
  posix_spawnattr_t attributes;
  ::posix_spawnattr_init(&attributes);
  sigset_t all_signals;
  ::sigfillset(&all_signals);
  sigset_t none;
  ::sigemptyset(&none);
  ::posix_spawnattr_setsigdefault(&attributes, &all_signals);
  ::posix_spawnattr_setsigmask(&attributes, &none);
  ::posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK);

  std::string seconds = std::to_string(limits.cpu_seconds);
  std::string memory = std::to_string(limits.memory_bytes);
  std::array<char*, 5> arguments = {const_cast<char*>(program.c_str()), const_cast<char*>(word),
                                    seconds.data(), memory.data(), nullptr};
  std::array<char*, 1> environment = {nullptr};
  pid_t pid = 0;
  const int error = ::posix_spawn(&pid, program.c_str(), &actions, &attributes, arguments.data(),
                                  environment.data());
  ::posix_spawnattr_destroy(&attributes);
  ::posix_spawn_file_actions_destroy(&actions);
  to.reset();
  if (error != 0) {
    return fail(ErrorCode::kUnsupportedOperation,
                "the helper that tries what guests bring cannot be started: " + program + ": " +
                    std::strerror(error) + "; build or install it beside the module");
  }

  ChildOutcome outcome;
  using Clock = std::chrono::steady_clock;
  const auto end = Clock::now() + std::chrono::seconds(limits.seconds);
  bool too_long = false;
  for (std::array<char, 4096> buffer{};;) {
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(end - Clock::now());
    if (left.count() <= 0) {
      too_long = true;
      break;
    }
    pollfd wait{.fd = from.get(), .events = POLLIN, .revents = 0};
    const int ready = ::poll(&wait, 1, static_cast<int>(left.count()));
    if (ready < 0 && errno == EINTR) continue;
    if (ready == 0) continue;
    const ssize_t n = ::read(from.get(), buffer.data(), buffer.size());
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) break;
    const auto room = limits.max_output - std::min(limits.max_output, outcome.output.size());
    outcome.output.append(buffer.data(), std::min(static_cast<std::size_t>(n), room));
  }
  int status = 0;
  pid_t waited = 0;
  // It may have closed its output and go on.
  while (!too_long && (waited = ::waitpid(pid, &status, WNOHANG)) == 0) {
    too_long = Clock::now() >= end;
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  if (waited == 0) {
    ::kill(pid, SIGKILL);
    do {
      waited = ::waitpid(pid, &status, 0);
    } while (waited < 0 && errno == EINTR);
  }
  if (waited != pid) {  // a host that ignores SIGCHLD
    outcome.how = "its end could not be seen: SIGCHLD is ignored in this process";
    return outcome;
  }
  outcome.survived = WIFEXITED(status) && WEXITSTATUS(status) == 0;
  if (!outcome.survived) {
    outcome.how =
        too_long ? "stopped after " + std::to_string(limits.seconds) + " s" : name_end(status);
  }
  return outcome;
}

Result<ChildOutcome> run_child(const std::string& program, const char* word,
                               std::span<const std::byte> bytes, const ChildLimits& limits) {
  const Descriptor file(memory_file(bytes));
  if (file.get() < 0) {
    return fail(ErrorCode::kTooLarge,
                "there is no memory for " + std::to_string(bytes.size()) + " bytes");
  }
  return run_child(program, word, file.get(), limits);
}

ChildLimits limits_for_model(std::uint64_t bytes, std::uint64_t kv_bytes) noexcept {
  constexpr std::uint64_t kLibraries = std::uint64_t{1} << 30;  // and stacks, and small things
  constexpr std::uint64_t kMost = std::uint64_t{1} << 46;
  const std::uint64_t model = std::min(bytes, kMost) * 4;
  return {.seconds = 120,
          .cpu_seconds = 120,
          .memory_bytes = kLibraries + model + std::min(kv_bytes, kMost),
          .max_output = 2000};
}

std::string helper_path() {
  Dl_info info{};
  if (::dladdr(&marker, &info) == 0 || info.dli_fname == nullptr) return "nacre_llama_helper";
  std::error_code error;
  return (std::filesystem::canonical(info.dli_fname, error).parent_path() / "nacre_llama_helper")
      .string();
}

}  // namespace nacre::llama
