#include "guest.h"

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <utility>

namespace nacre::bench {
namespace {

[[noreturn]] void give_up(const std::string& message) {
  std::fprintf(stderr, "nacre_bench: %s\n", message.c_str());
  std::exit(1);
}

}  // namespace

std::string_view in_words(Abi abi) {
  return abi == Abi::kModule ? "a guest" : "a component guest";
}

std::unique_ptr<Host> make_host(const std::vector<std::string>& specs) {
  HostOptions options;
  options.backend_dirs.push_back(build_path("backends"));
  for (const std::string& text : specs) {
    auto spec = parse_model_spec(text);
    if (!spec) give_up(spec.error().message);
    options.models.push_back(std::move(*spec));
  }
  auto host = Host::create(std::move(options));
  if (!host) give_up(host.error().message);
  return std::move(*host);
}

std::string model_spec(const Runtime& runtime, std::string_view more) {
  return "net=" + runtime.path + ",backend=" + runtime.name + std::string(more);
}

GuestOptions to_options(const GuestCall& call) {
  GuestOptions guest;
  const std::string_view kind = call.abi == Abi::kModule ? ".wasm" : ".component.wasm";
  guest.path = build_path("guests/" + std::string(call.name)).append(kind);
  guest.prepared = call.prepared;
  guest.args = call.args;
  if (!call.models_dir.empty()) {
    guest.dirs.push_back({.host = call.models_dir, .guest = "/models", .read_only = true});
  }
  return guest;
}

bool run_guest(Host& host, const GuestCall& call,
               const std::function<void(std::string_view)>& line) {
  std::string pending;
  GuestOptions guest = to_options(call);
  guest.stdout_sink = [&](std::span<const std::byte> bytes) {
    pending.append(reinterpret_cast<const char*>(bytes.data()), bytes.size());
    std::size_t begin = 0;
    for (std::size_t end; (end = pending.find('\n', begin)) != pending.npos; begin = end + 1) {
      line(std::string_view(pending).substr(begin, end - begin));
    }
    pending.erase(0, begin);
  };
  auto outcome = host.run(guest);
  if (!outcome) {
    std::fprintf(stderr, "%s: %s\n", guest.path.c_str(), outcome.error().message.c_str());
    return false;
  }
  if (outcome->exit_code != 0) {
    std::fprintf(stderr, "%s ended with %d. %s\n", guest.path.c_str(), outcome->exit_code,
                 outcome->message.c_str());
  }
  return outcome->exit_code == 0;
}

std::optional<double> number_from_guest(Host& host, const GuestCall& call, std::string_view word) {
  std::optional<double> number;
  const bool good = run_guest(host, call, [&](std::string_view line) {
    if (!line.starts_with(word)) return;
    number = std::strtod(std::string(line.substr(word.size())).c_str(), nullptr);
  });
  return good ? number : std::nullopt;
}

std::string models_dir(const Runtime& runtime) {
  return std::filesystem::path(runtime.files.front()).parent_path().string();
}

std::vector<std::string> guest_files(const Runtime& runtime) {
  std::vector<std::string> files;
  for (const std::string& file : runtime.files) {
    files.push_back("/models/" + std::filesystem::path(file).filename().string());
  }
  return files;
}

std::string by_bytes(const Runtime& runtime) {
  std::string model = runtime.encoding;
  for (const std::string& file : guest_files(runtime))
    model += ":" + file;
  return model;
}

std::string dims_of(const Runtime& runtime) {
  std::string dims;
  for (const std::uint32_t dim : runtime.dims)
    dims.append(dims.empty() ? "" : ",").append(std::to_string(dim));
  return dims;
}

GuestCall infer_call(const Runtime& runtime, Abi abi, const std::string& model, int count) {
  GuestCall call{.name = "bench_infer",
                 .abi = abi,
                 .args = {model, std::to_string(count), "3", dims_of(runtime)}};
  if (model.find(':') != model.npos) call.models_dir = models_dir(runtime);
  return call;
}

Inferences run_bench_infer(Host& host, const Runtime& runtime, Abi abi, const std::string& model,
                           int count, const std::function<void()>& between) {
  Inferences result;
  result.ms.reserve(static_cast<std::size_t>(count));
  result.ended_well =
      run_guest(host, infer_call(runtime, abi, model, count), [&](std::string_view line) {
        double all = 0;
        Inferences::Parts parts{.index = result.ms.size() + result.parts.size()};
        const int read = std::sscanf(std::string(line).c_str(),
                                     "ms %lf of set_input %lf, compute %lf, get_output %lf", &all,
                                     &parts.set_input_ms, &parts.compute_ms, &parts.get_output_ms);
        if (read == 1) result.ms.push_back(all);
        if (read == 4) result.parts.push_back(parts);
        if (read == 1 || read == 4) between();
        if (line.starts_with("checksum ")) result.checksum = line.substr(9);
      });
  return result;
}

void fill_input(std::span<float> input) {
  std::uint32_t x = 12345;
  for (float& value : input) {
    x = x * 1664525u + 1013904223u;
    value = static_cast<float>(x >> 8) / 16777216.0f * 4.0f - 2.0f;
  }
}

std::string checksum(std::span<const float> output) {
  return checksum(std::as_bytes(output));
}

std::string checksum(std::span<const std::byte> bytes) {
  std::uint64_t hash = 0xcbf29ce484222325u;
  for (const std::byte byte : bytes) {
    hash = (hash ^ static_cast<std::uint8_t>(byte)) * 0x100000001b3u;
  }
  char text[17];
  std::snprintf(text, sizeof text, "%016llx", static_cast<unsigned long long>(hash));
  return text;
}

}  // namespace nacre::bench
