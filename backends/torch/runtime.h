// What is there once per process: libtorch's threads, its warnings, and the stack it is walked on.
#ifndef NACRE_BACKENDS_TORCH_RUNTIME_H_
#define NACRE_BACKENDS_TORCH_RUNTIME_H_

#include <c10/util/Exception.h>
#include <nacre/backend.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

namespace nacre::torch {

/// Shared by the backend, its graphs and their contexts. Any thread.
struct Runtime {
  HostServices host;
};

/// Sets the number of threads of an operator to the budget.
[[nodiscard]] std::shared_ptr<Runtime> start_runtime(HostServices host);

/// libtorch's version, as it was compiled against: its soname is as exact.
[[nodiscard]] std::string library_version();

/// How it was built, on one line.
[[nodiscard]] std::string library_build();

/// The versions of archives that it reads, "1-10".
[[nodiscard]] std::string format_versions();

/// While it lives, libtorch's warnings on this thread go to the host's log, and an operator on this
/// thread uses `threads` threads (0: the process's number). Cheap: made for every computation.
class OnThisThread final : private c10::WarningHandler {
 public:
  OnThisThread(const HostServices& host, std::uint32_t threads);
  ~OnThisThread() override;
  OnThisThread(const OnThisThread&) = delete;
  OnThisThread& operator=(const OnThisThread&) = delete;

 private:
  void process(const c10::SourceLocation& where, const std::string& text, bool verbatim) override;

  HostServices host_;
  c10::WarningHandler* handler_before_;
  int threads_before_ = 0;
};

}  // namespace nacre::torch

#endif  // NACRE_BACKENDS_TORCH_RUNTIME_H_
