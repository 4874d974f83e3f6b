#include "nacre/host.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <mutex>
#include <optional>
#include <system_error>
#include <utility>

#include "base/log.h"
#include "core/backend_catalog.h"
#include "core/gguf_header.h"
#include "core/loader.h"
#include "engine/engine.h"
#include "engine/watchdog.h"
#include "host/activity.h"
#include "host/check_guest.h"
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
Result<void> check_options(const HostOptions& host, const GuestOptions& guest) {
  if (guest.path.empty() && guest.bytes.empty() && !guest.prepared) {
    return fail(ErrorCode::kInvalidArgument,
                "no guest was given: neither a path, nor bytes, nor prepared code");
  }
  if (guest.limits.timeout && !host.interruptible) {
    return fail(ErrorCode::kInvalidArgument,
                "a timeout needs a host made with HostOptions::interruptible");
  }
  if (guest.limits.timeout && guest.limits.timeout->count() <= 0) {
    return fail(ErrorCode::kInvalidArgument,
                "a timeout of no time at all ends every guest; leave it out for none");
  }
  if (guest.limits.fuel && !host.consume_fuel) {
    return fail(ErrorCode::kInvalidArgument,
                "a limit of fuel needs a host made with HostOptions::consume_fuel");
  }
  return {};
}

/// Nothing stops a compiler, nor the reading of a pipe, so all that a timeout can do for a guest
/// that keeps them busy is to say so after the grace.
Result<LoadedGuest> load_in_time(Engines& engines, const GuestOptions& guest, bool with_hash) {
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
  return engines.load(guest, with_hash);
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

  /// A call of run(), from its beginning to its end.
  struct Running {
    explicit Running(Impl& its_host) : host(its_host) {
      const std::lock_guard lock(host.running_mutex);
      host.running.push_back(this);
    }
    ~Running() {
      const std::lock_guard lock(host.running_mutex);
      std::erase(host.running, this);
    }
    Running(const Running&) = delete;
    Running& operator=(const Running&) = delete;

    /// False when the guest was interrupted before there was anything to stop.
    [[nodiscard]] bool begin(GuestRun* run) {
      const std::lock_guard lock(host.running_mutex);
      guest = run;
      return !interrupted;
    }

    Impl& host;
    GuestRun* guest = nullptr;  // from begin() on; this and the flag under the mutex
    bool interrupted = false;
  };

  /// What this guest may use of the registry, by its rules and by the caller's word.
  [[nodiscard]] std::optional<std::vector<std::string>> models_for(const GuestOptions& guest,
                                                                   std::string sha256) const {
    auto names =
        registry->names_for({.file_name = std::filesystem::path(guest.path).filename().string(),
                             .sha256 = std::move(sha256)});
    if (!names) return guest.models;
    if (guest.models) {
      std::erase_if(*names, [&guest](const std::string& name) {
        return std::ranges::find(*guest.models, name) == guest.models->end();
      });
    }
    return names;
  }

  std::mutex running_mutex;
  std::vector<Running*> running;
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
  auto registry = Registry::create(impl->options.models, impl->catalog, impl->options.on_activity);
  if (!registry) return std::unexpected(std::move(registry.error()));
  impl->registry = *std::move(registry);
  return std::unique_ptr<Host>(new Host(std::move(impl)));
}

Result<Outcome> Host::run(const GuestOptions& guest) {
  if (auto good = check_options(impl_->options, guest); !good) {
    return std::unexpected(std::move(good.error()));
  }
  const auto begun = std::chrono::steady_clock::now();
  Impl::Running running(*impl_);
  auto loaded = [&]() -> Result<LoadedGuest> {
    if (guest.prepared) return guest.prepared->code;  // nothing to wait for
    const Activity activity(impl_->options.on_activity, fmt::format("compiling {}", guest.path));
    return load_in_time(impl_->engines, guest, impl_->registry->asks_for_hashes());
  }();
  if (!loaded) return std::unexpected(std::move(loaded.error()));
  if (guest.limits.timeout &&
      std::chrono::steady_clock::now() - begun - engine::kTimeoutGrace >= *guest.limits.timeout) {
    return Outcome{.reason = ExitReason::kTimedOut,
                   .exit_code = 124,
                   .message = "the guest could not be compiled within its timeout"};
  }

  GraphProvider models(*impl_->catalog, *impl_->registry, guest.limits, impl_->options.on_activity,
                       impl_->log);
  auto run =
      GuestRun::create(loaded->module, guest, impl_->models_for(guest, std::move(loaded->sha256)),
                       models, impl_->log);
  if (!run) return std::unexpected(std::move(run.error()));
  // Interrupted while it still runs: nothing of it may be left when `running` ends.
  struct Ending {
    Impl::Running& running;
    ~Ending() { static_cast<void>(running.begin(nullptr)); }
  } const ending{running};
  if (!running.begin(run->get())) {
    return Outcome{.reason = ExitReason::kInterrupted,
                   .exit_code = 130,
                   .message = "the guest was interrupted before it began"};
  }
  return (*run)->run();
}

