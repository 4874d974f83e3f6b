// A zip taken apart and put together again, to forge archives out of real ones.
#ifndef NACRE_TESTS_CORE_ZIP_FILE_H_
#define NACRE_TESTS_CORE_ZIP_FILE_H_

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>
#include <utility>
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

/// What a deflate stream (RFC 1951) stands for; of a broken one whatever came before.
class Inflate {
 public:
  explicit Inflate(std::string_view packed) : in_(packed) {}

  std::string run() {
    for (bool last = false; !last && !over();) {
      last = bits(1) != 0;
      const std::size_t kind = bits(2);
      if (kind == 0) {
        at_ = (at_ + 7) / 8 * 8;
        const std::size_t size = bits(16);
        bits(16);
        for (std::size_t i = 0; i < size && !over(); ++i)
          out_ += static_cast<char>(bits(8));
      } else if (kind == 1) {
        std::vector<std::uint8_t> lengths(288, 8);
        std::fill(lengths.begin() + 144, lengths.begin() + 256, 9);
        std::fill(lengths.begin() + 256, lengths.begin() + 280, 7);
        block(Code(lengths), Code(std::vector<std::uint8_t>(30, 5)));
      } else {
        dynamic();
      }
    }
    return std::move(out_);
  }

 private:
  /// A canonical code: how many codes there are of each length, and the symbols in their order.
  struct Code {
    explicit Code(const std::vector<std::uint8_t>& lengths) {
      for (std::size_t length = 1; length < counts.size(); ++length) {
        for (std::size_t symbol = 0; symbol < lengths.size(); ++symbol) {
          if (lengths[symbol] != length) continue;
          ++counts[length];
          symbols.push_back(symbol);
        }
      }
    }
    std::array<std::size_t, 16> counts{};
    std::vector<std::size_t> symbols;
  };

  [[nodiscard]] bool over() const { return at_ >= in_.size() * 8; }
  std::size_t bits(std::size_t count) {
    std::size_t value = 0;
    for (std::size_t i = 0; i < count && !over(); ++i, ++at_)
      value |= static_cast<std::size_t>(in_[at_ / 8] >> (at_ % 8) & 1) << i;
    return value;
  }
  std::size_t symbol(const Code& code) {
    std::size_t value = 0;
    std::size_t first = 0;
    std::size_t index = 0;
    for (std::size_t length = 1; length < 16 && !over(); ++length) {
      value |= bits(1);
      if (value < first + code.counts[length]) return code.symbols[index + value - first];
      index += code.counts[length];
      first = (first + code.counts[length]) << 1;
      value <<= 1;
    }
    return 256;
  }
  void dynamic() {
    const std::size_t literals = bits(5) + 257;
    const std::size_t all = literals + bits(5) + 1;
    const std::size_t orders = bits(4) + 4;
    constexpr std::array<std::uint8_t, 19> kOrder = {16, 17, 18, 0, 8,  7, 9,  6, 10, 5,
                                                     11, 4,  12, 3, 13, 2, 14, 1, 15};
    std::vector<std::uint8_t> lengths(19, 0);
    for (std::size_t i = 0; i < orders; ++i)
      lengths[kOrder[i]] = static_cast<std::uint8_t>(bits(3));
    const Code code(lengths);
    lengths.clear();
    while (lengths.size() < all && !over()) {
      const std::size_t one = symbol(code);
      if (one < 16) {
        lengths.push_back(static_cast<std::uint8_t>(one));
        continue;
      }
      const std::uint8_t again = one == 16 && !lengths.empty() ? lengths.back() : 0;
      const std::size_t times = one == 16 ? 3 + bits(2) : one == 17 ? 3 + bits(3) : 11 + bits(7);
      lengths.insert(lengths.end(), times, again);
    }
    lengths.resize(all);
    const auto middle = lengths.begin() + static_cast<std::ptrdiff_t>(literals);
    block(Code({lengths.begin(), middle}), Code({middle, lengths.end()}));
  }
  void block(const Code& literals, const Code& distances) {
    while (!over()) {
      const std::size_t one = symbol(literals);
      if (one == 256) return;
      if (one < 256) {
        out_ += static_cast<char>(one);
        continue;
      }
      std::size_t length = one - 254;
      if (one >= 265 && one < 285) {
        const std::size_t extra = (one - 261) / 4;
        length = ((4 + (one - 261) % 4) << extra) + 3 + bits(extra);
      } else if (one == 285) {
        length = 258;
      }
      std::size_t distance = symbol(distances);
      if (distance >= 4) {
        const std::size_t extra = distance / 2 - 1;
        distance = ((2 + distance % 2) << extra) + bits(extra);
      }
      if (distance >= out_.size()) return;
      for (; length > 0; --length)
        out_ += out_[out_.size() - 1 - distance];
    }
  }

  std::string_view in_;
  std::size_t at_ = 0;  // in bits
  std::string out_;
};

/// Of a zip as zip() and the exporters write them.
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
    const std::size_t size = number(at + 20, std::uint32_t{});
    const bool deflated = number(at + 10, std::uint16_t{}) == 8;
    const std::size_t start = number(at + 42, std::uint32_t{});
    const std::size_t data =
        start + 30 + number(start + 26, std::uint16_t{}) + number(start + 28, std::uint16_t{});
    const std::string packed = zip.substr(data, size);
    entries.push_back({zip.substr(at + 46, name_size), deflated ? Inflate(packed).run() : packed});
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
