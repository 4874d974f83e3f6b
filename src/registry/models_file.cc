// models.toml: what may stand in it, and where a mistake is.
//
//   [[model]]
//   name = "net"                     a string; wanted, and once in the file
//   path = "net.onnx"                or paths = ["net.xml", "net.bin"]; "@echo" for the echo model
//   sha256 = "…"                     a string, or a list with one for each path
//   encoding, target, backend        strings, as on the command line
//   description = "…"
//   preload = true
//   guests = ["classify.wasm", "sha256:…"]
//   inputs = [{ name = "x", type = "f32", shape = [1, -1] }]      outputs likewise
//   options = { threads = 2, streams = 1, precision = "fast", config = "{}", … }

#include <nacre/registry.h>

#include "base/closest_match.h"
#include "base/descriptor.h"
#include "base/sha256.h"
#include "registry/model_values.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>
#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <map>
#include <span>
#include <utility>

#define TOML_EXCEPTIONS 0
#define TOML_ENABLE_FORMATTERS 0
#include <toml++/toml.h>

namespace nacre {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kMostBytes = std::size_t{1} << 20;
constexpr std::array<std::string_view, 13> kKeys = {
    "name",        "path",    "paths",  "sha256", "encoding", "backend", "target",
    "description", "preload", "guests", "inputs", "outputs",  "options"};
constexpr std::array<std::string_view, 4> kOptions = {"threads", "streams", "precision", "config"};
constexpr std::array<std::string_view, 4> kTensorKeys = {"name", "type", "shape", "layout"};

std::string_view type_name(const toml::node& node) {
  switch (node.type()) {
    case toml::node_type::table:
      return "a table";
    case toml::node_type::array:
      return "a list";
    case toml::node_type::string:
      return "a string";
    case toml::node_type::integer:
      return "a whole number";
    case toml::node_type::floating_point:
      return "a number with a point";
    case toml::node_type::boolean:
      return "true or false";
    default:
      return "a date or a time";
  }
}

Result<std::string> read_text(const std::string& path) {
  const auto failed = [&path](std::string_view what) {
    return fail(ErrorCode::kNotFound,
                fmt::format("the models file {} cannot be read: {}", path, what));
  };
  // Not blocking: a pipe that nobody has opened for writing would be waited for without an end.
  const Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  struct stat status{};
  if (!file || ::fstat(file.get(), &status) != 0) return failed(std::strerror(errno));
  const bool is_pipe = S_ISFIFO(status.st_mode);
  if (!S_ISREG(status.st_mode) && !is_pipe) return failed("it is neither a file nor a pipe");
  std::string text(kMostBytes + 1, '\0');
  std::size_t size = 0;
  while (size < text.size()) {
    const ssize_t got = ::read(file.get(), text.data() + size, text.size() - size);
    if (got == 0) break;
    if (got > 0) {
      size += static_cast<std::size_t>(got);
    } else if (errno == EAGAIN) {
      pollfd more = {.fd = file.get(), .events = POLLIN, .revents = 0};
      static_cast<void>(::poll(&more, 1, -1));
    } else if (errno != EINTR) {
      return failed(std::strerror(errno));
    }
  }
  if (is_pipe && size == 0) return failed("it is a pipe that nobody writes to");
  text.resize(size);
  if (text.size() > kMostBytes) {
    return failed(
        fmt::format("it has more than {} bytes, which no list of models needs", kMostBytes));
  }
  return text;
}

/// One file on its way to specs. Every function that can fail says where in its error.
class ModelsFile {
 public:
  explicit ModelsFile(std::string path)
      : path_(std::move(path)), folder_(fs::path(path_).parent_path()) {}

  Result<std::vector<ModelSpec>> read() {
    const auto text = read_text(path_);
    if (!text) return std::unexpected(text.error());
    const toml::parse_result parsed = toml::parse(*text, path_);
    if (!parsed) {
      return wrong(parsed.error().source(), {},
                   fmt::format("{} (a value is a \"text\", a number, true, false, a [list] or a "
                               "{{table}})",
                               parsed.error().description()));
    }
    for (const auto& [key, value] : parsed.table()) {
      if (key.str() == "model") continue;
      return unknown_key(key, std::array<std::string_view, 1>{"model"});
    }
    const toml::node* const models = parsed.table().get("model");
    if (models == nullptr) {
      return wrong(parsed.table().source(), "model", "there is none; [[model]] begins one");
    }
    if (models->is_table()) {
      return wrong(models->source(), "model", "one model of a list is written [[model]]");
    }
    std::vector<ModelSpec> specs;
    if (!models->is_array()) return wrong_type("model", *models, "[[model]]");
    for (const toml::node& node : *models->as_array()) {
      if (!node.is_table()) return wrong_type("model", node, "[[model]]");
      auto spec = read_model(*node.as_table());
      if (!spec) return std::unexpected(std::move(spec.error()));
      specs.push_back(*std::move(spec));
    }
    return specs;
  }

