// Reading a FlatBuffer that nobody has verified.
//
//   root:   u32 offset of the root table at 0, then four letters of the format at 4
//   table:  i32 distance back to its vtable, then its fields
//   vtable: u16 size of itself, u16 size of the table, then a u16 per field: the field's distance
//           from the table's start, 0 when absent
//   vector: u32 count, then the elements; strings, vectors and tables in fields and vectors are
//           u32 distances forward from where the distance stands
//
// Every step is checked against the bytes. What leads out of them sets `broken` and reads as
// absent, so a reader goes through to its end and asks once. Nothing is copied or allocated. The
// work is the caller's to bound: distances may lead to one table from many places.
#ifndef NACRE_SRC_BASE_FLATBUFFER_H_
#define NACRE_SRC_BASE_FLATBUFFER_H_

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string_view>

namespace nacre {

/// The bytes, and whether anything led out of them. One thread at a time.
class FlatBytes {
 public:
  explicit FlatBytes(std::span<const std::byte> bytes) noexcept : bytes_(bytes) {}
  FlatBytes(const FlatBytes&) = delete;
  FlatBytes& operator=(const FlatBytes&) = delete;

  [[nodiscard]] bool broken() const noexcept { return broken_; }
  void set_broken() noexcept { broken_ = true; }

  /// Little-endian, unaligned; 0 and broken outside.
  template <typename T>
  [[nodiscard]] T read(std::uint64_t at) noexcept {
    T value{};
    if (!range(at, sizeof value)) return value;
    std::memcpy(&value, bytes_.data() + at, sizeof value);
    return value;
  }
  /// Whether [at, at + size) lies inside; if not, broken.
  bool range(std::uint64_t at, std::uint64_t size) noexcept {
    if (size <= bytes_.size() && at <= bytes_.size() - size) return true;
    broken_ = true;
    return false;
  }
  [[nodiscard]] std::span<const std::byte> bytes() const noexcept { return bytes_; }

 private:
  std::span<const std::byte> bytes_;
  bool broken_ = false;
};

/// A vector of numbers; empty when absent. T is what stands in the bytes.
template <typename T>
class FlatVector {
 public:
  FlatVector() noexcept = default;
  FlatVector(FlatBytes& in, std::uint64_t at) noexcept : in_(&in) {
    const auto count = in.read<std::uint32_t>(at);
    if (!in.range(at + 4, std::uint64_t{count} * sizeof(T))) return;
    at_ = at + 4;
    size_ = count;
  }
  [[nodiscard]] std::size_t size() const noexcept { return size_; }
  /// Requires i < size().
  [[nodiscard]] T operator[](std::size_t i) const noexcept {
    return in_->template read<T>(at_ + i * sizeof(T));
  }
  [[nodiscard]] std::span<const std::byte> bytes() const noexcept {
    return in_ == nullptr ? std::span<const std::byte>()
                          : in_->bytes().subspan(static_cast<std::size_t>(at_), size_ * sizeof(T));
  }

 private:
  FlatBytes* in_ = nullptr;
  std::uint64_t at_ = 0;
  std::size_t size_ = 0;
};

class FlatTables;

/// A table; one that is absent has no fields.
class FlatTable {
 public:
  FlatTable() noexcept = default;
  FlatTable(FlatBytes& in, std::uint64_t at) noexcept : in_(&in), at_(at) {
    const std::int64_t vtable = static_cast<std::int64_t>(at) - in.read<std::int32_t>(at);
    if (vtable < 0 || in.broken()) {
      lose();
      return;
    }
    vtable_ = static_cast<std::uint64_t>(vtable);
    vtable_size_ = in.read<std::uint16_t>(vtable_);
    table_size_ = in.read<std::uint16_t>(vtable_ + 2);
    if (vtable_size_ < 4 || vtable_size_ % 2 != 0 || table_size_ < 4 ||
        !in.range(vtable_, vtable_size_) || !in.range(at, table_size_)) {
      lose();
    }
  }

