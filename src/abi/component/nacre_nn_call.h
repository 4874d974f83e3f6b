// What the callbacks of nacre:nn share.
#ifndef NACRE_SRC_ABI_COMPONENT_NACRE_NN_CALL_H_
#define NACRE_SRC_ABI_COMPONENT_NACRE_NN_CALL_H_

#include <exception>
#include <new>
#include <string_view>
#include <utility>

#include "abi/component/call.h"

namespace nacre::component {

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
  } catch (...) {
    error.code = ErrorCode::kRuntimeError;
  }
  *out = state.nacre_nn_answer.error(std::move(error));
  return false;
}

}  // namespace nacre::component

#endif  // NACRE_SRC_ABI_COMPONENT_NACRE_NN_CALL_H_