 private:
  using Status = Result<void>;

  [[nodiscard]] std::string place(const toml::source_region& at) const {
    return fmt::format("{}:{}", path_, at.begin.line);
  }
  [[nodiscard]] std::unexpected<Error> wrong(const toml::source_region& at, std::string_view key,
                                             std::string_view what) const {
    return fail(ErrorCode::kInvalidArgument,
                key.empty() ? fmt::format("{}: {}", place(at), what)
                            : fmt::format("{}: key \"{}\": {}", place(at), key, what));
  }
  [[nodiscard]] std::unexpected<Error> wrong_type(std::string_view key, const toml::node& node,
                                                  std::string_view wanted) const {
    return wrong(node.source(), key, fmt::format("{} is wanted, not {}", wanted, type_name(node)));
  }
  [[nodiscard]] std::unexpected<Error> unknown_key(const toml::key& key,
                                                   std::span<const std::string_view> known) const {
    if (std::ranges::find(kOptions, key.str()) != kOptions.end()) {
      return wrong(key.source(), key.str(),
                   fmt::format("it stands under options: options = {{ {} = … }}", key.str()));
    }
    return wrong(key.source(), key.str(),
                 fmt::format("there is no such key; {}", choices(key.str(), known)));
  }

  Status string_of(std::string_view key, const toml::node& node, std::string& into) const {
    const auto* const value = node.as_string();
    if (value == nullptr) return wrong_type(key, node, "a string");
    into = value->get();
    return {};
  }

  /// A string, or a list of some.
  Status strings_of(std::string_view key, const toml::node& node, bool one_will_do,
                    std::vector<std::string>& into) const {
    if (one_will_do && node.is_string()) return string_of(key, node, into.emplace_back());
    const auto* const list = node.as_array();
    if (list == nullptr) {
      return wrong_type(key, node,
                        one_will_do ? "a string or a list of strings" : "a list of strings");
    }
    for (const toml::node& entry : *list) {
      if (auto ok = string_of(key, entry, into.emplace_back()); !ok) return ok;
    }
    return {};
  }

  template <typename T, typename Parse>
  Status word_of(std::string_view key, const toml::node& node, Parse parse, T& into) const {
    std::string text;
    if (auto ok = string_of(key, node, text); !ok) return ok;
    const auto value = parse(text);
    if (!value) {
      return wrong(node.source(), key,
                   fmt::format("\"{}\" is not understood; wanted: {}", text, value.error()));
    }
    into = *value;
    return {};
  }

  Result<ModelSpec> read_model(const toml::table& table) {
    ModelSpec spec;
    spec.origin = place(table.source());
    for (const auto& [key, value] : table) {
      if (auto ok = read_key(key, value, spec); !ok) return std::unexpected(std::move(ok.error()));
    }
    const auto checked = [&]() -> Status {
      if (auto ok = check_name(table, spec); !ok) return ok;
      if (auto ok = check_paths(table, spec); !ok) return ok;
      return check_hashes(table, spec);
    }();
    if (!checked) return std::unexpected(checked.error());
    return spec;
  }

  Status read_key(const toml::key& key, const toml::node& value, ModelSpec& spec) const {
    const std::string_view name = key.str();
    if (name == "name") return string_of(name, value, spec.name);
    if (name == "path") return string_of(name, value, spec.paths.emplace_back());
    if (name == "paths") return strings_of(name, value, false, spec.paths);
    if (name == "sha256") return strings_of(name, value, true, spec.sha256);
    if (name == "encoding") return word_of(name, value, encoding_of, spec.encoding);
    if (name == "target") return word_of(name, value, target_of, spec.target);
    if (name == "description") return string_of(name, value, spec.description);
    if (name == "guests") return read_guests(value, spec);
    if (name == "inputs") return read_tensors(name, value, spec.inputs);
    if (name == "outputs") return read_tensors(name, value, spec.outputs);
    if (name == "options") return read_options(value, spec);
    if (name == "backend") {
      if (auto ok = string_of(name, value, spec.backend); !ok) return ok;
      return spec.backend.empty() ? wrong(value.source(), name, "a backend's name is wanted")
                                  : Status();
    }
    if (name == "preload") {
      const auto* const answer = value.as_boolean();
      if (answer == nullptr) return wrong_type(name, value, "true or false");
      spec.preload = answer->get();
      return {};
    }
    return unknown_key(key, kKeys);
  }

