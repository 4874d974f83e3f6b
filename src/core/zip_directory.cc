#include "core/zip_directory.h"

#include "base/checked_math.h"
#include "base/read_number.h"

namespace nacre {
namespace {

using Bytes = std::span<const std::byte>;

constexpr std::uint32_t kCentral = 0x02014b50;
constexpr std::uint32_t kEnd = 0x06054b50;
constexpr std::uint32_t kLocator64 = 0x07064b50;
constexpr std::uint32_t kEnd64 = 0x06064b50;
constexpr std::size_t kCentralSize = 46;
constexpr std::size_t kEndSize = 22;
constexpr std::size_t kLocatorSize = 20;
constexpr std::size_t kEnd64Size = 56;
constexpr std::uint32_t kIn64 = 0xffffffff;  // "see the 64-bit field"

std::uint16_t u16(Bytes zip, std::uint64_t at) noexcept {
  return read_number<std::uint16_t>(zip, at);
}
std::uint32_t u32(Bytes zip, std::uint64_t at) noexcept {
  return read_number<std::uint32_t>(zip, at);
}
std::uint64_t u64(Bytes zip, std::uint64_t at) noexcept {
  return read_number<std::uint64_t>(zip, at);
}

// The 64-bit fields of an extra part: those, in this order, whose 32-bit ones say so.
bool widen(Bytes zip, std::uint64_t extra, std::uint64_t extra_size, ZipEntry& entry) noexcept {
  if (entry.size != kIn64 && entry.packed != kIn64 && entry.start != kIn64) return true;
  while (extra_size >= 4) {
    const std::uint64_t length = u16(zip, extra + 2);
    if (length > extra_size - 4) return false;
    if (u16(zip, extra) == 1) {
      std::uint64_t at = extra + 4;
      const std::uint64_t end = at + length;
      for (std::uint64_t* field : {&entry.size, &entry.packed, &entry.start}) {
        if (*field != kIn64) continue;
        if (end - at < 8) return false;
        *field = u64(zip, at);
        at += 8;
      }
      return true;
    }
    extra += 4 + length;
    extra_size -= 4 + length;
  }
  return false;
}

}  // namespace

std::expected<ZipDirectory, const char*> find_zip_directory(Bytes zip) noexcept {
  if (zip.size() < kEndSize || u32(zip, zip.size() - kEndSize) != kEnd) {
    return std::unexpected("a zip's end record is not the last in it");
  }
  const std::uint64_t end = zip.size() - kEndSize;
  ZipDirectory found{
      .offset = u32(zip, end + 16), .size = u32(zip, end + 12), .entries = u16(zip, end + 10)};
  if (u16(zip, end + 20) != 0) return std::unexpected("the zip has a comment");
  if (u16(zip, end + 4) != 0 || u16(zip, end + 6) != 0 || u16(zip, end + 8) != found.entries) {
    return std::unexpected("the zip is one of several parts");
  }
  std::uint64_t limit = end;
  if (end >= kLocatorSize && u32(zip, end - kLocatorSize) == kLocator64) {
    const std::uint64_t at = u64(zip, end - kLocatorSize + 8);
    if (!range_fits(at, kEnd64Size, end - kLocatorSize) || u32(zip, at) != kEnd64) {
      return std::unexpected("its 64-bit end record is not where it should be");
    }
    const ZipDirectory large{
        .offset = u64(zip, at + 48), .size = u64(zip, at + 40), .entries = u64(zip, at + 32)};
    const auto agree = [](std::uint64_t small, std::uint64_t marker, std::uint64_t value) {
      return small == marker || small == value;
    };
    if (!agree(found.offset, kIn64, large.offset) || !agree(found.size, kIn64, large.size) ||
        !agree(found.entries, 0xffff, large.entries)) {
      return std::unexpected("its two end records disagree");
    }
    found = large;
    limit = at;
  }
  if (!range_fits(found.offset, found.size, limit)) {
    return std::unexpected("its directory is cut off");
  }
  return found;
}

bool ZipEntryReader::next(ZipEntry& entry) noexcept {
  if (problem_ != nullptr) return false;
  if (left_ == 0) return at_ == end_ ? false : bad("its directory is longer than its entries");
  if (!range_fits(at_, kCentralSize, end_) || u32(zip_, at_) != kCentral) {
    return bad("its directory is cut off");
  }
  const std::uint64_t name_size = u16(zip_, at_ + 28);
  const std::uint64_t extra_size = u16(zip_, at_ + 30);
  const std::uint64_t comment_size = u16(zip_, at_ + 32);
  const std::uint64_t name_at = at_ + kCentralSize;
  if (!range_fits(name_at, name_size + extra_size + comment_size, end_)) {
    return bad("its directory is cut off");
  }
  entry = {.name = {reinterpret_cast<const char*>(zip_.data()) + name_at,
                    static_cast<std::size_t>(name_size)},
           .encrypted = (u16(zip_, at_ + 8) & 1) != 0,
           .method = u16(zip_, at_ + 10),
           .has_sizes = false,
           .packed = u32(zip_, at_ + 20),
           .size = u32(zip_, at_ + 24),
           .start = u32(zip_, at_ + 42)};
  entry.has_sizes = widen(zip_, name_at + name_size, extra_size, entry);
  at_ = name_at + name_size + extra_size + comment_size;
  --left_;
  return true;
}

}  // namespace nacre
