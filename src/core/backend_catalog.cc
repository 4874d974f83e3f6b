#include "core/backend_catalog.h"

#include "base/closest_match.h"
#include "core/backend_module.h"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <algorithm>
#include <array>
#include <cstdlib>
#include <filesystem>
#include <utility>

// The built-in backend: the same table as a module's, without the exported symbol.
extern "C" const nacre_backend_table* nacre_backend_echo_entry();

namespace nacre {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kEcho = "echo";
constexpr std::array<std::string_view, 6> kKnown = {kEcho,   "onnxruntime", "openvino",
                                                    "torch", "tflite",      "llama"};
constexpr std::string_view kPrefix = "libnacre_backend_";
constexpr std::string_view kSuffix = ".so";

std::vector<std::string> search_dirs(std::vector<std::string> dirs) {
  if (const char* list = std::getenv("NACRE_BACKEND_PATH"); list != nullptr) {
    std::string_view rest = list;
    while (!rest.empty()) {
      const auto end = std::min(rest.find(':'), rest.size());
      if (end != 0) dirs.emplace_back(rest.substr(0, end));
      rest.remove_prefix(std::min(end + 1, rest.size()));
    }
  }
  std::error_code error;
  const fs::path program = fs::read_symlink("/proc/self/exe", error);
  if (!error) {
    const fs::path home = program.parent_path();
    dirs.push_back(home / "backends");
    // lib, lib64, lib/<triplet>: as distributions have it, seen from <prefix>/bin.
    const fs::path prefix = home.parent_path();
    dirs.push_back(prefix / "lib" / "nacre");
    dirs.push_back(prefix / "lib64" / "nacre");
    for (fs::directory_iterator it(prefix / "lib", error), end; !error && it != end;
         it.increment(error)) {
      std::error_code ignored;
      if (fs::is_directory(it->path() / "nacre", ignored)) dirs.push_back(it->path() / "nacre");
    }
  }
  dirs.emplace_back(NACRE_INSTALL_BACKEND_DIR);
  return dirs;
}

// A name becomes part of a file's name, so it may not lead elsewhere.
bool is_plain(std::string_view name) {
  return !name.empty() && name.size() <= 64 && std::ranges::all_of(name, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' || c == '-';
  });
}

}  // namespace

std::string_view OpenBackend::property(std::string_view key) const noexcept {
  for (const Property& p : properties) {
    if (p.key == key) return p.value;
  }
  return {};
}

std::vector<Property> OpenBackend::all_properties() const {
  std::call_once(probe_once, [this] {
    // What cannot be found is left out; the log has the vendor's word on why.
    if (auto found = backend->probe()) probed = std::move(*found);
  });
  std::vector<Property> all = properties;
  all.insert(all.end(), probed.begin(), probed.end());
  return all;
}

std::shared_ptr<BackendCatalog> BackendCatalog::create(CatalogOptions options) {
  return std::shared_ptr<BackendCatalog>(new BackendCatalog(std::move(options)));
}

BackendCatalog::BackendCatalog(CatalogOptions options)
    : options_(std::move(options)), dirs_(search_dirs(options_.module_dirs)) {}

std::string BackendCatalog::module_path(std::string_view name) const {
  if (name == kEcho || !is_plain(name)) return {};
  for (const std::string& dir : dirs_) {
    const fs::path file = fs::path(dir) / fmt::format("{}{}{}", kPrefix, name, kSuffix);
    std::error_code error;
    if (fs::is_regular_file(file, error)) return file.string();
  }
  return {};
}

std::vector<std::string> BackendCatalog::names() const {
  std::vector<std::string> names(kKnown.begin(), kKnown.end());
  for (const std::string& dir : dirs_) {
    std::error_code error;
    std::vector<std::string> found;
    for (fs::directory_iterator it(dir, error), end; !error && it != end; it.increment(error)) {
      const std::string file = it->path().filename().string();
      if (!file.starts_with(kPrefix) || !file.ends_with(kSuffix)) continue;
      if (file.size() <= kPrefix.size() + kSuffix.size()) continue;
      found.push_back(file.substr(kPrefix.size(), file.size() - kPrefix.size() - kSuffix.size()));
    }
    std::ranges::sort(found);
    for (std::string& name : found) {
      if (is_plain(name) && std::ranges::find(names, name) == names.end()) {
        names.push_back(std::move(name));
      }
    }
  }
  return names;
}

