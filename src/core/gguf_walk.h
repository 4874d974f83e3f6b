// A first look at a GGUF that a guest brought, before llama.cpp's own reader sees it.
//
//   "GGUF"  u32 version (2 or 3)  u64 tensors  u64 pairs        little-endian
//   pairs   × (string key, u32 type, value)                     string: u64 length, bytes
//             value: a number, a string, or an array: u32 type, u64 count, values
//   tensors × (string name, u32 rank ≤ 4, u64 dims × rank, u32 type, u64 offset)
//   padding to general.alignment, then the tensors' data
//
// The walk follows every length against the bytes that are there, refuses what would make a reader
// allocate by a count alone, and checks that each tensor's data lies inside. What the numbers mean
// for the network it does not know: for that the model is tried in a throwaway process.
// Cost: one pass over the header; checking allocates nothing. Threading: pure; any thread.
#ifndef NACRE_SRC_CORE_GGUF_WALK_H_
#define NACRE_SRC_CORE_GGUF_WALK_H_

#include <nacre/error.h>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <span>
#include <string>

namespace nacre {

/// Pairs and tensors that a GGUF may have; models with a hundred layers and many experts have some
/// thousands.
inline constexpr std::uint64_t kMaxGgufEntries = 100'000;
inline constexpr std::uint64_t kMaxGgufKeyBytes = 65'535;

/// Errors: kInvalidEncoding, with the byte where it goes wrong.
[[nodiscard]] Result<void> check_gguf(std::span<const std::byte> model);

/// What a header says, as far as it is numbers and short texts.
struct GgufFacts {
  std::map<std::string, std::uint64_t, std::less<>> numbers;  ///< the largest of an array's
  std::map<std::string, std::string, std::less<>> texts;
  std::map<std::string, std::uint64_t, std::less<>> counts;  ///< of an array's values
  std::uint64_t parameters = 0;                              ///< elements of all tensors
  std::uint64_t weights_bytes = 0;                           ///< from the data's begin to its end
};
inline constexpr std::size_t kMostGgufTextBytes = std::size_t{256} << 10;  ///< longer: left out

/// The facts of a model of `model_bytes` bytes, of which only the beginning is at hand; checked as
/// by check_gguf, but for the tensors' bytes. nullopt: the header is longer than the beginning.
[[nodiscard]] Result<std::optional<GgufFacts>> read_gguf_facts(std::span<const std::byte> beginning,
                                                               std::uint64_t model_bytes);

}  // namespace nacre

#endif  // NACRE_SRC_CORE_GGUF_WALK_H_
