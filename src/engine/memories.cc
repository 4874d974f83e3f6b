// The layout read here:
//
//   binary    "\0asm", version (2 bytes), layer (2 bytes: 0 module, 1 component), section…
//   section   id (1 byte), length (LEB128), that many bytes
//     module     id 5: memories      count, memory…
//                id 8: start         a function's number
//     component  id 1: core module   a whole binary
//                id 4: component     a whole binary
//   memory    flags (1 has a maximum, 2 shared, 4 64-bit, 8 own page size), minimum, [maximum],
//             [log2 of the page size], all LEB128

#include "engine/memories.h"

#include <cstdint>

#include "engine/binary_reader.h"

namespace nacre::engine {
namespace {

constexpr unsigned kMaximum = 1;
constexpr unsigned kShared = 2;
constexpr unsigned k64 = 4;
constexpr unsigned kPageSize = 8;
constexpr int kDeepest = 64;  // components in components

bool read_memories(std::span<const std::byte> section, std::vector<MemoryInfo>& out) {
  BinaryReader reader(section);
  const auto count = reader.number();
  if (!count) return false;
  for (std::uint64_t i = 0; i < *count; ++i) {
    MemoryInfo memory;
    const auto flags = reader.number();
    const auto least = reader.number();
    if (!flags || !least) return false;
    memory.min_pages = *least;
    memory.shared = (*flags & kShared) != 0;
    memory.is_64 = (*flags & k64) != 0;
    if ((*flags & kMaximum) != 0) {
      memory.max_pages = reader.number();
      if (!memory.max_pages) return false;
    }
    if ((*flags & kPageSize) != 0) {
      const auto log2 = reader.number();
      if (!log2 || *log2 >= 64) return false;
      memory.page_bytes = std::uint64_t{1} << *log2;
    }
    out.push_back(memory);
  }
  return true;
}

bool read_binary(std::span<const std::byte> wasm, std::vector<MemoryInfo>& out, int depth) {
  if (depth > kDeepest) return false;
  BinaryReader reader(wasm);
  const auto head = reader.take(8);
  if (!head) return false;
  const bool component = (*head)[6] == std::byte{1};
  while (!reader.at_end()) {
    const auto id = reader.take(1);
    const auto size = id ? reader.number() : std::nullopt;
    const auto body = size ? reader.take(*size) : std::nullopt;
    if (!body) return false;
    const auto kind = std::to_integer<unsigned>(id->front());
    if (component ? (kind == 1 || kind == 4) && !read_binary(*body, out, depth + 1)
                  : kind == 5 && !read_memories(*body, out)) {
      return false;
    }
  }
  return true;
}

}  // namespace

std::optional<std::vector<MemoryInfo>> memories_of(std::span<const std::byte> wasm) {
  std::vector<MemoryInfo> memories;
  if (!read_binary(wasm, memories, 0)) return std::nullopt;
  return memories;
}

bool has_start_section(std::span<const std::byte> wasm) {
  constexpr std::byte kStartSection{8};
  BinaryReader reader(wasm);
  if (!reader.take(8)) return false;
  while (!reader.at_end()) {
    const auto id = reader.take(1);
    const auto size = id ? reader.number() : std::nullopt;
    if (!size || !reader.take(*size)) return false;
    if (id->front() == kStartSection) return true;
  }
  return false;
}

}  // namespace nacre::engine
