#include "cli/describe.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <nlohmann/json.hpp>

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

Json tensors_json(const std::vector<TensorDescription>& tensors, bool known) {
  if (!known && tensors.empty()) return nullptr;
  Json list = Json::array();
  for (const TensorDescription& tensor : tensors) {
    Json entry = {{"name", tensor.name}, {"type", to_string(tensor.type)}, {"shape", nullptr}};
    if (tensor.shape) {
      entry["shape"] = Json::array();
      for (const std::int64_t dim : tensor.shape->dims())
        entry["shape"].push_back(dim);
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
    fmt::format_to(put, "  {}  {:<{}}  {:<7} {}{}{}\n", i, tensor.name, width,
                   to_string(tensor.type), tensor.shape ? to_string(*tensor.shape) : "any shape",
                   tensor.note.empty() ? "" : "  ", tensor.note);
  }
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

}  // namespace nacre::cli
