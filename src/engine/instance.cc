// One guest: its store, its limits, its run, and how it ended.

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <system_error>

#include "base/stacks.h"
#include "engine/component_linking.h"
#include "engine/engine.h"
#include "engine/engine_state.h"
#include "engine/store_state.h"
#include "engine/trap.h"
#include "engine/wasi.h"
#include "engine/watchdog.h"

namespace nacre::engine {

struct Instance::State {
  explicit State(const Module& from, InstanceOptions given)
      : module(from), options(std::move(given)) {}

  Module module;  // keeps the engine alive, too
  InstanceOptions options;
  StoreState shared;  // before the store, which points to it
  StoreHandle store;
  // The module's: one for a core module, the other for a component.
  const wasmtime_instance_pre_t* module_pre = nullptr;
  const nacre_component_pre_t* component_pre = nullptr;
  bool ran = false;
};

namespace {

constexpr int kTrapExitCode = 134;     // 128 + SIGABRT, as a native program that aborts
constexpr int kTimeoutExitCode = 124;  // as timeout(1)
constexpr int kInterruptExitCode = 130;

constexpr std::uint64_t kMostComponentInstances = 1000;

// One call may hand over all of a guest's memory once, and as much again as the VM counts for the
// parts of lists. Without a limit many parts could be one and the same piece of that memory.
constexpr std::size_t kMostBytesPerCall = std::size_t{8} << 30;
constexpr std::size_t kBytesPerCallBesideMemory = std::size_t{1} << 20;

// Above what ComponentState lets live, so that its limits answer first, with a sentence; a guest
// that piles up handles beyond this traps.
constexpr std::size_t kMostHandles = 1'000'000;

/// Called by the VM when the epoch moved on, in every guest of the engine: only one was meant.
wasmtime_error_t* on_epoch(wasmtime_context_t* context, void*, std::uint64_t* delta,
                           wasmtime_update_deadline_kind_t* kind) noexcept {
  const auto& state = *static_cast<const StoreState*>(wasmtime_context_get_data(context));
  if (state.stop.load(std::memory_order_relaxed) != StopReason::kNone) {
    return wasmtime_error_new("stopped by the host");
  }
  *delta = 1;
  *kind = WASMTIME_UPDATE_DEADLINE_CONTINUE;
  return nullptr;
}

/// A guest may use max_wasm_stack of this thread's stack; what it calls in the host needs some too.
Result<void> check_stack(std::size_t max_wasm_stack) {
  constexpr std::size_t kForHostFunctions = std::size_t{256} << 10;
  const std::optional<std::size_t> left = stack_left();
  if (!left || *left >= max_wasm_stack + kForHostFunctions) return {};
  return fail(
      ErrorCode::kInvalidArgument,
      fmt::format("this thread has {} KiB of stack left; a guest needs {} KiB here "
                  "(max_wasm_stack is {} KiB): run it on a thread with a larger stack",
                  *left >> 10, (max_wasm_stack + kForHostFunctions) >> 10, max_wasm_stack >> 10));
}

std::string memory_limit_words(const nacre_store_limits& limits) {
  return fmt::format("a growth of its memory to {} bytes was refused, the limit is {}",
                     limits.memory_refused, limits.memory_max);
}

/// After Module::check_start. Nothing for a module that has done it all when it was made.
std::optional<wasmtime_func_t> start_of(wasmtime_context_t* context,
                                        const wasmtime_instance_t& instance) {
  constexpr std::string_view kStart = "_start";
  wasmtime_extern_t item;
  if (!wasmtime_instance_export_get(context, &instance, kStart.data(), kStart.size(), &item)) {
    return std::nullopt;
  }
  return item.of.func;
}

/// The VM is set up without them, and says so in words for who set it up.
Result<void> check_unshared(const Module& module) {
  if (!module.memories()) return {};  // precompiled code does not say
  if (std::ranges::none_of(*module.memories(), &MemoryInfo::shared)) return {};
  return fail(ErrorCode::kUnsupportedOperation,
              "the guest has a memory that threads share; here a guest has one thread, so build it "
              "without threads");
}

Result<void> link_module(Instance::State& state, wasmtime_context_t* context) {
  const auto pre = state.module.state().module_pre(context, state.options.host_functions);
  if (!pre) return std::unexpected(pre.error());
  state.module_pre = *pre;
  return {};
}

Result<void> link_component(Instance::State& state, wasmtime_context_t* context) {
  const auto pre = state.module.state().component_pre();
  if (!pre) return std::unexpected(pre.error());
  if (auto missing = missing_permissions(state.module.imports(), state.options.prompt);
      !missing.empty()) {
    return fail(ErrorCode::kUnsupportedOperation, std::move(missing));
  }
  state.component_pre = *pre;
  const std::uint64_t memory = state.shared.limits.memory_max;
  nacre_context_set_hostcall_fuel(context, memory < kMostBytesPerCall / 2
                                               ? memory * 2 + kBytesPerCallBesideMemory
                                               : kMostBytesPerCall);
  nacre_context_set_max_handles(context, kMostHandles);
  return {};
}

/// How a call into the guest ended that did not come back by itself.
struct Failure {
  ErrorHandle error;
  TrapHandle trap;
  explicit operator bool() const noexcept { return error != nullptr || trap != nullptr; }
  [[nodiscard]] Ending ending() const { return trap ? ending_of(*trap) : ending_of(*error); }
};

Result<std::optional<Ending>> call_module(Instance::State& state, wasmtime_context_t* context) {
  if (auto found = state.module.check_start(); !found) {
    return std::unexpected(std::move(found.error()));
  }
  wasmtime_instance_t instance;
  wasm_trap_t* trap = nullptr;
  Failure failure{.error = ErrorHandle(wasmtime_instance_pre_instantiate(state.module_pre, context,
                                                                         &instance, &trap)),
                  .trap = TrapHandle(trap)};
  if (!failure) {
    if (const auto start = start_of(context, instance)) {
      failure.error.reset(wasmtime_func_call(context, &*start, nullptr, 0, nullptr, 0, &trap));
      failure.trap.reset(trap);
    }
  }
  if (!failure) return std::nullopt;
  return failure.ending();
}

std::optional<Ending> call_component(Instance::State& state, wasmtime_context_t* context) {
  std::int32_t exit_code = 0;
  std::int32_t trap_code = -1;
  bool began = false;
  if (ErrorHandle error{
          nacre_component_pre_run(state.component_pre, context, &exit_code, &trap_code, &began)}) {
    Ending ending = ending_of(*error);
    if (trap_code >= 0) ending.set_code(static_cast<wasmtime_trap_code_t>(trap_code));
    // A start function traps before run is called.
    ending.began = ending.began || began || trap_code >= 0;
    return ending;
  }
  state.shared.exit_code = static_cast<std::uint32_t>(exit_code);
  return std::nullopt;
}

}  // namespace

Instance::Instance(std::unique_ptr<State> state) : state_(std::move(state)) {}
Instance::Instance(Instance&&) noexcept = default;
Instance& Instance::operator=(Instance&&) noexcept = default;
Instance::~Instance() = default;

Result<Instance> Instance::create(const Module& module, InstanceOptions options) {
  const EngineOptions& built = module.state().engine->options;
  if (options.timeout && !built.interruptible) {
    return fail(ErrorCode::kInvalidArgument,
                "a timeout needs an engine created with `interruptible`");
  }
  if (options.fuel && !built.meter_fuel) {
    return fail(ErrorCode::kInvalidArgument, "fuel needs an engine created with `meter_fuel`");
  }

  auto state = std::make_unique<State>(module, std::move(options));
  const InstanceOptions& wanted = state->options;
  wasm_engine_t* engine = module.state().engine->handle.get();

  StoreState& shared = state->shared;
  shared.guest_state = wanted.guest_state;
  shared.limits.memory_max = wanted.max_memory.value_or(kDefaultMaxMemory);
  shared.limits.table_max = wanted.max_table_elements;
  // A component is made of several core modules; its file bounds how many.
  shared.limits.instances_max = module.is_component() ? kMostComponentInstances : 1;
  state->store.reset(wasmtime_store_new(engine, &shared, nullptr));
  wasmtime_context_t* context = wasmtime_store_context(state->store.get());
  nacre_store_set_limits(state->store.get(), &shared.limits);

  auto wasi = make_wasi(wanted);
  if (!wasi) return std::unexpected(std::move(wasi.error()));
  if (ErrorHandle error{wasmtime_context_set_wasi(context, wasi->release())}) {
    return fail(ErrorCode::kRuntimeError, "WASI could not be set up: " + message_of(*error));
  }

  auto linked =
      module.is_component() ? link_component(*state, context) : link_module(*state, context);
  if (!linked) return std::unexpected(std::move(linked.error()));
  if (auto unshared = check_unshared(module); !unshared) {
    return std::unexpected(std::move(unshared.error()));
  }

  if (built.meter_fuel) {
    if (ErrorHandle error{wasmtime_context_set_fuel(context, wanted.fuel.value_or(UINT64_MAX))}) {
      return fail(ErrorCode::kRuntimeError, "fuel could not be set: " + message_of(*error));
    }
  }
  if (built.interruptible) {
    wasmtime_context_set_epoch_deadline(context, 1);
    wasmtime_store_epoch_deadline_callback(state->store.get(), on_epoch, nullptr, nullptr);
  }
  return Instance(std::move(state));
}

void Instance::interrupt() noexcept {
  state_->shared.stop_for(StopReason::kInterrupt);
  wasmtime_engine_increment_epoch(state_->module.state().engine->handle.get());
}

namespace {

RunOutcome exited(const StoreState& state) {
  RunOutcome outcome;
  outcome.exit_code = static_cast<int>(state.exit_code.value_or(0));
  outcome.memory_limit_hit = state.limits.memory_refused != 0;
  if (outcome.exit_code != 0 && outcome.memory_limit_hit) {
    outcome.message = fmt::format("the guest exited with code {} after {}", outcome.exit_code,
                                  memory_limit_words(state.limits));
  }
  return outcome;
}

RunOutcome stopped_short(const InstanceOptions& options, const StoreState& state, Ending ending) {
  RunOutcome outcome;
  outcome.backtrace = std::move(ending.frames);
  outcome.memory_limit_hit = state.limits.memory_refused != 0;
  const StopReason stop = state.stop.load(std::memory_order_relaxed);
  if (stop == StopReason::kTimeout) {
    outcome.reason = ExitReason::kTimedOut;
    outcome.exit_code = kTimeoutExitCode;
    outcome.message = fmt::format("the guest did not finish within its timeout of {} ms",
                                  options.timeout ? options.timeout->count() : 0);
  } else if (stop == StopReason::kInterrupt) {
    outcome.reason = ExitReason::kInterrupted;
    outcome.exit_code = kInterruptExitCode;
    outcome.message = "the guest was interrupted";
  } else if (ending.code == WASMTIME_TRAP_CODE_OUT_OF_FUEL) {
    outcome.reason = ExitReason::kOutOfFuel;
    outcome.exit_code = kTrapExitCode;
    outcome.message =
        fmt::format("the guest used up its fuel of {} units", options.fuel.value_or(0));
  } else {
    outcome.reason = ExitReason::kTrapped;
    outcome.exit_code = kTrapExitCode;
    outcome.message = "the guest trapped: " + ending.words;
    if (outcome.memory_limit_hit) {
      outcome.message += "; before that, " + memory_limit_words(state.limits);
    }
  }
  return outcome;
}

/// The guest could not even begin: not an outcome but an error.
Error could_not_start(const nacre_store_limits& limits, const Ending& ending) {
  if (limits.memory_refused != 0) {
    return {ErrorCode::kTooLarge,
            fmt::format("the guest needs {} bytes of memory to start, the limit is {}",
                        limits.memory_refused, limits.memory_max)};
  }
  if (limits.table_refused != 0) {
    return {ErrorCode::kTooLarge,
            fmt::format("the guest needs {} table elements to start, the limit is {}",
                        limits.table_refused, limits.table_max)};
  }
  return {ErrorCode::kRuntimeError, "the guest could not be instantiated: " + ending.words};
}

}  // namespace

Result<RunOutcome> Instance::run() {
  State& self = *state_;
  if (self.ran) return fail(ErrorCode::kInvalidArgument, "an instance runs once only");
  self.ran = true;
  const EngineOptions& built = self.module.state().engine->options;
  if (auto enough = check_stack(built.max_wasm_stack); !enough) {
    return std::unexpected(std::move(enough.error()));
  }

  std::optional<Watchdog> watchdog;
  if (self.options.timeout) {
    const auto on_timeout = [&self] {
      self.shared.stop_for(StopReason::kTimeout);
      wasmtime_engine_increment_epoch(self.module.state().engine->handle.get());
      if (self.options.on_timeout) self.options.on_timeout();
    };
    try {
      watchdog.emplace(*self.options.timeout, kTimeoutGrace, on_timeout,
                       self.options.on_grace_expired);
    } catch (const std::system_error& error) {
      return fail(ErrorCode::kRuntimeError,
                  fmt::format("no thread could be started for the timeout: {}", error.what()));
    }
  }

  wasmtime_context_t* context = wasmtime_store_context(self.store.get());
  Result<std::optional<Ending>> ended = std::nullopt;
  if (self.module.is_component()) {
    ended = call_component(self, context);
  } else {
    ended = call_module(self, context);
  }
  watchdog.reset();
  if (!ended) return std::unexpected(std::move(ended.error()));

  RunOutcome outcome;
  if (self.shared.exit_code || !*ended) {
    outcome = exited(self.shared);
  } else {
    Ending& ending = **ended;
    if (!ending.began) return std::unexpected(could_not_start(self.shared.limits, ending));
    outcome = stopped_short(self.options, self.shared, std::move(ending));
  }
  if (self.options.fuel) {
    std::uint64_t left = 0;
    ErrorHandle(wasmtime_context_get_fuel(context, &left)).reset();
    outcome.fuel_consumed = *self.options.fuel - left;
  }
  return outcome;
}

}  // namespace nacre::engine
