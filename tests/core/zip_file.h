// A stored zip taken apart and put together again, to forge archives out of real ones.
#ifndef NACRE_TESTS_CORE_ZIP_FILE_H_
#define NACRE_TESTS_CORE_ZIP_FILE_H_

#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>
#include <vector>

#include "core/model_bytes.h"

namespace nacre::test {

struct ZipEntry {
  std::string name;
  std::string data;
};

inline std::uint32_t crc32_of(std::string_view bytes) {
  std::uint32_t crc = 0xffffffff;
  for (const char byte : bytes) {
    crc ^= static_cast<unsigned char>(byte);
    for (int bit = 0; bit < 8; ++bit)
      crc = crc >> 1 ^ ((crc & 1) != 0 ? 0xedb88320 : 0);
  }
  return ~crc;
}

/// Of a zip of stored entries, as zip() and the exporters write them.
inline std::vector<ZipEntry> unzip(const std::string& zip) {
  const auto number = [&zip]<typename T>(std::size_t at, T value) {
    std::memcpy(&value, zip.data() + at, sizeof value);
    return static_cast<std::size_t>(value);
  };
  const std::size_t end = zip.rfind("PK\5\6");
  std::size_t at = number(end + 16, std::uint32_t{});
  std::vector<ZipEntry> entries;
  for (std::size_t left = number(end + 10, std::uint16_t{}); left > 0; --left) {
    const std::size_t name_size = number(at + 28, std::uint16_t{});
    const std::size_t size = number(at + 24, std::uint32_t{});
    const std::size_t start = number(at + 42, std::uint32_t{});
    const std::size_t data =
        start + 30 + number(start + 26, std::uint16_t{}) + number(start + 28, std::uint16_t{});
    entries.push_back({zip.substr(at + 46, name_size), zip.substr(data, size)});
    at += 46 + name_size + number(at + 30, std::uint16_t{}) + number(at + 32, std::uint16_t{});
  }
  return entries;
}

/// Entries with `compressed` in their name are deflate streams of one stored block.
inline std::string zip(const std::vector<ZipEntry>& entries, std::string_view compressed = "\n") {
  std::string out;
  std::string directory;
  for (const ZipEntry& entry : entries) {
    std::string packed = entry.data;
    const bool deflated = entry.name.find(compressed) != std::string::npos;
    if (deflated) {
      packed = "\1";
      put16(packed, static_cast<std::uint32_t>(entry.data.size()));
      put16(packed, ~static_cast<std::uint32_t>(entry.data.size()) & 0xffff);
      packed += entry.data;
    }
    std::string facts;  // what the local header and the directory share
    put16(facts, 20);
    put16(facts, 0);
    put16(facts, deflated ? 8 : 0);
    put32(facts, 0);
    put32(facts, crc32_of(entry.data));
    put32(facts, static_cast<std::uint32_t>(packed.size()));
    put32(facts, static_cast<std::uint32_t>(entry.data.size()));
    put16(facts, static_cast<std::uint32_t>(entry.name.size()));
    put16(facts, 0);
    const auto start = static_cast<std::uint32_t>(out.size());
    put32(out, 0x04034b50);
    out += facts + entry.name + packed;
    put32(directory, 0x02014b50);
    put16(directory, 20);
    directory += facts;
    directory.append(10, '\0');
    put32(directory, start);
    directory += entry.name;
  }
  const auto at = static_cast<std::uint32_t>(out.size());
  out += directory;
  put32(out, 0x06054b50);
  put32(out, 0);
  put16(out, static_cast<std::uint32_t>(entries.size()));
  put16(out, static_cast<std::uint32_t>(entries.size()));
  put32(out, static_cast<std::uint32_t>(directory.size()));
  put32(out, at);
  put16(out, 0);
  return out;
}

/// The data of the entries whose names end so, with `from` replaced by `to` everywhere; "" if there
/// is no `from`, so that a forgery that misses its place is no model at all.
inline std::string forged(const std::string& model, std::string_view ending, std::string_view from,
                          std::string_view to) {
  std::vector<ZipEntry> entries = unzip(model);
  bool found = false;
  for (ZipEntry& entry : entries) {
    if (!entry.name.ends_with(ending)) continue;
    for (std::size_t at = 0; (at = entry.data.find(from, at)) != std::string::npos;
         at += to.size()) {
      entry.data.replace(at, from.size(), to);
      found = true;
    }
  }
  return found ? zip(entries) : std::string();
}

/// With the whole of the entry replaced.
inline std::string with_entry(const std::string& model, std::string_view ending,
                              const std::string& data) {
  std::vector<ZipEntry> entries = unzip(model);
  for (ZipEntry& entry : entries) {
    if (entry.name.ends_with(ending)) entry.data = data;
  }
  return zip(entries);
}

}  // namespace nacre::test

#endif  // NACRE_TESTS_CORE_ZIP_FILE_H_
