// Compiled code kept between runs, in a folder that only this user can have written.
//
// Compiled code is native code: whoever can put a file here runs as the user. Therefore
//   - the folder must be a directory (not a link), belong to the effective user and have mode 0700,
//     and so must the key file in it (0600); otherwise the cache is not used at all;
//   - every entry carries an HMAC-SHA256, under the key in that file, over its header, its cache
//     key and its code. It is checked over the very bytes, in memory, that are handed out. What
//     does not fit (altered, cut short, renamed, written under another key, left by another
//     version) is deleted and counts as absent.
//
// Layout of an entry, all in one file named by its key in hexadecimal:
//
//   offset  size  what
//        0    16  "nacre code v1\n\0\0"
//       16    32  the cache key
//       48     n  compiled code, as the VM serialised it
//     48+n    32  HMAC-SHA256 over all before it
//
// Writers make a temporary file and rename it, so a reader sees a whole entry or none, and two
// processes that compile the same guest at once both succeed. Nothing is synced to disk: what a
// crash cuts short fails its MAC.
//
// Threading. All members may be called from any thread, and by any number of processes.
#ifndef NACRE_SRC_ENGINE_COMPILED_CODE_CACHE_H_
#define NACRE_SRC_ENGINE_COMPILED_CODE_CACHE_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "nacre/error.h"

namespace nacre::engine {

class CompiledCodeCache {
 public:
  using Key = std::array<std::byte, 32>;

  /// A whole entry in memory; `code()` is the part the VM wants.
  class Entry {
   public:
    explicit Entry(std::vector<std::byte> file) : file_(std::move(file)) {}
    [[nodiscard]] std::span<const std::byte> code() const noexcept;

   private:
    std::vector<std::byte> file_;
  };

  /// Opens the folder, making it and its key if absent. An error says what is wrong with it.
  [[nodiscard]] static Result<CompiledCodeCache> open(const std::filesystem::path& directory,
                                                      std::uint64_t max_bytes);

  CompiledCodeCache(CompiledCodeCache&&) noexcept;
  CompiledCodeCache& operator=(CompiledCodeCache&&) = delete;
  ~CompiledCodeCache();

  /// The key of what `settings` makes of `wasm`.
  [[nodiscard]] static Result<Key> key_for(std::span<const std::byte> wasm,
                                           std::string_view settings);

  /// The entry, or nothing. An entry that does not verify is deleted.
  [[nodiscard]] std::optional<Entry> find(const Key& key) const;

  /// Keeps `code` under `key`, then throws out the entries used longest ago if there are too many.
  [[nodiscard]] Result<void> store(const Key& key, std::span<const std::byte> code) const;

  /// Deletes the entry, if there is one.
  void remove(const Key& key) const noexcept;

 private:
  CompiledCodeCache(int directory, const Key& mac_key, std::uint64_t max_bytes) noexcept
      : directory_(directory), mac_key_(mac_key), max_bytes_(max_bytes) {}
  void prune() const;

  int directory_;  // every file is opened relative to this, so the path cannot be swapped under us
  Key mac_key_;
  std::uint64_t max_bytes_;
};

}  // namespace nacre::engine

#endif  // NACRE_SRC_ENGINE_COMPILED_CODE_CACHE_H_
