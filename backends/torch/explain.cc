#include "explain.h"

#include <c10/util/Exception.h>

#include <new>

namespace nacre::torch {
namespace {

constexpr std::size_t kLongest = 400;

std::string_view trimmed(std::string_view text) {
  constexpr std::string_view kSpace = " \t\r\n";
  const auto first = text.find_first_not_of(kSpace);
  if (first == text.npos) return {};
  return text.substr(first, text.find_last_not_of(kSpace) - first + 1);
}

// The interpreter tells where in the model's source it was, line by line; its last line is what
// went wrong.
std::string_view last_line(std::string_view text) {
  text = trimmed(text);
  const auto end = text.rfind('\n');
  return trimmed(end == text.npos ? text : text.substr(end + 1));
}

}  // namespace

std::string explain(std::string_view text) {
  text = text.substr(0, text.find("\nException raised from "));
  const bool traceback = text.find("Traceback of TorchScript") != text.npos;
  std::string_view line = trimmed(text);
  if (traceback) {
    // What an operator says may have lines of its own, so the word in front of it is looked for.
    constexpr std::string_view kError = "\nRuntimeError: ";
    const auto at = line.rfind(kError);
    line = at == line.npos ? last_line(line) : line.substr(at + kError.size());
  }
  line = trimmed(line.substr(0, line.find('\n')));
  // "[enforce fail at alloc_cpu.cpp:66] posix_memalign(…) == 0. DefaultCPUAllocator: …"
  if (const auto at = line.find("DefaultCPUAllocator: "); at != line.npos) line.remove_prefix(at);
  for (const std::string_view word : {"builtins.", "RuntimeError: "}) {
    if (line.starts_with(word)) line.remove_prefix(word.size());
  }
  std::string out(line.substr(0, kLongest));
  for (char& c : out) {
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) c = ' ';
  }
  if (line.size() > kLongest) out += "…";
  if (out.empty()) out = "it does not say why";
  if (out.back() != '.' && out.back() != '!' && out.back() != '?') out += '.';
  return out;
}

Error explain_exception(ErrorCode code, std::string_view doing, std::exception_ptr thrown) {
  const auto sentence = [&](std::string_view text) {
    return std::string(doing) + ": " + explain(text);
  };
  try {
    std::rethrow_exception(std::move(thrown));
  } catch (const std::bad_alloc&) {
    return {ErrorCode::kTooLarge, sentence("there is no memory for it")};
  } catch (const c10::Error& e) {
    const std::string_view text = e.what_without_backtrace();
    const bool memory = text.find("DefaultCPUAllocator") != text.npos;
    return {memory ? ErrorCode::kTooLarge : code, sentence(text)};
  } catch (const std::exception& e) {
    const std::string_view text = e.what();
    const bool memory = text.find("DefaultCPUAllocator") != text.npos;
    return {memory ? ErrorCode::kTooLarge : code, sentence(text)};
  } catch (...) {
    return {code, sentence("something was thrown that is not an exception")};
  }
}

}  // namespace nacre::torch
