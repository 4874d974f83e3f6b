// From the bytes of a file to what the network magika takes.
//
// Nothing here knows of wasi-nn or of WebAssembly: the same code compiles natively. It does what
// the package's own Python does (magika 1.0, "features extraction v2").
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

namespace magika {

// A byte's value each, or 256 where the file has no more.
using Features = std::array<std::int32_t, 2048>;

// The first 1024 bytes of the file's first 4096 without the white space they begin with, and the
// last 1024 of its last 4096 without the white space they end with. nullopt when that leaves less
// than 8 bytes, on which the network was not trained.
std::optional<Features> features(std::span<const std::byte> file);

// Whether all of it is text in UTF-8: all that is said of files of a few bytes.
bool is_utf8(std::span<const std::byte> bytes);

}  // namespace magika
