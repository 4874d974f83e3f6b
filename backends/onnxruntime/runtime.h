// What is there once per process: ONNX Runtime's environment with its pool of threads.
#ifndef NACRE_BACKENDS_ONNXRUNTIME_RUNTIME_H_
#define NACRE_BACKENDS_ONNXRUNTIME_RUNTIME_H_

#include <nacre/backend.h>

#include <atomic>
#include <memory>
#include <optional>

#include "api.h"

namespace nacre::onnxruntime {

/// Shared by the backend, its graphs and their contexts; the last of them ends it. Any thread.
struct Runtime {
  [[nodiscard]] static Result<std::shared_ptr<Runtime>> create(HostServices host);

  HostServices host;
  Env env;
  MemoryInfo cpu;  ///< "ordinary memory", for tensors over ours
  /// The process had an environment before ours, and it has no pool of threads that sessions share:
  /// each session brings its own. Found out by the first load.
  std::atomic<bool> without_pool = false;

 private:
  explicit Runtime(HostServices services) noexcept : host(services) {}
};

/// The newest versions that the library reads.
struct SupportedOnnx {
  std::optional<int> opset;
  std::optional<int> ir_version;
};

/// Found out by offering it a model of no nodes from the far future: no call tells.
[[nodiscard]] SupportedOnnx probe_supported_onnx(const Runtime& runtime);

/// The number that follows `words` in `text`.
[[nodiscard]] std::optional<int> number_after(std::string_view text, std::string_view words);

}  // namespace nacre::onnxruntime

#endif  // NACRE_BACKENDS_ONNXRUNTIME_RUNTIME_H_
