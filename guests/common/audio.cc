#include "audio.h"

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <string_view>

namespace common {
namespace {

template <typename T>
T load(std::span<const std::byte> bytes, std::size_t at) {
  T value;
  std::memcpy(&value, bytes.data() + at, sizeof value);
  return value;
}

bool says(std::span<const std::byte> bytes, std::size_t at, std::string_view word) {
  return bytes.size() >= at + word.size() &&
         std::memcmp(bytes.data() + at, word.data(), word.size()) == 0;
}

std::vector<float> to_mono(std::span<const std::byte> data, std::size_t channels) {
  std::vector<float> samples(data.size() / (2 * channels));
  for (std::size_t i = 0; i < samples.size(); ++i) {
    float sum = 0;
    for (std::size_t c = 0; c < channels; ++c)
      sum += static_cast<float>(load<std::int16_t>(data, 2 * (i * channels + c))) / 32768.0f;
    samples[i] = sum / static_cast<float>(channels);
  }
  return samples;
}

}  // namespace

// A WAV file is "RIFF", a size, "WAVE", and chunks of a four-letter name, a u32 size and that many
// bytes, padded to an even number. "fmt " is u16 format, u16 channels, u32 rate, u32 bytes a
// second, u16 bytes a frame, u16 bits a sample.
std::expected<Audio, std::string> decode_audio(std::span<const std::byte> file, int raw_rate) {
  if (!says(file, 0, "RIFF") || !says(file, 8, "WAVE"))
    return Audio{.rate = raw_rate, .samples = to_mono(file, 1)};
  Audio audio;
  std::size_t channels = 0;
  for (std::size_t at = 12; at + 8 <= file.size();) {
    const std::size_t size =
        std::min<std::size_t>(load<std::uint32_t>(file, at + 4), file.size() - at - 8);
    const auto chunk = file.subspan(at + 8, size);
    if (says(file, at, "fmt ") && size >= 16) {
      const auto format = load<std::uint16_t>(chunk, 0);
      const auto bits = load<std::uint16_t>(chunk, 14);
      if (format != 1 || bits != 16)
        return std::unexpected("a WAV file of format " + std::to_string(format) + " with " +
                               std::to_string(bits) + " bits a sample; 16-bit PCM is wanted");
      channels = load<std::uint16_t>(chunk, 2);
      audio.rate = static_cast<int>(load<std::uint32_t>(chunk, 4));
    } else if (says(file, at, "data") && channels != 0) {
      audio.samples = to_mono(chunk, channels);
      return audio;
    }
    at += 8 + size + size % 2;
  }
  return std::unexpected(std::string("a WAV file without samples"));
}

}  // namespace common
