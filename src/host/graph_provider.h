// Graphs for one guest: by name from the registry, by bytes from core's loader.
#ifndef NACRE_SRC_HOST_GRAPH_PROVIDER_H_
#define NACRE_SRC_HOST_GRAPH_PROVIDER_H_

#include "abi/guest_state.h"
#include "base/log.h"
#include "core/backend_catalog.h"
#include "host/activity.h"
#include "nacre/limits.h"
#include "nacre/registry.h"

namespace nacre {

/// Refers to what the host owns, all of which outlives the guest.
class GraphProvider final : public ModelProvider {
 public:
  GraphProvider(BackendCatalog& catalog, Registry& registry, GuestLimits limits,
                const Activity::Listener& activity, SharedLogSink log)
      : catalog_(catalog),
        registry_(registry),
        limits_(limits),
        activity_(activity),
        log_(std::move(log)) {}

  [[nodiscard]] Result<std::shared_ptr<Graph>> load(
      std::span<const std::span<const std::byte>> parts, GraphEncoding encoding,
      ExecutionTarget target) override;
  [[nodiscard]] Result<std::shared_ptr<Graph>> open(std::string_view name) override;
  [[nodiscard]] std::vector<std::string> backends() override { return catalog_.installed(); }
  [[nodiscard]] Result<std::vector<Property>> backend_properties(std::string_view name) override;

 private:
  BackendCatalog& catalog_;
  Registry& registry_;
  const GuestLimits limits_;
  const Activity::Listener& activity_;
  const SharedLogSink log_;
  std::string warned_;  // of the last load that failed
};

}  // namespace nacre

#endif  // NACRE_SRC_HOST_GRAPH_PROVIDER_H_
