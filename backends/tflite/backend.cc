#include <nacre/backend.h>

#include <memory>
#include <string>
#include <vector>

#include "element_types.h"
#include "graph.h"
#include "library.h"

namespace nacre::tflite {
namespace {

/// TFLite models through TensorFlow Lite's C API, on the CPU, without delegates.
class TfliteBackend final : public Backend {
 public:
  [[nodiscard]] static Result<std::unique_ptr<TfliteBackend>> create(HostServices) {
    if (auto opened = open_library(); !opened) return std::unexpected(std::move(opened.error()));
    return std::make_unique<TfliteBackend>();
  }

  [[nodiscard]] Result<std::vector<Property>> properties() override {
    std::vector<Property> all = {
        {"vendor", "TensorFlow Lite"},
        {"vendor.version", api().version()},
        {"encodings", "tensorflowlite"},
        {"devices", "cpu"},
        {"element_types", std::string(kElementTypes)},
        {"loads", "bytes,path"},
        {"cancel",
         api().cancel != nullptr && api().options_enable_cancellation != nullptr ? "yes" : "no"},
        // A pool of threads belongs to one interpreter, so more are asked for, not assumed.
        {"threads.default", "1"},
        {"limits.rank", std::to_string(kMaxRank)},
    };
    if (api().schema_version != nullptr) {
      all.push_back({"tflite.schema_version", std::to_string(api().schema_version())});
    }
    return all;
  }

  [[nodiscard]] Result<std::unique_ptr<BackendGraph>> load(const ModelSource& source,
                                                           const LoadOptions& options) override {
    return TfliteGraph::load(source, options);
  }
};

}  // namespace
}  // namespace nacre::tflite

NACRE_EXPORT_BACKEND(nacre::tflite::TfliteBackend);