Result<std::shared_ptr<const PreparedGuest>> Host::prepare(const GuestOptions& guest) {
  if (auto good = check_options(impl_->options, guest); !good) {
    return std::unexpected(std::move(good.error()));
  }
  const Activity activity(impl_->options.on_activity, fmt::format("compiling {}", guest.path));
  auto loaded = impl_->engines.load(guest, impl_->registry->asks_for_hashes());
  if (!loaded) return std::unexpected(std::move(loaded.error()));
  return std::make_shared<const PreparedGuest>(*std::move(loaded));
}

Result<GuestDescription> Host::describe(const GuestOptions& guest) {
  if (auto good = check_options(impl_->options, guest); !good) {
    return std::unexpected(std::move(good.error()));
  }
  const Activity activity(impl_->options.on_activity, fmt::format("compiling {}", guest.path));
  const auto loaded = impl_->engines.load(guest, false);
  if (!loaded) return std::unexpected(loaded.error());
  return describe_guest(loaded->module, guest);
}

Result<GuestCheck> Host::check(const GuestOptions& guest, const CheckOptions& options) {
  if (auto good = check_options(impl_->options, guest); !good) {
    return std::unexpected(std::move(good.error()));
  }
  auto loaded = [&] {
    const Activity activity(impl_->options.on_activity, fmt::format("compiling {}", guest.path));
    return impl_->engines.load(guest, impl_->registry->asks_for_hashes());
  }();
  const std::string sha256 = loaded ? loaded->sha256 : std::string();
  GuestCheck out = check_guest(loaded, guest);
  check_models({.catalog = *impl_->catalog, .registry = *impl_->registry}, guest,
               impl_->models_for(guest, sha256), options, out);
  return out;
}

Result<std::vector<std::byte>> Host::compile(std::span<const std::byte> wasm) {
  const Activity activity(impl_->options.on_activity, "compiling");
  return impl_->engines.compile(wasm);
}

void Host::interrupt() noexcept {
  {
    const std::lock_guard lock(impl_->running_mutex);
    for (Impl::Running* one : impl_->running) {
      one->interrupted = true;
      if (one->guest != nullptr) one->guest->interrupt();
    }
  }
  cancel_until_quiet([this] {
    const std::lock_guard lock(impl_->running_mutex);
    bool computing = false;
    // Every one of them is asked, whatever the others say.
    for (Impl::Running* one : impl_->running) {
      if (one->guest != nullptr) computing = one->guest->cancel_computation() || computing;
    }
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

Result<std::shared_ptr<Graph>> Host::inspect_model(const ModelSpec& spec) {
  const bool may_be_gguf =
      spec.encoding == GraphEncoding::kAutodetect || spec.encoding == GraphEncoding::kGgml;
  if (may_be_gguf && spec.backend.empty() && spec.paths.size() == 1) {
    auto read = inspect_gguf(spec.paths.front(), spec.target);
    if (!read) return std::unexpected(std::move(read.error()));
    if (*read) return **std::move(read);
  }
  return load_model(spec);
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

Result<std::vector<std::byte>> read_guest_file(const std::string& path) {
  return engine::read_guest_file(path);
}

std::string_view version() noexcept {
  return NACRE_VERSION;
}

std::string_view engine_version() noexcept {
  return engine::Engine::version();
}

}  // namespace nacre
