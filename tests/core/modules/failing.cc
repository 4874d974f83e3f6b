// Fails to start the first time and starts the second; throws where it can.
#include <nacre/backend.h>

#include <stdexcept>

namespace {

using nacre::Result;

class FailingBackend final : public nacre::Backend {
 public:
  static Result<std::unique_ptr<FailingBackend>> create(nacre::HostServices services) {
    services.log(nacre::LogLevel::kWarning, "starting");
    static int attempts = 0;
    if (++attempts == 1) {
      return nacre::fail(nacre::ErrorCode::kRuntimeError, "the vendor's licence server is away");
    }
    return std::make_unique<FailingBackend>();
  }
  Result<std::vector<nacre::Property>> properties() override {
    return std::vector<nacre::Property>{
        {"encodings", "onnx"}, {"devices", "CPU, GPU.0"}, {"loads", "path"}};
  }
  Result<std::unique_ptr<nacre::BackendGraph>> load(const nacre::ModelSource&,
                                                    const nacre::LoadOptions&) override {
    throw std::runtime_error("the vendor threw this");
  }
};

}  // namespace

NACRE_EXPORT_BACKEND(FailingBackend);
