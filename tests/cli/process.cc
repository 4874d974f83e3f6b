#include "cli/process.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <fstream>
#include <iterator>

namespace nacre::test {
namespace fs = std::filesystem;

Process::Process(std::vector<std::string> words, const ProcessOptions& options)
    : begun_(std::chrono::steady_clock::now()) {
  std::array<int, 2> in{};
  std::array<int, 2> out{};
  std::array<int, 2> err{};
  const bool piped = options.input || options.keep_input_open;
  if ((piped && ::pipe2(in.data(), O_CLOEXEC) != 0) || ::pipe2(out.data(), O_CLOEXEC) != 0 ||
      ::pipe2(err.data(), O_CLOEXEC) != 0) {
    ADD_FAILURE() << "no pipe";
    return;
  }
  if (!piped) in[0] = ::open("/dev/null", O_RDONLY | O_CLOEXEC);
  std::vector<char*> argv;
  for (std::string& word : words)
    argv.push_back(word.data());
  argv.push_back(nullptr);

  pid_ = ::fork();
  if (pid_ == 0) {
    ::dup2(in[0], STDIN_FILENO);
    ::dup2(out[1], STDOUT_FILENO);
    ::dup2(err[1], STDERR_FILENO);
    for (const auto& [name, value] : options.env)
      ::setenv(name.c_str(), value.c_str(), 1);
    // Whoever started the tests in the background had these ignored for us.
    ::signal(SIGINT, SIG_DFL);
    ::signal(SIGTERM, SIG_DFL);
    if (options.directory.empty() || ::chdir(options.directory.c_str()) == 0) {
      ::execv(argv[0], argv.data());
    }
    ::_exit(99);
  }
  ::close(in[0]);
  ::close(out[1]);
  ::close(err[1]);
  if (piped) input_ = in[1];
  out_reader_ = std::thread([this, fd = out[0]] { collect(fd, out_); });
  err_reader_ = std::thread([this, fd = err[0]] { collect(fd, err_); });
  if (options.input) {
    std::size_t done = 0;
    while (done < options.input->size()) {
      const ssize_t n = ::write(input_, options.input->data() + done, options.input->size() - done);
      if (n <= 0) break;
      done += static_cast<std::size_t>(n);
    }
    ::close(input_);
    input_ = -1;
  }
}

Process::~Process() {
  if (pid_ > 0) {
    ::kill(pid_, SIGKILL);
    static_cast<void>(wait());
  }
}

void Process::collect(int fd, std::string& into) {
  std::array<char, 4096> chunk{};
  for (;;) {
    const ssize_t n = ::read(fd, chunk.data(), chunk.size());
    if (n < 0 && errno == EINTR) continue;
    const std::lock_guard lock(mutex_);
    if (n <= 0) break;
    // A guest may print for ever; the beginning is enough.
    if (into.size() < (std::size_t{4} << 20))
      into.append(chunk.data(), static_cast<std::size_t>(n));
    more_.notify_all();
  }
  ::close(fd);
  const std::lock_guard lock(mutex_);
  --open_streams_;
  more_.notify_all();
}

bool Process::wait_for_output(const std::string& text) {
  std::unique_lock lock(mutex_);
  const auto there = [&] { return out_.find(text) != std::string::npos; };
  more_.wait_for(lock, std::chrono::seconds(30), [&] { return there() || open_streams_ == 0; });
  return there();
}

void Process::send(int signal) const {
  ::kill(pid_, signal);
}

Ended Process::wait(std::chrono::seconds patience) {
  Ended ended;
  if (pid_ <= 0) return ended;
  const auto limit = std::chrono::steady_clock::now() + patience;
  int status = 0;
  while (::waitpid(pid_, &status, WNOHANG) == 0) {
    if (std::chrono::steady_clock::now() > limit) ::kill(pid_, SIGKILL);
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  ended.took = std::chrono::duration_cast<std::chrono::milliseconds>(
      std::chrono::steady_clock::now() - begun_);
  pid_ = -1;
  if (input_ >= 0) ::close(input_);
  input_ = -1;
  out_reader_.join();
  err_reader_.join();
  if (WIFEXITED(status)) ended.exit_code = WEXITSTATUS(status);
  if (WIFSIGNALED(status)) ended.signal = WTERMSIG(status);
  ended.out = out_;
  ended.err = err_;
  return ended;
}

std::string program() {
  return NACRE_TEST_PROGRAM;
}
std::string guest(const std::string& file) {
  return NACRE_TEST_GUESTS "/" + file;
}

Ended nacre(std::vector<std::string> words, const ProcessOptions& options) {
  words.insert(words.begin(), program());
  Process process(std::move(words), options);
  return process.wait();
}

ScratchDir::ScratchDir() {
  std::string name = fs::temp_directory_path() / "nacre-test-XXXXXX";
  if (::mkdtemp(name.data()) == nullptr) ADD_FAILURE() << "no scratch folder";
  path_ = name;
}
ScratchDir::~ScratchDir() {
  std::error_code ignored;
  fs::remove_all(path_, ignored);
}

void write_text(const fs::path& path, const std::string& text) {
  std::ofstream file(path, std::ios::binary);
  file << text;
  if (!file.flush()) ADD_FAILURE() << "cannot write " << path;
}

std::string read_text(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

std::string echo_model(const ScratchDir& dir, const std::string& name) {
  write_text(dir / (name + ".echo"), "nacre-echo v1\n");
  return name + "=" + dir / (name + ".echo");
}

}  // namespace nacre::test
