// String tensors: Nacre's row of length-prefixed byte strings, and OpenVINO's std::string elements.
#ifndef NACRE_BACKENDS_OPENVINO_STRINGS_H_
#define NACRE_BACKENDS_OPENVINO_STRINGS_H_

#include <nacre/error.h>
#include <openvino/runtime/tensor.hpp>

#include <cstddef>
#include <cstdint>
#include <span>

namespace nacre::openvino {

// Layout of one string, with no padding around it (see TensorView):
//   u32 length, little-endian | length bytes

/// Fills every element of `out`, a string tensor. kInvalidArgument when the bytes are not exactly
/// as many strings.
[[nodiscard]] Result<void> unpack_strings(std::span<const std::byte> bytes, ov::Tensor& out);

/// Bytes that pack_strings writes; nullopt when a string is too long for its prefix.
[[nodiscard]] Result<std::uint64_t> packed_size(const ov::Tensor& strings);
void pack_strings(const ov::Tensor& strings, std::byte* out) noexcept;

}  // namespace nacre::openvino

#endif  // NACRE_BACKENDS_OPENVINO_STRINGS_H_
