#include "picture.h"

#include <algorithm>
#include <climits>
#include <cmath>

#define STB_IMAGE_IMPLEMENTATION
#define STB_IMAGE_STATIC
#define STBI_NO_STDIO
#define STBI_NO_LINEAR
#define STBI_NO_HDR
#define STBI_ONLY_PNG
#define STBI_ONLY_JPEG
#pragma clang diagnostic push
#pragma clang diagnostic ignored "-Weverything"
#include <stb/stb_image.h>
#pragma clang diagnostic pop

namespace classify {
namespace {

constexpr int kChannels = 3;

// Catmull-Rom's cubic (a = -0.5), zero outside [-2, 2].
double cubic(double x) {
  constexpr double kA = -0.5;
  x = std::fabs(x);
  if (x < 1) return ((kA + 2) * x - (kA + 3)) * x * x + 1;
  if (x < 2) return (((x - 5) * x + 8) * x - 4) * kA;
  return 0;
}

// For each output sample, the input samples it is made from. When shrinking, the filter is
// stretched by the scale, which is what antialiases.
struct Filter {
  std::vector<int> first;      // per output sample
  std::vector<float> weights;  // per output sample, `taps` of them
  int taps = 0;
};

Filter make_filter(int from, int to) {
  const double scale = static_cast<double>(from) / to;
  const double stretch = std::max(scale, 1.0);
  const double reach = 2.0 * stretch;
  Filter filter;
  filter.taps = std::min(from, static_cast<int>(std::ceil(reach)) * 2 + 1);
  filter.first.resize(to);
  filter.weights.assign(static_cast<std::size_t>(to) * filter.taps, 0.0f);
  std::vector<double> row(filter.taps);
  for (int i = 0; i < to; ++i) {
    const double centre = (i + 0.5) * scale;
    const int low = std::max(0, static_cast<int>(centre - reach + 0.5));
    const int high = std::min(from, static_cast<int>(centre + reach + 0.5));
    // Kept so far left that a whole row of taps can always be read.
    const int first = std::min(low, from - filter.taps);
    std::fill(row.begin(), row.end(), 0.0);
    double sum = 0;
    for (int x = low; x < high; ++x) {
      const double weight = cubic((x - centre + 0.5) / stretch);
      row[x - first] = weight;
      sum += weight;
    }
    filter.first[i] = first;
    for (int k = 0; k < filter.taps; ++k)
      filter.weights[static_cast<std::size_t>(i) * filter.taps + k] =
          static_cast<float>(row[k] / sum);
  }
  return filter;
}

std::uint8_t to_byte(float x) {
  return static_cast<std::uint8_t>(std::clamp(x, 0.0f, 255.0f) + 0.5f);
}

}  // namespace

std::expected<Picture, std::string> decode_picture(std::span<const std::byte> file) {
  if (file.size() > INT_MAX) return std::unexpected("too large: a picture may have 2 GiB");
  Picture picture;
  int channels_in_file = 0;
  auto* pixels = stbi_load_from_memory(reinterpret_cast<const stbi_uc*>(file.data()),
                                       static_cast<int>(file.size()), &picture.width,
                                       &picture.height, &channels_in_file, kChannels);
  if (pixels == nullptr) {
    const char* reason = stbi_failure_reason();
    return std::unexpected("not a PNG or JPEG picture this program can read (" +
                           std::string(reason ? reason : "no reason given") + ")");
  }
  picture.pixels.assign(
      pixels, pixels + static_cast<std::size_t>(picture.width) * picture.height * kChannels);
  stbi_image_free(pixels);
  return picture;
}

std::vector<float> imagenet_tensor(const Picture& picture, int side) {
  constexpr float kMean[kChannels] = {0.485f, 0.456f, 0.406f};
  constexpr float kDeviation[kChannels] = {0.229f, 0.224f, 0.225f};

  const int square = std::min(picture.width, picture.height);
  const int left = (picture.width - square) / 2;
  const int top = (picture.height - square) / 2;
  const Filter filter = make_filter(square, side);

  // Across: square rows of `side` pixels, channels interleaved. Each pass rounds to bytes, as
  // Python's imaging library does: without it, coffee.png's espresso is 0.813 instead of 0.816.
  const std::size_t stride = static_cast<std::size_t>(side) * kChannels;
  std::vector<std::uint8_t> rows(stride * square);
  for (int y = 0; y < square; ++y) {
    const std::uint8_t* in =
        &picture.pixels[(static_cast<std::size_t>(top + y) * picture.width + left) * kChannels];
    std::uint8_t* out = &rows[stride * y];
    for (int x = 0; x < side; ++x) {
      const std::uint8_t* pixel = in + filter.first[x] * kChannels;
      const float* weight = &filter.weights[static_cast<std::size_t>(x) * filter.taps];
      float sum[kChannels] = {};
      for (int k = 0; k < filter.taps; ++k)
        for (int c = 0; c < kChannels; ++c)
          sum[c] += weight[k] * pixel[k * kChannels + c];
      for (int c = 0; c < kChannels; ++c)
        out[x * kChannels + c] = to_byte(sum[c]);
    }
  }

  // Down, one whole row at a time, and into planes.
  const std::size_t plane = static_cast<std::size_t>(side) * side;
  std::vector<float> tensor(plane * kChannels);
  std::vector<float> line(stride);
  for (int y = 0; y < side; ++y) {
    std::fill(line.begin(), line.end(), 0.0f);
    for (int k = 0; k < filter.taps; ++k) {
      const float weight = filter.weights[static_cast<std::size_t>(y) * filter.taps + k];
      const std::uint8_t* row = &rows[stride * (filter.first[y] + k)];
      for (std::size_t x = 0; x < stride; ++x)
        line[x] += weight * row[x];
    }
    for (int c = 0; c < kChannels; ++c) {
      float* out = &tensor[plane * c + static_cast<std::size_t>(y) * side];
      for (int x = 0; x < side; ++x)
        out[x] = (to_byte(line[x * kChannels + c]) / 255.0f - kMean[c]) / kDeviation[c];
    }
  }
  return tensor;
}

}  // namespace classify
