// String tensors: Nacre's row of length-prefixed byte strings, and ONNX Runtime's elements.
#ifndef NACRE_BACKENDS_ONNXRUNTIME_STRINGS_H_
#define NACRE_BACKENDS_ONNXRUNTIME_STRINGS_H_

#include <nacre/error.h>
#include <onnxruntime_c_api.h>

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace nacre::onnxruntime {

// Layout of one string, with no padding around it (see TensorView):
//   u32 length, little-endian | length bytes

/// Fills the `count` elements of `out`, a string tensor. kInvalidArgument when the bytes are not
/// exactly as many strings; some elements may then be filled.
[[nodiscard]] Result<void> unpack_strings(std::span<const std::byte> bytes, std::size_t count,
                                          OrtValue* out);

/// Writes strings in two steps, since the buffer is asked for in between. Kept by a context, so
/// that its memory is.
class StringPacker {
 public:
  /// Reads a string tensor of `count` elements; the result is the size of the packed form.
  [[nodiscard]] Result<std::uint64_t> read(const OrtValue* strings, std::size_t count);
  /// Writes what read() read.
  void write(std::byte* out) const noexcept;

 private:
  std::vector<char> bytes_;           // all strings, one after the other
  std::vector<std::size_t> offsets_;  // where each begins; one more for the end
};

}  // namespace nacre::onnxruntime

#endif  // NACRE_BACKENDS_ONNXRUNTIME_STRINGS_H_
