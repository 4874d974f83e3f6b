#include "api.h"

#include "base/divisions.h"

#include <algorithm>
#include <atomic>
#include <charconv>
#include <cstddef>
#include <cstdint>

namespace nacre::onnxruntime {
namespace {

std::atomic<const OrtApi*> g_api = nullptr;

/// The library's version "1.N.P" has the API version N. Asked for more than it has, the library
/// prints to standard error, so this goes first.
std::uint32_t api_of(std::string_view version) noexcept {
  std::uint32_t minor = 0;
  const std::size_t dot = version.find('.');
  if (dot != version.npos) {
    std::from_chars(version.data() + dot + 1, version.data() + version.size(), minor);
  }
  return minor;
}

}  // namespace

const OrtApi& ort() noexcept {
  return *g_api.load(std::memory_order_relaxed);
}

std::string_view library_version() noexcept {
  return OrtGetApiBase()->GetVersionString();
}

Result<void> open_api() {
  const OrtApiBase* base = OrtGetApiBase();
  const std::uint32_t theirs = api_of(base->GetVersionString());
  for (std::uint32_t version = std::min<std::uint32_t>(ORT_API_VERSION, theirs);
       version >= kOldestApi; --version) {
    if (const OrtApi* api = base->GetApi(version)) {
      g_api.store(api);
      answer_divisions_in("libonnxruntime");
      return {};
    }
  }
  return fail(ErrorCode::kUnsupportedOperation,
              "The ONNX Runtime library here is version " + std::string(library_version()) +
                  "; this module was built with the headers of API " +
                  std::to_string(ORT_API_VERSION) + " and works with ONNX Runtime 1." +
                  std::to_string(kOldestApi) + " or later. Install a newer libonnxruntime.so.1.");
}

Result<void> check(OrtStatus* status, ErrorCode code, std::string_view doing) {
  if (status == nullptr) [[likely]]
    return {};
  const Status owned(status);
  return fail(code, std::string(doing) + ": " + explain(status));
}

std::string explain(const OrtStatus* status) {
  return explain(ort().GetErrorMessage(status));
}

std::string explain(std::string_view vendor_text) {
  constexpr std::size_t kLongest = 800;
  // "/onnxruntime_src/onnxruntime/core/x.cc:123 void f(int) what happened": the path is never of
  // use, the signature goes with it.
  std::string text(vendor_text);
  for (std::size_t at = 0; (at = text.find("/onnxruntime_src/", at)) != text.npos;) {
    std::size_t end = text.find(' ', at);
    if (end == text.npos) end = text.size();
    std::size_t depth = 0;
    std::size_t closing = end;
    for (std::size_t i = end; i < text.size() && text[i] != '\n'; ++i) {
      if (text[i] == '(') ++depth;
      if (text[i] != ')' || depth == 0) continue;
      --depth;
      if (depth != 0) continue;
      closing = i + 1;
      if (text.compare(closing, 6, " const") == 0) closing += 6;
      break;
    }
    text.erase(at, closing - at);
  }
  std::string out;
  for (const char c : text) {
    const bool space = c == ' ' || c == '\n' || c == '\t' || c == '\r';
    if (space && (out.empty() || out.back() == ' ')) continue;
    const auto byte = static_cast<unsigned char>(c);
    out += space ? ' ' : (byte < 0x20 || byte == 0x7f) ? '?' : c;
  }
  while (!out.empty() && out.back() == ' ')
    out.pop_back();
  if (out.size() > kLongest) {
    std::size_t cut = kLongest;
    while ((static_cast<unsigned char>(out[cut]) & 0xc0U) == 0x80U)
      --cut;  // no half character
    out.resize(cut);
    out += "...";
  }
  return out.empty() ? "ONNX Runtime gave no reason." : out;
}

}  // namespace nacre::onnxruntime
