#include "cli/values.h"

#include <fmt/format.h>

#include <array>
#include <charconv>
#include <cmath>
#include <cstdlib>
#include <limits>

#include "base/lower_case.h"

namespace nacre::cli {
namespace {

std::vector<std::string_view> split(std::string_view text, std::string_view separator) {
  std::vector<std::string_view> parts;
  for (;;) {
    const auto at = text.find(separator);
    parts.push_back(text.substr(0, at));
    if (at == std::string_view::npos) return parts;
    text.remove_prefix(at + separator.size());
  }
}

std::unexpected<Error> invalid(std::string message) {
  return fail(ErrorCode::kInvalidArgument, std::move(message));
}

/// The number at the front of `text`, which is then what follows it.
template <typename T>
std::optional<T> take_number(std::string_view& text) {
  T value{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{}) return std::nullopt;
  text.remove_prefix(static_cast<std::size_t>(end - text.data()));
  return value;
}

}  // namespace

Result<DirMapping> parse_dir(std::string_view text) {
  constexpr std::string_view kAccepted =
      "accepted are HOST, HOST::GUEST and HOST::GUEST::ro, or GUEST:HOST and GUEST:HOST:readonly";
  const bool wasmtime = text.find("::") != std::string_view::npos;
  const auto parts = split(text, wasmtime ? "::" : ":");
  for (const std::string_view part : parts) {
    if (part.empty() || part.front() == ':')
      return invalid(fmt::format("\"{}\" has an empty part; {}", text, kAccepted));
  }
  if (parts.size() > 3) {
    return invalid(fmt::format("\"{}\" has {} parts; {}", text, parts.size(), kAccepted));
  }
  if (parts.size() == 1) {
    return DirMapping{.host = std::string(text), .guest = std::string(text)};
  }
  DirMapping dir{.host = std::string(parts[wasmtime ? 0 : 1]),
                 .guest = std::string(parts[wasmtime ? 1 : 0])};
  if (parts.size() == 3) {
    if (parts[2] != "ro" && parts[2] != "readonly") {
      return invalid(fmt::format("\"{}\" ends in \"{}\"; {}", text, parts[2], kAccepted));
    }
    dir.read_only = true;
  }
  return dir;
}

Result<std::chrono::nanoseconds> parse_duration(std::string_view text) {
  struct Unit {
    std::string_view name;
    double nanoseconds;
  };
  constexpr std::array<Unit, 5> kUnits = {
      {{"", 1e9}, {"s", 1e9}, {"ms", 1e6}, {"m", 60e9}, {"h", 3600e9}}};
  std::string_view rest = text;
  const auto number = take_number<double>(rest);
  for (const Unit& unit : kUnits) {
    if (!number || rest != unit.name) continue;
    const double ns = *number * unit.nanoseconds;
    if (!(ns >= 1) || ns > 1e18) break;  // 1e18 ns: 31 years
    return std::chrono::nanoseconds(std::llround(ns));
  }
  return invalid(fmt::format(
      "\"{}\" is not a length of time; accepted are 5s, 500ms, 2m, 1h, or a number of seconds",
      text));
}

Result<std::uint64_t> parse_byte_size(std::string_view text) {
  std::string_view rest = text;
  const auto number = take_number<std::uint64_t>(rest);
  std::string unit = to_lower(rest);
  if (unit.ends_with("ib")) unit.resize(unit.size() - 2);
  constexpr std::string_view kUnits = "kmgt";
  int shift = unit.empty() || unit == "b" ? 0 : -1;
  if (unit.size() == 1 && shift < 0) {
    const auto at = kUnits.find(unit[0]);
    if (at != std::string_view::npos) shift = 10 * (static_cast<int>(at) + 1);
  }
  if (!number || shift < 0 || *number > (std::numeric_limits<std::uint64_t>::max() >> shift)) {
    return invalid(fmt::format(
        "\"{}\" is not a size; accepted are bytes, or a whole number with K, M or G (KiB, MiB, "
        "GiB; powers of 1024)",
        text));
  }
  return *number << shift;
}

Result<std::uint64_t> parse_count(std::string_view text) {
  std::string_view rest = text;
  const auto number = take_number<std::uint64_t>(rest);
  if (!number || !rest.empty() || *number == 0) {
    return invalid(fmt::format("\"{}\" is not a whole number from 1 up", text));
  }
  return *number;
}

Result<std::optional<std::pair<std::string, std::string>>> parse_env(std::string_view text) {
  const auto equals = text.find('=');
  const std::string name(text.substr(0, equals));
  if (name.empty()) {
    return invalid(fmt::format("\"{}\" names no variable; accepted are NAME=VALUE and NAME", text));
  }
  if (equals != std::string_view::npos) {
    return std::pair{name, std::string(text.substr(equals + 1))};
  }
  if (const char* value = std::getenv(name.c_str())) return std::pair{name, std::string(value)};
  return std::nullopt;
}

Result<std::pair<GraphEncoding, std::string>> parse_default_backend(std::string_view text) {
  const auto equals = text.find('=');
  const auto encoding = parse_graph_encoding(text.substr(0, equals));
  if (equals == std::string_view::npos || equals + 1 == text.size() || !encoding ||
      *encoding == GraphEncoding::kAutodetect) {
    return invalid(
        fmt::format("\"{}\" is not ENCODING=NAME; the encodings are onnx, openvino, tensorflow, "
                    "pytorch, tensorflowlite, ggml, paddle and echo",
                    text));
  }
  return std::pair{*encoding, std::string(text.substr(equals + 1))};
}

Result<WasiOptions> parse_wasi_options(std::string_view text) {
  WasiOptions out;
  for (const std::string_view item : split(text, ",")) {
    const auto equals = item.find('=');
    const std::string_view key = item.substr(0, equals);
    const std::string_view value = equals == std::string_view::npos ? "y" : item.substr(equals + 1);
    const bool on = value == "y" || value == "yes" || value == "true";
    const bool off = value == "n" || value == "no" || value == "false";
    if (key == "nn-graph") {
      auto spec = parse_nn_graph(equals == std::string_view::npos ? "" : value);
      if (!spec) return std::unexpected(std::move(spec.error()));
      out.models.push_back(*std::move(spec));
      continue;
    }
    if (!on && !off) {
      return invalid(fmt::format("\"{}\": {} is y or n, not \"{}\"", item, key, value));
    }
    if (key == "inherit-env") {
      out.inherit_env = on;
    } else if (key == "nn-prompt") {
      out.nn_prompt = on;
    } else if (key == "nn" || key == "cli" || key == "common" || key == "cli-exit-with-code" ||
               key == "preview2") {
      // What these turn on is always on; turning it off would change what the guest sees.
      if (off) {
        return invalid(fmt::format(
            "\"{}\": {} is always on here, since a guest sees only what it imports", item, key));
      }
    } else if (key == "p3" || key == "http" || key == "threads" || key == "tcp" || key == "udp" ||
               key == "inherit-network" || key == "allow-ip-name-lookup" ||
               key == "network-error-code" || key == "config" || key == "keyvalue" ||
               key == "listenfd" || key == "tls") {
      if (on) {
        return invalid(fmt::format(
            "\"{}\": guests get WASI (arguments, environment, folders, standard streams, clocks, "
            "random) and wasi-nn here; {} is not offered",
            item, key));
      }
    } else {
      return invalid(
          fmt::format("\"{}\" is not known; accepted are nn, nn-graph=ENCODING::DIR, nn-prompt, "
                      "cli, common and inherit-env, with commas between them",
                      item));
    }
  }
  return out;
}

}  // namespace nacre::cli
