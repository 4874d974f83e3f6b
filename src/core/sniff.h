// What a model's bytes are.
//
// Each format is recognised by its own marks in its own places, and the bytes must hang together as
// far as the marks reach; what is nearly one is none. A truncated file counts as none where its
// format says how long it is.
#ifndef NACRE_SRC_CORE_SNIFF_H_
#define NACRE_SRC_CORE_SNIFF_H_

#include <nacre/graph.h>

#include <cstddef>
#include <optional>
#include <span>

namespace nacre {

/// The format of one part; nullopt when it is none that Nacre knows. The weights of
/// OpenVINO and Paddle have no mark, so only the XML and the program are recognised. Pure; any
/// thread.
[[nodiscard]] std::optional<GraphEncoding> sniff(std::span<const std::byte> bytes) noexcept;

/// The format of a model of one or more parts, as a guest gives them: one part that is a whole
/// model, or two of which one is an OpenVINO XML or a Paddle program.
[[nodiscard]] std::optional<GraphEncoding> sniff(
    std::span<const std::span<const std::byte>> parts) noexcept;

}  // namespace nacre

#endif  // NACRE_SRC_CORE_SNIFF_H_
