// What the callbacks of every interface share.
#ifndef NACRE_SRC_ABI_COMPONENT_CALL_H_
#define NACRE_SRC_ABI_COMPONENT_CALL_H_

#include <string_view>

#include "abi/component/component_state.h"

namespace nacre::component {

inline ComponentState& state_of(void* guest) noexcept {
  return *static_cast<ComponentState*>(guest);
}

inline std::string_view to_view(nacre_shim_bytes bytes) noexcept {
  return {reinterpret_cast<const char*>(bytes.data), bytes.size};
}

/// A span with an address, also where it is empty: one without stands for `none`.
inline nacre_shim_bytes to_shim(std::string_view text) noexcept {
  static constexpr std::uint8_t kNothing = 0;
  if (text.empty()) return {&kNothing, 0};
  return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
}

}  // namespace nacre::component

#endif  // NACRE_SRC_ABI_COMPONENT_CALL_H_
