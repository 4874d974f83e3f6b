#include "core/torchscript_walk.h"

#include "base/checked_math.h"
#include "base/lower_case.h"
#include "core/pickle_walk.h"

#include <fmt/format.h>
#include <algorithm>
#include <cstdint>
#include <cstring>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace nacre {
namespace {

using Bytes = std::span<const std::byte>;

// A zip ends with its directory: entries of kCentral, then for zip64 a record and its locator, then
// the end record, which is the file's last 22 bytes where there is no comment.
constexpr std::uint32_t kLocal = 0x04034b50;
constexpr std::uint32_t kCentral = 0x02014b50;
constexpr std::uint32_t kEnd = 0x06054b50;
constexpr std::uint32_t kLocator64 = 0x07064b50;
constexpr std::uint32_t kEnd64 = 0x06064b50;
constexpr std::size_t kLocalSize = 30;
constexpr std::size_t kCentralSize = 46;
constexpr std::size_t kEndSize = 22;
constexpr std::size_t kLocatorSize = 20;
constexpr std::size_t kEnd64Size = 56;
constexpr std::uint16_t kDeflated = 8;       // a method; 0 is as it is
constexpr std::uint32_t kIn64 = 0xffffffff;  // "see the 64-bit field"

template <typename T>
T read(Bytes bytes, std::uint64_t offset) noexcept {
  T value;
  std::memcpy(&value, bytes.data() + offset, sizeof value);
  return value;
}

std::string_view text_of(Bytes bytes, std::uint64_t offset, std::uint64_t size) noexcept {
  return {reinterpret_cast<const char*>(bytes.data()) + offset, static_cast<std::size_t>(size)};
}

std::unexpected<Error> damaged(std::string_view what) {
  return fail(ErrorCode::kInvalidEncoding,
              fmt::format("the model is no TorchScript archive: {}", what));
}

struct Directory {
  std::uint64_t offset = 0;
  std::uint64_t size = 0;
  std::uint64_t entries = 0;
};

Result<Directory> find_directory(Bytes zip) {
  if (zip.size() < kEndSize || read<std::uint32_t>(zip, zip.size() - kEndSize) != kEnd) {
    return damaged("a zip's end record is not the last in it");
  }
  const std::uint64_t end = zip.size() - kEndSize;
  Directory found{.offset = read<std::uint32_t>(zip, end + 16),
                  .size = read<std::uint32_t>(zip, end + 12),
                  .entries = read<std::uint16_t>(zip, end + 10)};
  if (read<std::uint16_t>(zip, end + 20) != 0) return damaged("the zip has a comment");
  if (read<std::uint16_t>(zip, end + 4) != 0 || read<std::uint16_t>(zip, end + 6) != 0 ||
      read<std::uint16_t>(zip, end + 8) != found.entries) {
    return damaged("the zip is one of several parts");
  }
  std::uint64_t limit = end;
  if (end >= kLocatorSize && read<std::uint32_t>(zip, end - kLocatorSize) == kLocator64) {
    const std::uint64_t at = read<std::uint64_t>(zip, end - kLocatorSize + 8);
    if (!range_fits(at, kEnd64Size, end - kLocatorSize) || read<std::uint32_t>(zip, at) != kEnd64) {
      return damaged("its 64-bit end record is not where it should be");
    }
    const Directory large{.offset = read<std::uint64_t>(zip, at + 48),
                          .size = read<std::uint64_t>(zip, at + 40),
                          .entries = read<std::uint64_t>(zip, at + 32)};
    const auto agree = [](std::uint64_t small, std::uint64_t marker, std::uint64_t value) {
      return small == marker || small == value;
    };
    if (!agree(found.offset, kIn64, large.offset) || !agree(found.size, kIn64, large.size) ||
        !agree(found.entries, 0xffff, large.entries)) {
      return damaged("its two end records disagree");
    }
    found = large;
    limit = at;
  }
  if (found.entries > kMaxTorchEntries) {
    return fail(ErrorCode::kTooLarge, fmt::format("the model has {} entries; the limit is {}",
                                                  found.entries, kMaxTorchEntries));
  }
  if (!range_fits(found.offset, found.size, limit)) return damaged("its directory is cut off");
  return found;
}

struct Entry {
  std::string_view name;
  std::uint64_t start = 0;  // of the local header
  std::uint64_t data = 0;
  std::uint64_t size = 0;
};

// The 64-bit fields of an extra part: those, in this order, whose 32-bit ones say so.
bool widen(Bytes zip, std::uint64_t extra, std::uint64_t extra_size, std::uint64_t& size,
           std::uint64_t& packed, std::uint64_t& start) {
  if (size != kIn64 && packed != kIn64 && start != kIn64) return true;
  while (extra_size >= 4) {
    const std::uint64_t length = read<std::uint16_t>(zip, extra + 2);
    if (length > extra_size - 4) return false;
    if (read<std::uint16_t>(zip, extra) == 1) {
      std::uint64_t at = extra + 4;
      const std::uint64_t end = at + length;
      for (std::uint64_t* field : {&size, &packed, &start}) {
        if (*field != kIn64) continue;
        if (end - at < 8) return false;
        *field = read<std::uint64_t>(zip, at);
        at += 8;
      }
      return true;
    }
    extra += 4 + length;
    extra_size -= 4 + length;
  }
  return false;
}

Result<std::vector<Entry>> read_entries(Bytes zip) {
  const auto directory = find_directory(zip);
  if (!directory) return std::unexpected(directory.error());
  std::vector<Entry> entries;
  std::set<std::string> names;
  std::uint64_t unpacked = 0;  // of the source
  std::uint64_t at = directory->offset;
  const std::uint64_t end = directory->offset + directory->size;
  for (std::uint64_t i = 0; i < directory->entries; ++i) {
    if (!range_fits(at, kCentralSize, end) || read<std::uint32_t>(zip, at) != kCentral) {
      return damaged("its directory is cut off");
    }
    const std::uint64_t name_size = read<std::uint16_t>(zip, at + 28);
    const std::uint64_t extra_size = read<std::uint16_t>(zip, at + 30);
    const std::uint64_t comment_size = read<std::uint16_t>(zip, at + 32);
    if (!range_fits(at + kCentralSize, name_size + extra_size + comment_size, end)) {
      return damaged("its directory is cut off");
    }
    Entry entry{.name = text_of(zip, at + kCentralSize, name_size),
                .start = read<std::uint32_t>(zip, at + 42),
                .data = 0,
                .size = read<std::uint32_t>(zip, at + 24)};
    std::uint64_t packed = read<std::uint32_t>(zip, at + 20);
    const auto wrong = [&](std::string_view what) {
      return damaged(fmt::format("its entry \"{}\" {}", entry.name.substr(0, 80), what));
    };
    if (name_size > 1000 || entry.name.find('\0') != entry.name.npos) {
      return wrong("has no proper name");
    }
    if (!widen(zip, at + kCentralSize + name_size, extra_size, entry.size, packed, entry.start)) {
      return wrong("has no proper size");
    }
    const auto method = read<std::uint16_t>(zip, at + 10);
    const bool source = entry.name.substr(entry.name.find('/') + 1).starts_with("code/");
    if ((read<std::uint16_t>(zip, at + 8) & 1) != 0 || (method != 0 && method != kDeflated) ||
        (method == kDeflated && !source) || (method == 0 && packed != entry.size)) {
      return wrong("is compressed or encrypted, which exporters do to source alone");
    }
    if (source) unpacked = checked_add(unpacked, entry.size).value_or(UINT64_MAX);
    if (unpacked > kMaxTorchSource) {
      return fail(ErrorCode::kTooLarge,
                  fmt::format("the model's source is more than {} bytes", kMaxTorchSource));
    }
    entry.size = packed;  // in the file
    if (!range_fits(entry.start, kLocalSize, directory->offset) ||
        read<std::uint32_t>(zip, entry.start) != kLocal ||
        read<std::uint16_t>(zip, entry.start + 8) != method ||
        read<std::uint16_t>(zip, entry.start + 26) != name_size) {
      return wrong("is not where the directory says");
    }
    entry.data = entry.start + kLocalSize + name_size + read<std::uint16_t>(zip, entry.start + 28);
    if (!range_fits(entry.data, entry.size, directory->offset)) return wrong("is cut off");
    if (text_of(zip, entry.start + kLocalSize, name_size) != entry.name) {
      return wrong("has two names");
    }
    // libtorch's reader looks names up without regard to case.
    if (!names.insert(to_lower(entry.name)).second) return wrong("is there twice");
    entries.push_back(entry);
    at += kCentralSize + name_size + extra_size + comment_size;
  }
  if (at != end) return damaged("its directory is longer than its entries");
  std::vector<Entry> ordered = entries;
  std::ranges::sort(ordered, {}, &Entry::start);
  for (std::size_t i = 1; i < ordered.size(); ++i) {
    if (ordered[i - 1].data + ordered[i - 1].size > ordered[i].start) {
      return damaged(fmt::format("its entries \"{}\" and \"{}\" lie over each other",
                                 ordered[i - 1].name.substr(0, 80), ordered[i].name.substr(0, 80)));
    }
  }
  return entries;
}

}  // namespace

