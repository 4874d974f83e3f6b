// TensorFlow Lite's shared library, opened by name.
#ifndef NACRE_BACKENDS_TFLITE_LIBRARY_H_
#define NACRE_BACKENDS_TFLITE_LIBRARY_H_

#include <nacre/backend.h>

#include <cstdarg>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <span>
#include <string>

#include "c_api.h"

namespace nacre::tflite {

/// The functions of the library; those of the second list may be null.
struct Api {
// NOLINTNEXTLINE(bugprone-macro-parentheses): a declaration
#define NACRE_TFLITE_MEMBER(member, symbol, result, parameters) result(*member) parameters;
  NACRE_TFLITE_STABLE_FUNCTIONS(NACRE_TFLITE_MEMBER)
  NACRE_TFLITE_OPTIONAL_FUNCTIONS(NACRE_TFLITE_MEMBER)
#undef NACRE_TFLITE_MEMBER
};

/// Opens the library: $NACRE_TFLITE_LIBRARY (a path, nothing else is then tried), else
/// libtensorflowlite_c.so where the loader finds it, which is what the system has or what the build
/// fetched. kUnsupportedOperation when it is not there or lacks a function, with what to do.
/// It stays mapped to the end of the process. Any thread.
[[nodiscard]] Result<void> open_library();

/// Only after open_library() succeeded. Any thread.
[[nodiscard]] const Api& api() noexcept;

struct ModelDeleter {
  void operator()(TfLiteModel* p) const noexcept { api().model_delete(p); }
};
struct OptionsDeleter {
  void operator()(TfLiteInterpreterOptions* p) const noexcept { api().options_delete(p); }
};
struct InterpreterDeleter {
  void operator()(TfLiteInterpreter* p) const noexcept { api().interpreter_delete(p); }
};
struct RunnerDeleter {
  void operator()(TfLiteSignatureRunner* p) const noexcept { api().runner_delete(p); }
};
using ModelHandle = std::unique_ptr<TfLiteModel, ModelDeleter>;
using OptionsHandle = std::unique_ptr<TfLiteInterpreterOptions, OptionsDeleter>;
using InterpreterHandle = std::unique_ptr<TfLiteInterpreter, InterpreterDeleter>;
using RunnerHandle = std::unique_ptr<TfLiteSignatureRunner, RunnerDeleter>;

/// Collects what the library complains about, which it tells nobody else, as one bounded line.
/// Any thread; outlives the interpreter that reports to it.
class Complaints {
 public:
  Complaints() = default;
  Complaints(const Complaints&) = delete;
  Complaints& operator=(const Complaints&) = delete;

  /// What has come since the last call; a stand-in when nothing has.
  [[nodiscard]] std::string take();

  /// A TfLiteErrorReporter; `self` is a Complaints.
  static void report(void* self, const char* format, std::va_list args) noexcept;

 private:
  std::mutex mutex_;
  std::string text_;
};

/// Null when the bytes are no model; `complaints` must outlive it, and so must the bytes.
[[nodiscard]] ModelHandle make_model(std::span<const std::byte> bytes, Complaints& complaints);

/// An interpreter together with what it must not outlive.
struct Interpreter {
  std::unique_ptr<Complaints> complaints;
  InterpreterHandle handle;
};

/// Null handle on failure; the complaints say why.
[[nodiscard]] Interpreter make_interpreter(const TfLiteModel& model, std::uint32_t threads);

}  // namespace nacre::tflite

#endif  // NACRE_BACKENDS_TFLITE_LIBRARY_H_
