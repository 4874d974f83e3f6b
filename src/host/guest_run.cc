#include "host/guest_run.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <span>
#include <string_view>
#include <vector>

#include "abi/witx/functions.h"

namespace nacre {

NnImports nn_imports(const engine::Module& module) {
  NnImports imports;
  for (const engine::ExternInfo& import : module.imports()) {
    if (import.module == kWasiNnModule) imports.names.push_back(import.name);
    imports.wamr_module = imports.wamr_module || import.module == kWamrModule;
  }
  return imports;
}

namespace {

engine::OutputStream to_engine(const StreamSink& sink) {
  if (!sink) return engine::Inherit{};
  return engine::OutputSink(
      [sink](std::string_view text) { sink(std::as_bytes(std::span(text.data(), text.size()))); });
}

/// Where a guest's own output goes, for text that the host writes for it.
bool write_output(const StreamSink& sink, std::string_view text) noexcept {
  if (sink) {
    try {
      sink(std::as_bytes(std::span(text)));
      return true;
    } catch (...) {
      return false;
    }
  }
  while (!text.empty()) {
    const ssize_t written = ::write(STDOUT_FILENO, text.data(), text.size());
    if (written < 0 && errno != EINTR) return false;
    if (written > 0) text.remove_prefix(static_cast<std::size_t>(written));
  }
  return true;
}

/// WASI and limits; what wasi-nn adds comes after.
engine::InstanceOptions to_engine(const GuestOptions& guest) {
  engine::InstanceOptions out;
  // A guest sees its own name, not where the host keeps it.
  out.args.push_back(std::filesystem::path(guest.path).filename().string());
  out.args.insert(out.args.end(), guest.args.begin(), guest.args.end());
  out.env = guest.env;
  for (const DirMapping& dir : guest.dirs) {
    out.directories.push_back({.host = dir.host, .guest = dir.guest, .read_only = dir.read_only});
  }
  if (guest.stdin_bytes) out.standard_input = engine::InputBytes(*guest.stdin_bytes);
  out.standard_output = to_engine(guest.stdout_sink);
  out.standard_error = to_engine(guest.stderr_sink);
  out.max_memory = guest.limits.max_memory_bytes;
  out.fuel = guest.limits.fuel;
  if (guest.limits.timeout) {
    out.timeout = std::chrono::ceil<std::chrono::milliseconds>(*guest.limits.timeout);
  }
  out.on_grace_expired = guest.on_grace_expired;
  return out;
}

Outcome to_outcome(engine::RunOutcome ended) {
  Outcome out{.exit_code = ended.exit_code,
              .message = std::move(ended.message),
              .backtrace = engine::format_backtrace(ended.backtrace)};
  switch (ended.reason) {
    case engine::ExitReason::kExited:
      out.reason = ExitReason::kExited;
      break;
    case engine::ExitReason::kTrapped:
      out.reason = ended.memory_limit_hit ? ExitReason::kOutOfMemory : ExitReason::kTrapped;
      break;
    case engine::ExitReason::kTimedOut:
      out.reason = ExitReason::kTimedOut;
      break;
    case engine::ExitReason::kInterrupted:
      out.reason = ExitReason::kInterrupted;
      break;
    case engine::ExitReason::kOutOfFuel:
      out.reason = ExitReason::kOutOfFuel;
      break;
  }
  return out;
}

}  // namespace

Result<std::unique_ptr<GuestRun>> GuestRun::create(const engine::Module& module,
                                                   const GuestOptions& options,
                                                   std::optional<std::vector<std::string>> granted,
                                                   ModelProvider& models,
                                                   const SharedLogSink& log) {
  const auto imports = nn_imports(module);
  const DialectDecision dialect = choose_dialect(imports, options.dialect);
  GuestStateOptions state{.dialect = dialect.dialect,
                          .limits = options.limits,
                          .models = std::move(granted),
                          .models_only = options.models_only,
                          .on_refusal = {},
                          .standard_output = {}};
  if (!module.is_component()) {
    state.standard_output = [sink = options.stdout_sink](std::string_view text) {
      return write_output(sink, text);
    };
  }
  // The default sink drops debug lines, so nobody would read them.
  if (log) {
    state.on_refusal = [log](std::string_view line) { nacre::log(log, LogSeverity::kDebug, line); };
    if (!imports.none()) nacre::log(log, LogSeverity::kDebug, dialect.reason);
  }

  std::unique_ptr<GuestRun> run(new GuestRun(models, std::move(state)));
  engine::InstanceOptions instance = to_engine(options);
  instance.host_functions = witx::functions();
  instance.prompt = options.nn_prompt;
  instance.guest_state = &run->state_;
  if (module.is_component()) {
    instance.guest_state = &run->component_state_.emplace(run->state_);
  }
  instance.on_timeout = [&state = run->state_] {
    cancel_until_quiet([&state] { return state.cancel(); });
  };
  auto made = engine::Instance::create(module, std::move(instance));
  if (!made) return std::unexpected(std::move(made.error()));
  run->instance_ = *std::move(made);
  return run;
}

Result<Outcome> GuestRun::run() {
  auto ended = instance_->run();
  if (!ended) return std::unexpected(std::move(ended.error()));
  return to_outcome(*std::move(ended));
}

}  // namespace nacre
