#include "cli/describe.h"

#include "cli/dialects.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <iterator>
#include <nlohmann/json.hpp>
#include <optional>
#include <utility>

namespace nacre::cli {
namespace {

using Json = nlohmann::ordered_json;

Json list_json(std::string_view commas) {
  Json list = Json::array();
  while (!commas.empty()) {
    const auto at = commas.find(',');
    list.push_back(commas.substr(0, at));
    commas.remove_prefix(at == std::string_view::npos ? commas.size() : at + 1);
  }
  return list;
}

Json shape_json(const std::optional<Shape>& shape) {
  if (!shape) return nullptr;
  Json dims = Json::array();
  for (const std::int64_t dim : shape->dims())
    dims.push_back(dim);
  return dims;
}

/// How guests pass a tensor whose element type wasi-nn cannot name; in core modules it can name one
/// less.
std::string carrier_text(const TensorDescription& tensor) {
  const auto carrier = carrier_of(tensor, GuestAbi::kCoreModule);
  if (!carrier) return {};
  return fmt::format("  as u8 {}{}{}", carrier->shape ? to_string(*carrier->shape) : "any shape",
                     tensor.type == TensorType::kString ? ", length-prefixed" : "",
                     carrier_of(tensor, GuestAbi::kComponent) ? "" : " in core modules");
}

Json tensors_json(const std::vector<TensorDescription>& tensors, bool known) {
  if (!known && tensors.empty()) return nullptr;
  Json list = Json::array();
  for (const TensorDescription& tensor : tensors) {
    Json entry = {{"name", tensor.name},
                  {"type", to_string(tensor.type)},
                  {"shape", shape_json(tensor.shape)}};
    if (!tensor.layout.empty()) entry["layout"] = tensor.layout;
    if (const auto carrier = carrier_of(tensor, GuestAbi::kCoreModule)) {
      Json guests = {"module"};
      if (carrier_of(tensor, GuestAbi::kComponent)) guests.push_back("component");
      entry["carrier"] = {
          {"type", "u8"}, {"shape", shape_json(carrier->shape)}, {"guests", std::move(guests)}};
    }
    if (!tensor.note.empty()) entry["note"] = tensor.note;
    list.push_back(std::move(entry));
  }
  return list;
}

Json properties_json(const std::vector<Property>& properties) {
  Json object = Json::object();
  for (const Property& property : properties)
    object[property.key] = property.value;
  return object;
}

void put_tensors(std::string& out, std::string_view title,
                 const std::vector<TensorDescription>& tensors, bool known) {
  const auto put = std::back_inserter(out);
  if (!known && tensors.empty()) {
    fmt::format_to(put, "{}: the model does not say\n", title);
    return;
  }
  fmt::format_to(put, "{}: {}\n", title, tensors.size());
  std::size_t width = 0;
  for (const TensorDescription& tensor : tensors)
    width = std::max(width, tensor.name.size());
  for (std::size_t i = 0; i < tensors.size(); ++i) {
    const TensorDescription& tensor = tensors[i];
    fmt::format_to(put, "  {}  {:<{}}  {:<7} {}{}{}{}{}{}\n", i, tensor.name, width,
                   to_string(tensor.type), tensor.shape ? to_string(*tensor.shape) : "any shape",
                   tensor.layout.empty() ? "" : "  ", tensor.layout, carrier_text(tensor),
                   tensor.note.empty() ? "" : "  ", tensor.note);
  }
}

std::string_view dialect_name(DialectChoice dialect) {
  return kDialects.at(static_cast<std::size_t>(dialect));
}

Json text_or_null(const std::string& text) {
  return text.empty() ? Json(nullptr) : Json(text);
}

Json memory_json(const GuestMemoryLimits& memory) {
  return {{"min_pages", memory.min_pages},
          {"max_pages", memory.max_pages ? Json(*memory.max_pages) : Json(nullptr)},
          {"page_bytes", memory.page_bytes},
          {"address_bits", memory.address_bits},
          {"shared", memory.shared}};
}

Json preview_json(WasiPreview preview) {
  switch (preview) {
    case WasiPreview::kNone:
      return nullptr;
    case WasiPreview::kPreview1:
      return 1;
    case WasiPreview::kPreview2:
      return 2;
    case WasiPreview::kOther:
      break;
  }
  return "other";
}

std::string wasi_text(const GuestDescription& guest) {
  const std::string versions =
      guest.wasi_versions.empty() ? "" : fmt::format(" ({})", fmt::join(guest.wasi_versions, ", "));
  switch (guest.wasi) {
    case WasiPreview::kNone:
      return "none";
    case WasiPreview::kPreview1:
      return "preview 1";
    case WasiPreview::kPreview2:
      return "preview 2" + versions;
    case WasiPreview::kOther:
      break;
  }
  return "not one that Nacre offers" + versions;
}

std::string memory_text(const GuestMemoryLimits& memory) {
  return fmt::format(
      "{}-bit{}, {} of {} bytes", memory.address_bits, memory.shared ? ", shared" : "",
      memory.max_pages ? fmt::format("{} to {} pages", memory.min_pages, *memory.max_pages)
                       : fmt::format("{} pages or more", memory.min_pages),
      memory.page_bytes);
}

/// The names in a core module are any text, which is not for a terminal as it is.
std::string plain(std::string text) {
  for (char& c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (c != '\n' && (byte < 0x20 || byte == 0x7f)) c = '?';
  }
  return text;
}

/// What a guest is, in a few lines.
std::string summary(const GuestDescription& guest) {
  std::string out;
  const auto put = std::back_inserter(out);
  fmt::format_to(put, "kind: {}{}\nwasi: {}\nentry: {}\n",
                 guest.component ? "component" : "core module",
                 guest.precompiled ? ", precompiled" : "", wasi_text(guest),
                 guest.entry.empty() ? "none" : guest.entry);
  if (!guest.memories) {
    fmt::format_to(put, "memory: compiled code does not say\n");
  } else if (guest.memories->empty()) {
    fmt::format_to(put, "memory: none\n");
  } else {
    for (const GuestMemoryLimits& memory : *guest.memories)
      fmt::format_to(put, "memory: {}\n", memory_text(memory));
  }
  if (guest.dialect) {
    fmt::format_to(put, "dialect: {} ({})\n", dialect_name(*guest.dialect), guest.dialect_reason);
  }
  return out;
}

std::string_view subject_name(CheckSubject subject) {
  constexpr std::array<std::string_view, 5> kNames = {"guest", "import", "memory", "folder",
                                                      "model"};
  return kNames.at(static_cast<std::size_t>(subject));
}

Json model_json(const ModelCheck& model) {
  const bool known = model.encoding != GraphEncoding::kAutodetect;
  return {{"name", model.name},
          {"description", text_or_null(model.description)},
          {"paths", model.paths},
          {"encoding", known ? Json(to_string(model.encoding)) : Json(nullptr)},
          {"backend", text_or_null(model.backend)},
          {"target", to_string(model.target)},
          {"granted", model.granted},
          {"hash_checked", model.hash_checked},
          {"loaded", model.loaded}};
}

std::string model_text(const ModelCheck& model) {
  if (!model.granted) return fmt::format("model {}: not for this guest\n", model.name);
  const bool known = model.encoding != GraphEncoding::kAutodetect;
  return fmt::format("model {}: {}, backend {}, target {}{}{}{}{}\n", model.name,
                     known ? to_string(model.encoding) : "format unknown",
                     model.backend.empty() ? "unknown" : model.backend, to_string(model.target),
                     model.hash_checked ? ", sha256 as wanted" : "", model.loaded ? ", loaded" : "",
                     model.description.empty() ? "" : ": ", model.description);
}

/// Three digits and a unit: "1.23 s", "45.6 ms".
std::string time_text(std::chrono::nanoseconds time) {
  constexpr std::array<std::pair<double, std::string_view>, 3> kUnits = {
      {{1e9, "s"}, {1e6, "ms"}, {1e3, "us"}}};
  const auto ns = static_cast<double>(time.count());
  for (const auto& [size, unit] : kUnits) {
    if (ns >= size) return fmt::format("{:.3g} {}", ns / size, unit);
  }
  return fmt::format("{} ns", time.count());
}

}  // namespace

std::string_view property(const std::vector<Property>& properties, std::string_view key) {
  const auto found = std::ranges::find(properties, key, &Property::key);
  return found == properties.end() ? std::string_view() : std::string_view(found->value);
}

Json to_json(const BackendInfo& info) {
  Json json = {{"name", info.name}, {"available", info.available}};
  if (!info.available) {
    json["why_not"] = info.why_not;
    return json;
  }
  json["version"] = property(info.properties, "vendor.version");
  json["encodings"] = list_json(property(info.properties, "encodings"));
  json["devices"] = list_json(property(info.properties, "devices"));
  json["properties"] = properties_json(info.properties);
  return json;
}

Json to_json(const Graph& graph) {
  const GraphDescription& description = graph.description();
  return {{"backend", graph.backend()},
          {"encoding", to_string(graph.encoding())},
          {"target", to_string(graph.target())},
          {"inputs", tensors_json(description.inputs, description.inputs_known)},
          {"outputs", tensors_json(description.outputs, description.outputs_known)},
          {"properties", properties_json(description.properties)}};
}

Json to_json(const GuestDescription& guest) {
  Json json = {{"kind", guest.component ? "component" : "module"},
               {"precompiled", guest.precompiled},
               {"wasi", {{"preview", preview_json(guest.wasi)}, {"versions", guest.wasi_versions}}},
               {"entry", text_or_null(guest.entry)},
               {"memories", nullptr},
               {"dialect", nullptr},
               {"imports", Json::array()},
               {"runs", guest.refusal.empty()},
               {"refusal", text_or_null(guest.refusal)}};
  if (guest.memories) {
    json["memories"] = Json::array();
    for (const GuestMemoryLimits& memory : *guest.memories)
      json["memories"].push_back(memory_json(memory));
  }
  if (guest.dialect) {
    json["dialect"] = {{"name", dialect_name(*guest.dialect)}, {"reason", guest.dialect_reason}};
  }
  for (const GuestImport& import : guest.imports) {
    json["imports"].push_back({{"interface", import.interface},
                               {"version", text_or_null(import.version)},
                               {"name", text_or_null(import.name)},
                               {"type", text_or_null(import.type)},
                               {"offered", import.offered}});
  }
  return json;
}

std::string to_text(const BackendInfo& info) {
  if (!info.available) return fmt::format("{}: not available. {}\n", info.name, info.why_not);
  std::string out = fmt::format("{}: available\n", info.name);
  for (const Property& property : info.properties) {
    fmt::format_to(std::back_inserter(out), "  {}: {}\n", property.key, property.value);
  }
  return out;
}

std::string to_text(const Graph& graph) {
  const GraphDescription& description = graph.description();
  std::string out =
      fmt::format("encoding: {}\nbackend: {}\ntarget: {}\n", to_string(graph.encoding()),
                  graph.backend(), to_string(graph.target()));
  for (const Property& property : description.properties) {
    fmt::format_to(std::back_inserter(out), "{}: {}\n", property.key, property.value);
  }
  put_tensors(out, "inputs", description.inputs, description.inputs_known);
  put_tensors(out, "outputs", description.outputs, description.outputs_known);
  return out;
}

std::string to_text(const GuestDescription& guest) {
  std::string out = summary(guest);
  const auto put = std::back_inserter(out);
  fmt::format_to(put, "imports: {}\n", guest.imports.size());
  std::size_t width = 0;
  const auto name_of = [](const GuestImport& import) {
    if (import.name.empty() && import.type.empty()) return import.interface;
    return fmt::format("{}.{}", import.interface, import.name);
  };
  for (const GuestImport& import : guest.imports)
    width = std::max(width, name_of(import).size());
  for (const GuestImport& import : guest.imports) {
    fmt::format_to(put, "  {:<11}  {:<{}}  {}\n", import.offered ? "offered" : "NOT OFFERED",
                   name_of(import), width, import.type.empty() ? import.version : import.type);
  }
  fmt::format_to(
      put, "{}{}\n",
      guest.refusal.empty() ? "nacre can run it" : "nacre cannot run it: ", guest.refusal);
  return plain(std::move(out));
}

Json to_json(const GuestCheck& check) {
  const auto number_or_null = [](const std::optional<std::uint64_t>& number) {
    return number ? Json(*number) : Json(nullptr);
  };
  Json json = {
      {"runs", check.reasons.empty()},
      {"reasons", Json::array()},
      {"description", check.guest ? to_json(*check.guest) : Json(nullptr)},
      {"memory", {{"least", number_or_null(check.least_memory)}, {"limit", check.memory_limit}}},
      {"models", Json::array()}};
  for (const CheckReason& reason : check.reasons) {
    json["reasons"].push_back({{"about", subject_name(reason.subject)},
                               {"name", text_or_null(reason.name)},
                               {"reason", reason.sentence}});
  }
  for (const ModelCheck& model : check.models)
    json["models"].push_back(model_json(model));
  return json;
}

std::string to_text(const GuestCheck& check) {
  std::string out = check.guest ? summary(*check.guest) : std::string();
  for (const ModelCheck& model : check.models)
    out += model_text(model);
  if (check.reasons.empty()) return plain(std::move(out)) + "nacre can run it\n";
  out += "nacre cannot run it:\n";
  for (const CheckReason& reason : check.reasons)
    out += fmt::format("- {}\n", reason.sentence);
  return plain(std::move(out));
}

Json to_json(const std::vector<ModelStatus>& models) {
  Json list = Json::array();
  for (const ModelStatus& model : models) {
    const ModelStats& stats = model.stats;
    list.push_back({{"name", model.name},
                    {"loaded", model.loaded},
                    {"requests", stats.requests},
                    {"errors", stats.errors},
                    {"compute_ns", stats.compute_time.count()},
                    {"queue_ns", stats.queue_time.count()},
                    {"loads", stats.loads},
                    {"load_errors", stats.load_errors},
                    {"load_ns", stats.load_time.count()}});
  }
  return {{"models", std::move(list)}};
}

std::string to_text(const std::vector<ModelStatus>& models) {
  std::size_t width = 5;
  for (const ModelStatus& model : models)
    width = std::max(width, model.name.size());
  std::string out;
  const auto row = [&](const auto& name, const auto&... cells) {
    fmt::format_to(std::back_inserter(out), "{:<{}}", name, width);
    (fmt::format_to(std::back_inserter(out), "  {:>9}", cells), ...);
    out += '\n';
  };
  row("model", "requests", "errors", "compute", "mean", "queue", "loads", "failed", "loading");
  for (const ModelStatus& model : models) {
    const ModelStats& stats = model.stats;
    const auto mean =
        stats.compute_time / static_cast<std::int64_t>(std::max<std::uint64_t>(stats.requests, 1));
    row(model.name, stats.requests, stats.errors, time_text(stats.compute_time), time_text(mean),
        time_text(stats.queue_time), stats.loads, stats.load_errors, time_text(stats.load_time));
  }
  return plain(std::move(out));
}

std::string to_text(const Json& json) {
  return json.dump(2, ' ', false, Json::error_handler_t::replace);
}

}  // namespace nacre::cli
