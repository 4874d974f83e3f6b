// The header of a GGUF model: no read outside of it, whatever it says.
#include "core/gguf_walk.h"

#include <cstddef>
#include <cstdint>
#include <span>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static_cast<void>(nacre::check_gguf(std::as_bytes(std::span(data, size))));
  return 0;
}
