// The Paddle walker on any bytes: it must answer, whatever they are, and say why it refuses. The
// first two bytes say how long the program is; the rest is the file of parameters.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <span>

#include "core/paddle_walk.h"

namespace {

// A refusal has a sentence and one of the codes that the header names.
void check_refusal(const nacre::Error& error) {
  if (error.message.empty()) std::abort();
  if (error.code != nacre::ErrorCode::kInvalidEncoding &&
      error.code != nacre::ErrorCode::kUnsupportedOperation &&
      error.code != nacre::ErrorCode::kTooLarge) {
    std::abort();
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 2) return 0;
  const auto bytes = std::as_bytes(std::span(data, size)).subspan(2);
  const std::size_t program_size = data[0] | std::size_t{data[1]} << 8;
  if (program_size > bytes.size()) return 0;
  const auto program = nacre::check_paddle(bytes.first(program_size));
  if (!program) {
    check_refusal(program.error());
    return 0;
  }
  static_cast<void>(nacre::paddle_version(*program));
  const auto parameters = nacre::check_paddle_parameters(*program, bytes.subspan(program_size));
  if (!parameters) check_refusal(parameters.error());
  return 0;
}
