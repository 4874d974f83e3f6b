// Errors of Nacre: a code from the wasi-nn family and a sentence for a person.
//
// Every fallible function returns Result<T>. Nothing in Nacre's public
// interface throws, except std::bad_alloc where there is no memory for the answer.
#ifndef NACRE_ERROR_H_
#define NACRE_ERROR_H_

#include <cstdint>
#include <expected>
#include <string>
#include <string_view>
#include <utility>

namespace nacre {

/// What went wrong. The cases are the union of what the wasi-nn interfaces can say; each guest
/// dialect has one table that maps them to its wire numbers (src/abi/dialect.h), so these values
/// never reach a guest. They do cross the backend C ABI and are therefore fixed.
enum class ErrorCode : std::uint32_t {
  kInvalidArgument = 1,
  kInvalidEncoding = 2,
  kMissingMemory = 3,
  kBusy = 4,
  kRuntimeError = 5,
  kUnsupportedOperation = 6,
  kTooLarge = 7,
  kNotFound = 8,
  kSecurity = 9,
  kTimeout = 10,
  kUnknown = 11,
  kEndOfSequence = 12,
  kContextFull = 13,
  kPromptTooLong = 14,
  kModelNotFound = 15,  ///< a model is configured under the name, but its file is missing
};

/// A code and a sentence: what was wanted, what came, what to do.
struct Error {
  ErrorCode code = ErrorCode::kUnknown;
  std::string message;
};

template <typename T>
using Result = std::expected<T, Error>;

/// The usual way to leave a function with an error: `return fail(ErrorCode::kNotFound, "…");`
[[nodiscard]] inline std::unexpected<Error> fail(ErrorCode code, std::string message) {
  return std::unexpected(Error{.code = code, .message = std::move(message)});
}

/// The code's name as the WIT spells it ("invalid-argument"), or "unknown" for a number that is
/// not a code. Never null, never allocated.
[[nodiscard]] constexpr std::string_view to_string(ErrorCode code) noexcept {
  switch (code) {
    case ErrorCode::kInvalidArgument:
      return "invalid-argument";
    case ErrorCode::kInvalidEncoding:
      return "invalid-encoding";
    case ErrorCode::kMissingMemory:
      return "missing-memory";
    case ErrorCode::kBusy:
      return "busy";
    case ErrorCode::kRuntimeError:
      return "runtime-error";
    case ErrorCode::kUnsupportedOperation:
      return "unsupported-operation";
    case ErrorCode::kTooLarge:
      return "too-large";
    case ErrorCode::kNotFound:
      return "not-found";
    case ErrorCode::kSecurity:
      return "security";
    case ErrorCode::kTimeout:
      return "timeout";
    case ErrorCode::kUnknown:
      return "unknown";
    case ErrorCode::kEndOfSequence:
      return "end-of-sequence";
    case ErrorCode::kContextFull:
      return "context-full";
    case ErrorCode::kPromptTooLong:
      return "prompt-too-long";
    case ErrorCode::kModelNotFound:
      return "model-not-found";
  }
  return "unknown";
}

}  // namespace nacre

#endif  // NACRE_ERROR_H_
