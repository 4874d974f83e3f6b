#include "base/mapped_file.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include <cerrno>
#include <utility>

#include "base/descriptor.h"

namespace nacre {
namespace {

std::unexpected<std::error_code> system_error() {
  return std::unexpected(std::error_code(errno, std::generic_category()));
}

}  // namespace

std::expected<MappedFile, std::error_code> MappedFile::open(const std::string& path) {
  // Not blocking: a pipe under that name must not hold us up.
  const Descriptor file{::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK)};
  if (!file) return system_error();
  struct stat status{};
  if (::fstat(file.get(), &status) != 0) return system_error();
  if (S_ISDIR(status.st_mode)) {
    return std::unexpected(std::make_error_code(std::errc::is_a_directory));
  }
  if (!S_ISREG(status.st_mode)) {
    return std::unexpected(std::make_error_code(std::errc::invalid_argument));
  }
  MappedFile mapped;
  if (status.st_size == 0) return mapped;
  const auto size = static_cast<std::size_t>(status.st_size);
  void* address = ::mmap(nullptr, size, PROT_READ, MAP_PRIVATE, file.get(), 0);
  if (address == MAP_FAILED) return system_error();
  mapped.bytes_ = {static_cast<const std::byte*>(address), size};
  return mapped;
}

MappedFile::MappedFile(MappedFile&& other) noexcept : bytes_(std::exchange(other.bytes_, {})) {}

MappedFile& MappedFile::operator=(MappedFile&& other) noexcept {
  std::swap(bytes_, other.bytes_);
  return *this;
}

MappedFile::~MappedFile() {
  if (!bytes_.empty()) ::munmap(const_cast<std::byte*>(bytes_.data()), bytes_.size());
}

}  // namespace nacre
