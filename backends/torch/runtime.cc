#include "runtime.h"

#include <ATen/Parallel.h>
#include <ATen/Version.h>
#include <caffe2/serialize/versions.h>
#include <omp.h>
#include <torch/version.h>

#include <algorithm>

#include "explain.h"

namespace nacre::torch {
std::shared_ptr<Runtime> start_runtime(HostServices host) {
  at::set_num_threads(static_cast<int>(host.thread_budget()));
  return std::make_shared<Runtime>(Runtime{host});
}

std::string library_version() {
  return TORCH_VERSION;
}

std::string library_build() {
  // "PyTorch built with:", then lines with a dash in front.
  std::string text = at::show_config();
  std::string line;
  for (const char c : text.substr(std::min(text.find('\n') + 1, text.size()))) {
    if (c == '\n' && !line.empty()) line += ';';
    if (c == '\n' || (c == ' ' && (line.empty() || line.back() == ' '))) continue;
    if (c == '-' && (line.empty() || line.ends_with("; ") || line.ends_with(';'))) continue;
    if (line.ends_with(';')) line += ' ';
    line += c;
  }
  return explain(line);
}

std::string format_versions() {
  return std::to_string(caffe2::serialize::kMinSupportedFileFormatVersion) + '-' +
         std::to_string(caffe2::serialize::kMaxSupportedFileFormatVersion);
}

OnThisThread::OnThisThread(const HostServices& host, std::uint32_t threads)
    : host_(host), handler_before_(c10::Warning::get_warning_handler()) {
  c10::Warning::set_warning_handler(this);
  if (threads == 0) return;
  // at::set_num_threads would set it for every thread to come; OpenMP's number is the thread's own.
  threads_before_ = at::get_num_threads();
  omp_set_num_threads(static_cast<int>(threads));
}

OnThisThread::~OnThisThread() {
  if (threads_before_ != 0) omp_set_num_threads(threads_before_);
  c10::Warning::set_warning_handler(handler_before_);
}

void OnThisThread::process(const c10::SourceLocation&, const std::string& text, const bool) {
  host_.log(LogLevel::kDebug, "libtorch: " + explain(text));
}

}  // namespace nacre::torch
