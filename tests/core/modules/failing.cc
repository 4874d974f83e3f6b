// Fails to start the first time and starts the second; loads with much stack, and throws.
#include <nacre/backend.h>

#include <cstddef>
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
    volatile char frames[std::size_t{16} << 20];  // of a reader that recurses
    for (std::size_t i = 0; i < sizeof frames; i += 4096)
      frames[sizeof frames - 1 - i] = 1;
    throw std::runtime_error("the vendor threw this");
  }
};

}  // namespace

NACRE_EXPORT_BACKEND(FailingBackend);
