// For guests written in C++23: what the host's runtimes can do and what a graph wants, asked before
// anything is computed. The same on every ABI, beside wasi_nn.hpp; the host must be Nacre.
//
//   for (const std::string& name : *nn::list_backends()) …  nn::backend_properties(name)
//   auto graph = nn::Graph::load_by_name("net");
//   auto wanted = nn::describe(*graph);     // or nn::describe_by_name("net")
//   wanted->inputs->at(0).dims
//
// No exceptions; every answer is a value of its own.
#pragma once

#include <cstring>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "wasi_nn.hpp"

#ifdef WASI_NN_COMPONENT
#include "nacre_nn_component.h"
#else
#include "nacre_nn.h"
#endif

namespace nn {

// Element types of graphs: also those that wasi-nn has no name for, which travel as u8 (`carrier`).
enum class ElementType : std::uint8_t {
  kF16 = 1,
  kF32,
  kF64,
  kBf16,
  kU8,
  kI32,
  kI64,
  kI8,
  kI16,
  kU16,
  kU32,
  kU64,
  kBool,
  kString,
};

inline std::string_view to_string(ElementType type) {
  constexpr std::string_view kNames[] = {"unknown", "f16", "f32", "f64",  "bf16",
                                         "u8",      "i32", "i64", "i8",   "i16",
                                         "u16",     "u32", "u64", "bool", "string"};
  return kNames[static_cast<std::size_t>(type)];
}

struct Property {
  std::string key;
  std::string value;
  bool operator==(const Property&) const = default;
};

// What the model does not say is nullopt, or empty. A dimension of -1 is dynamic.
struct TensorDescription {
  std::string name;
  std::optional<ElementType> type;
  std::optional<std::vector<std::int64_t>> dims;
  // Of the u8 tensor to pass instead, where wasi-nn on this ABI has no name for `type`.
  std::optional<std::vector<std::int64_t>> carrier;
  std::string layout;
  std::string note;
  bool operator==(const TensorDescription&) const = default;
};

struct GraphDescription {
  std::string backend;
  std::string encoding;
  std::string target;
  std::optional<std::vector<TensorDescription>> inputs;
  std::optional<std::vector<TensorDescription>> outputs;
  std::vector<Property> properties;
  bool operator==(const GraphDescription&) const = default;
};

// The sentence of the last call that failed, of wasi_nn.hpp's too: in a core module their messages
// have only the code's name. In a component they are whole, and this is empty.
inline std::string last_error() {
#ifdef WASI_NN_COMPONENT
  return {};
#else
  std::string sentence(2048, '\0');
  std::uint32_t written = 0;
  const auto room = static_cast<std::uint32_t>(sentence.size());
  if (nacre_nn_last_error(reinterpret_cast<std::uint8_t*>(sentence.data()), room, &written) !=
      WASI_NN_SUCCESS) {
    return {};
  }
  sentence.resize(written);
  return sentence;
#endif
}

namespace detail {

#ifdef WASI_NN_COMPONENT

// Each of these takes what the host returned over and frees it.

inline std::string take_text(const wasi_nn_list& list) {
  std::string text(static_cast<const char*>(list.data), list.size);
  wasi_nn_list_free(&list);
  return text;
}

template <typename T, typename F>
auto take_list(const wasi_nn_list& list, F&& take_one) {
  std::vector<decltype(take_one(*static_cast<const T*>(list.data)))> out;
  out.reserve(list.size);
  const T* each = static_cast<const T*>(list.data);
  for (std::uint32_t i = 0; i < list.size; ++i)
    out.push_back(take_one(each[i]));
  wasi_nn_list_free(&list);
  return out;
}

inline std::vector<Property> take_properties(const wasi_nn_list& list) {
  return take_list<nacre_nn_pair>(list, [](const nacre_nn_pair& pair) {
    return Property{take_text(pair.key), take_text(pair.value)};
  });
}

inline std::optional<std::vector<std::int64_t>> take_dims(const nacre_nn_some_list& some) {
  if (!some.some) return std::nullopt;
  return take_list<std::int64_t>(some.list, [](std::int64_t dim) { return dim; });
}

inline std::optional<std::vector<TensorDescription>> take_tensors(const nacre_nn_some_list& some) {
  if (!some.some) return std::nullopt;
  return take_list<nacre_nn_tensor_description>(
      some.list, [](const nacre_nn_tensor_description& t) {
        TensorDescription out;
        if (t.name.some) out.name = take_text(t.name.list);
        if (t.ty.some) out.type = static_cast<ElementType>(t.ty.value + 1);
        out.dims = take_dims(t.dimensions);
        out.carrier = take_dims(t.carrier);
        if (t.layout.some) out.layout = take_text(t.layout.list);
        out.note = take_text(t.note);
        return out;
      });
}

inline std::unexpected<Error> take_error(const nacre_nn_error& error, std::string what) {
  return std::unexpected(Error{code_from_wit(error.code), what + ": " + take_text(error.data)});
}

inline Result<GraphDescription> take_graph(const nacre_nn_graph_result& answer, std::string what) {
  if (answer.failed) return take_error(answer.error, std::move(what));
  const nacre_nn_graph_description& graph = answer.graph;
  return GraphDescription{take_text(graph.backend),    take_text(graph.encoding),
                          take_text(graph.target),     take_tensors(graph.inputs),
                          take_tensors(graph.outputs), take_properties(graph.properties)};
}

#else

// Calls until the buffer is large enough.
template <typename F>
Result<std::string> ask(std::string what, F&& call) {
  std::string answer(4096, '\0');
  for (;;) {
    std::uint32_t written = 0;
    const auto capacity = static_cast<std::uint32_t>(answer.size());
    const wasi_nn_errno code =
        call(reinterpret_cast<std::uint8_t*>(answer.data()), capacity, &written);
    if (code == WASI_NN_TOO_LARGE && written > capacity) {
      answer.resize(written);
      continue;
    }
    if (code == WASI_NN_SUCCESS) {
      answer.resize(written);
      return answer;
    }
    auto failed = failure(code, std::move(what));
    if (const std::string sentence = last_error(); !sentence.empty())
      failed.error().message += ": " + sentence;
    return failed;
  }
}

// Reads an answer from its beginning; nacre_nn.h has the layout.
class Reader {
 public:
  explicit Reader(std::string_view bytes) : rest_(bytes) {}
  bool done() const { return rest_.empty(); }

