// The TFLite walker on any bytes: it must answer, whatever they are, and say why it refuses.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <span>

#include "core/tflite_walk.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto model = std::as_bytes(std::span(data, size));
  const auto checked = nacre::check_tflite(model);
  const auto facts = nacre::tflite_facts(model);
  if (checked) return 0;
  // A refusal has a sentence and one of the codes that the header names.
  const auto code = checked.error().code;
  if (checked.error().message.empty()) std::abort();
  if (code != nacre::ErrorCode::kInvalidEncoding && code != nacre::ErrorCode::kTooLarge &&
      code != nacre::ErrorCode::kUnsupportedOperation) {
    std::abort();
  }
  if (!facts && facts.error().code != nacre::ErrorCode::kInvalidEncoding) std::abort();
  return 0;
}
