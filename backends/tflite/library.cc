#include "library.h"

#include <dlfcn.h>
#include <array>
#include <cstdio>
#include <cstdlib>
#include <utility>

namespace nacre::tflite {
namespace {

constexpr const char* kLibrary = "libtensorflowlite_c.so";
constexpr std::size_t kLongest = 800;

Api g_api{};

Result<void> open_now() {
  const char* given = std::getenv("NACRE_TFLITE_LIBRARY");
  const char* file = given != nullptr && *given != '\0' ? given : kLibrary;
  // By name the loader looks where the system keeps libraries and where this module was built to.
  void* library = dlopen(file, RTLD_NOW | RTLD_LOCAL);
  if (library == nullptr) {
    const char* why = dlerror();
    return fail(ErrorCode::kUnsupportedOperation,
                std::string("TensorFlow Lite's library ") + kLibrary +
                    " cannot be opened: " + (why == nullptr ? "no reason was given" : why) +
                    ". Install it, or name its file in NACRE_TFLITE_LIBRARY.");
  }
  std::string missing;
  const auto find = [library](const char* symbol) { return dlsym(library, symbol); };
#define NACRE_TFLITE_FIND(member, symbol, result, parameters) \
  g_api.member = reinterpret_cast<decltype(g_api.member)>(find(#symbol));
#define NACRE_TFLITE_NEED(member, symbol, result, parameters) \
  NACRE_TFLITE_FIND(member, symbol, result, parameters)       \
  if (g_api.member == nullptr && missing.empty()) missing = #symbol;
  NACRE_TFLITE_STABLE_FUNCTIONS(NACRE_TFLITE_NEED)
  NACRE_TFLITE_OPTIONAL_FUNCTIONS(NACRE_TFLITE_FIND)
#undef NACRE_TFLITE_NEED
#undef NACRE_TFLITE_FIND
  if (missing.empty()) return {};
  const std::string version = g_api.version != nullptr ? g_api.version() : "of unknown version";
  return fail(ErrorCode::kUnsupportedOperation,
              "The TensorFlow Lite library here (" + version + ") has no function " + missing +
                  "; the C API of 2.5 or later is needed. Install a newer " + kLibrary +
                  ", or name its file in NACRE_TFLITE_LIBRARY.");
}

}  // namespace

Result<void> open_library() {
  static std::mutex mutex;
  static bool open = false;
  const std::lock_guard lock(mutex);
  if (open) return {};
  auto opened = open_now();
  open = opened.has_value();
  return opened;
}

const Api& api() noexcept {
  return g_api;
}

void Complaints::report(void* self, const char* format, std::va_list args) noexcept {
  try {
    std::array<char, 512> line{};
    if (std::vsnprintf(line.data(), line.size(), format, args) <= 0) return;
    auto& complaints = *static_cast<Complaints*>(self);
    const std::lock_guard lock(complaints.mutex_);
    std::string& text = complaints.text_;
    if (!text.empty() && text.back() != ' ') text += ' ';
    for (const char c : std::string_view(line.data())) {
      if (text.size() >= kLongest) return;
      const auto byte = static_cast<unsigned char>(c);
      const bool space = c == ' ' || c == '\n' || c == '\t' || c == '\r';
      if (space && (text.empty() || text.back() == ' ')) continue;
      text += space ? ' ' : byte < 0x20 || byte >= 0x7f ? '?' : c;
    }
  } catch (...) {
    return;  // out of memory: the line is lost
  }
}

std::string Complaints::take() {
  const std::lock_guard lock(mutex_);
  std::string text = std::exchange(text_, {});
  while (!text.empty() && text.back() == ' ')
    text.pop_back();
  return text.empty() ? "TensorFlow Lite gave no reason." : text;
}

ModelHandle make_model(std::span<const std::byte> bytes, Complaints& complaints) {
  const Api& a = api();
  return ModelHandle(
      a.model_create_reporting != nullptr
          ? a.model_create_reporting(bytes.data(), bytes.size(), Complaints::report, &complaints)
          : a.model_create(bytes.data(), bytes.size()));
}

Interpreter make_interpreter(const TfLiteModel& model, std::uint32_t threads) {
  Interpreter made{.complaints = std::make_unique<Complaints>(), .handle = nullptr};
  const OptionsHandle options(api().options_create());
  if (options == nullptr) return made;
  api().options_set_threads(options.get(), static_cast<std::int32_t>(threads));
  api().options_set_error_reporter(options.get(), Complaints::report, made.complaints.get());
  if (api().options_enable_cancellation != nullptr) {
    static_cast<void>(api().options_enable_cancellation(options.get(), true));
  }
  made.handle.reset(api().interpreter_create(&model, options.get()));
  return made;
}

}  // namespace nacre::tflite
