// ONNX Runtime's C API: the one table of functions, handles that own, and its errors as sentences.
#ifndef NACRE_BACKENDS_ONNXRUNTIME_API_H_
#define NACRE_BACKENDS_ONNXRUNTIME_API_H_

#include <nacre/error.h>
#include <onnxruntime_c_api.h>

#include <memory>
#include <string>
#include <string_view>

#include "base/unique_handle.h"

namespace nacre::onnxruntime {

/// What this folder uses came with this version; the library may be any that has it or a later one,
/// since the table only grows.
inline constexpr std::uint32_t kOldestApi = 24;
static_assert(ORT_API_VERSION >= kOldestApi, "ONNX Runtime's headers must be of 1.24 or later");

/// Finds the table, asking for the newest version that both sides know. The error names both.
[[nodiscard]] Result<void> open_api();

/// The table; only after open_api() succeeded. Any thread.
[[nodiscard]] const OrtApi& ort() noexcept;

/// "1.31.1", of the library that is loaded.
[[nodiscard]] std::string_view library_version() noexcept;

template <typename T, void (*OrtApi::*kRelease)(T*)>
struct Releaser {
  void operator()(T* handle) const noexcept { (ort().*kRelease)(handle); }
};
template <typename T, void (*OrtApi::*kRelease)(T*)>
using Handle = std::unique_ptr<T, Releaser<T, kRelease>>;

using Env = Handle<OrtEnv, &OrtApi::ReleaseEnv>;
using MemoryInfo = Handle<OrtMemoryInfo, &OrtApi::ReleaseMemoryInfo>;
using Metadata = Handle<OrtModelMetadata, &OrtApi::ReleaseModelMetadata>;
using RunOptions = Handle<OrtRunOptions, &OrtApi::ReleaseRunOptions>;
using Session = Handle<OrtSession, &OrtApi::ReleaseSession>;
using SessionOptions = Handle<OrtSessionOptions, &OrtApi::ReleaseSessionOptions>;
using Status = Handle<OrtStatus, &OrtApi::ReleaseStatus>;
using ThreadingOptions = Handle<OrtThreadingOptions, &OrtApi::ReleaseThreadingOptions>;
using TypeInfo = Handle<OrtTypeInfo, &OrtApi::ReleaseTypeInfo>;
using Value = Handle<OrtValue, &OrtApi::ReleaseValue>;

/// Takes a status that a call returned: fine when it is null, else `code` and "<doing>: <why>".
[[nodiscard]] Result<void> check(OrtStatus* status, ErrorCode code, std::string_view doing);

/// What ONNX Runtime says, on one line, without its source positions, cut to a bearable length.
[[nodiscard]] std::string explain(std::string_view vendor_text);

/// For the text of a status that must not be null.
[[nodiscard]] std::string explain(const OrtStatus* status);

}  // namespace nacre::onnxruntime

#endif  // NACRE_BACKENDS_ONNXRUNTIME_API_H_
