#include "core/torchscript_walk.h"

#include "base/checked_math.h"
#include "base/lower_case.h"
#include "base/read_number.h"
#include "core/pickle_walk.h"
#include "core/zip_directory.h"

#include <fmt/format.h>
#include <algorithm>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace nacre {
namespace {

using Bytes = std::span<const std::byte>;

// What stands before each file in a zip.
constexpr std::uint32_t kLocal = 0x04034b50;
constexpr std::size_t kLocalSize = 30;
constexpr std::uint16_t kDeflated = 8;  // a method; 0 is as it is

std::string_view text_of(Bytes bytes, std::uint64_t offset, std::uint64_t size) noexcept {
  return {reinterpret_cast<const char*>(bytes.data()) + offset, static_cast<std::size_t>(size)};
}

std::unexpected<Error> damaged(std::string_view what) {
  return fail(ErrorCode::kInvalidEncoding,
              fmt::format("the model is no TorchScript archive: {}", what));
}

struct Entry {
  std::string_view name;
  std::uint64_t start = 0;  // of the local header
  std::uint64_t data = 0;
  std::uint64_t size = 0;
};

Result<std::vector<Entry>> read_entries(Bytes zip) {
  const auto directory = find_zip_directory(zip);
  if (!directory) return damaged(directory.error());
  if (directory->entries > kMaxTorchEntries) {
    return fail(ErrorCode::kTooLarge, fmt::format("the model has {} entries; the limit is {}",
                                                  directory->entries, kMaxTorchEntries));
  }
  std::vector<Entry> entries;
  std::set<std::string> names;
  std::uint64_t unpacked = 0;  // of the source
  ZipEntryReader reader(zip, *directory);
  ZipEntry entry;
  while (reader.next(entry)) {
    const auto wrong = [&](std::string_view what) {
      return damaged(fmt::format("its entry \"{}\" {}", entry.name.substr(0, 80), what));
    };
    if (entry.name.size() > 1000 || entry.name.find('\0') != entry.name.npos) {
      return wrong("has no proper name");
    }
    if (!entry.has_sizes) return wrong("has no proper size");
    const bool source = entry.name.substr(entry.name.find('/') + 1).starts_with("code/");
    const bool deflated = entry.method == kDeflated;
    if (entry.encrypted || (entry.method != 0 && !deflated) || (deflated && !source) ||
        (!deflated && entry.packed != entry.size)) {
      return wrong("is compressed or encrypted, which exporters do to source alone");
    }
    if (source) unpacked = checked_add(unpacked, entry.size).value_or(UINT64_MAX);
    if (unpacked > kMaxTorchSource) {
      return fail(ErrorCode::kTooLarge,
                  fmt::format("the model's source is more than {} bytes", kMaxTorchSource));
    }
    const auto u16 = [&zip](std::uint64_t at) { return read_number<std::uint16_t>(zip, at); };
    if (!range_fits(entry.start, kLocalSize, directory->offset) ||
        read_number<std::uint32_t>(zip, entry.start) != kLocal ||
        u16(entry.start + 8) != entry.method || u16(entry.start + 26) != entry.name.size()) {
      return wrong("is not where the directory says");
    }
    const std::uint64_t name = entry.start + kLocalSize;
    const std::uint64_t data = name + entry.name.size() + u16(entry.start + 28);
    if (!range_fits(data, entry.packed, directory->offset)) return wrong("is cut off");
    if (text_of(zip, name, entry.name.size()) != entry.name) return wrong("has two names");
    // libtorch's reader looks names up without regard to case.
    if (!names.insert(to_lower(entry.name)).second) return wrong("is there twice");
    entries.push_back(
        {.name = entry.name, .start = entry.start, .data = data, .size = entry.packed});
  }
  if (reader.problem() != nullptr) return damaged(reader.problem());
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
