// How many components a component makes of itself, found before anything is compiled.
#ifndef NACRE_SRC_ENGINE_INSTANTIATIONS_H_
#define NACRE_SRC_ENGINE_INSTANTIATIONS_H_

#include <cstddef>
#include <cstdint>
#include <span>

namespace nacre::engine {

/// Components instantiate components that instantiate components, and the compiler writes all of it
/// out flat: a file of two kilobytes that says "two of the one before" forty times over asks for a
/// million million instances, and for time and memory to match. No guest that could run has more
/// than this many; the limit on core instances in a store (1000) is far below it.
inline constexpr std::uint64_t kMostInstantiations = 20'000;

/// How many instances of components `wasm`, a binary component, would be written out as; UINT64_MAX
/// where that is more than fits. What is not well formed counts as far as it could be read: the VM
/// refuses it.
[[nodiscard]] std::uint64_t instantiations_of(std::span<const std::byte> wasm);

}  // namespace nacre::engine

#endif  // NACRE_SRC_ENGINE_INSTANTIATIONS_H_
