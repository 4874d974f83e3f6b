// A throwaway process that tries what could end ours: the helper program beside the module.
#ifndef NACRE_BACKENDS_LLAMA_CHILD_H_
#define NACRE_BACKENDS_LLAMA_CHILD_H_

#include <nacre/error.h>

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

namespace nacre::llama {

struct ChildLimits {
  unsigned seconds = 30;      ///< of wall-clock time, then it is killed
  unsigned cpu_seconds = 30;  ///< of processor time, then the kernel kills it
  /// Of address space: what it asks for beyond fails there.
  std::uint64_t memory_bytes = std::uint64_t{1} << 30;
  std::size_t max_output = std::size_t{64} << 10;
};

struct ChildOutcome {
  bool survived = false;  ///< it ended by itself with code 0
  std::string how;        ///< how it ended otherwise: "killed by signal 6 (Aborted)"
  std::string output;     ///< of its standard output, cut at max_output
};

/// A file in memory with these bytes, sealed; -1 when there is no memory for it. The caller closes.
[[nodiscard]] int memory_file(std::span<const std::byte> bytes) noexcept;

/// Runs `program word` with file `fd`, or a memory file of `bytes`, as its standard input. It gets
/// no environment, no other file, and no more than the limits. kUnsupportedOperation when it cannot
/// be started, which says where it was looked for. Any thread; waits for the child's end.
[[nodiscard]] Result<ChildOutcome> run_child(const std::string& program, const char* word, int fd,
                                             const ChildLimits& limits);
[[nodiscard]] Result<ChildOutcome> run_child(const std::string& program, const char* word,
                                             std::span<const std::byte> bytes,
                                             const ChildLimits& limits);

/// For trying a model of that many bytes: room for its weights, once more as the processor's
/// variant lays them out, for what a vocabulary becomes, and for a cache of what an operator gives.
[[nodiscard]] ChildLimits limits_for_model(std::uint64_t bytes, std::uint64_t kv_bytes) noexcept;

/// Where the helper program is: beside this module.
[[nodiscard]] std::string helper_path();

}  // namespace nacre::llama

#endif  // NACRE_BACKENDS_LLAMA_CHILD_H_
