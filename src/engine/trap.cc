#include "engine/trap.h"

#include <cxxabi.h>
#include <fmt/format.h>

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <memory>

#include "abi/printable.h"

namespace nacre::engine {
namespace {

constexpr std::size_t kMostNameBytes = 1000;  // of a name that is looked at
constexpr std::size_t kMostShownBytes = 300;  // of one that is shown

/// A mangled name says "the same again" in two letters, and each time may double what it stands
/// for: 235 bytes can mean 276 MB, and nothing in the library ends that. So a name that says it
/// more often than this, in any of the ways there are, is shown as it is.
bool may_be_demangled(std::string_view name) {
  constexpr std::ptrdiff_t kMostRepeats = 20;
  return name.starts_with("_Z") && name.size() <= kMostNameBytes &&
         std::ranges::count_if(name, [](char letter) {
           return letter == 'S' || letter == 'T' || letter == 'D';
         }) <= kMostRepeats;
}

/// Empty for other names than Rust's.
std::string rust_name(std::string_view name) {
  if (name.empty() || name.size() > kMostNameBytes) return {};
  ByteVec text;
  nacre_rust_name(name.data(), name.size(), &text);
  return {text.data, text.size};
}

std::string demangled(std::string_view name) {
  if (auto rust = rust_name(name); !rust.empty()) return rust;
  std::string text(name.substr(0, kMostNameBytes));
  if (!may_be_demangled(name)) return text;
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

std::string said_by(const ByteVec& text) {
  if (text.size == 0) return "it stopped without saying why";
  return printable_lines(view(text));
}

std::vector<Frame> frames_of(const wasm_frame_vec_t& raw) {
  std::vector<Frame> frames;
  frames.reserve(raw.size);
  for (std::size_t i = 0; i < raw.size; ++i) {
    const wasm_frame_t* frame = raw.data[i];
    const wasm_name_t* module = wasmtime_frame_module_name(frame);
    const wasm_name_t* function = wasmtime_frame_func_name(frame);
    frames.push_back({.module = module ? std::string(view(*module).substr(0, kMostNameBytes)) : "",
                      .function = function ? demangled(view(*function)) : "",
                      .function_index = wasm_frame_func_index(frame),
                      .module_offset = wasm_frame_module_offset(frame)});
  }
  return frames;
}

}  // namespace

std::string message_of(const wasmtime_error_t& error) {
  ByteVec text;
  nacre_error_words(&error, &text);
  return said_by(text);
}

Ending ending_of(const wasm_trap_t& trap) {
  Ending ending;
  FrameVec frames;
  wasm_trap_trace(&trap, &frames);
  ending.frames = frames_of(frames);
  if (wasmtime_trap_code_t code = 0; wasmtime_trap_code(&trap, &code)) ending.set_code(code);
  if (ending.words.empty()) {
    ByteVec text;
    nacre_trap_words(&trap, &text);
    ending.words = said_by(text);
  }
  return ending;
}

Ending ending_of(const wasmtime_error_t& error) {
  FrameVec frames;
  wasmtime_error_wasm_trace(&error, &frames);
  return {.code = std::nullopt,
          .words = message_of(error),
          .frames = frames_of(frames),
          .began = frames.size != 0};
}

void Ending::set_code(wasmtime_trap_code_t trap_code) {
  code = trap_code;
  if (const std::string_view known = words_for(trap_code); !known.empty()) words = known;
}

std::string format_backtrace(std::span<const Frame> frames) {
  std::string text;
  for (std::size_t i = 0; i < frames.size(); ++i) {
    const Frame& frame = frames[i];
    // An offset of all ones is that of no instruction: the call itself failed.
    const std::string where = frame.module_offset == SIZE_MAX
                                  ? std::string(10, ' ')
                                  : fmt::format("{:#010x}", frame.module_offset);
    text += fmt::format("{:>5}: {}  {}{}{}\n", i, where, printable(frame.module, kMostShownBytes),
                        frame.module.empty() ? "" : "!",
                        frame.function.empty() ? fmt::format("function {}", frame.function_index)
                                               : printable(frame.function, kMostShownBytes));
  }
  return text;
}

}  // namespace nacre::engine
