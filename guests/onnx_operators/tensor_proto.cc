#include "tensor_proto.h"

#include <algorithm>
#include <cstring>
#include <optional>
#include <set>
#include <string_view>

namespace onnx_operators {
namespace {

using Bytes = std::span<const std::byte>;

// One field of a message: a number (varint, fixed32, fixed64) or bytes.
struct Field {
  std::uint32_t number = 0;
  std::uint64_t value = 0;
  Bytes bytes;
  bool is_bytes = false;
};

// Steps through the fields of a message. `ok` is false after bytes that are no message.
class Reader {
 public:
  explicit Reader(Bytes bytes) : rest_(bytes) {}

  bool ok() const { return ok_; }

  std::optional<std::uint64_t> varint() {
    std::uint64_t value = 0;
    for (unsigned shift = 0; shift < 64 && !rest_.empty(); shift += 7) {
      const auto byte = std::to_integer<std::uint64_t>(rest_[0]);
      rest_ = rest_.subspan(1);
      value |= (byte & 0x7f) << shift;
      if ((byte & 0x80) == 0) return value;
    }
    ok_ = false;
    return std::nullopt;
  }

  std::optional<Bytes> take(std::uint64_t size) {
    if (size > rest_.size()) {
      ok_ = false;
      return std::nullopt;
    }
    const Bytes taken = rest_.first(static_cast<std::size_t>(size));
    rest_ = rest_.subspan(taken.size());
    return taken;
  }

  std::optional<Field> next() {
    if (rest_.empty() || !ok_) return std::nullopt;
    const auto key = varint();
    if (!key) return std::nullopt;
    Field field{.number = static_cast<std::uint32_t>(*key >> 3), .value = 0, .bytes = {}};
    std::optional<Bytes> bytes;
    switch (*key & 7) {
      case 0:
        if (const auto value = varint()) return field.value = *value, field;
        return std::nullopt;
      case 1:
        bytes = take(8);
        break;
      case 5:
        bytes = take(4);
        break;
      case 2: {
        const auto size = varint();
        bytes = size ? take(*size) : std::nullopt;
        field.is_bytes = true;
        break;
      }
      default:
        ok_ = false;
        return std::nullopt;
    }
    if (!bytes) return std::nullopt;
    if (field.is_bytes) {
      field.bytes = *bytes;
    } else {
      std::memcpy(&field.value, bytes->data(), bytes->size());
    }
    return field;
  }

