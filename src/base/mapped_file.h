// A whole file, mapped for reading.
#ifndef NACRE_SRC_BASE_MAPPED_FILE_H_
#define NACRE_SRC_BASE_MAPPED_FILE_H_

#include <cstddef>
#include <expected>
#include <span>
#include <string>
#include <system_error>

namespace nacre {

/// Read-only bytes of a regular file; they stay readable after the file's name is gone. A file that
/// somebody shortens meanwhile ends the process when the missing part is read (SIGBUS): map only
/// what an operator named, never a guest's.
class MappedFile {
 public:
  /// The error is the system's: a missing file is std::errc::no_such_file_or_directory, a folder
  /// std::errc::is_a_directory, a pipe or a device std::errc::invalid_argument.
  [[nodiscard]] static std::expected<MappedFile, std::error_code> open(const std::string& path);

  MappedFile() noexcept = default;
  MappedFile(MappedFile&& other) noexcept;
  MappedFile& operator=(MappedFile&& other) noexcept;
  MappedFile(const MappedFile&) = delete;
  MappedFile& operator=(const MappedFile&) = delete;
  ~MappedFile();

  [[nodiscard]] std::span<const std::byte> bytes() const noexcept { return bytes_; }

 private:
  std::span<const std::byte> bytes_;
};

}  // namespace nacre

#endif  // NACRE_SRC_BASE_MAPPED_FILE_H_
