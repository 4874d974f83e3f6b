// Looks into a TorchScript archive before libtorch does: a zip with pickles, bare numbers and
// source.
//
// What is looked at here is the container: every entry lies plainly in the file, whole, once, not
// over another, and not compressed unless it is source, so that libtorch's reader finds the same
// bytes; and the two pickles that it reads, instruction by instruction (core/pickle_walk.h). What
// the source says, which is what a model does, is the backend's to check
// (backends/torch/operators.txt): only the vendor's own parser reads it as the vendor does.
#ifndef NACRE_SRC_CORE_TORCHSCRIPT_WALK_H_
#define NACRE_SRC_CORE_TORCHSCRIPT_WALK_H_

#include <nacre/error.h>

#include <cstddef>
#include <cstdint>
#include <span>

namespace nacre {

/// Entries in an archive; one for each tensor and each class, so tens of thousands at most.
inline constexpr std::size_t kMaxTorchEntries = 200'000;

/// Bytes of source when unpacked, positions for error messages included.
inline constexpr std::uint64_t kMaxTorchSource = std::uint64_t{256} << 20;

/// Errors: kInvalidEncoding for what is no such archive, or one of the format before 1.4;
/// kSecurity and kTooLarge as walk_pickle(). Pure; any thread.
[[nodiscard]] Result<void> check_torchscript(std::span<const std::byte> archive);

}  // namespace nacre

#endif  // NACRE_SRC_CORE_TORCHSCRIPT_WALK_H_
