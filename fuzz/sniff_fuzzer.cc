// The sniffer on any bytes. Longer inputs are also split in two, as an OpenVINO model comes.
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <span>

#include "core/sniff.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto bytes = std::as_bytes(std::span(data, size));
  const auto found = nacre::sniff(bytes);
  if (found == nacre::GraphEncoding::kAutodetect) std::abort();
  const std::array one = {bytes};
  if (nacre::sniff(one) != found) std::abort();
  const std::array two = {bytes.first(size / 2), bytes.subspan(size / 2)};
  const auto pair = nacre::sniff(two);
  if (pair && pair != nacre::GraphEncoding::kOpenvino) std::abort();
  return 0;
}
