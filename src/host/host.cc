#include "nacre/host.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <mutex>
#include <optional>
#include <system_error>
#include <utility>

#include "base/log.h"
#include "core/backend_catalog.h"
#include "core/loader.h"
#include "engine/engine.h"
#include "engine/watchdog.h"
#include "host/activity.h"
#include "host/describe_guest.h"
#include "host/engines.h"
#include "host/graph_provider.h"
#include "host/guest_run.h"

namespace nacre {
namespace {

SharedLogSink log_sink_of(const HostOptions& options) {
  if (!options.log) return nullptr;
  return std::make_shared<const LogSink>(
      [log = options.log](LogSeverity severity, std::string_view line) {
        log(static_cast<LogLevel>(severity), line);
      });
}

/// What GuestOptions and HostOptions ask of each other.
Result<void> check(const HostOptions& host, const GuestOptions& guest) {
  if (guest.path.empty() && guest.bytes.empty() && !guest.prepared) {
    return fail(ErrorCode::kInvalidArgument,
                "no guest was given: neither a path, nor bytes, nor prepared code");
  }
  if (guest.limits.timeout && !host.interruptible) {
    return fail(ErrorCode::kInvalidArgument,
                "a timeout needs a host made with HostOptions::interruptible");
  }
  if (guest.limits.fuel && !host.consume_fuel) {
    return fail(ErrorCode::kInvalidArgument,
                "a limit of fuel needs a host made with HostOptions::consume_fuel");
  }
  return {};
}

/// Nothing stops a compiler, nor the reading of a pipe, so all that a timeout can do for a guest
/// that keeps them busy is to say so after the grace.
Result<engine::Module> load_in_time(Engines& engines, const GuestOptions& guest) {
  std::optional<engine::Watchdog> watchdog;
  if (guest.limits.timeout && guest.on_grace_expired) {
    try {
      watchdog.emplace(std::chrono::ceil<std::chrono::milliseconds>(*guest.limits.timeout),
                       engine::kTimeoutGrace, std::function<void()>(), guest.on_grace_expired);
    } catch (const std::system_error& error) {
      return fail(ErrorCode::kRuntimeError,
                  fmt::format("no thread could be started for the timeout: {}", error.what()));
    }
  }
  return engines.load(guest);
}

}  // namespace

struct Host::Impl {
  explicit Impl(HostOptions given)
      : options(std::move(given)), log(log_sink_of(options)), engines(options, log) {}

  const HostOptions options;
  const SharedLogSink log;
  Engines engines;
  std::shared_ptr<BackendCatalog> catalog;
  std::unique_ptr<Registry> registry;

