#include <nacre/backend.h>

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "element_types.h"
#include "explain.h"
#include "graph.h"
#include "runtime.h"

namespace nacre::torch {

/// TorchScript models through libtorch, on the CPU.
class TorchBackend final : public Backend {
 public:
  [[nodiscard]] static Result<std::unique_ptr<TorchBackend>> create(HostServices host) {
    try {
      return std::make_unique<TorchBackend>(start_runtime(host));
    } catch (...) {
      return std::unexpected(explain_exception(ErrorCode::kRuntimeError, "libtorch does not start",
                                               std::current_exception()));
    }
  }

  explicit TorchBackend(std::shared_ptr<Runtime> runtime) : runtime_(std::move(runtime)) {}

  [[nodiscard]] Result<std::vector<Property>> properties() override {
    // Bytes only: no path ever reaches libtorch, an operator's neither.
    return std::vector<Property>{
        {"vendor", "libtorch"},
        {"vendor.version", library_version()},
        {"build", library_build()},
        {"encodings", "pytorch"},
        {"devices", "cpu"},
        {"element_types", all_element_types()},
        {"loads", "bytes"},
        {"cancel", "no"},
        {"threads.default", std::to_string(runtime_->host.thread_budget())},
        {"limits.rank", std::to_string(kMaxRank)},
        {"pytorch.format_version", format_versions()},
    };
  }

  [[nodiscard]] Result<std::unique_ptr<BackendGraph>> load(const ModelSource& source,
                                                           const LoadOptions& options) override {
    return TorchGraph::load(runtime_, source, options);
  }

 private:
  std::shared_ptr<Runtime> runtime_;
};

}  // namespace nacre::torch

NACRE_EXPORT_BACKEND(nacre::torch::TorchBackend);