  /// The root of a buffer with the letters `format` (four) at 4.
  [[nodiscard]] static FlatTable root(FlatBytes& in, std::string_view format) noexcept {
    const std::uint64_t at = in.read<std::uint32_t>(0);
    const std::span<const std::byte> bytes = in.bytes();
    if (at < 8 || bytes.size() < 8 || std::memcmp(bytes.data() + 4, format.data(), 4) != 0) {
      in.set_broken();
      return {};
    }
    return {in, at};
  }

  [[nodiscard]] bool has(unsigned field) const noexcept { return offset(field, 1) != 0; }

  template <typename T>
  [[nodiscard]] T number(unsigned field, T otherwise = {}) const noexcept {
    const std::uint64_t offset_of = offset(field, sizeof(T));
    return offset_of == 0 ? otherwise : in_->template read<T>(at_ + offset_of);
  }
  template <typename T>
  [[nodiscard]] FlatVector<T> numbers(unsigned field) const noexcept {
    const std::uint64_t there = target(field);
    return there == 0 ? FlatVector<T>() : FlatVector<T>(*in_, there);
  }
  [[nodiscard]] std::string_view text(unsigned field) const noexcept {
    const auto bytes = numbers<std::uint8_t>(field).bytes();
    return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
  }
  [[nodiscard]] FlatTable table(unsigned field) const noexcept {
    const std::uint64_t there = target(field);
    return there == 0 ? FlatTable() : FlatTable(*in_, there);
  }
  [[nodiscard]] inline FlatTables tables(unsigned field) const noexcept;

 private:
  void lose() noexcept {
    in_->set_broken();
    vtable_size_ = 0;
  }
  // From the table's start; 0 when absent.
  [[nodiscard]] std::uint64_t offset(unsigned field, std::size_t size) const noexcept {
    const std::uint64_t entry = 4 + std::uint64_t{field} * 2;
    if (vtable_size_ < entry + 2) return 0;
    const auto found = in_->read<std::uint16_t>(vtable_ + entry);
    if (found == 0) return 0;
    if (found >= 4 && found + size <= table_size_) return found;
    in_->set_broken();
    return 0;
  }
  [[nodiscard]] std::uint64_t target(unsigned field) const noexcept {
    const std::uint64_t offset_of = offset(field, 4);
    if (offset_of == 0) return 0;
    const auto distance = in_->read<std::uint32_t>(at_ + offset_of);
    if (distance != 0) return at_ + offset_of + distance;
    in_->set_broken();
    return 0;
  }

  FlatBytes* in_ = nullptr;
  std::uint64_t at_ = 0;
  std::uint64_t vtable_ = 0;
  std::uint16_t vtable_size_ = 0;  // 0: no fields
  std::uint16_t table_size_ = 0;
};

/// A vector of tables; empty when absent.
class FlatTables {
 public:
  FlatTables() noexcept = default;
  FlatTables(FlatBytes& in, std::uint64_t at) noexcept : in_(&in), offsets_(in, at), at_(at + 4) {}
  [[nodiscard]] std::size_t size() const noexcept { return offsets_.size(); }
  /// Requires i < size().
  [[nodiscard]] FlatTable operator[](std::size_t i) const noexcept {
    const std::uint32_t distance = offsets_[i];
    if (distance != 0) return {*in_, at_ + i * 4 + distance};
    in_->set_broken();
    return {};
  }

 private:
  FlatBytes* in_ = nullptr;
  FlatVector<std::uint32_t> offsets_;
  std::uint64_t at_ = 0;
};

FlatTables FlatTable::tables(unsigned field) const noexcept {
  const std::uint64_t there = target(field);
  return there == 0 ? FlatTables() : FlatTables(*in_, there);
}

}  // namespace nacre

#endif  // NACRE_SRC_BASE_FLATBUFFER_H_
