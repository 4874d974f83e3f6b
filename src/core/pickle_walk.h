// Looks through a pickle of a TorchScript archive before libtorch's unpickler does.
//
// A pickle is a program for a stack machine. libtorch's machine is written for what its own
// exporter writes: it does not always look whether the stack holds what an instruction takes, and
// takes the file's word for how many numbers a storage holds, so that a forged file reads the
// host's memory. Here the same program runs on kinds instead of values and must do exactly what
// exporters do: known instructions, each with what it needs, and only the names that a model needs.
// Pure; any thread; memory in proportion to the pickle.
#ifndef NACRE_SRC_CORE_PICKLE_WALK_H_
#define NACRE_SRC_CORE_PICKLE_WALK_H_

#include <nacre/error.h>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace nacre {

/// Values inside values; a model's modules nest some ten deep.
inline constexpr std::uint32_t kMaxPickleDepth = 100;

/// Values in a pickle, counted as often as they are referred to. Small files could otherwise stand
/// for exponentially many.
inline constexpr std::uint64_t kMaxPickleValues = 16'000'000;

/// What must be at the end of a pickle.
enum class PickleResult { kObject, kTuple };

struct PickleFacts {
  std::uint64_t storage_bytes = 0;  ///< read when it is loaded: each reference reads again
};

/// `record_size` answers how many bytes the archive holds under a storage's key, nullopt for none.
/// `name` is for messages. Errors: kInvalidEncoding for what is no such pickle, kSecurity for a
/// name that no model needs, kTooLarge beyond the limits above.
[[nodiscard]] Result<PickleFacts> walk_pickle(
    std::string_view name, std::span<const std::byte> pickle, PickleResult wanted,
    const std::function<std::optional<std::uint64_t>(std::string_view key)>& record_size);

}  // namespace nacre

#endif  // NACRE_SRC_CORE_PICKLE_WALK_H_
