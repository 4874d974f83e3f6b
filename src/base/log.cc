#include "base/log.h"

#include <cstdio>
#include <string>

namespace nacre {

void log(const SharedLogSink& sink, LogSeverity severity, std::string_view line) noexcept {
  try {
    if (sink != nullptr && *sink) {
      (*sink)(severity, line);
    } else if (severity >= LogSeverity::kWarning) {
      std::string text = severity == LogSeverity::kError ? "nacre: error: " : "nacre: warning: ";
      text.append(line);
      text += '\n';
      static_cast<void>(std::fwrite(text.data(), 1, text.size(), stderr));
    }
  } catch (...) {
    // A log line is not worth an error.
    return;
  }
}

}  // namespace nacre
