// SHA-256, over libcrypto: the one thing of base that is not the standard library's.
#ifndef NACRE_SRC_BASE_SHA256_H_
#define NACRE_SRC_BASE_SHA256_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <expected>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <system_error>

namespace nacre {

/// Before any use of libcrypto, which else reads a configuration file that has nothing for us.
void start_libcrypto() noexcept;

using Sha256Digest = std::array<std::byte, 32>;

/// A hash under way. One thread at a time.
class Sha256 {
 public:
  Sha256();
  ~Sha256();
  Sha256(Sha256&&) noexcept;
  Sha256& operator=(Sha256&&) noexcept;

  void update(std::span<const std::byte> bytes) noexcept;

  /// Once. nullopt when libcrypto has no SHA-256 to give (a configuration that forbids it, no
  /// memory), whatever update was given.
  [[nodiscard]] std::optional<Sha256Digest> finish() noexcept;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

/// 64 hexadecimal digits, in lower case.
[[nodiscard]] std::string to_hex(const Sha256Digest& digest);

/// The inverse, in either case; nullopt for anything but 64 digits.
[[nodiscard]] std::optional<Sha256Digest> parse_sha256(std::string_view hex) noexcept;

/// Which file was read, and in which state: two that are equal were not written to in between.
struct FileIdentity {
  std::uint64_t device = 0;
  std::uint64_t inode = 0;
  std::uint64_t size = 0;
  std::int64_t modified_ns = 0;
  std::int64_t changed_ns = 0;
  friend bool operator==(const FileIdentity&, const FileIdentity&) = default;
};

/// Of a regular file; the error is the system's.
[[nodiscard]] std::expected<FileIdentity, std::error_code> identity_of(const std::string& path);

struct HashedFile {
  Sha256Digest digest = {};
  FileIdentity identity = {};  ///< before the first byte was read
};

/// Hashes a regular file piece by piece, in constant memory.
[[nodiscard]] std::expected<HashedFile, std::error_code> sha256_of_file(const std::string& path);

}  // namespace nacre

#endif  // NACRE_SRC_BASE_SHA256_H_
