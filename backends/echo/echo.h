// The built-in backend: gives its inputs back. For tests, and to measure what Nacre itself costs.
#ifndef NACRE_BACKENDS_ECHO_ECHO_H_
#define NACRE_BACKENDS_ECHO_ECHO_H_

#include <nacre/backend.h>

#include <memory>
#include <vector>

namespace nacre::echo {

/// Outputs are the inputs' own buffers, retained, so nothing is copied. What else a model may ask
/// for (to wait, to fail, to complete on another thread) is in model_text.h.
class EchoBackend final : public Backend {
 public:
  [[nodiscard]] static Result<std::unique_ptr<EchoBackend>> create(HostServices services);

  [[nodiscard]] Result<std::vector<Property>> properties() override;
  [[nodiscard]] Result<std::unique_ptr<BackendGraph>> load(const ModelSource& source,
                                                           const LoadOptions& options) override;
};

}  // namespace nacre::echo

#endif  // NACRE_BACKENDS_ECHO_ECHO_H_
