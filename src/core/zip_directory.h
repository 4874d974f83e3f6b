// The directory of a zip file that nobody has verified.
//
// A zip ends with its directory: an entry for each file, then for zip64 a record and its locator,
// then the end record. Only what exporters of models write is read: one file, no comment, so that
// the end record is its last 22 bytes. Other readers look for directories elsewhere too; who wants
// to be sure that they see the same entries has to look at the local headers as well
// (torchscript_walk.h). Nothing is copied or allocated; any thread.
#ifndef NACRE_SRC_CORE_ZIP_DIRECTORY_H_
#define NACRE_SRC_CORE_ZIP_DIRECTORY_H_

#include <cstddef>
#include <cstdint>
#include <expected>
#include <span>
#include <string_view>

namespace nacre {

struct ZipDirectory {
  std::uint64_t offset = 0;  ///< the directory lies inside the bytes
  std::uint64_t size = 0;
  std::uint64_t entries = 0;  ///< as the end record says; there may be fewer
};

/// The error says in a few words what is wrong; they live for ever.
[[nodiscard]] std::expected<ZipDirectory, const char*> find_zip_directory(
    std::span<const std::byte> zip) noexcept;

/// An entry as the directory has it; nothing says that it is true.
struct ZipEntry {
  std::string_view name;  ///< inside the zip
  bool encrypted = false;
  std::uint16_t method = 0;  ///< 0: stored, 8: deflated
  bool has_sizes = false;    ///< false: the next three are wide, and the 64-bit ones are missing
  std::uint64_t packed = 0;  ///< size in the file
  std::uint64_t size = 0;
  std::uint64_t start = 0;  ///< of the local header
};

/// The entries in the directory's order.
class ZipEntryReader {
 public:
  ZipEntryReader(std::span<const std::byte> zip, const ZipDirectory& directory) noexcept
      : zip_(zip),
        at_(directory.offset),
        end_(directory.offset + directory.size),
        left_(directory.entries) {}

  /// False at the end and when the directory is wrong; then problem() is not null.
  [[nodiscard]] bool next(ZipEntry& entry) noexcept;
  [[nodiscard]] const char* problem() const noexcept { return problem_; }

 private:
  bool bad(const char* what) noexcept {
    problem_ = what;
    return false;
  }

  std::span<const std::byte> zip_;
  std::uint64_t at_;
  std::uint64_t end_;
  std::uint64_t left_;
  const char* problem_ = nullptr;
};

}  // namespace nacre

#endif  // NACRE_SRC_CORE_ZIP_DIRECTORY_H_
