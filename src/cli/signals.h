// Ctrl-C and SIGTERM end the program at once, with 130 and 143, whatever it is doing: a vendor's
// kernel or a blocked read included. Nothing half-written stays: files are written beside their
// place, and the one under way is removed.
#ifndef NACRE_SRC_CLI_SIGNALS_H_
#define NACRE_SRC_CLI_SIGNALS_H_

#include <nacre/error.h>

#include <cstddef>
#include <span>
#include <string>

namespace nacre::cli {

/// Once, before other threads exist. A write beyond `ulimit -f` no longer ends the program: it
/// fails.
void exit_on_signals() noexcept;

/// Writes all of `bytes` beside `path` and moves it there: the file is whole or not there. One at
/// a time in the process.
[[nodiscard]] Result<void> write_file(const std::string& path, std::span<const std::byte> bytes);

}  // namespace nacre::cli

#endif  // NACRE_SRC_CLI_SIGNALS_H_