Result<void> check_torchscript(Bytes archive) {
  auto entries = read_entries(archive);
  if (!entries) return std::unexpected(std::move(entries.error()));
  if (entries->empty()) return damaged("it is an empty zip");
  // All of it lies in one folder, named as the model was.
  const std::string_view first = entries->front().name;
  const std::string folder(first.substr(0, std::min(first.find('/'), first.size() - 1) + 1));
  std::map<std::string_view, Entry> records;
  for (const Entry& entry : *entries) {
    if (!folder.ends_with('/') || !entry.name.starts_with(folder)) {
      return damaged("its entries are not all in one folder");
    }
    records.emplace(entry.name.substr(folder.size()), entry);
  }
  if (records.contains("model.json")) {
    return damaged("it is of the format before PyTorch 1.4; save it anew with a later one");
  }
  std::uint64_t storage_bytes = 0;
  for (const std::string_view part : {"constants", "data"}) {
    const auto found = records.find(std::string(part) + ".pkl");
    if (found == records.end()) return damaged(fmt::format("it has no {}.pkl", part));
    const auto record_size = [&](std::string_view key) -> std::optional<std::uint64_t> {
      const auto record = records.find(fmt::format("{}/{}", part, key));
      if (record == records.end()) return std::nullopt;
      return record->second.size;
    };
    const auto facts =
        walk_pickle(fmt::format("{}.pkl", part),
                    archive.subspan(static_cast<std::size_t>(found->second.data),
                                    static_cast<std::size_t>(found->second.size)),
                    part == "data" ? PickleResult::kObject : PickleResult::kTuple, record_size);
    if (!facts) return std::unexpected(facts.error());
    storage_bytes += facts->storage_bytes;
  }
  // Each reference to a storage reads it again. Tied weights do that, a few times.
  constexpr std::uint64_t kTimes = 16;
  if (storage_bytes / kTimes > archive.size()) {
    return fail(ErrorCode::kTooLarge,
                fmt::format("the model's tensors take {} bytes out of a file of {}", storage_bytes,
                            archive.size()));
  }
  return {};
}

}  // namespace nacre
