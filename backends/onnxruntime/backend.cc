#include <nacre/backend.h>

#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

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
    std::vector<Property> all = {
        {"vendor", "ONNX Runtime"},
        {"vendor.version", std::string(library_version())},
        {"encodings", "onnx"},
        {"devices", "cpu"},
        {"element_types", all_element_types()},
        {"loads", "bytes,path"},
        {"cancel", "yes"},
        {"threads.default", std::to_string(runtime_->host.thread_budget())},
    };
    std::call_once(probed_, [this] { supported_ = probe_supported_onnx(*runtime_); });
    if (supported_.opset) all.push_back({"onnx.opset", "1-" + std::to_string(*supported_.opset)});
    if (supported_.ir_version) {
      all.push_back({"onnx.ir_version", "1-" + std::to_string(*supported_.ir_version)});
    }
    return all;
  }

  [[nodiscard]] Result<std::unique_ptr<BackendGraph>> load(const ModelSource& source,
                                                           const LoadOptions& options) override {
    return OnnxruntimeGraph::load(runtime_, source, options);
  }

 private:
  std::shared_ptr<Runtime> runtime_;
  std::once_flag probed_;
  SupportedOnnx supported_;
};

}  // namespace nacre::onnxruntime

NACRE_EXPORT_BACKEND(nacre::onnxruntime::OnnxruntimeBackend);
