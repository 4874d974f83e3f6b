#include "engine/compiled_code_cache.h"

#include <dirent.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/rand.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <string>
#include <utility>

#include "base/descriptor.h"
#include "base/sha256.h"
#include "base/unique_handle.h"

namespace nacre::engine {
namespace {

using Key = CompiledCodeCache::Key;
constexpr std::string_view kMagic("nacre code v1\n\0\0", 16);
constexpr std::size_t kHeaderSize = kMagic.size() + sizeof(Key);
constexpr std::size_t kMacSize = sizeof(Key);
constexpr const char* kKeyFile = "key";
constexpr std::string_view kTemporaryPrefix = ".tmp-";
constexpr std::size_t kEntryNameSize = 2 * sizeof(Key);
constexpr std::time_t kStaleTemporary = 3600;  // seconds; a writer takes far less
constexpr std::time_t kTouchEvery = 3600;      // seconds; "used longest ago" need not be finer

const unsigned char* octets(const void* bytes) {
  return static_cast<const unsigned char*>(bytes);
}

std::optional<Key> mac_of(const Key& mac_key, std::span<const std::byte> bytes) {
  start_libcrypto();
  Key mac;
  std::size_t size = 0;
  const auto* done = EVP_Q_mac(nullptr, "HMAC", nullptr, "SHA256", nullptr, mac_key.data(),
                               mac_key.size(), octets(bytes.data()), bytes.size(),
                               reinterpret_cast<unsigned char*>(mac.data()), mac.size(), &size);
  if (done == nullptr || size != mac.size()) return std::nullopt;
  return mac;
}

bool is_entry_name(std::string_view name) {
  return name.size() == kEntryNameSize &&
         name.find_first_not_of("0123456789abcdef") == std::string_view::npos;
}

bool write_all(int fd, std::span<const std::byte> bytes) {
  while (!bytes.empty()) {
    const ssize_t wrote = ::write(fd, bytes.data(), bytes.size());
    if (wrote < 0 && errno == EINTR) continue;
    if (wrote <= 0) return false;
    bytes = bytes.subspan(static_cast<std::size_t>(wrote));
  }
  return true;
}

/// All of a regular file of at most `most` bytes.
std::optional<std::vector<std::byte>> read_all(int fd, std::uint64_t most) {
  struct stat info{};
  if (::fstat(fd, &info) != 0 || !S_ISREG(info.st_mode)) return std::nullopt;
  if (info.st_size < 0 || static_cast<std::uint64_t>(info.st_size) > most) return std::nullopt;
  std::vector<std::byte> bytes(static_cast<std::size_t>(info.st_size));
  std::size_t done = 0;
  while (done < bytes.size()) {
    const ssize_t got = ::read(fd, bytes.data() + done, bytes.size() - done);
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) return std::nullopt;
    done += static_cast<std::size_t>(got);
  }
  return bytes;
}

std::unexpected<Error> refuse(std::string_view what, const std::string& path) {
  return fail(ErrorCode::kSecurity,
              fmt::format("{} {}: compiled code is not kept between runs; remove the folder to "
                          "start afresh",
                          path, what));
}

std::unexpected<Error> failed(std::string_view what, const std::string& path) {
  const int reason = errno;
  return fail(ErrorCode::kRuntimeError,
              fmt::format("{} {}: {}: compiled code is not kept between runs", path, what,
                          std::strerror(reason)));
}

/// A temporary file in the cache's folder, deleted unless it was renamed or linked.
struct Temporary {
  explicit Temporary(int in_directory) : directory(in_directory), fd(-1) {
    std::array<unsigned char, 8> random{};
    if (RAND_bytes(random.data(), random.size()) != 1) return;
    name = fmt::format("{}{}-", kTemporaryPrefix, ::getpid());
    for (const unsigned char byte : random)
      name += fmt::format("{:02x}", byte);
    fd = ::openat(directory, name.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC,
                  0600);
  }
  ~Temporary() {
    if (fd < 0) return;
    ::close(fd);
    if (!name.empty()) ::unlinkat(directory, name.c_str(), 0);
  }
  Temporary(const Temporary&) = delete;
  Temporary& operator=(const Temporary&) = delete;

