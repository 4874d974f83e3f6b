// From the bytes of a photograph to the tensor an ImageNet classifier takes.
//
// Nothing here knows of wasi-nn or of WebAssembly: the same code compiles natively.
// PNG and JPEG are decoded by stb_image. Everything is a pure function; nothing is kept.
#pragma once

#include <cstddef>
#include <cstdint>
#include <expected>
#include <span>
#include <string>
#include <vector>

namespace classify {

// 8-bit RGB, row by row, no padding: pixels.size() == width × height × 3.
struct Picture {
  int width = 0;
  int height = 0;
  std::vector<std::uint8_t> pixels;
};

// Decodes PNG or JPEG; transparency is dropped and grey becomes RGB. The error is a sentence.
std::expected<Picture, std::string> decode_picture(std::span<const std::byte> file);

// The centre square, resized to `side` with an antialiased bicubic filter (a = -0.5), scaled to
// 0..1, normalised with the ImageNet mean and deviation: 3 × side × side floats, planes R, G, B.
std::vector<float> imagenet_tensor(const Picture& picture, int side);

}  // namespace classify