  Status check_name(const toml::table& table, const ModelSpec& spec) {
    const toml::node* const name = table.get("name");
    if (name == nullptr) {
      return wrong(table.source(), "name", "it is missing; every model has a name");
    }
    if (spec.name.empty()) return wrong(name->source(), "name", "it is empty");
    const auto [other, is_new] = lines_.emplace(spec.name, name->source().begin.line);
    if (is_new) return {};
    return wrong(name->source(), "name",
                 fmt::format("two models are named \"{}\"; the other stands in line {}", spec.name,
                             other->second));
  }

  /// Also makes the paths relative to the file's folder into paths that can be opened.
  Status check_paths(const toml::table& table, ModelSpec& spec) const {
    const toml::node* const one = table.get("path");
    const toml::node* const several = table.get("paths");
    const std::string_view key = one != nullptr ? "path" : "paths";
    const toml::node* const node = one != nullptr ? one : several;
    if (node == nullptr) {
      return wrong(table.source(), "path",
                   "it is missing; path names the model's file, paths several");
    }
    if (one != nullptr && several != nullptr) {
      return wrong(several->source(), "paths", "path stands there as well; one of them is wanted");
    }
    if (spec.paths.empty()) return wrong(node->source(), key, "the list is empty");
    if (spec.paths == std::vector<std::string>{"@echo"}) {
      spec.paths.clear();
      if (spec.encoding == GraphEncoding::kAutodetect) spec.encoding = GraphEncoding::kEcho;
      if (spec.encoding == GraphEncoding::kEcho) return {};
      return wrong(node->source(), key, "@echo is the built-in echo model, whose encoding is echo");
    }
    for (std::size_t i = 0; i < spec.paths.size(); ++i) {
      std::string& path = spec.paths[i];
      const toml::source_region& at =
          node->is_array() ? node->as_array()->get(i)->source() : node->source();
      if (path.empty()) return wrong(at, key, "a path is empty");
      path = (folder_ / path).lexically_normal().string();
      std::error_code error;
      if (!fs::exists(path, error)) {
        return wrong(at, key,
                     fmt::format("there is no file {}{}", path,
                                 error ? fmt::format(": {}", error.message()) : std::string()));
      }
    }
    return {};
  }

  Status check_hashes(const toml::table& table, ModelSpec& spec) const {
    const toml::node* const node = table.get("sha256");
    if (node == nullptr) return {};
    spec.sha256_origin = place(node->source());
    for (std::size_t i = 0; i < spec.sha256.size(); ++i) {
      if (parse_sha256(spec.sha256[i])) continue;
      const toml::node& entry = node->is_array() ? *node->as_array()->get(i) : *node;
      return wrong(entry.source(), "sha256",
                   fmt::format("64 hexadecimal digits are wanted, and \"{}\" has {} characters",
                               spec.sha256[i].substr(0, 80), spec.sha256[i].size()));
    }
    if (spec.sha256.size() == spec.paths.size()) return {};
    return wrong(node->source(), "sha256",
                 fmt::format("there are {} hashes for {} paths; each path wants its own",
                             spec.sha256.size(), spec.paths.size()));
  }

  Status read_guests(const toml::node& node, ModelSpec& spec) const {
    auto& guests = spec.guests.emplace();
    if (auto ok = strings_of("guests", node, false, guests); !ok) return ok;
    for (std::size_t i = 0; i < guests.size(); ++i) {
      const toml::source_region& at = node.as_array()->get(i)->source();
      const std::string& guest = guests[i];
      if (guest.starts_with("sha256:")) {
        if (parse_sha256(std::string_view(guest).substr(7))) continue;
        return wrong(at, "guests",
                     fmt::format("\"{}\": 64 hexadecimal digits are wanted after sha256:", guest));
      }
      if (guest.empty() || guest.find('/') != std::string::npos) {
        return wrong(at, "guests",
                     fmt::format("\"{}\": a guest is the name of its file without folders, as in "
                                 "\"classify.wasm\", or \"sha256:…\"",
                                 guest));
      }
    }
    return {};
  }

