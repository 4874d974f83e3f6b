// A component guest without a VM: the callbacks by name, and what they answer as C++ values.
#ifndef NACRE_TESTS_ABI_COMPONENT_COMPONENT_GUEST_H_
#define NACRE_TESTS_ABI_COMPONENT_COMPONENT_GUEST_H_

#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "../fake_models.h"
#include "abi/component/component_state.h"

namespace nacre::test {

// Numbers of the WIT's enums, as the shim passes them.
inline constexpr std::uint32_t kWitF16 = 0;
inline constexpr std::uint32_t kWitF32 = 1;
inline constexpr std::uint32_t kWitBf16 = 3;
inline constexpr std::uint32_t kWitU8 = 4;
inline constexpr std::uint32_t kWitI64 = 6;
enum WitError : std::uint32_t {
  kWitInvalidArgument = 0,
  kWitInvalidEncoding = 1,
  kWitTimeout = 2,
  kWitRuntimeError = 3,
  kWitUnsupportedOperation = 4,
  kWitTooLarge = 5,
  kWitNotFound = 6,
  kWitSecurity = 7,
  kWitUnknown = 8,
};

inline nacre_shim_bytes shim(std::string_view text) {
  return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
}

inline std::string string_of(nacre_shim_bytes bytes) {
  return {reinterpret_cast<const char*>(bytes.data), bytes.size};
}

/// An error read and dropped, as a guest does.
struct Said {
  bool ok = true;
  std::uint32_t code = 0;
  std::string sentence = {};
};

struct Output {
  std::string name;
  std::uint32_t tensor;
};

struct Answered : Said {
  std::uint32_t number = 0;
  std::vector<Output> outputs = {};
};

/// The callbacks over any state.
class Calls {
 public:
  explicit Calls(ComponentState& state) : guest_(&state) {}

  std::uint32_t tensor(std::vector<std::uint32_t> dims, std::uint32_t type, std::string_view data) {
    return table_.tensor_new(nullptr, guest_, {dims.data(), dims.size()}, type, shim(data));
  }
  /// f32 [2,2], as described() wants it.
  std::uint32_t four(std::string_view data) { return tensor({2, 2}, kWitF32, data); }
  std::uint32_t bytes(std::string_view data) {
    return tensor({static_cast<std::uint32_t>(data.size())}, kWitU8, data);
  }
  std::vector<std::uint32_t> dims(std::uint32_t t) {
    nacre_shim_u32s span{nullptr, 0};
    table_.tensor_dimensions(nullptr, guest_, t, &span);
    return {span.data, span.data + span.size};
  }
  std::uint32_t type(std::uint32_t t) { return table_.tensor_type(nullptr, guest_, t); }
  nacre_shim_bytes span(std::uint32_t t) {
    nacre_shim_bytes bytes{nullptr, 0};
    table_.tensor_data(nullptr, guest_, t, &bytes);
    return bytes;
  }
  std::string data(std::uint32_t t) { return string_of(span(t)); }
  void drop_tensor(std::uint32_t t) { table_.tensor_drop(nullptr, guest_, t); }

  Answered load(std::vector<std::string_view> parts, std::uint32_t encoding = 6,
                std::uint32_t target = 0) {
    std::vector<nacre_shim_bytes> spans;
    for (const auto part : parts)
      spans.push_back(shim(part));
    std::uint32_t number = 0;
    return read(
        table_.load(nullptr, guest_, {spans.data(), spans.size()}, encoding, target, &number),
        number);
  }
  Answered open(std::string_view name) {
    std::uint32_t number = 0;
    return read(table_.load_by_name(nullptr, guest_, shim(name), &number), number);
  }
  void drop_graph(std::uint32_t graph) { table_.graph_drop(nullptr, guest_, graph); }
  Answered init(std::uint32_t graph) {
    std::uint32_t number = 0;
    return read(table_.init_execution_context(nullptr, guest_, graph, &number), number);
  }
  void drop_context(std::uint32_t context) { table_.context_drop(nullptr, guest_, context); }

  Answered set_input(std::uint32_t context, std::string_view name, std::uint32_t t) {
    std::uint32_t error = 0;
    return read(table_.set_input(nullptr, guest_, context, shim(name), t, &error), error);
  }
  Answered compute(std::uint32_t context) {
    std::uint32_t error = 0;
    return read(table_.compute_set(nullptr, guest_, context, &error), error);
  }
  Answered get_output(std::uint32_t context, std::string_view name) {
    std::uint32_t number = 0;
    return read(table_.get_output(nullptr, guest_, context, shim(name), &number), number);
  }
  Answered compute(std::uint32_t context,
                   std::vector<std::pair<std::string_view, std::uint32_t>> inputs) {
    std::vector<nacre_shim_named_tensor> named;
    for (const auto& [name, t] : inputs)
      named.push_back({shim(name), t});
    nacre_shim_named_tensors outputs{nullptr, 0};
    std::uint32_t error = 0;
    const bool ok =
        table_.compute(nullptr, guest_, context, {named.data(), named.size()}, &outputs, &error);
    Answered answered = read(ok, error);
    for (std::size_t i = 0; ok && i < outputs.size; ++i)
      answered.outputs.push_back({string_of(outputs.data[i].name), outputs.data[i].tensor});
    return answered;
  }

  std::uint32_t new_error(std::uint32_t code, std::string_view text) {
    return table_.error_new(nullptr, guest_, code, shim(text));
  }
  Said said(std::uint32_t error) {
    nacre_shim_bytes text{nullptr, 0};
    table_.error_data(nullptr, guest_, error, &text);
    return {false, table_.error_code(nullptr, guest_, error), string_of(text)};
  }
  void drop_error(std::uint32_t error) { table_.error_drop(nullptr, guest_, error); }

  /// Off: the errors stay with the guest, and `number` is theirs.
  bool drops_errors = true;

 private:
  // By reference: the callback that writes it may be called after the arguments are looked at.
  Answered read(bool ok, const std::uint32_t& number) {
    Answered answered;
    answered.number = number;
    if (ok) return answered;
    static_cast<Said&>(answered) = said(number);
    if (drops_errors) drop_error(number);
    return answered;
  }

  const nacre_wasi_nn_callbacks& table_ = component_callbacks();
  void* guest_;
};

inline GraphDescription two_in_two_out() {
  GraphDescription d;
  d.inputs.push_back({"a", TensorType::kU8, Shape{-1}, ""});
  d.inputs.push_back({"b", TensorType::kU8, Shape{-1}, ""});
  d.outputs.push_back({"x", TensorType::kU8, Shape{-1}, ""});
  d.outputs.push_back({"", TensorType::kU8, Shape{-1}, ""});
  return d;
}

/// With fake models.
struct ComponentGuest {
  FakeProvider provider;
  std::vector<std::string> log;
  GuestState guest;
  ComponentState state;
  Calls calls;

  explicit ComponentGuest(GraphDescription net = described(), GuestStateOptions options = {})
      : provider(std::move(net)),
        guest(provider, with_log(std::move(options))),
        state(guest),
        calls(state) {}

  /// A context of a named model.
  std::uint32_t context(std::string_view name = "net") {
    return calls.init(calls.open(name).number).number;
  }

 private:
  GuestStateOptions with_log(GuestStateOptions options) {
    options.on_refusal = [this](std::string_view line) { log.emplace_back(line); };
    return options;
  }
};

}  // namespace nacre::test

#endif  // NACRE_TESTS_ABI_COMPONENT_COMPONENT_GUEST_H_
