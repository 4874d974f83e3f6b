#include "files.h"

#include <sys/stat.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <memory>
#include <optional>
#include <string_view>

namespace common {
namespace {

struct Encoding {
  std::string_view word;
  std::string_view extensions;  // each with its dot, and a space after it
  nn::GraphEncoding value;
};

constexpr Encoding kEncodings[] = {
    {"openvino", ".xml ", nn::GraphEncoding::kOpenvino},
    {"onnx", ".onnx ", nn::GraphEncoding::kOnnx},
    {"tensorflow", ".pb ", nn::GraphEncoding::kTensorflow},
    {"pytorch", ".pt .pth .jit .torchscript ", nn::GraphEncoding::kPytorch},
    {"tensorflowlite", ".tflite ", nn::GraphEncoding::kTensorflowlite},
    {"autodetect", "", nn::GraphEncoding::kAutodetect},
};

bool ends_with(std::string_view text, std::string_view end) {
  return text.size() >= end.size() && text.substr(text.size() - end.size()) == end;
}

std::optional<nn::GraphEncoding> encoding_by_word(std::string_view word) {
  for (const auto& encoding : kEncodings)
    if (encoding.word == word) return encoding.value;
  return std::nullopt;
}

nn::GraphEncoding encoding_by_extension(std::string_view path) {
  const auto dot = path.rfind('.');
  if (dot != path.npos) {
    const std::string extension = std::string(path.substr(dot)) + " ";
    for (const auto& encoding : kEncodings)
      if (encoding.extensions.find(extension) != std::string_view::npos) return encoding.value;
  }
  return nn::GraphEncoding::kAutodetect;
}

std::vector<std::string> split_files(const std::string& model) {
  std::vector<std::string> paths;
  for (std::size_t begin = 0; begin <= model.size();) {
    const auto end = std::min(model.find(',', begin), model.size());
    paths.push_back(model.substr(begin, end - begin));
    begin = end + 1;
  }
  if (paths.size() == 1 && ends_with(model, ".xml"))
    paths.push_back(model.substr(0, model.size() - 4) + ".bin");
  return paths;
}

// One string of a JSON array, `at` on the character after its opening quote. Escapes of ASCII and
// the basic plane; labels have no more.
bool read_json_string(std::string_view text, std::size_t& at, std::string& out) {
  for (; at < text.size(); ++at) {
    char c = text[at];
    if (c == '"') return ++at, true;
    if (c != '\\') {
      out += c;
      continue;
    }
    if (++at >= text.size()) return false;
    switch (text[at]) {
      case 'n':
        out += '\n';
        break;
      case 't':
        out += '\t';
        break;
      case 'u': {
        if (at + 4 >= text.size()) return false;
        unsigned code = 0;
        for (int i = 0; i < 4; ++i) {
          const char digit = text[++at];
          const char* digits = "0123456789abcdef";
          const char* found = digit ? std::strchr(digits, digit | 0x20) : nullptr;
          if (!found) return false;
          code = code * 16 + static_cast<unsigned>(found - digits);
        }
        if (code < 0x80) {
          out += static_cast<char>(code);
        } else if (code < 0x800) {
          out += static_cast<char>(0xc0 | code >> 6);
          out += static_cast<char>(0x80 | (code & 0x3f));
        } else {
          out += static_cast<char>(0xe0 | code >> 12);
          out += static_cast<char>(0x80 | (code >> 6 & 0x3f));
          out += static_cast<char>(0x80 | (code & 0x3f));
        }
        break;
      }
      default:
        out += text[at];
    }
  }
  return false;
}

}  // namespace

std::expected<std::vector<std::byte>, std::string> read_file(const std::string& path) {
  auto failed = [&](const char* reason) {
    return std::unexpected("cannot read '" + path + "': " + reason +
                           "; the program sees only directories given with --dir");
  };
  std::unique_ptr<std::FILE, int (*)(std::FILE*)> file(std::fopen(path.c_str(), "rb"), std::fclose);
  if (!file) return failed(std::strerror(errno));
  struct stat info = {};
  if (fstat(fileno(file.get()), &info) != 0) return failed(std::strerror(errno));
  if (S_ISDIR(info.st_mode)) return failed("it is a directory");
  std::setvbuf(file.get(), nullptr, _IONBF, 0);
  std::vector<std::byte> bytes(static_cast<std::size_t>(info.st_size));
  if (std::fread(bytes.data(), 1, bytes.size(), file.get()) != bytes.size())
    return failed("it ended early");
  return bytes;
}

std::expected<std::vector<std::string>, std::string> read_labels(const std::string& path) {
  auto bytes = read_file(path);
  if (!bytes) return std::unexpected(std::move(bytes.error()));
  const std::string_view text(reinterpret_cast<const char*>(bytes->data()), bytes->size());
  std::vector<std::string> labels;
  const auto first = text.find_first_not_of(" \t\r\n");
  if (first != text.npos && text[first] == '[') {
    for (auto at = text.find('"', first); at != text.npos; at = text.find('"', at)) {
      std::string label;
      if (!read_json_string(text, ++at, label))
        return std::unexpected("'" + path + "' is not a JSON array of strings");
      labels.push_back(std::move(label));
    }
  } else {
    for (std::size_t begin = 0; begin < text.size();) {
      const auto end = std::min(text.find('\n', begin), text.size());
      auto line = text.substr(begin, end - begin);
      if (line.ends_with('\r')) line.remove_suffix(1);
      labels.emplace_back(line);
      begin = end + 1;
    }
  }
  if (labels.empty()) return std::unexpected("'" + path + "' holds no labels");
  return labels;
}

std::expected<nn::Graph, std::string> open_model(const std::string& model,
                                                 const std::string& encoding) {
  std::optional<nn::GraphEncoding> chosen;
  if (!encoding.empty()) {
    chosen = encoding_by_word(encoding);
    if (!chosen) {
      std::string words;
      for (const auto& known : kEncodings)
        (words += " ") += known.word;
      return std::unexpected("there is no encoding '" + encoding + "'; there are" + words);
    }
  }

  auto named = nn::Graph::load_by_name(model);
  if (named) return std::move(*named);
  if (named.error().code != nn::ErrorCode::kNotFound)
    return std::unexpected(std::move(named.error().message));

  std::vector<std::vector<std::byte>> files;
  for (const auto& path : split_files(model)) {
    auto bytes = read_file(path);
    if (!bytes)
      return std::unexpected("no model is registered as '" + model + "', and " + bytes.error());
    files.push_back(std::move(*bytes));
  }
  const std::vector<std::span<const std::byte>> parts(files.begin(), files.end());
  auto graph =
      nn::Graph::load(parts, chosen ? *chosen : encoding_by_extension(split_files(model)[0]));
  if (!graph) return std::unexpected("'" + model + "': " + graph.error().message);
  return std::move(*graph);
}

}  // namespace common
