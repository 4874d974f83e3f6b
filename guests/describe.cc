// describe [MODEL...]: what the host's runtimes say of themselves, or what models want.
//
//   backend NAME                    then its properties, or the sentence why it does not start
//     KEY: VALUE
//   model NAME: ENCODING on BACKEND, TARGET
//     input 0 "NAME" TYPE DIMS [as u8 DIMS] [layout LAYOUT] [(NOTE)]
//     output …
//     KEY: VALUE
//
// ? is a dynamic dimension; what the model does not say is "unknown".
#include <cstdio>
#include <string>

#include "sdk/nacre_nn.hpp"

namespace {

std::string text_of(const std::optional<std::vector<std::int64_t>>& dims) {
  if (!dims) return "unknown";
  std::string text = "[";
  for (const std::int64_t dim : *dims) {
    if (text.size() > 1) text += ',';
    text += dim < 0 ? "?" : std::to_string(dim);
  }
  return text + ']';
}

void print(const char* kind, const std::optional<std::vector<nn::TensorDescription>>& tensors) {
  if (!tensors) {
    std::printf("  %ss: unknown\n", kind);
    return;
  }
  for (std::size_t i = 0; i < tensors->size(); ++i) {
    const nn::TensorDescription& t = (*tensors)[i];
    std::string line = "  " + std::string(kind) + ' ' + std::to_string(i) + " \"" + t.name + "\" ";
    line += t.type ? nn::to_string(*t.type) : "unknown";
    line += ' ' + text_of(t.dims);
    if (t.carrier) line += " as u8 " + text_of(t.carrier);
    if (!t.layout.empty()) line += " layout " + t.layout;
    if (!t.note.empty()) line += " (" + t.note + ')';
    std::printf("%s\n", line.c_str());
  }
}

void print(const std::vector<nn::Property>& properties) {
  for (const auto& [key, value] : properties)
    std::printf("  %s: %s\n", key.c_str(), value.c_str());
}

int complain(const nn::Error& error) {
  std::fprintf(stderr, "describe: %s\n", error.message.c_str());
  return 1;
}

int describe_backends() {
  const auto names = nn::list_backends();
  if (!names) return complain(names.error());
  for (const std::string& name : *names) {
    std::printf("backend %s\n", name.c_str());
    const auto properties = nn::backend_properties(name);
    if (properties) {
      print(*properties);
    } else {
      std::printf("  does not start: %s\n", properties.error().message.c_str());
    }
  }
  return 0;
}

int describe_model(const char* name) {
  const auto wanted = nn::describe_by_name(name);
  if (!wanted) return complain(wanted.error());
  // The same again, of the graph that this guest holds.
  const auto graph = nn::Graph::load_by_name(name);
  if (!graph) return complain(graph.error());
  const auto held = nn::describe(*graph);
  if (!held) return complain(held.error());
  if (*held != *wanted) {
    std::fprintf(stderr, "describe: the model %s and its graph are described differently\n", name);
    return 1;
  }
  std::printf("model %s: %s on %s, %s\n", name, wanted->encoding.c_str(), wanted->backend.c_str(),
              wanted->target.c_str());
  print("input", wanted->inputs);
  print("output", wanted->outputs);
  print(wanted->properties);
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc == 1) return describe_backends();
  int code = 0;
  for (int i = 1; i < argc && code == 0; ++i)
    code = describe_model(argv[i]);
  return code;
}
