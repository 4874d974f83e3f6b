// The answer to a name that no model has, and to one that this guest may not use: they must not
// differ, or a guest could find out which names exist.
#ifndef NACRE_SRC_CORE_NO_SUCH_MODEL_H_
#define NACRE_SRC_CORE_NO_SUCH_MODEL_H_

#include <fmt/format.h>

#include <string_view>

#include "nacre/error.h"

namespace nacre {

/// A guest's text: not repeated at length, and no other names are told.
[[nodiscard]] inline std::unexpected<Error> no_such_model(std::string_view name) {
  constexpr std::size_t kShown = 80;
  return fail(ErrorCode::kNotFound,
              fmt::format("there is no model named \"{}{}\"", name.substr(0, kShown),
                          name.size() > kShown ? "…" : ""));
}

}  // namespace nacre

#endif  // NACRE_SRC_CORE_NO_SUCH_MODEL_H_
