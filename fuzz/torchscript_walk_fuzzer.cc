// The walk over a TorchScript archive on any bytes: it must answer, with one of the codes that the
// header names, and lets nothing pass that is no archive to the sniffer.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <span>

#include "core/sniff.h"
#include "core/torchscript_walk.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto archive = std::as_bytes(std::span(data, size));
  const auto checked = nacre::check_torchscript(archive);
  if (checked) {
    if (nacre::sniff(archive) != nacre::GraphEncoding::kPytorch) std::abort();
    return 0;
  }
  const auto code = checked.error().code;
  if (checked.error().message.empty()) std::abort();
  if (code != nacre::ErrorCode::kInvalidEncoding && code != nacre::ErrorCode::kSecurity &&
      code != nacre::ErrorCode::kTooLarge) {
    std::abort();
  }
  return 0;
}
