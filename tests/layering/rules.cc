#include "rules.h"

#include <algorithm>
#include <map>
#include <regex>

namespace nacre::layering {
namespace {

namespace fs = std::filesystem;

// docs/architecture.md has the same table. base is open to every room above it.
const std::map<std::string, std::vector<std::string>, std::less<>> kRooms = {
    {"base", {}},
    {"core", {"base"}},
    {"registry", {"core", "base"}},
    {"abi", {"core", "base"}},
    {"engine", {"abi", "base"}},
    {"host", {"engine", "abi", "registry", "core", "base"}},
    {"cli", {"base"}},
    {"include", {}},
};

// Headers of others, by how their names begin, and the only room that may include them.
const std::vector<std::pair<std::string, std::string>> kVendors = {
    {"wasmtime", "engine"},
    {"wasm.h", "engine"},
    {"wasi.h", "engine"},
    {"onnxruntime", "backends/onnxruntime"},
    {"openvino/", "backends/openvino"},
    {"torch/", "backends/torch"},
    {"ATen/", "backends/torch"},
    {"c10/", "backends/torch"},
    {"caffe2/", "backends/torch"},
    {"tensorflow/", "backends/tflite"},
    {"llama", "backends/llama"},
    {"ggml", "backends/llama"},
    {"gguf", "backends/llama"},
    {"CLI/", "cli"},
    {"toml++/", "registry"},
};

// Libraries that base and the public headers, being for everybody, do not pull in.
const std::vector<std::string> kLibraries = {"fmt/", "spdlog/", "nlohmann/", "toml++/"};

bool starts_with_any(std::string_view name, const std::vector<std::string>& starts) {
  return std::ranges::any_of(starts, [&](const auto& s) { return name.starts_with(s); });
}

}  // namespace

std::optional<Include> parse_include(std::string_view line) {
  static const std::regex kInclude(R"re(^\s*#\s*include\s*([<"])([^>"]+)[>"])re");
  std::match_results<std::string_view::const_iterator> match;
  if (!std::regex_search(line.begin(), line.end(), match, kInclude)) return std::nullopt;
  return Include{match[2].str(), match[1].str() == "<"};
}

std::string room_of(const fs::path& relative) {
  const fs::path path = relative.lexically_normal();
  auto part = path.begin();
  if (part == path.end()) return {};
  if (*part == "include") return "include";
  if (*part != "src" && *part != "backends") return {};
  const bool backend = *part == "backends";
  if (++part == path.end() || std::next(part) == path.end()) return {};
  return backend ? "backends/" + part->string() : part->string();
}

std::string check_include(const fs::path& root, const fs::path& file, const Include& include) {
  const std::string room = room_of(file);
  if (room.empty()) return {};
  const std::string& name = include.name;
  for (const auto& [start, owner] : kVendors) {
    if (name.starts_with(start) && room != owner && !fs::exists(root / file.parent_path() / name)) {
      return "only " + owner + " may include <" + name + ">";
    }
  }
  if (name.starts_with("openssl/") && room != "base" && room != "engine") {
    return "only base and engine may include <" + name + ">";
  }
  if (include.angled || name.starts_with("nacre/")) {
    if (room == "base" && name.starts_with("nacre/")) return "base includes the standard library";
    if ((room == "base" || room == "include") && starts_with_any(name, kLibraries)) {
      return room + " includes no third-party library";
    }
    return {};
  }
  // As the compiler looks: beside the file, then from src.
  fs::path target = file.parent_path() / name;
  if (!fs::exists(root / target)) target = fs::path("src") / name;
  if (!fs::exists(root / target)) target = fs::path("backends") / name;
  const std::string other = room_of(target);
  if (other == room) return {};
  if (!fs::exists(root / target)) return "there is no such header in the rooms";
  if (room.starts_with("backends/")) {
    return other == "base" ? std::string{} : room + " may not include " + other;
  }
  const auto rules = kRooms.find(room);
  if (rules == kRooms.end()) return "the room " + room + " has no row in tests/layering/rules.cc";
  return std::ranges::find(rules->second, other) != rules->second.end()
             ? std::string{}
             : room + " may not include " + other;
}

std::vector<std::string> forbidden_words() {
  // In pieces: this file is looked through as well.
  const std::string slash = "/";
  std::vector<std::string> words;
  for (const char* where : {"work/main", "work/shared", "work/.", "root/", "home/", "Users/"}) {
    words.push_back(slash + where);
  }
  words.push_back(slash + "tmp" + slash + "nacre");
  return words;
}

std::vector<std::string> named_paths(std::string_view document) {
  static const std::regex kNamed(R"re(`([^`\n]+)`|\]\(([^)\s]+)\))re");
  static const std::regex kPath(
      R"re((\./)?(\.\./)?(src|include|backends|guests|deps|tests|bench|fuzz|examples|docs|cmake|\.ci)/[A-Za-z0-9_./+-]*)re");
  std::vector<std::string> paths;
  const std::string text(document);
  for (std::sregex_iterator it(text.begin(), text.end(), kNamed), end; it != end; ++it) {
    const bool link = (*it)[2].matched;
    std::string name = link ? (*it)[2].str() : (*it)[1].str();
    name = name.substr(0, name.find('#'));
    if (!std::regex_match(name, kPath)) continue;
    while (name.starts_with("./") || name.starts_with("../"))
      name.erase(0, name.find('/') + 1);
    paths.push_back(name);
  }
  return paths;
}

}  // namespace nacre::layering