  std::mutex running_mutex;
  std::vector<GuestRun*> running;  // each is in it while its run() is under way
};

Host::Host(std::unique_ptr<Impl> impl) noexcept : impl_(std::move(impl)) {}
Host::~Host() = default;

Result<std::unique_ptr<Host>> Host::create(HostOptions options) {
  auto impl = std::make_unique<Impl>(std::move(options));
  CatalogOptions catalog{.module_dirs = impl->options.backend_dirs, .log = impl->log};
  for (const auto& [encoding, backend] : impl->options.default_backends)
    catalog.defaults.insert_or_assign(encoding, backend);
  impl->catalog = BackendCatalog::create(std::move(catalog));
  for (const auto& [encoding, backend] : impl->options.default_backends) {
    if (auto known = impl->catalog->check_name(backend); !known) {
      return std::unexpected(std::move(known.error()));
    }
  }
  auto registry = Registry::create(impl->options.models, impl->catalog);
  if (!registry) return std::unexpected(std::move(registry.error()));
  impl->registry = *std::move(registry);
  for (const ModelSpec& spec : impl->options.models) {
    if (!spec.preload) continue;
    const Activity activity(impl->options.on_activity,
                            fmt::format("loading the model {}", spec.name));
    if (auto graph = impl->registry->open(spec.name); !graph) {
      return std::unexpected(std::move(graph.error()));
    }
  }
  return std::unique_ptr<Host>(new Host(std::move(impl)));
}

Result<Outcome> Host::run(const GuestOptions& guest) {
  if (auto good = check(impl_->options, guest); !good) {
    return std::unexpected(std::move(good.error()));
  }
  const auto begun = std::chrono::steady_clock::now();
  Result<engine::Module> module = [&]() -> Result<engine::Module> {
    if (guest.prepared) return impl_->engines.load(guest);  // nothing to wait for
    const Activity activity(impl_->options.on_activity, fmt::format("compiling {}", guest.path));
    return load_in_time(impl_->engines, guest);
  }();
  if (!module) return std::unexpected(std::move(module.error()));
  if (guest.limits.timeout &&
      std::chrono::steady_clock::now() - begun >= *guest.limits.timeout + engine::kTimeoutGrace) {
    return Outcome{.reason = ExitReason::kTimedOut,
                   .exit_code = 124,
                   .message = "the guest could not be compiled within its timeout"};
  }

  GraphProvider models(*impl_->catalog, *impl_->registry, guest.limits, impl_->options.on_activity);
  auto run = GuestRun::create(*module, guest, models, impl_->log);
  if (!run) return std::unexpected(std::move(run.error()));

  struct Registered {
    Registered(Impl& host, GuestRun* guest_run) : impl(host), run(guest_run) {
      const std::lock_guard lock(impl.running_mutex);
      impl.running.push_back(run);
    }
    ~Registered() {
      const std::lock_guard lock(impl.running_mutex);
      std::erase(impl.running, run);
    }
    Registered(const Registered&) = delete;
    Registered& operator=(const Registered&) = delete;
    Impl& impl;
    GuestRun* run;
  };
  const Registered registered(*impl_, run->get());
  return (*run)->run();
}

Result<std::shared_ptr<const PreparedGuest>> Host::prepare(const GuestOptions& guest) {
  if (auto good = check(impl_->options, guest); !good) {
    return std::unexpected(std::move(good.error()));
  }
  const Activity activity(impl_->options.on_activity, fmt::format("compiling {}", guest.path));
  auto module = impl_->engines.load(guest);
  if (!module) return std::unexpected(std::move(module.error()));
  return std::make_shared<const PreparedGuest>(*std::move(module));
}

Result<GuestDescription> Host::describe(const GuestOptions& guest) {
  if (auto good = check(impl_->options, guest); !good) {
    return std::unexpected(std::move(good.error()));
  }
  const Activity activity(impl_->options.on_activity, fmt::format("compiling {}", guest.path));
  return describe_guest(impl_->engines, guest);
}

Result<std::vector<std::byte>> Host::compile(std::span<const std::byte> wasm) {
  const Activity activity(impl_->options.on_activity, "compiling");
  return impl_->engines.compile(wasm);
}

void Host::interrupt() noexcept {
  {
    const std::lock_guard lock(impl_->running_mutex);
    for (GuestRun* run : impl_->running)
      run->interrupt();
  }
  cancel_until_quiet([this] {
    const std::lock_guard lock(impl_->running_mutex);
    bool computing = false;
    // Every one of them is asked, whatever the others say.
    for (GuestRun* run : impl_->running)
      computing = run->cancel_computation() || computing;
    return computing;
  });
}

Registry& Host::models() noexcept {
  return *impl_->registry;
}

Result<std::shared_ptr<Graph>> Host::load_model(const ModelSpec& spec) {
  const Activity activity(impl_->options.on_activity,
                          fmt::format("loading the model {}", spec.name));
  return nacre::load_model(*impl_->catalog, spec);
}

std::vector<BackendInfo> Host::backends() {
  std::vector<BackendInfo> infos;
  for (const std::string& name : impl_->catalog->names())
    infos.push_back(*backend(name));
  return infos;
}

Result<BackendInfo> Host::backend(std::string_view name) {
  if (auto known = impl_->catalog->check_name(name); !known) {
    return std::unexpected(std::move(known.error()));
  }
  const auto opened = impl_->catalog->open(name);
  BackendInfo info{.name = std::string(name), .available = opened.has_value()};
  if (opened) {
    info.properties = (*opened)->all_properties();
  } else {
    info.why_not = opened.error().message;
  }
  return info;
}

std::string_view version() noexcept {
  return NACRE_VERSION;
}

std::string_view engine_version() noexcept {
  return engine::Engine::version();
}

}  // namespace nacre
