#include "base/sha256.h"

#include <fcntl.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <utility>
#include <vector>

#include "base/descriptor.h"
#include "base/unique_handle.h"

namespace nacre {
namespace {

constexpr std::size_t kPiece = std::size_t{1} << 18;

std::unexpected<std::error_code> system_error() {
  return std::unexpected(std::error_code(errno, std::generic_category()));
}

std::int64_t nanoseconds(const timespec& time) {
  return static_cast<std::int64_t>(time.tv_sec) * 1'000'000'000 + time.tv_nsec;
}

std::expected<FileIdentity, std::error_code> identity_of(const struct stat& status) {
  if (S_ISDIR(status.st_mode)) {
    return std::unexpected(std::make_error_code(std::errc::is_a_directory));
  }
  if (!S_ISREG(status.st_mode)) {
    return std::unexpected(std::make_error_code(std::errc::invalid_argument));
  }
  return FileIdentity{.device = status.st_dev,
                      .inode = status.st_ino,
                      .size = static_cast<std::uint64_t>(status.st_size),
                      .modified_ns = nanoseconds(status.st_mtim),
                      .changed_ns = nanoseconds(status.st_ctim)};
}

int digit(char c) noexcept {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

}  // namespace

void start_libcrypto() noexcept {
  static const int started = OPENSSL_init_crypto(OPENSSL_INIT_NO_LOAD_CONFIG, nullptr);
  static_cast<void>(started);
}

struct Sha256::State {
  unique_handle<EVP_MD_CTX, EVP_MD_CTX_free> context;
  bool good = false;
};

Sha256::Sha256() : state_(std::make_unique<State>()) {
  start_libcrypto();
  state_->context.reset(EVP_MD_CTX_new());
  state_->good = state_->context != nullptr &&
                 EVP_DigestInit_ex(state_->context.get(), EVP_sha256(), nullptr) == 1;
}

Sha256::~Sha256() = default;
Sha256::Sha256(Sha256&&) noexcept = default;
Sha256& Sha256::operator=(Sha256&&) noexcept = default;

void Sha256::update(std::span<const std::byte> bytes) noexcept {
  state_->good =
      state_->good && EVP_DigestUpdate(state_->context.get(), bytes.data(), bytes.size()) == 1;
}

std::optional<Sha256Digest> Sha256::finish() noexcept {
  Sha256Digest digest;
  unsigned int size = 0;
  const bool good =
      std::exchange(state_->good, false) &&
      EVP_DigestFinal_ex(state_->context.get(), reinterpret_cast<unsigned char*>(digest.data()),
                         &size) == 1 &&
      size == digest.size();
  return good ? std::optional(digest) : std::nullopt;
}

std::string to_hex(const Sha256Digest& digest) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::string text;
  text.reserve(2 * digest.size());
  for (const std::byte byte : digest) {
    text += kDigits[std::to_integer<unsigned>(byte) >> 4];
    text += kDigits[std::to_integer<unsigned>(byte) & 15U];
  }
  return text;
}

std::optional<Sha256Digest> parse_sha256(std::string_view hex) noexcept {
  Sha256Digest digest;
  if (hex.size() != 2 * digest.size()) return std::nullopt;
  for (std::size_t i = 0; i < digest.size(); ++i) {
    const int high = digit(hex[2 * i]);
    const int low = digit(hex[2 * i + 1]);
    if (high < 0 || low < 0) return std::nullopt;
    digest[i] = static_cast<std::byte>(high << 4 | low);
  }
  return digest;
}

std::expected<FileIdentity, std::error_code> identity_of(const std::string& path) {
  struct stat status{};
  if (::stat(path.c_str(), &status) != 0) return system_error();
  return identity_of(status);
}

std::expected<HashedFile, std::error_code> sha256_of_file(const std::string& path) {
  const Descriptor file{::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK)};
  if (!file) return system_error();
  struct stat status{};
  if (::fstat(file.get(), &status) != 0) return system_error();
  const auto identity = identity_of(status);
  if (!identity) return std::unexpected(identity.error());
  Sha256 hash;
  std::vector<std::byte> piece(kPiece);
  for (;;) {
    const ssize_t got = ::read(file.get(), piece.data(), piece.size());
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return system_error();
    if (got == 0) break;
    hash.update(std::span(piece).first(static_cast<std::size_t>(got)));
  }
  const auto digest = hash.finish();
  if (!digest) return std::unexpected(std::make_error_code(std::errc::not_supported));
  return HashedFile{.digest = *digest, .identity = *identity};
}

}  // namespace nacre
