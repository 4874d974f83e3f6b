#include "runtime.h"

#include <charconv>
#include <cstddef>
#include <utility>

namespace nacre::onnxruntime {
namespace {

// Errors come back as results, and most warnings are about models ("removing unused initializer"),
// so neither is shown unless more is asked for.
LogLevel level_of(OrtLoggingLevel severity) noexcept {
  switch (severity) {
    case ORT_LOGGING_LEVEL_FATAL:
      return LogLevel::kError;
    case ORT_LOGGING_LEVEL_ERROR:
    case ORT_LOGGING_LEVEL_WARNING:
      return LogLevel::kInfo;
    default:
      return LogLevel::kDebug;
  }
}

void ORT_API_CALL on_log(void* param, OrtLoggingLevel severity, const char*, const char*,
                         const char*, const char* message) {
  try {
    const auto* host = static_cast<const HostServices*>(param);
    host->log(level_of(severity), "ONNX Runtime: " + explain(std::string_view(message)));
  } catch (...) {
    return;  // out of memory: the line is lost
  }
}

}  // namespace

Result<std::shared_ptr<Runtime>> Runtime::create(HostServices host) {
  if (auto opened = open_api(); !opened) return std::unexpected(std::move(opened.error()));
  std::shared_ptr<Runtime> runtime(new Runtime(host));

  // The environment is one per process and may outlive us (another user of the library), so what
  // its logger points to is never freed.
  static const HostServices log_target = host;
  OrtThreadingOptions* made_threading = nullptr;
  OrtEnv* env = nullptr;
  OrtMemoryInfo* cpu = nullptr;
  constexpr auto kCode = ErrorCode::kRuntimeError;
  constexpr std::string_view kDoing = "ONNX Runtime does not start";
  const OrtApi& api = ort();

  // ONNX Runtime keeps a database of events in the user's folder and sends it home. What its API
  // has against that comes too late: the first event is written with the environment.
  ::setenv("ORT_DISABLE_TELEMETRY", "1", /*overwrite=*/0);

  auto done = check(api.CreateThreadingOptions(&made_threading), kCode, kDoing);
  const ThreadingOptions threading(made_threading);
  if (done) {
    done = check(
        api.SetGlobalIntraOpNumThreads(threading.get(), static_cast<int>(host.thread_budget())),
        kCode, kDoing);
  }
  // Nodes run one after the other, so nothing would use a second pool.
  if (done) done = check(api.SetGlobalInterOpNumThreads(threading.get(), 1), kCode, kDoing);
  if (done) {
    done = check(api.CreateEnvWithCustomLoggerAndGlobalThreadPools(
                     on_log, const_cast<HostServices*>(&log_target), ORT_LOGGING_LEVEL_WARNING,
                     "nacre", threading.get(), &env),
                 kCode, kDoing);
    runtime->env.reset(env);
  }
  if (done) done = check(api.DisableTelemetryEvents(env), kCode, kDoing);
  if (done) {
    done =
        check(api.CreateCpuMemoryInfo(OrtDeviceAllocator, OrtMemTypeDefault, &cpu), kCode, kDoing);
    runtime->cpu.reset(cpu);
  }
  if (!done) return std::unexpected(std::move(done.error()));
  return runtime;
}

std::optional<int> number_after(std::string_view text, std::string_view words) {
  const std::size_t at = text.find(words);
  if (at == text.npos) return std::nullopt;
  text.remove_prefix(at + words.size());
  int number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc()) return std::nullopt;
  return number;
}

SupportedOnnx probe_supported_onnx(const Runtime& runtime) {
  // ModelProto: ir_version, graph {name "g"}, opset_import {version}.
  constexpr std::string_view kFutureIr("\x08\x7f\x3a\x03\x12\x01g\x42\x02\x10\x01", 11);
  constexpr std::string_view kFutureOpset("\x08\x04\x3a\x03\x12\x01g\x42\x03\x10\xff\x7f", 12);
  const auto complaint = [&](std::string_view model) -> std::string {
    OrtSessionOptions* options = nullptr;
    OrtSession* session = nullptr;
    const Status failed(ort().CreateSessionOptions(&options));
    const SessionOptions owned_options(options);
    if (failed || Status(ort().SetIntraOpNumThreads(options, 1))) return {};
    const Status status(ort().CreateSessionFromArray(runtime.env.get(), model.data(), model.size(),
                                                     options, &session));
    const Session owned_session(session);
    return status ? ort().GetErrorMessage(status.get()) : std::string();
  };
  return {.opset = number_after(complaint(kFutureOpset), "domain ai.onnx is till opset "),
          .ir_version = number_after(complaint(kFutureIr), "max supported IR version: ")};
}

}  // namespace nacre::onnxruntime
