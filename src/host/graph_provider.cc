#include "host/graph_provider.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "core/loader.h"

namespace nacre {

Result<std::shared_ptr<Graph>> GraphProvider::load(
    std::span<const std::span<const std::byte>> parts, GraphEncoding encoding,
    ExecutionTarget target) {
  const Activity activity(activity_, "loading the guest's model");
  return load_guest_model(catalog_, parts, encoding, target, limits_);
}

Result<std::shared_ptr<Graph>> GraphProvider::open(std::string_view name) {
  auto opened = registry_.open(name);
  // The operator named a model that does not load; many guests do not say why, or do not know.
  if (!opened && opened.error().code != ErrorCode::kNotFound && opened.error().message != warned_) {
    warned_ = opened.error().message;
    log(log_, LogSeverity::kWarning, fmt::format("the model {} is not loaded: {}", name, warned_));
  }
  return opened;
}

Result<std::vector<Property>> GraphProvider::backend_properties(std::string_view name) {
  // Those that are known by name only do not exist for a guest.
  const auto installed = catalog_.installed();
  if (std::ranges::find(installed, name) == installed.end()) {
    return fail(ErrorCode::kNotFound, fmt::format("There is no backend \"{}\" here; there are: {}",
                                                  name, fmt::join(installed, ", ")));
  }
  const Activity activity(activity_, "starting a runtime");
  const auto backend = catalog_.open(name);
  if (!backend) return std::unexpected(backend.error());
  return (*backend)->all_properties();
}

}  // namespace nacre
