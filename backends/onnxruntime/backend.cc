#include <nacre/backend.h>

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "api.h"
#include "element_types.h"
#include "graph.h"
#include "runtime.h"

namespace nacre::onnxruntime {

/// ONNX models through ONNX Runtime, on the CPU.
class OnnxruntimeBackend final : public Backend {
 public:
  [[nodiscard]] static Result<std::unique_ptr<OnnxruntimeBackend>> create(HostServices host) {
    auto runtime = Runtime::create(host);
    if (!runtime) return std::unexpected(std::move(runtime.error()));
    return std::make_unique<OnnxruntimeBackend>(std::move(*runtime));
  }

  explicit OnnxruntimeBackend(std::shared_ptr<Runtime> runtime) : runtime_(std::move(runtime)) {}

  [[nodiscard]] Result<std::vector<Property>> properties() override {
    return std::vector<Property>{
        {"vendor", "ONNX Runtime"},
        {"vendor.version", std::string(library_version())},
        {"build", explain(std::string_view(ort().GetBuildInfoString()))},
        {"encodings", "onnx"},
        {"devices", "cpu"},
        {"element_types", all_element_types()},
        {"loads", "bytes,path"},
        {"cancel", "yes"},
        {"threads.default", std::to_string(runtime_->host.thread_budget())},
        {"limits.model_bytes", std::to_string(kMaxModelBytes)},
        {"limits.rank", std::to_string(kMaxRank)},
    };
  }

  [[nodiscard]] Result<std::vector<Property>> probe() override {
    const SupportedOnnx supported = probe_supported_onnx(*runtime_);
    std::vector<Property> all;
    if (supported.opset) all.push_back({"onnx.opset", "1-" + std::to_string(*supported.opset)});
    if (supported.ir_version) {
      all.push_back({"onnx.ir_version", "1-" + std::to_string(*supported.ir_version)});
    }
    return all;
  }

  [[nodiscard]] Result<std::unique_ptr<BackendGraph>> load(const ModelSource& source,
                                                           const LoadOptions& options) override {
    return OnnxruntimeGraph::load(runtime_, source, options);
  }

 private:
  std::shared_ptr<Runtime> runtime_;
};

}  // namespace nacre::onnxruntime

NACRE_EXPORT_BACKEND(nacre::onnxruntime::OnnxruntimeBackend);
