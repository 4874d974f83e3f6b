// Reads what core-module guests lay out in their memory. Nothing here computes or keeps anything.
//
// Layout (little-endian, offsets in bytes; no alignment is demanded)
//
//   builder, 8 bytes; an array of them gives a model's parts
//     0   u32  address of the part
//     4   u32  its length
//
//   tensor, 20 bytes
//     0   u32  address of the dimensions, each a u32
//     4   u32  how many there are
//     8   u8   element type, in the guest's dialect
//     9   -    3 bytes of padding that hold anything; never read
//     12  u32  address of the data
//     16  u32  its length
//
//   name: address and length as two arguments; any bytes, no terminator.
//
// Every address and length is the guest's word and is checked in 64 bits against `memory`, the
// whole linear memory as it is during this call. What is returned points into it. All failures are
// kInvalidArgument unless said otherwise, with a sentence that gives the numbers.
#ifndef NACRE_SRC_ABI_WITX_DECODE_H_
#define NACRE_SRC_ABI_WITX_DECODE_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "abi/dialect.h"
#include "abi/guest_memory.h"
#include "nacre/error.h"
#include "nacre/tensor.h"

namespace nacre::witx {

inline constexpr std::uint32_t kBuilderBytes = 8;
inline constexpr std::uint32_t kTensorBytes = 20;

/// The error for a range that is not inside the memory. `what` begins a sentence.
[[nodiscard]] std::unexpected<Error> outside(std::string_view what, GuestPtr ptr, std::uint64_t len,
                                             std::size_t memory_size);

/// [ptr, ptr + len), or outside().
[[nodiscard]] inline Result<std::span<std::byte>> range(std::span<std::byte> memory, GuestPtr ptr,
                                                        std::uint64_t len, std::string_view what) {
  if (const auto bytes = slice(memory, ptr, len)) [[likely]]
    return *bytes;
  return outside(what, ptr, len, memory.size());
}

/// Whether a u32 can be written at `ptr`: asked before a call does its work.
[[nodiscard]] inline Result<void> can_write_u32(std::span<std::byte> memory, GuestPtr ptr,
                                                std::string_view what) {
  if (range_fits(ptr, sizeof(std::uint32_t), memory.size())) [[likely]]
    return {};
  return outside(what, ptr, sizeof(std::uint32_t), memory.size());
}

using Parts = std::vector<std::span<const std::byte>>;

/// The parts of a model; `count` 0 gives none. kTooLarge beyond the loader's kMaxModelParts.
[[nodiscard]] Result<Parts> decode_builders(std::span<std::byte> memory, GuestPtr ptr,
                                            std::uint32_t count);

using Dims = std::array<std::int64_t, kMaxRank>;

/// `rank` dimensions, each a u32, into `dims`.
[[nodiscard]] Result<std::span<const std::int64_t>> decode_dims(std::span<std::byte> memory,
                                                                GuestPtr ptr, std::uint32_t rank,
                                                                Dims& dims);

[[nodiscard]] Result<TensorType> decode_type(std::uint8_t wire, const DialectTable& dialect);

/// The tensor at `ptr`. Its dimensions go to `dims`, which the view refers to. Whether they fit the
/// data, and the graph, is core's to say.
[[nodiscard]] Result<TensorView> decode_tensor(std::span<std::byte> memory, GuestPtr ptr,
                                               const DialectTable& dialect, Dims& dims);

}  // namespace nacre::witx

#endif  // NACRE_SRC_ABI_WITX_DECODE_H_
