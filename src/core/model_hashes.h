// The hashes that an operator gave a model's files: all that is read has one, and is what was
// hashed.
//
// A file's hash is its SHA-256. A folder's is the SHA-256 of what `sha256sum` prints of its files
// in the order of their names as bytes, so that
//   cd FOLDER && find . -type f -print0 | LC_ALL=C sort -z | xargs -0 sha256sum | sha256sum
// gives the same.
//
// Backends open files by their names, after Nacre has read them. So the state of each file is kept
// when it is hashed (device, inode, size, times of change) and compared after the load: what was
// written to or exchanged in between is not used. Threading: pure but for the files; any thread.
#ifndef NACRE_SRC_CORE_MODEL_HASHES_H_
#define NACRE_SRC_CORE_MODEL_HASHES_H_

#include <nacre/error.h>
#include <nacre/registry.h>

#include <cstddef>
#include <map>
#include <span>
#include <string>
#include <system_error>
#include <vector>

#include "base/sha256.h"

namespace nacre {

/// Files in a folder; beyond, kTooLarge.
inline constexpr std::size_t kMaxHashedFiles = 10'000;

/// What was hashed, and in which state it was.
struct HashedFiles {
  std::map<std::string, FileIdentity> files;
  std::vector<std::string> folders;
};

/// The sentence for a model's file that the system does not give.
[[nodiscard]] std::unexpected<Error> cannot_read(const std::string& path,
                                                 const std::error_code& why);

/// Reads every path of a model that has hashes and compares; what it read goes to `hashed`, where
/// it is given. Errors: kSecurity for another hash, and for a folder that holds more than files and
/// folders; kInvalidArgument for a hash that is none; as cannot_read().
[[nodiscard]] Result<void> check_hashes(const ModelSpec& spec, HashedFiles* hashed);

/// kSecurity when one of `read`, beside the paths of a model with hashes, has none of its own.
[[nodiscard]] Result<void> check_that_hashes_cover(const ModelSpec& spec,
                                                   std::span<const std::string> read);

/// After the load. kSecurity when a file is not the one any more, or a folder holds others.
[[nodiscard]] Result<void> check_unchanged(const HashedFiles& hashed);

}  // namespace nacre

#endif  // NACRE_SRC_CORE_MODEL_HASHES_H_
