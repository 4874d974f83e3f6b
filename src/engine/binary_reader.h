// Reads the binary format of WebAssembly just enough to look at it before the VM does: numbers,
// stretches of bytes. Every answer is nullopt where the bytes end too early; nothing throws.
#ifndef NACRE_SRC_ENGINE_BINARY_READER_H_
#define NACRE_SRC_ENGINE_BINARY_READER_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

namespace nacre::engine {

class BinaryReader {
 public:
  explicit BinaryReader(std::span<const std::byte> bytes) : rest_(bytes) {}

  [[nodiscard]] bool at_end() const { return rest_.empty(); }

  [[nodiscard]] std::optional<std::span<const std::byte>> take(std::uint64_t size) {
    if (size > rest_.size()) return std::nullopt;
    const auto taken = rest_.first(static_cast<std::size_t>(size));
    rest_ = rest_.subspan(taken.size());
    return taken;
  }

  [[nodiscard]] std::optional<std::uint64_t> number() {
    std::uint64_t value = 0;
    for (unsigned shift = 0; shift < 64; shift += 7) {
      const auto byte = take(1);
      if (!byte) return std::nullopt;
      const auto bits = std::to_integer<std::uint64_t>(byte->front());
      value |= (bits & 0x7f) << shift;
      if ((bits & 0x80) == 0) return value;
    }
    return std::nullopt;
  }

 private:
  std::span<const std::byte> rest_;
};

}  // namespace nacre::engine

#endif  // NACRE_SRC_ENGINE_BINARY_READER_H_
