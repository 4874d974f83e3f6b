// What `nacre` exits with. A guest's own code passes through unchanged, so the rest keeps to the
// numbers that timeout(1), env(1) and the shells use for the same things.
#ifndef NACRE_SRC_CLI_EXIT_CODES_H_
#define NACRE_SRC_CLI_EXIT_CODES_H_

namespace nacre::cli {

inline constexpr int kSuccess = 0;
inline constexpr int kFailure = 1;        ///< compile, inspect…: it did not work
inline constexpr int kUsage = 2;          ///< the command line itself is wrong
inline constexpr int kTimedOut = 124;     ///< --timeout
inline constexpr int kNotStarted = 125;   ///< run: the guest never started
inline constexpr int kInterrupted = 130;  ///< Ctrl-C
inline constexpr int kTrapped = 134;      ///< a trap, or a limit that was hit
inline constexpr int kTerminated = 143;   ///< SIGTERM

}  // namespace nacre::cli

#endif  // NACRE_SRC_CLI_EXIT_CODES_H_
