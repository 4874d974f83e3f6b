// What a WebAssembly binary says of itself and the VM's C API does not tell: all its memories, not
// only exported ones, and whether it has a start function.
#ifndef NACRE_SRC_ENGINE_MEMORIES_H_
#define NACRE_SRC_ENGINE_MEMORIES_H_

#include <cstddef>
#include <optional>
#include <span>
#include <vector>

#include "engine/engine.h"

namespace nacre::engine {

/// Of a module, or of every core module inside a component, in the file's order. Reads nothing but
/// section headers and memory sections. Bytes that are no valid binary: nullopt, never worse.
[[nodiscard]] std::optional<std::vector<MemoryInfo>> memories_of(std::span<const std::byte> wasm);

/// Whether a module has a start section: it then runs while it is instantiated.
[[nodiscard]] bool has_start_section(std::span<const std::byte> wasm);

}  // namespace nacre::engine

#endif  // NACRE_SRC_ENGINE_MEMORIES_H_
