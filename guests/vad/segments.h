// From a probability of speech per chunk to stretches of speech, as the package silero-vad does it
// with its defaults.
//
// Nothing here knows of wasi-nn or of WebAssembly: the same code compiles natively.
#pragma once

#include <cstddef>
#include <span>
#include <vector>

namespace vad {

inline constexpr int kRate = 16000;
inline constexpr std::size_t kChunk = 512;  // samples that are judged together

// Samples from `begin` up to `end`.
struct Segment {
  std::size_t begin = 0;
  std::size_t end = 0;
};

// Speech begins where the probability reaches `threshold` and ends where it stays 0.15 below that
// for 100 ms; what is shorter than 250 ms is none, and the rest gets 30 ms on both sides.
std::vector<Segment> segments(std::span<const float> probabilities, std::size_t samples,
                              float threshold);

}  // namespace vad
