#include "engine/trap.h"

#include <cxxabi.h>
#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>
#include <memory>

namespace nacre::engine {
namespace {

std::string demangled(std::string_view name) {
  std::string text(name);
  if (!text.starts_with("_Z")) return text;
  int status = 0;
  const std::unique_ptr<char, decltype(&std::free)> plain(
      abi::__cxa_demangle(text.c_str(), nullptr, nullptr, &status), &std::free);
  return plain ? std::string(plain.get()) : text;
}

std::string_view words_for(wasmtime_trap_code_t code) noexcept {
  switch (code) {
    case WASMTIME_TRAP_CODE_STACK_OVERFLOW:
      return "its call stack is exhausted (endless or very deep recursion)";
    case WASMTIME_TRAP_CODE_MEMORY_OUT_OF_BOUNDS:
      return "it read or wrote outside its memory";
    case WASMTIME_TRAP_CODE_HEAP_MISALIGNED:
      return "an atomic access was not aligned";
    case WASMTIME_TRAP_CODE_TABLE_OUT_OF_BOUNDS:
      return "it used a table outside its bounds";
    case WASMTIME_TRAP_CODE_INDIRECT_CALL_TO_NULL:
      return "it called a null function pointer";
    case WASMTIME_TRAP_CODE_BAD_SIGNATURE:
      return "it called a function pointer as a function of another type";
    case WASMTIME_TRAP_CODE_INTEGER_OVERFLOW:
      return "an integer division overflowed";
    case WASMTIME_TRAP_CODE_INTEGER_DIVISION_BY_ZERO:
      return "it divided an integer by zero";
    case WASMTIME_TRAP_CODE_BAD_CONVERSION_TO_INTEGER:
      return "it converted a float to an integer that cannot hold it";
    case WASMTIME_TRAP_CODE_UNREACHABLE_CODE_REACHED:
      return "it reached an `unreachable` instruction (abort, a failed assertion, a panic)";
    case WASMTIME_TRAP_CODE_INTERRUPT:
      return "it was interrupted";
    case WASMTIME_TRAP_CODE_OUT_OF_FUEL:
      return "its fuel is spent";
    case WASMTIME_TRAP_CODE_NULL_REFERENCE:
      return "it used a null reference";
    case WASMTIME_TRAP_CODE_ARRAY_OUT_OF_BOUNDS:
      return "it used an array outside its bounds";
    case WASMTIME_TRAP_CODE_ALLOCATION_TOO_LARGE:
      return "it allocated too large an object";
    case WASMTIME_TRAP_CODE_CAST_FAILURE:
      return "a cast of a reference failed";
    case WASMTIME_TRAP_CODE_UNCAUGHT_EXCEPTION:
      return "it threw an exception nobody caught";
    default:
      return {};
  }
}

/// The VM's message without the backtrace in it, which comes as frames.
std::string without_backtrace(std::string message) {
  while (!message.empty() && message.back() == '\0')
    message.pop_back();
  if (message.starts_with("error while executing at wasm backtrace:")) {
    constexpr std::string_view kCause = "Caused by:";
    const auto cause = message.find(kCause);
    message.erase(0, cause == std::string::npos ? message.size() : cause + kCause.size());
  }
  constexpr std::string_view kSpace = " \n\t";
  message.erase(0, std::min(message.find_first_not_of(kSpace), message.size()));
  message.erase(message.find_last_not_of(kSpace) + 1);
  return message.empty() ? "it stopped without saying why" : message;
}

std::vector<Frame> frames_of(const wasm_frame_vec_t& raw) {
  std::vector<Frame> frames;
  frames.reserve(raw.size);
  for (std::size_t i = 0; i < raw.size; ++i) {
    const wasm_frame_t* frame = raw.data[i];
    const wasm_name_t* module = wasmtime_frame_module_name(frame);
    const wasm_name_t* function = wasmtime_frame_func_name(frame);
    frames.push_back({.module = module ? std::string(view(*module)) : "",
                      .function = function ? demangled(view(*function)) : "",
                      .function_index = wasm_frame_func_index(frame),
                      .module_offset = wasm_frame_module_offset(frame)});
  }
  return frames;
}

}  // namespace

Ending ending_of(const wasm_trap_t& trap) {
  Ending ending;
  FrameVec frames;
  wasm_trap_trace(&trap, &frames);
  ending.frames = frames_of(frames);
  if (wasmtime_trap_code_t code = 0; wasmtime_trap_code(&trap, &code)) {
    ending.code = code;
    ending.words = words_for(code);
  }
  if (ending.words.empty()) {
    ByteVec text;
    wasm_trap_message(&trap, &text);
    ending.words = without_backtrace(std::string(view(text)));
  }
  return ending;
}

Ending ending_of(const wasmtime_error_t& error) {
  FrameVec frames;
  wasmtime_error_wasm_trace(&error, &frames);
  return {.code = std::nullopt,
          .words = without_backtrace(message_of(error)),
          .frames = frames_of(frames),
          .began = frames.size != 0};
}

std::string format_backtrace(std::span<const Frame> frames) {
  std::string text;
  for (std::size_t i = 0; i < frames.size(); ++i) {
    const Frame& frame = frames[i];
    text += fmt::format(
        "{:>5}: {:#010x}  {}{}{}\n", i, frame.module_offset, frame.module,
        frame.module.empty() ? "" : "!",
        frame.function.empty() ? fmt::format("function {}", frame.function_index) : frame.function);
  }
  return text;
}

}  // namespace nacre::engine