  int directory;
  int fd;
  std::string name;
};

Result<Descriptor> open_directory(const std::filesystem::path& directory) {
  const std::string& path = directory.native();
  std::error_code above;
  std::filesystem::create_directories(directory.parent_path(), above);
  if (::mkdir(path.c_str(), 0700) != 0 && errno != EEXIST) {
    if (above) errno = above.value();  // what went wrong first
    return failed("cannot be made", path);
  }
  Descriptor fd(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
  if (!fd) {
    if (errno == ELOOP || errno == ENOTDIR) return refuse("is not a directory of its own", path);
    return failed("cannot be opened", path);
  }
  struct stat info{};
  if (::fstat(fd.get(), &info) != 0) return failed("cannot be examined", path);
  if (info.st_uid != ::geteuid()) return refuse("belongs to another user", path);
  if ((info.st_mode & 07777) != 0700) {
    return refuse(fmt::format("has mode {:04o} instead of 0700", info.st_mode & 07777), path);
  }
  return fd;
}

/// Makes the key file if there is none. Of two processes at once, one wins and both read the same.
Result<void> make_key(int directory, const std::string& path) {
  start_libcrypto();
  Key fresh;
  if (RAND_bytes(reinterpret_cast<unsigned char*>(fresh.data()), fresh.size()) != 1) {
    return fail(ErrorCode::kRuntimeError, "no random bytes for the key of the code cache");
  }
  const Temporary file(directory);
  if (file.fd < 0 || !write_all(file.fd, fresh)) return failed("cannot get a key file", path);
  if (::linkat(directory, file.name.c_str(), directory, kKeyFile, 0) != 0 && errno != EEXIST) {
    return failed("cannot get a key file", path);
  }
  return {};
}

Result<Key> read_key(int directory, const std::string& path) {
  constexpr int kFlags = O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK;
  Descriptor fd(::openat(directory, kKeyFile, kFlags));
  if (!fd && errno == ENOENT) {
    if (auto made = make_key(directory, path); !made) {
      return std::unexpected(std::move(made.error()));
    }
    fd = Descriptor(::openat(directory, kKeyFile, kFlags));
  }
  if (!fd) return failed("has a key file that cannot be opened", path);
  struct stat info{};
  if (::fstat(fd.get(), &info) != 0) return failed("has a key file that cannot be examined", path);
  if (!S_ISREG(info.st_mode) || info.st_uid != ::geteuid() || (info.st_mode & 07777) != 0600) {
    return refuse("has a key file that is not ours alone (a regular file, mode 0600)", path);
  }
  const auto bytes = read_all(fd.get(), sizeof(Key));
  if (!bytes || bytes->size() != sizeof(Key)) return refuse("has a damaged key file", path);
  Key key;
  std::copy(bytes->begin(), bytes->end(), key.begin());
  return key;
}

}  // namespace

std::span<const std::byte> CompiledCodeCache::Entry::code() const noexcept {
  return std::span(file_).subspan(kHeaderSize, file_.size() - kHeaderSize - kMacSize);
}

CompiledCodeCache::CompiledCodeCache(CompiledCodeCache&& other) noexcept
    : directory_(std::exchange(other.directory_, -1)),
      mac_key_(other.mac_key_),
      max_bytes_(other.max_bytes_) {}

CompiledCodeCache::~CompiledCodeCache() {
  if (directory_ >= 0) ::close(directory_);
}

Result<CompiledCodeCache> CompiledCodeCache::open(const std::filesystem::path& directory,
                                                  std::uint64_t max_bytes) {
  // A trailing slash would make the last component follow a link.
  std::error_code error;
  const auto path =
      std::filesystem::absolute(directory / "", error).parent_path().lexically_normal();
  if (error) {
    return fail(ErrorCode::kNotFound, fmt::format("where {} lies cannot be told: {}",
                                                  directory.native(), error.message()));
  }
  auto fd = open_directory(path);
  if (!fd) return std::unexpected(std::move(fd.error()));
  auto key = read_key(fd->get(), path.native());
  if (!key) return std::unexpected(std::move(key.error()));
  return CompiledCodeCache(fd->release(), *key, max_bytes);
}

Result<Key> CompiledCodeCache::key_for(std::span<const std::byte> wasm, std::string_view settings) {
  const std::uint64_t settings_size = settings.size();  // keeps the two texts apart
  Sha256 hash;
  hash.update(std::as_bytes(std::span(&settings_size, 1)));
  hash.update(std::as_bytes(std::span(settings)));
  hash.update(wasm);
  const auto key = hash.finish();
  if (!key) return fail(ErrorCode::kRuntimeError, "SHA-256 is not available from libcrypto");
  return *key;
}

std::optional<CompiledCodeCache::Entry> CompiledCodeCache::find(const Key& key) const {
  const std::string name = to_hex(key);
  const Descriptor fd(
      ::openat(directory_, name.c_str(), O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK));
  if (!fd) {
    if (errno != ENOENT) remove(key);
    return std::nullopt;
  }
  auto file = read_all(fd.get(), SIZE_MAX);
  const auto verifies = [&] {
    if (!file || file->size() < kHeaderSize + kMacSize) return false;
    if (std::memcmp(file->data(), kMagic.data(), kMagic.size()) != 0) return false;
    if (std::memcmp(file->data() + kMagic.size(), key.data(), key.size()) != 0) return false;
    const auto signed_part = std::span(*file).first(file->size() - kMacSize);
    const auto mac = mac_of(mac_key_, signed_part);
    return mac && CRYPTO_memcmp(mac->data(), file->data() + signed_part.size(), kMacSize) == 0;
  };
  if (!verifies()) {
    remove(key);
    return std::nullopt;
  }
  struct stat info{};
  if (::fstat(fd.get(), &info) == 0 && std::time(nullptr) - info.st_mtime > kTouchEvery) {
    ::futimens(fd.get(), nullptr);  // so that pruning sees it is used
  }
  return Entry(std::move(*file));
}

Result<void> CompiledCodeCache::store(const Key& key, std::span<const std::byte> code) const {
  std::vector<std::byte> file(kHeaderSize);
  file.reserve(kHeaderSize + code.size() + kMacSize);
  std::memcpy(file.data(), kMagic.data(), kMagic.size());
  std::memcpy(file.data() + kMagic.size(), key.data(), key.size());
  file.insert(file.end(), code.begin(), code.end());
  const auto mac = mac_of(mac_key_, file);
  if (!mac) return fail(ErrorCode::kRuntimeError, "HMAC-SHA256 is not available from libcrypto");
  file.insert(file.end(), mac->begin(), mac->end());

  Temporary temporary(directory_);
  if (temporary.fd < 0 || !write_all(temporary.fd, file) ||
      ::renameat(directory_, temporary.name.c_str(), directory_, to_hex(key).c_str()) != 0) {
    return failed("cannot be written", "an entry of the code cache");
  }
  temporary.name.clear();
  prune();
  return {};
}

void CompiledCodeCache::remove(const Key& key) const noexcept {
  ::unlinkat(directory_, to_hex(key).c_str(), 0);
}

void CompiledCodeCache::prune() const {
  struct Kept {
    std::string name;
    std::uint64_t size;
    std::time_t used;
  };
  const int copy = ::openat(directory_, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  const unique_handle<DIR, ::closedir> listing(copy < 0 ? nullptr : ::fdopendir(copy));
  if (!listing) {
    if (copy >= 0) ::close(copy);
    return;
  }
  std::vector<Kept> entries;
  std::uint64_t total = 0;
  const std::time_t now = std::time(nullptr);
  while (const dirent* file = ::readdir(listing.get())) {
    struct stat info{};
    if (::fstatat(directory_, file->d_name, &info, AT_SYMLINK_NOFOLLOW) != 0) continue;
    const std::string_view name = file->d_name;
    if (name.starts_with(kTemporaryPrefix) && now - info.st_mtime > kStaleTemporary) {
      ::unlinkat(directory_, file->d_name, 0);
    } else if (is_entry_name(name)) {
      const auto size = static_cast<std::uint64_t>(info.st_size);
      entries.push_back({std::string(name), size, info.st_mtime});
      total += size;
    }
  }
  if (total <= max_bytes_) return;
  std::sort(entries.begin(), entries.end(),
            [](const Kept& a, const Kept& b) { return a.used < b.used; });
  for (const Kept& entry : entries) {
    if (total <= max_bytes_) break;
    if (::unlinkat(directory_, entry.name.c_str(), 0) == 0) total -= entry.size;
  }
}

}  // namespace nacre::engine
