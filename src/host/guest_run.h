// One guest from its start to its end: what it may use, its instance, and how it is stopped.
#ifndef NACRE_SRC_HOST_GUEST_RUN_H_
#define NACRE_SRC_HOST_GUEST_RUN_H_

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "abi/component/component_state.h"
#include "abi/dialect.h"
#include "abi/guest_state.h"
#include "base/log.h"
#include "engine/engine.h"
#include "nacre/host.h"

namespace nacre {

/// What a guest imports from the core-module wasi-nn; the names live as long as `module`.
[[nodiscard]] NnImports nn_imports(const engine::Module& module);

/// Threading: made and run on one thread; interrupt() and cancel_computation() from any.
class GuestRun {
 public:
  /// `granted` are the models it may use, nullopt: all; `models` and `log` outlive the run. Errors
  /// are those of a guest that cannot start.
  [[nodiscard]] static Result<std::unique_ptr<GuestRun>> create(
      const engine::Module& module, const GuestOptions& options,
      std::optional<std::vector<std::string>> granted, ModelProvider& models,
      const SharedLogSink& log);
  GuestRun(const GuestRun&) = delete;
  GuestRun& operator=(const GuestRun&) = delete;

  /// Once.
  [[nodiscard]] Result<Outcome> run();

  /// Stops the guest's own code. What it waits for in the host: cancel_computation().
  void interrupt() noexcept { instance_->interrupt(); }

  /// Cancels the running computation; true while there is one, so ask again.
  [[nodiscard]] bool cancel_computation() noexcept { return state_.cancel(); }

 private:
  GuestRun(ModelProvider& models, GuestStateOptions options) : state_(models, std::move(options)) {}

  GuestState state_;
  std::optional<ComponentState> component_state_;  // a component's; refers to state_
  std::optional<engine::Instance> instance_;       // refers to both, so it goes first
};

/// Calls `cancel` until it says false, a few times at most: a computation that is just beginning
/// may have missed the first call.
template <typename F>
void cancel_until_quiet(F&& cancel) noexcept {
  for (int round = 0; cancel() && round < 20; ++round) {
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
}

}  // namespace nacre

#endif  // NACRE_SRC_HOST_GUEST_RUN_H_
