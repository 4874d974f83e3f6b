// An error that a module hands over as a call, on its way to becoming an Error again.
#ifndef NACRE_SRC_CORE_ERROR_SLOT_H_
#define NACRE_SRC_CORE_ERROR_SLOT_H_

#include <nacre/backend.h>
#include <nacre/backend_abi.h>
#include <nacre/error.h>

#include <cstdint>
#include <expected>
#include <utility>

namespace nacre {

/// One per call of a table's function; sink() is what the function takes, take() what its caller
/// returns when the function failed.
struct ErrorSlot {
  Error error{ErrorCode::kRuntimeError, {}};

  static void set(void* self, std::uint32_t code, nacre_string message) {
    auto& error = static_cast<ErrorSlot*>(self)->error;
    error.code = static_cast<ErrorCode>(code);
    error.message.assign(to_view(message));
  }
  nacre_error_sink sink() noexcept { return {this, &ErrorSlot::set}; }

  std::unexpected<Error> take() {
    if (error.message.empty()) error.message = "the backend failed without saying why";
    return std::unexpected(std::move(error));
  }
};

}  // namespace nacre

#endif  // NACRE_SRC_CORE_ERROR_SLOT_H_
