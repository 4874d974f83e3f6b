// What the callbacks of nacre:nn share.
#ifndef NACRE_SRC_ABI_COMPONENT_NACRE_NN_CALL_H_
#define NACRE_SRC_ABI_COMPONENT_NACRE_NN_CALL_H_

#include <exception>
#include <new>
#include <string_view>
#include <utility>

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

/// Runs a callback's body; its error, or what it throws, becomes the answer's.
template <typename Body>
bool answer(void* guest, std::string_view function, nacre_shim_error* out, Body&& body) noexcept {
  ComponentState& state = state_of(guest);
  Error error;
  try {
    Result<void> result = std::forward<Body>(body)(state);
    if (result) return true;
    error = std::move(result.error());
    static_cast<void>(state.guest().refuse(function, error));
  } catch (const std::bad_alloc&) {
    error.code = ErrorCode::kRuntimeError;
  } catch (const std::exception& e) {
    error = {ErrorCode::kRuntimeError, e.what()};
  }
  *out = state.nacre_nn_answer.error(std::move(error));
  return false;
}

}  // namespace nacre::component

#endif  // NACRE_SRC_ABI_COMPONENT_NACRE_NN_CALL_H_