  template <typename T>
  T number() {
    T value{};
    if (rest_.size() < sizeof value) return rest_ = {}, value;
    std::memcpy(&value, rest_.data(), sizeof value);
    rest_.remove_prefix(sizeof value);
    return value;
  }
  std::string row() {
    const auto size = std::min<std::size_t>(number<std::uint32_t>(), rest_.size());
    std::string text(rest_.substr(0, size));
    rest_.remove_prefix(size);
    return text;
  }
  Property property() {
    std::string key = row();
    return {std::move(key), row()};
  }
  std::optional<std::vector<std::int64_t>> shape() {
    const auto rank = number<std::int32_t>();
    if (rank < 0) return std::nullopt;
    std::vector<std::int64_t> dims;
    for (std::int32_t i = 0; i < rank && !done(); ++i)
      dims.push_back(number<std::int64_t>());
    return dims;
  }
  std::optional<std::vector<TensorDescription>> tensors() {
    const auto count = number<std::uint32_t>();
    if (count == 0xffff'ffff) return std::nullopt;
    std::vector<TensorDescription> out;
    for (std::uint32_t i = 0; i < count && !done(); ++i) {
      TensorDescription& t = out.emplace_back();
      t.name = row();
      if (const auto type = number<std::uint32_t>()) t.type = static_cast<ElementType>(type);
      t.dims = shape();
      t.carrier = shape();
      t.layout = row();
      t.note = row();
    }
    return out;
  }

 private:
  std::string_view rest_;
};

inline Result<GraphDescription> read_graph(Result<std::string> answer) {
  if (!answer) return std::unexpected(std::move(answer.error()));
  Reader reader(*answer);
  GraphDescription graph;
  graph.backend = reader.row();
  graph.encoding = reader.row();
  graph.target = reader.row();
  graph.inputs = reader.tensors();
  graph.outputs = reader.tensors();
  for (auto left = reader.number<std::uint32_t>(); left != 0 && !reader.done(); --left)
    graph.properties.push_back(reader.property());
  return graph;
}

#endif

}  // namespace detail

// The runtimes that are installed, by name. None of them is started for it.
inline Result<std::vector<std::string>> list_backends() {
#ifdef WASI_NN_COMPONENT
  wasi_nn_list names;
  nacre_nn_backends_list(&names);
  return detail::take_list<wasi_nn_list>(names, detail::take_text);
#else
  auto answer = detail::ask("listing the backends", nacre_nn_list_backends);
  if (!answer) return std::unexpected(std::move(answer.error()));
  std::vector<std::string> names;
  for (detail::Reader reader(*answer); !reader.done();)
    names.push_back(reader.row());
  return names;
#endif
}

// What one says of itself. kNotFound for a name that is none of the list.
inline Result<std::vector<Property>> backend_properties(std::string_view name) {
  std::string what = "asking about the backend '" + std::string(name) + "'";
  const auto size = static_cast<std::uint32_t>(name.size());
#ifdef WASI_NN_COMPONENT
  nacre_nn_properties_result answer;
  nacre_nn_backends_properties(name.data(), size, &answer);
  if (answer.failed) return detail::take_error(answer.error, std::move(what));
  return detail::take_properties(answer.properties);
#else
  auto answer = detail::ask(std::move(what), [&](auto... to) {
    return nacre_nn_backend_properties(name.data(), size, to...);
  });
  if (!answer) return std::unexpected(std::move(answer.error()));
  std::vector<Property> properties;
  for (detail::Reader reader(*answer); !reader.done();)
    properties.push_back(reader.property());
  return properties;
#endif
}

// The model that Graph::load_by_name would give for this name; it is loaded if it is not yet.
inline Result<GraphDescription> describe_by_name(std::string_view name) {
  std::string what = "describing the model '" + std::string(name) + "'";
  const auto size = static_cast<std::uint32_t>(name.size());
#ifdef WASI_NN_COMPONENT
  nacre_nn_graph_result answer;
  nacre_nn_graphs_describe_by_name(name.data(), size, &answer);
  return detail::take_graph(answer, std::move(what));
#else
  return detail::read_graph(detail::ask(std::move(what), [&](auto... to) {
    return nacre_nn_describe_model(name.data(), size, to...);
  }));
#endif
}

// A graph that this guest holds.
inline Result<GraphDescription> describe(const Graph& graph) {
#ifdef WASI_NN_COMPONENT
  nacre_nn_graph_result answer;
  nacre_nn_graphs_describe(graph.handle(), &answer);
  return detail::take_graph(answer, "describing a graph");
#else
  return detail::read_graph(detail::ask("describing a graph", [&](auto... to) {
    return nacre_nn_describe_graph(graph.handle(), to...);
  }));
#endif
}

}  // namespace nn
