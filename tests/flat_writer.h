// FlatBuffers and FlexBuffers for tests, written out by hand: of tables that may be anything.
#ifndef NACRE_TESTS_FLAT_WRITER_H_
#define NACRE_TESTS_FLAT_WRITER_H_

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace nacre::test {

/// A value in a FlatBuffer: a number (by its bytes), text or bytes, a vector of i32 or i64, a
/// table, or a vector of tables. Fields of a table are given by number.
struct Flat {
  struct Fields {
    std::vector<std::pair<unsigned, Flat>> all;
  };
  struct Number {
    std::uint64_t value;
    std::size_t size;
  };
  std::variant<Number, std::string, std::vector<std::int32_t>, std::vector<std::int64_t>, Fields,
               std::vector<Flat>>
      value;
};

inline Flat flat_u8(std::uint64_t v) {
  return {Flat::Number{v, 1}};
}
inline Flat flat_i32(std::int64_t v) {
  return {Flat::Number{static_cast<std::uint32_t>(v), 4}};
}
inline Flat flat_u64(std::uint64_t v) {
  return {Flat::Number{v, 8}};
}
inline Flat flat_bytes(std::string bytes) {
  return {std::move(bytes)};
}
inline Flat flat_ints(std::vector<std::int32_t> numbers) {
  return {std::move(numbers)};
}
inline Flat flat_table(std::vector<std::pair<unsigned, Flat>> fields) {
  return {Flat::Fields{std::move(fields)}};
}
inline Flat flat_tables(std::vector<Flat> tables) {
  return {std::move(tables)};
}

/// Parents before children, since distances lead forward; everything aligned as its kind needs.
class FlatWriter {
 public:
  std::string write(const Flat& root, std::string_view format = "TFL3") {
    out_.assign(4, '\0');
    out_ += format;
    const std::size_t at = table(std::get<Flat::Fields>(root.value));
    put32(0, static_cast<std::uint32_t>(at));
    return std::exchange(out_, {});
  }

 private:
  void align(std::size_t to) { out_.resize((out_.size() + to - 1) / to * to, '\0'); }
  void put32(std::size_t at, std::uint32_t v) { std::memcpy(out_.data() + at, &v, 4); }
  void append32(std::uint32_t v) {
    out_.append(4, '\0');
    put32(out_.size() - 4, v);
  }
  void append16(std::size_t v) {
    out_ += static_cast<char>(v);
    out_ += static_cast<char>(v >> 8);
  }

  std::size_t table(const Flat::Fields& fields) {
    unsigned count = 0;
    for (const auto& [number, _] : fields.all)
      count = std::max(count, number + 1);
    // Largest first, so that all are aligned; the table starts where (start + 4) % 8 == 0.
    std::vector<std::size_t> offsets(count, 0);
    std::size_t size = 4;
    for (const std::size_t width : {8u, 4u, 1u}) {
      for (const auto& [number, field] : fields.all) {
        const auto* plain = std::get_if<Flat::Number>(&field.value);
        if ((plain == nullptr ? 4 : plain->size) != width) continue;
        offsets[number] = size;
        size += width;
      }
    }
    align(8);
    const std::size_t vtable = out_.size();
    append16(4 + 2 * count);
    append16(size);
    for (const std::size_t offset : offsets)
      append16(offset);
    while (out_.size() % 8 != 4)
      out_ += '\0';
    const std::size_t start = out_.size();
    out_.append(size, '\0');
    put32(start, static_cast<std::uint32_t>(start - vtable));
    for (const auto& [number, field] : fields.all) {
      const std::size_t at = start + offsets[number];
      if (const auto* plain = std::get_if<Flat::Number>(&field.value)) {
        std::memcpy(out_.data() + at, &plain->value, plain->size);
      } else {
        refer(at, field);
      }
    }
    return start;
  }

  void refer(std::size_t at, const Flat& value) {
    std::size_t there = 0;
    if (const auto* text = std::get_if<std::string>(&value.value)) {
      while (out_.size() % 16 != 12)
        out_ += '\0';
      there = out_.size();
      append32(static_cast<std::uint32_t>(text->size()));
      out_ += *text;
      out_ += '\0';
    } else if (const auto* numbers = std::get_if<std::vector<std::int32_t>>(&value.value)) {
      align(4);
      there = out_.size();
      append32(static_cast<std::uint32_t>(numbers->size()));
      for (const std::int32_t v : *numbers)
        append32(static_cast<std::uint32_t>(v));
    } else if (const auto* longs = std::get_if<std::vector<std::int64_t>>(&value.value)) {
      while (out_.size() % 8 != 4)
        out_ += '\0';
      there = out_.size();
      append32(static_cast<std::uint32_t>(longs->size()));
      for (const std::int64_t v : *longs) {
        append32(static_cast<std::uint32_t>(v));
        append32(static_cast<std::uint32_t>(static_cast<std::uint64_t>(v) >> 32));
      }
    } else if (const auto* fields = std::get_if<Flat::Fields>(&value.value)) {
      there = table(*fields);
    } else {
      const auto& tables = std::get<std::vector<Flat>>(value.value);
      align(4);
      there = out_.size();
      append32(static_cast<std::uint32_t>(tables.size()));
      out_.append(4 * tables.size(), '\0');
      for (std::size_t i = 0; i < tables.size(); ++i)
        refer(there + 4 + 4 * i, tables[i]);
    }
    put32(at, static_cast<std::uint32_t>(there - at));
  }

  std::string out_;
};

/// A FlexBuffer map of i32 (whole numbers) and floats, in the order of the names.
inline std::string flex_map(const std::vector<std::pair<std::string, double>>& sorted) {
  std::string out;
  const auto append = [&out](std::uint32_t v) {
    out.append(reinterpret_cast<const char*>(&v), sizeof v);
  };
  std::vector<std::size_t> names;
  for (const auto& [name, value] : sorted) {
    names.push_back(out.size());
    out += name + '\0';
  }
  out.resize((out.size() + 3) / 4 * 4, '\0');
  append(static_cast<std::uint32_t>(sorted.size()));
  const std::size_t keys = out.size();
  for (const std::size_t name : names)
    append(static_cast<std::uint32_t>(out.size() - name));
  append(static_cast<std::uint32_t>(out.size() - keys));
  append(4);
  append(static_cast<std::uint32_t>(sorted.size()));
  const std::size_t values = out.size();
  std::string kinds;
  for (const auto& [name, value] : sorted) {
    const bool whole = value == static_cast<std::int32_t>(value);
    const auto number = static_cast<std::int32_t>(value);
    const auto part = static_cast<float>(value);
    std::uint32_t bits = 0;
    std::memcpy(&bits, whole ? static_cast<const void*>(&number) : &part, sizeof bits);
    append(bits);
    kinds += static_cast<char>((whole ? 1 : 3) << 2 | 2);
  }
  out += kinds;
  append(static_cast<std::uint32_t>(out.size() - values));
  return out + static_cast<char>(9 << 2 | 2) + '\4';
}

}  // namespace nacre::test

#endif  // NACRE_TESTS_FLAT_WRITER_H_
