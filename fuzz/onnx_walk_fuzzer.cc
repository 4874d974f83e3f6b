// The ONNX walker on any bytes: it must answer, whatever they are, and both of its walks must agree
// on whether they are an ONNX model at all.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <span>

#include "core/onnx_walk.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto model = std::as_bytes(std::span(data, size));
  const auto refused = nacre::refuse_external_data(model);
  const auto inside = nacre::check_external_data_inside(model, "/nonexistent");
  const auto versions = nacre::onnx_versions(model);

  const auto well_formed = [](const nacre::Result<void>& result) {
    return result || result.error().code != nacre::ErrorCode::kInvalidEncoding;
  };
  // What has no external tensor has nothing that could lie outside the folder either.
  if (refused && !inside) std::abort();
  if (well_formed(refused) && !refused && inside) std::abort();  // its file cannot exist
  if (refused && !versions && versions.error().code != nacre::ErrorCode::kInvalidEncoding) {
    std::abort();
  }
  return 0;
}