Result<void> BackendCatalog::check_name(std::string_view name) const {
  if (is_plain(name) &&
      (std::ranges::find(kKnown, name) != kKnown.end() || !module_path(name).empty())) {
    return {};
  }
  const std::vector<std::string> known = names();
  const std::vector<std::string_view> views(known.begin(), known.end());
  auto near = closest_match(name, views);
  // A format's name is not a slip, but what reads it is meant.
  const auto format = parse_graph_encoding(name);
  if (!near && format) near = default_backend(*format);
  if (near && near->empty()) near.reset();
  return fail(ErrorCode::kNotFound,
              fmt::format("there is no backend \"{}\"{}; known here: {}", name.substr(0, 64),
                          near ? fmt::format(", did you mean \"{}\"?", *near) : "",
                          fmt::join(known, ", ")));
}

std::vector<std::string> BackendCatalog::installed() const {
  std::vector<std::string> all = names();
  std::erase_if(
      all, [this](const std::string& name) { return name != kEcho && module_path(name).empty(); });
  return all;
}

std::string_view BackendCatalog::default_backend(GraphEncoding encoding) const {
  if (const auto chosen = options_.defaults.find(encoding); chosen != options_.defaults.end()) {
    return chosen->second;
  }
  switch (encoding) {
    case GraphEncoding::kOnnx:
      return module_path("onnxruntime").empty() && !module_path("openvino").empty() ? "openvino"
                                                                                    : "onnxruntime";
    case GraphEncoding::kOpenvino:
    case GraphEncoding::kTensorflow:
    case GraphEncoding::kPaddle:
      return "openvino";
    case GraphEncoding::kPytorch:
      return "torch";
    case GraphEncoding::kTensorflowlite:
      return "tflite";
    case GraphEncoding::kGgml:
      return "llama";
    case GraphEncoding::kEcho:
      return kEcho;
    case GraphEncoding::kAutodetect:
      break;
  }
  return {};
}

Result<std::shared_ptr<const OpenBackend>> BackendCatalog::open(std::string_view name) {
  Entry* entry = nullptr;
  {
    const std::lock_guard lock(mutex_);
    auto found = entries_.find(name);
    if (found == entries_.end()) {
      if (auto known = check_name(name); !known) return std::unexpected(std::move(known.error()));
      found = entries_.try_emplace(std::string(name)).first;
    }
    entry = &found->second;
  }
  const std::lock_guard lock(entry->opening);
  if (entry->open == nullptr) {
    auto opened = open_now(std::string(name));
    if (!opened) return opened;
    entry->open = std::move(*opened);
  }
  return entry->open;
}

Result<std::shared_ptr<const OpenBackend>> BackendCatalog::open_now(const std::string& name) {
  const ModuleServices services{.log = options_.log, .thread_budget = options_.thread_budget};
  Result<std::shared_ptr<Backend>> backend;
  if (name == kEcho) {
    backend = make_module_backend(name, nacre_backend_echo_entry(), services);
  } else {
    const std::string path = module_path(name);
    if (path.empty()) {
      return fail(ErrorCode::kUnsupportedOperation,
                  fmt::format("the backend \"{0}\" is not installed: no {1}{0}{2} in {3}; build "
                              "Nacre with -DNACRE_BACKENDS={0}, or name the module's folder in "
                              "NACRE_BACKEND_PATH, --backend-dir or HostOptions::backend_dirs",
                              name, kPrefix, kSuffix, fmt::join(dirs_, ", ")));
    }
    backend = open_module(name, path, services);
  }
  if (!backend) return std::unexpected(std::move(backend.error()));
  auto properties = (*backend)->properties();
  if (!properties) return std::unexpected(std::move(properties.error()));
  auto opened = std::make_shared<OpenBackend>();
  opened->name = name;
  opened->backend = std::move(*backend);
  opened->properties = std::move(*properties);
  return opened;
}

}  // namespace nacre
