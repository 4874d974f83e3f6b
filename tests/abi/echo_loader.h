// Graphs from bytes through the real loader and the built-in backend.
#ifndef NACRE_TESTS_ABI_ECHO_LOADER_H_
#define NACRE_TESTS_ABI_ECHO_LOADER_H_

#include <memory>

#include "abi/guest_state.h"
#include "core/backend_catalog.h"
#include "core/loader.h"

namespace nacre::test {

class EchoLoader final : public ModelProvider {
 public:
  Result<std::shared_ptr<Graph>> load(std::span<const std::span<const std::byte>> parts,
                                      GraphEncoding encoding, ExecutionTarget target) override {
    return load_guest_model(*catalog_, parts, encoding, target, GuestLimits{});
  }
  Result<std::shared_ptr<Graph>> open(std::string_view) override {
    return fail(ErrorCode::kNotFound, "There are no named models.");
  }

 private:
  std::shared_ptr<BackendCatalog> catalog_ = BackendCatalog::create();
};

}  // namespace nacre::test

#endif  // NACRE_TESTS_ABI_ECHO_LOADER_H_
