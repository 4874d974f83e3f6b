// Runs the program under test as a child process, for the tests of the command line and of guests.
#ifndef NACRE_TESTS_CLI_PROCESS_H_
#define NACRE_TESTS_CLI_PROCESS_H_

#include <sys/types.h>

#include <chrono>
#include <condition_variable>
#include <filesystem>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

namespace nacre::test {

struct ProcessOptions {
  std::filesystem::path directory = {};  ///< empty: the test's own
  std::vector<std::pair<std::string, std::string>> env = {};
  /// Given to standard input, which then ends. Without it the input is /dev/null.
  std::optional<std::string> input = {};
  bool keep_input_open = false;  ///< standard input is a pipe that nobody writes to
};

/// How a process ended.
struct Ended {
  int exit_code = -1;  ///< -1 when a signal ended it
  int signal = 0;
  std::string out;
  std::string err;
  std::chrono::milliseconds took{};
};

/// A running program. The destructor kills it if it still runs.
class Process {
 public:
  explicit Process(std::vector<std::string> words, const ProcessOptions& options = {});
  ~Process();
  Process(const Process&) = delete;
  Process& operator=(const Process&) = delete;

  /// True once standard output holds `text`; false if it does not within half a minute.
  [[nodiscard]] bool wait_for_output(const std::string& text);
  void send(int signal) const;
  /// Waits for the end. After `patience` the process is killed, which shows as signal 9.
  [[nodiscard]] Ended wait(std::chrono::seconds patience = std::chrono::seconds(120));

 private:
  void collect(int fd, std::string& into);

  pid_t pid_ = -1;
  int input_ = -1;
  std::chrono::steady_clock::time_point begun_;
  std::mutex mutex_;
  std::condition_variable more_;
  std::string out_;
  std::string err_;
  int open_streams_ = 2;
  std::thread out_reader_;
  std::thread err_reader_;
};

/// `nacre WORDS…`, to its end.
[[nodiscard]] Ended nacre(std::vector<std::string> words, const ProcessOptions& options = {});

/// The program's path, and that of a built guest ("stdio.wasm").
[[nodiscard]] std::string program();
[[nodiscard]] std::string guest(const std::string& file);

/// A folder of this test's own, removed when it goes.
class ScratchDir {
 public:
  ScratchDir();
  ~ScratchDir();
  ScratchDir(const ScratchDir&) = delete;
  ScratchDir& operator=(const ScratchDir&) = delete;
  [[nodiscard]] const std::filesystem::path& path() const { return path_; }
  [[nodiscard]] std::string operator/(const std::string& name) const { return path_ / name; }

 private:
  std::filesystem::path path_;
};

void write_text(const std::filesystem::path& path, const std::string& text);
[[nodiscard]] std::string read_text(const std::filesystem::path& path);

/// The file of an echo model of any one input, made in `dir`; as `--model` wants it.
[[nodiscard]] std::string echo_model(const ScratchDir& dir, const std::string& name = "echo");

}  // namespace nacre::test

#endif  // NACRE_TESTS_CLI_PROCESS_H_
