#include "host/graph_provider.h"

#include "core/loader.h"

namespace nacre {

Result<std::shared_ptr<Graph>> GraphProvider::load(
    std::span<const std::span<const std::byte>> parts, GraphEncoding encoding,
    ExecutionTarget target) {
  const Activity activity(activity_, "loading the guest's model");
  return load_guest_model(catalog_, parts, encoding, target, limits_);
}

Result<std::shared_ptr<Graph>> GraphProvider::open(std::string_view name) {
  // The name is the guest's: what it holds is not for a terminal.
  const Activity activity(activity_, "loading the model");
  return registry_.open(name);
}

}  // namespace nacre
