// The messages are those of Paddle's framework.proto, of which this much is read:
//
//   ProgramDesc    1 BlockDesc*, 4 Version { 1 number }
//   BlockDesc      3 VarDesc*, 4 OpDesc*
//   VarDesc        1 name, 2 VarType, 3 persistable
//   VarType        1 kind, 3 LoDTensorDesc { 1 TensorDesc }, 4 an array of tensors
//   TensorDesc     1 element type, 2 dimension*
//   OpDesc         1 Var*, 2 Var* (inputs and outputs), 3 type, 4 Attr*
//   Attr           1 name, 2 type, 12 block
//
// The file of parameters is, for each in the order of the names, and little-endian:
//
//   u32 0, u64 0, u32 0         versions, and levels of sequences, which parameters have not
//   i32 n, n bytes              a TensorDesc
//   its elements
#include "core/paddle_walk.h"

#include <fmt/format.h>

#include <array>
#include <map>
#include <optional>
#include <string_view>
#include <utility>

#include "base/checked_math.h"
#include "base/read_number.h"
#include "core/protobuf_fields.h"
#include "core/protobuf_reader.h"

namespace nacre {
namespace {

using Bytes = std::span<const std::byte>;

constexpr std::int64_t kOldestVersion = 2'000'000;
constexpr std::uint64_t kLodTensor = 7;       // of VarType
constexpr std::uint64_t kBlockAttribute = 8;  // of Attr

std::unexpected<Error> wrong(std::string_view what) {
  return fail(ErrorCode::kInvalidEncoding, fmt::format("The Paddle model is not read: {}.", what));
}

/// How many bytes an element takes; nothing for types that OpenVINO's reader does not have.
std::optional<std::uint64_t> element_bytes(std::uint64_t type) noexcept {
  switch (type) {
    case 0:   // bool
    case 20:  // u8
    case 21:  // i8
      return 1;
    case 1:   // i16
    case 4:   // f16
    case 22:  // bf16
      return 2;
    case 2:  // i32
    case 5:  // f32
      return 4;
    case 3:  // i64
    case 6:  // f64
      return 8;
    default:
      return std::nullopt;
  }
}

template <std::size_t kCount, typename F>
Result<void> each(std::string_view message, Bytes bytes,
                  const std::array<KnownField, kCount>& known, F&& on_field) {
  return each_field(message, bytes, known, wrong, on_field);
}

struct Tensor {
  std::optional<std::uint64_t> type;
  std::uint64_t elements = 1;
  bool dynamic = false;
};

/// Dimensions come one by one or packed.
Result<Tensor> read_tensor(Bytes bytes, std::string_view name) {
  Tensor tensor;
  const auto dimension = [&](std::uint64_t value) -> Result<void> {
    const auto dim = static_cast<std::int64_t>(value);
    if (dim < -1) {
      return wrong(fmt::format("'{}' has a dimension of {}", printable_name(name), dim));
    }
    tensor.dynamic = tensor.dynamic || dim == -1;
    const auto elements = checked_mul(tensor.elements, dim == -1 ? 1 : value);
    if (!elements)
      return wrong(fmt::format("'{}' has 2^64 elements or more", printable_name(name)));
    tensor.elements = *elements;
    return {};
  };
  ProtobufReader reader(bytes);
  ProtobufField field;
  while (reader.next(field)) {
    if (field.number == 1 && field.wire == kVarint && !tensor.type) {
      tensor.type = field.value;
    } else if (field.number == 2 && field.wire == kVarint) {
      if (auto ok = dimension(field.value); !ok) return std::unexpected(std::move(ok.error()));
    } else if (field.number == 2 && field.wire == kLength) {
      ProtobufReader packed(field.bytes);
      std::uint64_t value = 0;
      while (packed.number(value)) {
        if (auto ok = dimension(value); !ok) return std::unexpected(std::move(ok.error()));
      }
      if (packed.problem() != nullptr) {
        return wrong(
            fmt::format("the dimensions of '{}' have {}", printable_name(name), packed.problem()));
      }
    } else {
      return wrong(
          fmt::format("the type of '{}' has a field {}", printable_name(name), field.number));
    }
  }
  if (reader.problem() != nullptr) {
    return wrong(fmt::format("the type of '{}' has {}", printable_name(name), reader.problem()));
  }
  return tensor;
}

struct Variable {
  std::uint64_t kind = 0;
  bool persistable = false;
  Tensor tensor;
};

/// The reader takes these for the two lists that a program's inputs and outputs hang on.
bool is_feed_or_fetch(std::string_view name) noexcept {
  return name.ends_with("feed") || name.ends_with("fetch");
}

class Walk {
 public:
  Result<PaddleProgram> program(Bytes bytes);

