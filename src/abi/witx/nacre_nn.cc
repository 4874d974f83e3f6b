#include "abi/witx/nacre_nn.h"

#include <array>
#include <cstdint>
#include <optional>
#include <string>

#include "abi/guest_state.h"
#include "abi/witx/call.h"
#include "abi/witx/decode.h"

namespace nacre::witx {
namespace {

constexpr std::uint32_t kNotKnown = 0xffff'ffff;

class Writer {
 public:
  template <typename T>
  void number(T value) {
    bytes_.append(reinterpret_cast<const char*>(&value), sizeof value);
  }
  void row(std::string_view text) {
    number(static_cast<std::uint32_t>(text.size()));
    bytes_ += text;
  }
  void rows(const std::vector<Property>& properties) {
    for (const auto& [key, value] : properties) {
      row(key);
      row(value);
    }
  }
  void shape(const std::optional<Shape>& shape) {
    number(shape ? static_cast<std::int32_t>(shape->rank()) : -1);
    if (!shape) return;
    for (const std::int64_t dim : shape->dims())
      number(dim);
  }
  void tensors(const std::vector<TensorDescription>& tensors, bool known) {
    number(known ? static_cast<std::uint32_t>(tensors.size()) : kNotKnown);
    if (!known) return;
    for (const TensorDescription& tensor : tensors) {
      row(tensor.name);
      number(static_cast<std::uint32_t>(tensor.type));
      shape(tensor.shape);
      const auto carrier = carrier_of(tensor, GuestAbi::kCoreModule);
      shape(carrier ? carrier->shape : std::nullopt);
      row(tensor.layout);
      row(tensor.note);
    }
  }
  [[nodiscard]] std::span<const std::byte> bytes() const {
    return std::as_bytes(std::span(bytes_));
  }

 private:
  std::string bytes_;
};

Result<void> answer(Memory memory, const Writer& writer, Destination to) {
  return copy_out(memory, writer.bytes(), to, [] { return std::string("The answer"); });
}

Result<std::string_view> name_at(Memory memory, GuestPtr ptr, std::uint32_t size) {
  const auto name = range(memory, ptr, size, "The name");
  if (!name) return std::unexpected(name.error());
  return std::string_view(reinterpret_cast<const char*>(name->data()), name->size());
}

// buffer, capacity, *written
Result<void> list_backends(GuestState& guest, Memory memory, Args args) {
  const Destination to{args[0], args[1], args[2]};
  if (auto ok = can_copy_out(memory, to); !ok) return ok;
  Writer writer;
  for (const std::string& name : guest.backends())
    writer.row(name);
  return answer(memory, writer, to);
}

// name, length, buffer, capacity, *written
Result<void> backend_properties(GuestState& guest, Memory memory, Args args) {
  const Destination to{args[2], args[3], args[4]};
  if (auto ok = can_copy_out(memory, to); !ok) return ok;
  const auto name = name_at(memory, args[0], args[1]);
  if (!name) return std::unexpected(name.error());
  auto properties = guest.backend_properties(*name);
  if (!properties) return pass_on(properties.error());
  Writer writer;
  writer.rows(*properties);
  return answer(memory, writer, to);
}

Result<void> describe(Result<std::shared_ptr<const Graph>> graph, Memory memory, Destination to) {
  if (!graph) return pass_on(graph.error());
  const GraphDescription& description = (*graph)->description();
  Writer writer;
  writer.row((*graph)->backend());
  writer.row(to_string((*graph)->encoding()));
  writer.row(to_string((*graph)->target()));
  writer.tensors(description.inputs, description.inputs_known);
  writer.tensors(description.outputs, description.outputs_known);
  writer.number(static_cast<std::uint32_t>(description.properties.size()));
  writer.rows(description.properties);
  return answer(memory, writer, to);
}

// name, length, buffer, capacity, *written
Result<void> describe_model(GuestState& guest, Memory memory, Args args) {
  const Destination to{args[2], args[3], args[4]};
  if (auto ok = can_copy_out(memory, to); !ok) return ok;
  const auto name = name_at(memory, args[0], args[1]);
  if (!name) return std::unexpected(name.error());
  return describe(guest.model(*name), memory, to);
}

// graph, buffer, capacity, *written
Result<void> describe_graph(GuestState& guest, Memory memory, Args args) {
  const Destination to{args[1], args[2], args[3]};
  if (auto ok = can_copy_out(memory, to); !ok) return ok;
  return describe(guest.graph(args[0]), memory, to);
}

// buffer, capacity, *written
Result<void> last_error(GuestState& guest, Memory memory, Args args) {
  const Destination to{args[0], args[1], args[2]};
  if (auto ok = can_copy_out(memory, to); !ok) return ok;
  const std::string_view text = guest.last_error().message;
  // Its own too_large is no news: the sentence that is asked for must stay.
  if (text.size() > to.capacity) {
    static_cast<void>(
        write<std::uint32_t>(memory, to.written, static_cast<std::uint32_t>(text.size())));
    return std::unexpected(Error{ErrorCode::kTooLarge, std::string(text)});
  }
  return copy_out(memory, std::as_bytes(std::span(text)), to, [] { return std::string(); });
}

constexpr char kList[] = "list_backends";
constexpr char kProperties[] = "backend_properties";
constexpr char kDescribeModel[] = "describe_model";
constexpr char kDescribeGraph[] = "describe_graph";
constexpr char kLastError[] = "last_error";

constexpr std::array<HostFunction, kNacreNnCount> kFunctions = {
    entry<kNacreNnModule, kList, 3, list_backends>(),
    entry<kNacreNnModule, kProperties, 5, backend_properties>(),
    entry<kNacreNnModule, kDescribeModel, 5, describe_model>(),
    entry<kNacreNnModule, kDescribeGraph, 4, describe_graph>(),
    entry<kNacreNnModule, kLastError, 3, last_error>(),
};

}  // namespace

std::span<const HostFunction> nacre_nn_functions() noexcept {
  return kFunctions;
}

}  // namespace nacre::witx
