// llama.cpp as a whole: the best CPU variant for this machine, its messages, its build.
#ifndef NACRE_BACKENDS_LLAMA_RUNTIME_H_
#define NACRE_BACKENDS_LLAMA_RUNTIME_H_

#include <nacre/backend.h>
#include <nacre/error.h>

#include "base/unique_handle.h"

#include <llama.h>

#include <mutex>
#include <string>
#include <string_view>

namespace nacre::llama {

using ModelHandle = unique_handle<llama_model, llama_model_free>;
using ContextHandle = unique_handle<llama_context, llama_free>;
using SamplerHandle = unique_handle<llama_sampler, llama_sampler_free>;

/// Threads that a llama_context computes with. They live as long as this, and end with it.
class ThreadPool {
 public:
  explicit ThreadPool(int threads);
  ~ThreadPool();
  ThreadPool(const ThreadPool&) = delete;
  ThreadPool& operator=(const ThreadPool&) = delete;

  /// Null where the CPU variant offers none: then ggml makes threads by itself.
  [[nodiscard]] ggml_threadpool_t get() const noexcept { return pool_; }

 private:
  ggml_threadpool_t pool_ = nullptr;
};

/// Loads ggml's variant for this processor, once per process, and sends llama.cpp's messages to
/// `services`. kUnsupportedOperation when no variant is beside the library. Any thread.
[[nodiscard]] Result<void> start_runtime(HostServices services);

/// What the variant in use makes use of: "AVX2,AVX512"; empty before start_runtime.
[[nodiscard]] std::string_view cpu_variant() noexcept;

/// Whether llama.cpp sees a device that is not a CPU.
[[nodiscard]] bool has_gpu() noexcept;

/// llama.cpp says why it failed in its log only: the last error that this thread logged since
/// forget_log_error(), without the function's name and the line's end.
[[nodiscard]] std::string_view log_error() noexcept;
void forget_log_error() noexcept;

/// One llama_decode at a time in the process: two would only share the processor's threads.
[[nodiscard]] std::mutex& decoding() noexcept;

}  // namespace nacre::llama

#endif  // NACRE_BACKENDS_LLAMA_RUNTIME_H_
