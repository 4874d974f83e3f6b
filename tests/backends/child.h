// Going through many bad models in child processes, so that one which ends its process is found
// and named, and the others are still tried.
#ifndef NACRE_TESTS_BACKENDS_CHILD_H_
#define NACRE_TESTS_BACKENDS_CHILD_H_

#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <map>
#include <string>

namespace nacre::test {

/// What a try says of itself; below 0, so that it is told from the numbers of tries.
constexpr int kRefused = -1;
constexpr int kLoaded = -2;
constexpr int kComputed = -3;

/// Seconds that one try may take.
constexpr unsigned kLongestTry = 60;

/// A child that makes the tries from `first` on and says where it is. The one that was under way
/// when it ended; -1 when it came to its end.
template <typename Try>
int ends_at(const Try& one_try, int first, int last, std::map<int, int>& outcomes, int& status) {
  int ends[2];
  if (pipe(ends) != 0) return first;
  std::fflush(stdout);
  const pid_t child = fork();
  if (child == 0) {
    // What takes all memory is not what is looked for here, nor what takes for ever.
    const rlimit memory{std::size_t{12} << 30, std::size_t{12} << 30};
    setrlimit(RLIMIT_AS, &memory);
    for (int seed = first; seed < last; ++seed) {
      if (write(ends[1], &seed, sizeof seed) != sizeof seed) _exit(3);
      alarm(kLongestTry);
      const int outcome = one_try(seed);
      if (write(ends[1], &outcome, sizeof outcome) != sizeof outcome) _exit(3);
    }
    _exit(0);
  }
  close(ends[1]);
  int seed = first;
  for (int said = 0; read(ends[0], &said, sizeof said) == sizeof said;) {
    if (said >= 0) {
      seed = said;
    } else {
      ++outcomes[said];
    }
  }
  close(ends[0]);
  waitpid(child, &status, 0);
  return WIFEXITED(status) && WEXITSTATUS(status) == 0 ? -1 : seed;
}

/// Makes `tries` tries of int(int seed), and fails the test for each that ends its process; for one
/// that takes more than kLongestTry only where `in_time`. NACRE_MUTATIONS=500 makes so many
/// instead, from NACRE_MUTATIONS_FROM on. `describe` says of a seed what was tried.
template <typename Try>
std::map<int, int> expect_no_process_ends(const std::string& name, int tries, bool in_time,
                                          const Try& one_try,
                                          const std::function<std::string(int)>& describe = {}) {
  const char* hunt = std::getenv("NACRE_MUTATIONS");
  const char* from = std::getenv("NACRE_MUTATIONS_FROM");
  const int last = hunt != nullptr ? std::atoi(hunt) : tries;
  std::map<int, int> outcomes;
  int found = 0;
  for (int seed = from != nullptr ? std::atoi(from) : 0; seed < last && found < 20; ++seed) {
    int status = 0;
    const int at = ends_at(one_try, seed, last, outcomes, status);
    if (at < 0) break;
    ++found;
    const bool slow = WIFSIGNALED(status) && WTERMSIG(status) == SIGALRM;
    if (slow && !in_time) {
      std::printf("%s, seed %d: more than a minute\n", name.c_str(), at);
    } else {
      ADD_FAILURE() << name << ", seed " << at << ": the process ended by "
                    << (WIFSIGNALED(status) ? "signal " + std::to_string(WTERMSIG(status))
                                            : "exit " + std::to_string(WEXITSTATUS(status)))
                    << (describe ? ": " + describe(at) : "");
    }
    seed = at;
  }
  std::printf("%s: %d refused, %d loaded, %d computed\n", name.c_str(), outcomes[kRefused],
              outcomes[kLoaded] + outcomes[kComputed], outcomes[kComputed]);
  return outcomes;
}

}  // namespace nacre::test

#endif  // NACRE_TESTS_BACKENDS_CHILD_H_
