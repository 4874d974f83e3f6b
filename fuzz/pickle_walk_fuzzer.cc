// The walk over a pickle of a TorchScript archive on any bytes: it must answer, with one of the
// codes that the header names, and never count more than the archive holds per reference. The first
// byte says what has to be at the end.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <optional>
#include <span>
#include <string_view>

#include "core/pickle_walk.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const auto wanted = data[0] % 2 == 0 ? nacre::PickleResult::kObject : nacre::PickleResult::kTuple;
  std::uint64_t given = 0;
  const auto walked = nacre::walk_pickle(
      "data.pkl", std::as_bytes(std::span(data + 1, size - 1)), wanted,
      [&given](std::string_view key) -> std::optional<std::uint64_t> {
        if (key.size() != 1) return std::nullopt;
        const std::uint64_t bytes = std::uint64_t{4} << (static_cast<unsigned char>(key[0]) % 8);
        given += bytes;
        return bytes;
      });
  if (walked) {
    if (walked->storage_bytes > given) std::abort();
    return 0;
  }
  const auto code = walked.error().code;
  if (walked.error().message.empty()) std::abort();
  if (code != nacre::ErrorCode::kInvalidEncoding && code != nacre::ErrorCode::kSecurity &&
      code != nacre::ErrorCode::kTooLarge) {
    std::abort();
  }
  return 0;
}
