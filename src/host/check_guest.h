// Whether a guest will run here, found without running it: Host::check.
#ifndef NACRE_SRC_HOST_CHECK_GUEST_H_
#define NACRE_SRC_HOST_CHECK_GUEST_H_

#include <optional>
#include <string>
#include <vector>

#include "core/backend_catalog.h"
#include "host/engines.h"
#include "nacre/error.h"
#include "nacre/host.h"
#include "nacre/registry.h"

namespace nacre {

/// The guest itself, its memory and its folders; `loaded` may be the reason why it is none.
[[nodiscard]] GuestCheck check_guest(const Result<LoadedGuest>& loaded, const GuestOptions& guest);

struct ModelsHere {
  BackendCatalog& catalog;
  Registry& registry;
};

/// Adds the models to `out`. `granted` are those that the guest may use, nullopt: all.
void check_models(const ModelsHere& here, const GuestOptions& guest,
                  const std::optional<std::vector<std::string>>& granted,
                  const CheckOptions& options, GuestCheck& out);

}  // namespace nacre

#endif  // NACRE_SRC_HOST_CHECK_GUEST_H_
