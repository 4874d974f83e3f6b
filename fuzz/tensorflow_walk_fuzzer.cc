// The TensorFlow walker on any bytes, as a frozen graph and as a SavedModel: it must answer,
// whatever they are, and say why it refuses.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <span>

#include "core/tensorflow_walk.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto bytes = std::as_bytes(std::span(data, size));
  for (const auto& checked :
       {nacre::check_tensorflow_graph(bytes), nacre::check_saved_model(bytes)}) {
    if (checked) continue;
    if (checked.error().message.empty()) std::abort();
    if (checked.error().code != nacre::ErrorCode::kInvalidEncoding &&
        checked.error().code != nacre::ErrorCode::kUnsupportedOperation &&
        checked.error().code != nacre::ErrorCode::kTooLarge) {
      std::abort();
    }
  }
  return 0;
}
