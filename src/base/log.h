// Where Nacre's log lines go.
//
// There is little to log: results and errors travel in return values. What remains are warnings
// that no caller asked for (a vendor's messages, a thing left behind on purpose).
#ifndef NACRE_SRC_BASE_LOG_H_
#define NACRE_SRC_BASE_LOG_H_

#include <cstdint>
#include <functional>
#include <memory>
#include <string_view>

namespace nacre {

/// The numbers are those of nacre::LogLevel and of the backend ABI.
enum class LogSeverity : std::uint32_t { kDebug = 0, kInfo = 1, kWarning = 2, kError = 3 };

/// Receives one line without its end; any thread, several at once. What it throws is swallowed.
using LogSink = std::function<void(LogSeverity, std::string_view)>;

/// A sink shared by all who log for one host. Null stands for the default one.
using SharedLogSink = std::shared_ptr<const LogSink>;

/// Sends a line to `sink`; without one, warnings and errors go to standard error, each in a single
/// write, and the rest nowhere.
void log(const SharedLogSink& sink, LogSeverity severity, std::string_view line) noexcept;

}  // namespace nacre

#endif  // NACRE_SRC_BASE_LOG_H_