  Status read_tensors(std::string_view key, const toml::node& node,
                      std::vector<TensorDescription>& into) const {
    constexpr std::string_view kWanted = "a list of { name, type, shape, layout }";
    const auto* const list = node.as_array();
    if (list == nullptr) return wrong_type(key, node, kWanted);
    for (const toml::node& entry : *list) {
      const auto* const table = entry.as_table();
      if (table == nullptr) return wrong_type(key, entry, kWanted);
      if (auto ok = read_tensor(*table, into.emplace_back()); !ok) return ok;
    }
    return {};
  }

  Status read_tensor(const toml::table& table, TensorDescription& into) const {
    for (const auto& [key, value] : table) {
      const Status ok = key.str() == "name"     ? string_of("name", value, into.name)
                        : key.str() == "type"   ? read_type(value, into)
                        : key.str() == "shape"  ? read_shape(value, into)
                        : key.str() == "layout" ? string_of("layout", value, into.layout)
                                                : unknown_key(key, kTensorKeys);
      if (!ok) return ok;
    }
    return {};
  }

  Status read_type(const toml::node& node, TensorDescription& into) const {
    const auto parse = [](std::string_view text) -> std::expected<TensorType, std::string> {
      if (const auto type = parse_tensor_type(text)) return *type;
      std::vector<std::string_view> names;
      for (std::uint32_t i = 1; i <= static_cast<std::uint32_t>(TensorType::kString); ++i)
        names.push_back(to_string(static_cast<TensorType>(i)));
      return std::unexpected(choices(text, names));
    };
    return word_of("type", node, parse, into.type);
  }

  Status read_shape(const toml::node& node, TensorDescription& into) const {
    const auto* const list = node.as_array();
    if (list == nullptr || list->size() > kMaxRank) {
      return wrong(
          node.source(), "shape",
          fmt::format("a list of at most {} dimensions is wanted, as in [1, 3, -1]", kMaxRank));
    }
    Shape shape;
    for (const toml::node& dim : *list) {
      const auto* const number = dim.as_integer();
      if (number == nullptr || number->get() < -1) {
        return wrong(dim.source(), "shape",
                     "a dimension is a number from 0 up, or -1 for one that differs");
      }
      shape.push_back(number->get());
    }
    into.shape = shape;
    return {};
  }

  Status read_options(const toml::node& node, ModelSpec& spec) const {
    const auto* const table = node.as_table();
    if (table == nullptr) return wrong_type("options", node, "a table");
    for (const auto& [key, value] : *table) {
      if (auto ok = read_option(key, value, spec); !ok) return ok;
    }
    return {};
  }

  Status read_option(const toml::key& key, const toml::node& value, ModelSpec& spec) const {
    const std::string_view name = key.str();
    if (name == "precision") return word_of(name, value, precision_of, spec.precision);
    if (name == "config") return string_of(name, value, spec.config);
    if (name == "threads" || name == "streams") {
      const auto* const number = value.as_integer();
      if (number == nullptr || number->get() < 0 || number->get() > kMostThreads) {
        return wrong(value.source(), name,
                     fmt::format("a number from 0 to {} is wanted", kMostThreads));
      }
      (name == "threads" ? spec.threads : spec.streams) = static_cast<std::uint32_t>(number->get());
      return {};
    }
    // All others are the backend's.
    if (const auto ours = slip_of(name, kOptions)) {
      return wrong(key.source(), name, fmt::format("did you mean \"{}\"?", *ours));
    }
    std::string text;
    if (const auto* const string = value.as_string()) {
      text = string->get();
    } else if (const auto* const integer = value.as_integer()) {
      text = fmt::format("{}", integer->get());
    } else if (const auto* const floating = value.as_floating_point()) {
      text = fmt::format("{}", floating->get());
    } else if (const auto* const boolean = value.as_boolean()) {
      text = boolean->get() ? "true" : "false";
    } else {
      return wrong_type(name, value, "a string, a number, true or false");
    }
    spec.options.push_back({std::string(name), std::move(text)});
    return {};
  }

  const std::string path_;
  const fs::path folder_;
  std::map<std::string, toml::source_index, std::less<>> lines_;  // of names
};

}  // namespace

Result<std::vector<ModelSpec>> read_models_file(const std::string& path) {
  return ModelsFile(path).read();
}

}  // namespace nacre
