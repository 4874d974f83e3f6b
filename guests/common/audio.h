// Sound as the example guests take it: a WAV file, or bare samples.
//
// Nothing here knows of wasi-nn or of WebAssembly: the same code compiles natively.
#pragma once

#include <cstddef>
#include <expected>
#include <span>
#include <string>
#include <vector>

namespace common {

// One channel, -1 to 1; `rate` in samples a second.
struct Audio {
  int rate = 0;
  std::vector<float> samples;
};

// A WAV file of 16-bit samples, its channels averaged; or, where the bytes do not begin like one,
// bare 16-bit little-endian samples of one channel at `raw_rate`. The error is a sentence.
std::expected<Audio, std::string> decode_audio(std::span<const std::byte> file, int raw_rate);

}  // namespace common