 private:
  Bytes rest_;
  bool ok_ = true;
};

template <typename T>
void append(std::vector<std::byte>& out, T value) {
  const std::size_t at = out.size();
  out.resize(at + sizeof value);
  std::memcpy(&out[at], &value, sizeof value);
}

void append(std::vector<std::byte>& out, Bytes bytes) {
  out.insert(out.end(), bytes.begin(), bytes.end());
}

void append_row(std::vector<std::byte>& out, Bytes text) {
  append(out, static_cast<std::uint32_t>(text.size()));
  append(out, text);
}

// The low bytes of a number, as many as an element has: int32_data holds all the small types.
void append_element(std::vector<std::byte>& out, std::uint64_t value, std::size_t size) {
  const std::size_t at = out.size();
  out.resize(at + size);
  std::memcpy(&out[at], &value, size);
}

// A repeated number, packed or one by one. `width` is 0 for varints.
bool append_numbers(std::vector<std::byte>& out, const Field& field, std::size_t width,
                    std::size_t element) {
  if (!field.is_bytes) return append_element(out, field.value, element), true;
  if (width != 0) {
    if (field.bytes.size() % width != 0) return false;
    return append(out, field.bytes), true;
  }
  Reader packed(field.bytes);
  for (Bytes rest = field.bytes; !rest.empty();) {
    Reader one(rest);
    const auto value = one.varint();
    if (!value) return false;
    std::size_t length = 1;
    while ((rest[length - 1] & std::byte{0x80}) != std::byte{0})
      ++length;
    rest = rest.subspan(length);
    append_element(out, *value, element);
  }
  return true;
}

bool append_dims(std::vector<std::int64_t>& dims, const Field& field) {
  std::vector<std::byte> numbers;
  if (!append_numbers(numbers, field, 0, 8)) return false;
  const std::size_t at = dims.size();
  dims.resize(at + numbers.size() / 8);
  if (!numbers.empty()) std::memcpy(&dims[at], numbers.data(), numbers.size());
  return true;
}

void write_varint(std::vector<std::byte>& out, std::uint64_t value) {
  for (; value >= 0x80; value >>= 7)
    out.push_back(static_cast<std::byte>(value | 0x80));
  out.push_back(static_cast<std::byte>(value));
}

void write_bytes(std::vector<std::byte>& out, std::uint32_t number, Bytes bytes) {
  write_varint(out, number << 3 | 2);
  write_varint(out, bytes.size());
  append(out, bytes);
}

std::optional<Port> parse_port(Bytes value_info) {
  Port port{.name = {}, .kind = "value of no stated type"};
  Reader reader(value_info);
  while (const auto field = reader.next()) {
    if (field->number == 1) {
      port.name.assign(reinterpret_cast<const char*>(field->bytes.data()), field->bytes.size());
    } else if (field->number == 2) {
      Reader type(field->bytes);
      while (const auto kind = type.next()) {
        if (kind->number == 1) {
          port.kind = "tensor";
          Reader tensor(kind->bytes);
          while (const auto part = tensor.next())
            if (part->number == 1) port.type = static_cast<ElementType>(part->value);
        }
        if (kind->number == 4) port.kind = "sequence";
        if (kind->number == 5) port.kind = "map";
        if (kind->number == 8) port.kind = "sparse tensor";
        if (kind->number == 9) port.kind = "optional";
      }
      if (!type.ok()) return std::nullopt;
    }
  }
  if (!reader.ok()) return std::nullopt;
  return port;
}

std::string tensor_name(Bytes tensor) {
  Reader reader(tensor);
  while (const auto field = reader.next()) {
    if (field->number == 8 && field->is_bytes)
      return {reinterpret_cast<const char*>(field->bytes.data()), field->bytes.size()};
  }
  return {};
}

}  // namespace

std::size_t element_size(ElementType type) {
  switch (type) {
    case ElementType::kU8:
    case ElementType::kI8:
    case ElementType::kBool:
      return 1;
    case ElementType::kU16:
    case ElementType::kI16:
    case ElementType::kF16:
    case ElementType::kBf16:
      return 2;
    case ElementType::kF32:
    case ElementType::kI32:
    case ElementType::kU32:
      return 4;
    case ElementType::kF64:
    case ElementType::kI64:
    case ElementType::kU64:
      return 8;
    case ElementType::kString:
      return 0;
  }
  return 0;
}

std::string name_of(ElementType type) {
  constexpr std::string_view kNames[] = {"",    "f32", "u8",     "i8",   "u16", "i16",
                                         "i32", "i64", "string", "bool", "f16", "f64",
                                         "u32", "u64", "",       "",     "bf16"};
  const auto number = static_cast<std::size_t>(type);
  if (number < std::size(kNames) && !kNames[number].empty()) return std::string(kNames[number]);
  return "type " + std::to_string(static_cast<std::int32_t>(type));
}

std::expected<Tensor, std::string> parse_tensor(std::span<const std::byte> file) {
  const auto broken = [] { return std::unexpected(std::string("it is no TensorProto")); };
  Tensor tensor;
  // The type may come after the data, and says how wide an element of int32_data is.
  Reader first(file);
  while (const auto field = first.next()) {
    if (field->number == 2) tensor.type = static_cast<ElementType>(field->value);
  }
  if (!first.ok()) return broken();
  const std::size_t element = element_size(tensor.type);
  const bool strings = tensor.type == ElementType::kString;
  if (element == 0 && !strings) return std::unexpected("its elements are " + name_of(tensor.type));

  std::uint64_t rows = 0;
  Reader reader(file);
  while (const auto field = reader.next()) {
    bool fine = true;
    switch (field->number) {
      case 1:
        fine = append_dims(tensor.dims, *field);
        break;
      case 4:
        fine = append_numbers(tensor.bytes, *field, 4, 4);
        break;
      case 10:
        fine = append_numbers(tensor.bytes, *field, 8, 8);
        break;
      case 5:
      case 7:
      case 11:
        fine = append_numbers(tensor.bytes, *field, 0, element);
        break;
      case 6:
        append_row(tensor.bytes, field->bytes);
        ++rows;
        break;
      case 9:
        append(tensor.bytes, field->bytes);
        break;
      case 13:
        return std::unexpected(std::string("its data is in another file"));
      default:
        break;
    }
    if (!fine) return broken();
  }
  std::uint64_t count = 1;
  for (const std::int64_t dim : tensor.dims) {
    if (dim < 0 || __builtin_mul_overflow(count, static_cast<std::uint64_t>(dim), &count))
      return std::unexpected(std::string("its dimensions are no shape"));
  }
  const std::uint64_t has = strings ? rows : tensor.bytes.size() / element;
  if (!reader.ok() || has != count || (!strings && tensor.bytes.size() % element != 0))
    return std::unexpected("it was to hold " + std::to_string(count) + " elements and holds " +
                           std::to_string(has));
  return tensor;
}

std::vector<std::byte> write_tensor(const Tensor& tensor) {
  std::vector<std::byte> out;
  for (const std::int64_t dim : tensor.dims) {
    write_varint(out, 1 << 3);
    write_varint(out, static_cast<std::uint64_t>(dim));
  }
  write_varint(out, 2 << 3);
  write_varint(out, static_cast<std::uint64_t>(tensor.type));
  if (tensor.type != ElementType::kString) {
    write_bytes(out, 9, tensor.bytes);
    return out;
  }
  for (Bytes rest = tensor.bytes; rest.size() >= 4;) {
    std::uint32_t length = 0;
    std::memcpy(&length, rest.data(), 4);
    rest = rest.subspan(4);
    length = static_cast<std::uint32_t>(std::min<std::size_t>(length, rest.size()));
    write_bytes(out, 6, rest.first(length));
    rest = rest.subspan(length);
  }
  return out;
}

std::expected<ModelPorts, std::string> parse_ports(std::span<const std::byte> model) {
  const auto broken = [] { return std::unexpected(std::string("it is no ModelProto")); };
  std::set<std::string> initialised;
  std::vector<Port> inputs;
  ModelPorts ports;
  Reader reader(model);
  while (const auto field = reader.next()) {
    if (field->number != 7) continue;
    Reader graph(field->bytes);
    while (const auto part = graph.next()) {
      if (part->number == 5) initialised.insert(tensor_name(part->bytes));
      if (part->number != 11 && part->number != 12) continue;
      auto port = parse_port(part->bytes);
      if (!port) return broken();
      if (part->number == 11) inputs.push_back(std::move(*port));
      if (part->number == 12) ports.outputs.push_back(std::move(*port));
    }
    if (!graph.ok()) return broken();
  }
  if (!reader.ok()) return broken();
  for (const Port& port : inputs)
    if (!initialised.contains(port.name)) ports.inputs.push_back(port);
  return ports;
}

}  // namespace onnx_operators
