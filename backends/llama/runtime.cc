#include "runtime.h"

#include <ggml-backend.h>

#include <algorithm>
#include <atomic>
#include <optional>

#include "variants.h"

namespace nacre::llama {
namespace {

struct State {
  std::mutex mutex;
  std::optional<HostServices> services;
  std::string variant;
  std::atomic<bool> ready{false};
};

State& state() noexcept {
  static auto* made = new State;  // llama.cpp may log at the very end  NOLINT(*-exception-at-new)
  return *made;
}

thread_local std::string last_error;
thread_local LogLevel last_level = LogLevel::kDebug;
thread_local bool last_shown = false;

std::string_view trimmed(std::string_view line) {
  while (line.ends_with('\n') || line.ends_with(' '))
    line.remove_suffix(1);
  return line;
}

// Errors are told as our own errors, so that here they are no more than a detail.
void on_log(ggml_log_level level, const char* text, void*) {
  const std::string_view line = trimmed(text == nullptr ? "" : text);
  if (line.empty() || line == ".") return;
  if (level == GGML_LOG_LEVEL_ERROR) {
    const auto colon = line.find(": ");
    const bool has_function = colon != line.npos && line.substr(0, colon).find(' ') == line.npos;
    last_error = has_function ? line.substr(colon + 2) : line;
  }
  if (level != GGML_LOG_LEVEL_CONT) {
    last_shown = level != GGML_LOG_LEVEL_DEBUG;  // hundreds of lines per context
    last_level = level == GGML_LOG_LEVEL_WARN ? LogLevel::kInfo : LogLevel::kDebug;
  }
  const auto& services = state().services;
  if (services && last_shown) services->log(last_level, line);
}

// "CPU : AVX2 = 1 | AVX512 = 1 | …" as "AVX2,AVX512".
std::string features(std::string_view info) {
  std::string all;
  info.remove_prefix(std::min(info.find(": ") + 2, info.size()));
  for (std::size_t end = 0; (end = info.find(" = 1 | ")) != info.npos;
       info.remove_prefix(end + 7)) {
    all += (all.empty() ? "" : ",") + std::string(info.substr(0, end));
  }
  return all;
}

ggml_backend_reg_t cpu_registry() noexcept {
  ggml_backend_dev_t device = ggml_backend_dev_by_type(GGML_BACKEND_DEVICE_TYPE_CPU);
  return device == nullptr ? nullptr : ggml_backend_dev_backend_reg(device);
}

template <typename F>
F* cpu_function(const char* name) noexcept {
  ggml_backend_reg_t registry = cpu_registry();
  return registry == nullptr
             ? nullptr
             : reinterpret_cast<F*>(ggml_backend_reg_get_proc_address(registry, name));
}

}  // namespace

Result<void> start_runtime(HostServices services) {
  State& it = state();
  const std::lock_guard lock(it.mutex);
  if (it.ready) return {};
  it.services = services;
  llama_log_set(&on_log, nullptr);
  const auto folder = folder_of_variants();
  if (!folder) {
    return fail(ErrorCode::kUnsupportedOperation, "it is not known where llama.cpp lies");
  }
  if (cpu_registry() == nullptr) ggml_backend_load_all_from_path(folder->c_str());
  if (cpu_registry() == nullptr) {
    return fail(ErrorCode::kUnsupportedOperation,
                "llama.cpp has no variant for this processor: no libggml-cpu-*.so in " + *folder +
                    "; build or install them beside libggml.so");
  }
  llama_backend_init();
  it.variant = features(llama_print_system_info());
  it.ready = true;
  return {};
}

std::string_view cpu_variant() noexcept {
  return state().ready ? std::string_view(state().variant) : std::string_view();
}

bool has_gpu() noexcept {
  return llama_supports_gpu_offload();
}

std::string_view log_error() noexcept {
  return last_error;
}

void forget_log_error() noexcept {
  last_error.clear();
}

std::mutex& decoding() noexcept {
  static auto* mutex = new std::mutex;  // NOLINT(*-exception-at-new)
  return *mutex;
}

ThreadPool::ThreadPool(int threads) {
  auto* make = cpu_function<decltype(ggml_threadpool_new)>("ggml_threadpool_new");
  if (make == nullptr) return;
  ggml_threadpool_params params = ggml_threadpool_params_default(threads);
  pool_ = make(&params);
}

ThreadPool::~ThreadPool() {
  if (pool_ == nullptr) return;
  if (auto* end = cpu_function<decltype(ggml_threadpool_free)>("ggml_threadpool_free")) end(pool_);
}

}  // namespace nacre::llama