 private:
  Result<void> spend() {
    if (++fields_ <= kMaxPaddleFields) return {};
    return fail(ErrorCode::kTooLarge,
                fmt::format("The Paddle model has more than {} variables, operators, and inputs, "
                            "outputs and attributes of these, which is the most that is read.",
                            kMaxPaddleFields));
  }
  Result<void> variable(Bytes bytes);
  Result<void> variable_type(Bytes bytes, std::string_view name, Variable& variable);
  Result<void> op(Bytes bytes, std::size_t block);
  Result<void> runs_block(std::string_view type, std::size_t block, std::int64_t inner);
  Result<void> check_blocks() const;
  Result<PaddleProgram> parameters() const;

  std::size_t fields_ = 0;
  std::map<std::string_view, Variable> variables_;
  std::map<std::int64_t, std::size_t> outer_;  // of a block, the one whose operator runs it
  std::size_t blocks_ = 0;
  std::int64_t version_ = 0;
};

Result<void> Walk::variable_type(Bytes bytes, std::string_view name, Variable& variable) {
  constexpr std::array<KnownField, 3> kType = {{{1, kVarint}, {3, kLength}, {4, kLength}}};
  return each("variable's type", bytes, kType, [&](const ProtobufField& field) -> Result<void> {
    if (field.number == 1) {
      variable.kind = field.value;
      return {};
    }
    if (field.number == 4) {
      return fail(ErrorCode::kUnsupportedOperation,
                  fmt::format("The Paddle model's variable '{}' is an array of tensors, and those "
                              "are not read; export the model without them.",
                              printable_name(name)));
    }
    constexpr std::array<KnownField, 1> kTensor = {{{1, kLength}}};
    return each("tensor", field.bytes, kTensor, [&](const ProtobufField& inner) -> Result<void> {
      auto tensor = read_tensor(inner.bytes, name);
      if (!tensor) return std::unexpected(std::move(tensor.error()));
      variable.tensor = *tensor;
      return {};
    });
  });
}

Result<void> Walk::variable(Bytes bytes) {
  constexpr std::array<KnownField, 3> kVariable = {{{1, kLength}, {2, kLength}, {3, kVarint}}};
  std::string_view name;
  Bytes type;
  Variable variable;
  const auto read =
      each("variable", bytes, kVariable, [&](const ProtobufField& field) -> Result<void> {
        if (field.number == 1) name = text_of(field.bytes);
        if (field.number == 2) type = field.bytes;
        if (field.number == 3) variable.persistable = field.value != 0;
        return {};
      });
  if (!read) return read;
  if (auto ok = variable_type(type, name, variable); !ok) return ok;
  // The reader too takes the last of a name.
  variables_[name] = variable;
  return {};
}

Result<void> Walk::runs_block(std::string_view type, std::size_t block, std::int64_t inner) {
  // Blocks come after the ones that they lie in, so they cannot contain each other.
  if (inner <= static_cast<std::int64_t>(block) || inner >= static_cast<std::int64_t>(blocks_)) {
    return wrong(
        fmt::format("the operator '{}' of block {} of {} runs block {}, and only one that "
                    "comes after its own can lie in it",
                    printable_name(type), block, blocks_, inner));
  }
  if (!outer_.emplace(inner, block).second) {
    return wrong(fmt::format("two operators run block {}", inner));
  }
  std::size_t depth = 1;
  for (auto at = outer_.find(static_cast<std::int64_t>(block)); at != outer_.end();
       at = outer_.find(static_cast<std::int64_t>(at->second))) {
    if (++depth > kMaxPaddleNesting) {
      return wrong(
          fmt::format("its blocks lie in each other more than {} deep", kMaxPaddleNesting));
    }
  }
  return {};
}

Result<void> Walk::op(Bytes bytes, std::size_t block) {
  constexpr std::array<KnownField, 4> kOp = {
      {{1, kLength, true}, {2, kLength, true}, {3, kLength}, {4, kLength, true}}};
  constexpr std::array<KnownField, 3> kAttribute = {{{1, kLength}, {2, kVarint}, {12, kVarint}}};
  std::string_view type;
  bool has_outputs = false;
  std::optional<std::int64_t> inner;
  bool bad_block = false;
  const auto read = each("operator", bytes, kOp, [&](const ProtobufField& field) -> Result<void> {
    if (auto ok = spend(); !ok) return ok;
    if (field.number == 2) has_outputs = true;
    if (field.number == 3) type = text_of(field.bytes);
    if (field.number != 4) return {};
    std::string_view name;
    std::uint64_t kind = 0;
    std::optional<std::int64_t> index;
    auto ok =
        each("attribute", field.bytes, kAttribute, [&](const ProtobufField& part) -> Result<void> {
          if (part.number == 1) name = text_of(part.bytes);
          if (part.number == 2) kind = part.value;
          if (part.number == 12) index = static_cast<std::int64_t>(part.value);
          return {};
        });
    if (!ok || (name != "sub_block" && kind != kBlockAttribute)) return ok;
    bad_block = bad_block || inner || name != "sub_block" || kind != kBlockAttribute || !index;
    inner = index;
    return {};
  });
  if (!read) return read;
  if (!has_outputs && type != "fetch") {
    return wrong(
        fmt::format("the operator '{}' of block {} has no results", printable_name(type), block));
  }
  const bool runs = type == "while" || type == "conditional_block";
  if (runs != inner.has_value() || bad_block) {
    return wrong(fmt::format("the operator '{}' of block {} {}", printable_name(type), block,
                             runs ? "wants one attribute sub_block, a block's number"
                                  : "runs a block, which only while and conditional_block can"));
  }
  return runs ? runs_block(type, block, *inner) : Result<void>();
}

Result<void> Walk::check_blocks() const {
  for (std::size_t i = 1; i < blocks_; ++i) {
    if (outer_.contains(static_cast<std::int64_t>(i))) continue;
    return wrong(fmt::format("no operator runs block {} of {}", i, blocks_));
  }
  return {};
}

Result<PaddleProgram> Walk::parameters() const {
  PaddleProgram program{.version = version_, .parameters = {}};
  for (const auto& [name, variable] : variables_) {
    if (!variable.persistable || is_feed_or_fetch(name)) continue;
    const Tensor& tensor = variable.tensor;
    if (variable.kind != kLodTensor || !tensor.type || tensor.dynamic) {
      return wrong(
          fmt::format("its parameter '{}' is no tensor of a fixed shape", printable_name(name)));
    }
    if (!element_bytes(*tensor.type)) {
      return fail(ErrorCode::kUnsupportedOperation,
                  fmt::format("The Paddle model's parameter '{}' has elements of Paddle's type {}, "
                              "which OpenVINO does not read.",
                              printable_name(name), *tensor.type));
    }
    program.parameters.push_back(
        {.name = std::string(name), .type = *tensor.type, .elements = tensor.elements});
  }
  return program;
}

Result<PaddleProgram> Walk::program(Bytes bytes) {
  constexpr std::array<KnownField, 2> kProgram = {{{1, kLength, true}, {4, kLength}}};
  constexpr std::array<KnownField, 1> kVersion = {{{1, kVarint}}};
  constexpr std::array<KnownField, 2> kBlock = {{{3, kLength, true}, {4, kLength, true}}};
  std::vector<Bytes> blocks;
  auto read = each("program", bytes, kProgram, [&](const ProtobufField& field) -> Result<void> {
    if (auto ok = spend(); !ok) return ok;
    if (field.number == 1) {
      blocks.push_back(field.bytes);
      return {};
    }
    return each("version", field.bytes, kVersion, [&](const ProtobufField& inner) -> Result<void> {
      version_ = static_cast<std::int64_t>(inner.value);
      return {};
    });
  });
  if (!read) return std::unexpected(std::move(read.error()));
  if (blocks.empty()) return wrong("it has no blocks");
  if (version_ != 0 && version_ < kOldestVersion) {
    return wrong(fmt::format("it is of Paddle {}, and OpenVINO reads those of 2.0.0 and newer",
                             paddle_version({.version = version_, .parameters = {}})));
  }
  blocks_ = blocks.size();
  for (std::size_t i = 0; i < blocks.size(); ++i) {
    read = each("block", blocks[i], kBlock, [&](const ProtobufField& field) -> Result<void> {
      if (auto ok = spend(); !ok) return ok;
      return field.number == 3 ? variable(field.bytes) : op(field.bytes, i);
    });
    if (!read) return std::unexpected(std::move(read.error()));
  }
  if (auto ok = check_blocks(); !ok) return std::unexpected(std::move(ok.error()));
  return parameters();
}

}  // namespace

Result<PaddleProgram> check_paddle(Bytes program) {
  return Walk().program(program);
}

Result<void> check_paddle_parameters(const PaddleProgram& program, Bytes file) {
  constexpr std::uint64_t kHeader = 16;
  std::uint64_t at = 0;
  for (const PaddleParameter& parameter : program.parameters) {
    const std::string name = printable_name(parameter.name);
    const auto ends = [&] {
      return wrong(
          fmt::format("its file of parameters ends, after {} bytes, in '{}'; give the one "
                      "that was saved with the program",
                      file.size(), name));
    };
    if (!range_fits(at, kHeader + 4, file.size())) return ends();
    if (read_number<std::uint32_t>(file, at) != 0 ||
        read_number<std::uint64_t>(file, at + 4) != 0 ||
        read_number<std::uint32_t>(file, at + 12) != 0) {
      return wrong(
          fmt::format("its file of parameters has no tensor at byte {}, where '{}' was "
                      "wanted",
                      at, name));
    }
    const auto size = read_number<std::uint32_t>(file, at + kHeader);
    at += kHeader + 4;
    if (!range_fits(at, size, file.size())) return ends();
    const auto tensor = read_tensor(
        file.subspan(static_cast<std::size_t>(at), static_cast<std::size_t>(size)), parameter.name);
    if (!tensor) return std::unexpected(tensor.error());
    if (tensor->dynamic || tensor->type != parameter.type ||
        tensor->elements != parameter.elements) {
      return wrong(fmt::format(
          "its file of parameters has {} elements of Paddle's type {} for "
          "'{}', and the program wants {} of type {}; give the file that was "
          "saved with the program",
          tensor->elements, tensor->type.value_or(0), name, parameter.elements, parameter.type));
    }
    at += size;
    const auto bytes = checked_mul(tensor->elements, *element_bytes(parameter.type));
    if (!bytes || !range_fits(at, *bytes, file.size())) return ends();
    at += *bytes;
  }
  if (at == file.size()) return {};
  return wrong(
      fmt::format("its file of parameters has {} bytes after the last of the program's {} "
                  "parameters; give the one that was saved with the program",
                  file.size() - at, program.parameters.size()));
}

std::string paddle_version(const PaddleProgram& program) {
  if (program.version == 0) return "unknown";
  const std::int64_t number = program.version;
  return fmt::format("{}.{}.{}", number / 1'000'000, number / 1000 % 1000, number % 1000);
}

}  // namespace nacre
