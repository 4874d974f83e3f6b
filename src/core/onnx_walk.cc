// Field numbers are those of onnx.proto; they never change.
#include "core/onnx_walk.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>

#include "core/onnx_inputs.h"
#include "core/onnx_numbers.h"
#include "core/protobuf_reader.h"

namespace nacre {
namespace {

using Bytes = std::span<const std::byte>;

using Field = ProtobufField;
using Reader = ProtobufReader;

enum class Message : std::uint8_t {
  kNone,
  kModel,
  kTraining,
  kFunction,
  kGraph,
  kNode,
  kAttribute,
  kSparseTensor,
  kTensor,
  kValueInfo,
  kType,
  kTypeOfTensor,
  kTypeOfElements,  // a sequence's or an optional's
  kTypeOfMap,
  kShape,
};

/// What a field of a message holds, as far as it can lead to a tensor or nest or repeat without
/// end.
Message child(Message parent, std::uint32_t field) noexcept {
  struct Edge {
    Message parent;
    std::uint32_t field;
    Message child;
  };
  static constexpr std::array kEdges = {
      Edge{Message::kModel, 7, Message::kGraph},
      Edge{Message::kModel, 20, Message::kTraining},
      Edge{Message::kModel, 25, Message::kFunction},
      Edge{Message::kTraining, 1, Message::kGraph},
      Edge{Message::kTraining, 2, Message::kGraph},
      Edge{Message::kFunction, 7, Message::kNode},
      Edge{Message::kFunction, 11, Message::kAttribute},
      Edge{Message::kGraph, 1, Message::kNode},
      Edge{Message::kGraph, 5, Message::kTensor},
      Edge{Message::kGraph, 15, Message::kSparseTensor},
      Edge{Message::kGraph, 11, Message::kValueInfo},
      Edge{Message::kGraph, 12, Message::kValueInfo},
      Edge{Message::kGraph, 13, Message::kValueInfo},
      Edge{Message::kFunction, 12, Message::kValueInfo},
      Edge{Message::kNode, 5, Message::kAttribute},
      Edge{Message::kAttribute, 5, Message::kTensor},
      Edge{Message::kAttribute, 6, Message::kGraph},
      Edge{Message::kAttribute, 10, Message::kTensor},
      Edge{Message::kAttribute, 11, Message::kGraph},
      Edge{Message::kAttribute, 22, Message::kSparseTensor},
      Edge{Message::kAttribute, 23, Message::kSparseTensor},
      Edge{Message::kSparseTensor, 1, Message::kTensor},
      Edge{Message::kSparseTensor, 2, Message::kTensor},
      Edge{Message::kAttribute, 14, Message::kType},
      Edge{Message::kAttribute, 15, Message::kType},
      Edge{Message::kValueInfo, 2, Message::kType},
      Edge{Message::kType, 1, Message::kTypeOfTensor},
      Edge{Message::kType, 8, Message::kTypeOfTensor},
      Edge{Message::kType, 4, Message::kTypeOfElements},
      Edge{Message::kType, 9, Message::kTypeOfElements},
      Edge{Message::kType, 5, Message::kTypeOfMap},
      Edge{Message::kTypeOfElements, 1, Message::kType},
      Edge{Message::kTypeOfMap, 2, Message::kType},
      Edge{Message::kTypeOfTensor, 2, Message::kShape},
  };
  for (const Edge& edge : kEdges) {
    if (edge.parent == parent && edge.field == field) return edge.child;
  }
  return Message::kNone;
}

constexpr std::uint32_t kModelGraph = 7;

/// Counts what a parser makes objects of, so that two bytes cannot become hundreds, often.
class Budget {
 public:
  [[nodiscard]] bool spend() noexcept {
    if (left_ == 0) return false;
    --left_;
    return true;
  }
  [[nodiscard]] static std::unexpected<Error> exceeded() {
    return fail(ErrorCode::kTooLarge,
                fmt::format("The ONNX model has more than {} fields besides its numbers, which is "
                            "the most that is read.",
                            kMaxOnnxFields));
  }

 private:
  std::uint64_t left_ = kMaxOnnxFields;
};

std::unexpected<Error> not_onnx(std::string_view why) {
  return fail(ErrorCode::kInvalidEncoding,
              fmt::format("The bytes are not an ONNX model: {}. Give a serialised ModelProto, as "
                          "exporters write it into .onnx files.",
                          why));
}

std::unexpected<Error> malformed(Bytes model, const Reader& reader) {
  const auto offset = static_cast<std::size_t>(reader.rest().data() - model.data());
  return not_onnx(fmt::format("{} near byte {} of {}", reader.problem(), offset, model.size()));
}

/// The version of ONNX's own operators that the model imports; the highest, where it says several.
std::int64_t own_opset(const OnnxVersions& versions) {
  std::int64_t highest = 0;
  for (const OnnxOpset& opset : versions.opsets) {
    if (opset.domain.empty() || opset.domain == "ai.onnx") {
      highest = std::max(highest, opset.version);
    }
  }
  return highest;
}

/// What a NodeProto says of its operator, and how many inputs it brings.
struct NodeFacts {
  std::string_view name;
  std::string_view op;
  std::string_view domain;
  std::size_t inputs = 0;
};

Result<NodeFacts> read_node(Bytes node) {
  NodeFacts facts;
  bool has_op = false;
  bool has_domain = false;
  Reader reader(node);
  Field field;
  while (reader.next(field)) {
    if (field.wire != kLength) continue;
    const std::string_view text = text_of(field.bytes);
    if (field.number == 1) ++facts.inputs;
    if (field.number == 3) facts.name = text;
    // The last would count, or another with another parser.
    if ((field.number == 4 && has_op) || (field.number == 7 && has_domain)) {
      return not_onnx(
          fmt::format("node '{}' names its operator twice", printable_name(facts.name)));
    }
    if (field.number == 4) {
      facts.op = text;
      has_op = true;
    }
    if (field.number == 7) {
      facts.domain = text;
      has_domain = true;
    }
  }
  return facts;
}

/// Whether a NodeProto has the inputs that its operator cannot do without, and no number that a
/// runtime dies of.
Result<void> check_node(Bytes node, std::int64_t opset) {
  const auto facts = read_node(node);
  if (!facts) return std::unexpected(facts.error());
  const std::size_t least = least_onnx_inputs(facts->domain, facts->op, opset);
  if (facts->inputs < least) {
    return not_onnx(fmt::format("node '{}' brings {} of the {} inputs that {} needs",
                                printable_name(facts->name), facts->inputs, least,
                                printable_name(facts->op)));
  }
  if (!facts->domain.empty() && facts->domain != "ai.onnx") return {};
  if (const auto wrong = wrong_onnx_number(facts->op, node)) {
    return fail(ErrorCode::kUnsupportedOperation,
                fmt::format("The model's node '{}' ({}) {}.", printable_name(facts->name),
                            facts->op, *wrong));
  }
  return {};
}

/// Calls `on_tensor(bytes, budget)` for each TensorProto of the model, `on_node(bytes, opset)` for
/// each NodeProto.
template <typename OnTensor, typename OnNode>
Result<void> walk(Bytes model, OnTensor&& on_tensor, OnNode&& on_node) {
  if (model.empty()) return not_onnx("there are none");
  // A FlatBuffers file of ONNX Runtime's own, which that runtime would recognise among ONNX bytes.
  constexpr std::string_view kOrtFormat = "ORTM";
  if (model.size() >= 8 &&
      std::ranges::equal(model.subspan(4, 4), std::as_bytes(std::span(kOrtFormat)))) {
    return not_onnx("they are in the ORT format");
  }

  struct Frame {
    Message message = Message::kNone;
    Reader reader;
  };
  std::array<Frame, kMaxOnnxDepth + 1> stack;
  std::size_t top = 0;
  stack[0] = {Message::kModel, Reader(model)};
  bool has_graph = false;
  const auto versions = onnx_versions(model);
  if (!versions) return std::unexpected(versions.error());
  const std::int64_t opset = own_opset(*versions);
  Budget budget;

  for (;;) {
    Frame& frame = stack[top];
    Field field;
    if (!frame.reader.next(field)) {
      if (frame.reader.problem() != nullptr) return malformed(model, frame.reader);
      if (top == 0) break;
      --top;
      continue;
    }
    if (field.wire != kLength) continue;
    if (!budget.spend()) return Budget::exceeded();
    const Message inner = child(frame.message, field.number);
    if (inner == Message::kNone) continue;
    if (top == kMaxOnnxDepth) {
      return not_onnx(fmt::format("messages are nested deeper than {}", kMaxOnnxDepth));
    }
    has_graph = has_graph || (top == 0 && field.number == kModelGraph);
    if (inner == Message::kTensor) {
      Result<void> result = on_tensor(field.bytes, budget);
      if (!result) return result;
      continue;
    }
    if (inner == Message::kNode) {
      if (Result<void> result = on_node(field.bytes, opset); !result) return result;
    }
    stack[++top] = {inner, Reader(field.bytes)};
  }
  if (!has_graph) return not_onnx("there is no graph in them");
  return {};
}

/// What the walk wants to know of a TensorProto.
struct TensorFacts {
  std::string_view name;
  bool external = false;
};

/// `on_entry(bytes)` is called for each entry of external_data.
template <typename OnEntry>
Result<TensorFacts> read_tensor(Bytes model, Bytes tensor, Budget& budget, OnEntry&& on_entry) {
  TensorFacts facts;
  Reader reader(tensor);
  Field field;
  while (reader.next(field)) {
    if (field.wire == kLength && !budget.spend()) return Budget::exceeded();
    switch (field.number) {
      case 8:  // name
        if (field.wire == kLength) facts.name = text_of(field.bytes);
        break;
      case 13:  // external_data
        facts.external = true;
        if (field.wire == kLength) {
          if (Result<void> result = on_entry(field.bytes); !result) {
            return std::unexpected(std::move(result.error()));
          }
        }
        break;
      case 14:  // data_location: 0 is DEFAULT. Parsers cut it to 32 bits, so 2^32 + 1 is EXTERNAL.
        if (field.wire != kVarint || field.value != 0) facts.external = true;
        break;
      default:
        break;
    }
  }
  if (reader.problem() != nullptr) return malformed(model, reader);
  return facts;
}

std::unexpected<Error> leads_out(std::string_view location) {
  return fail(ErrorCode::kSecurity,
              fmt::format("The model wants tensor data from '{}'. External data must be in the "
                          "model's own folder, given by a relative path without '..'.",
                          printable_name(location)));
}

Result<void> check_location(std::string_view location, const std::filesystem::path& folder) {
  // ONNX Runtime reads a location of this form as an address in the process's memory.
  constexpr std::string_view kAddress = "*/_ORT_MEM_ADDR_/*";
  if (location.empty() || location.starts_with(kAddress) || location.contains('\0')) {
    return leads_out(location);
  }
  const std::filesystem::path path(location);
  if (path.is_absolute() || std::ranges::find(path, "..") != path.end()) {
    return leads_out(location);
  }
  std::error_code error;
  if (!std::filesystem::is_regular_file(folder / path, error)) {
    return fail(ErrorCode::kModelNotFound,
                fmt::format("The model keeps tensor data in the file '{}', which is not in its "
                            "folder {}.",
                            printable_name(location), folder.string()));
  }
  return {};
}

/// A StringStringEntryProto of external_data: every value that could pass for the location's.
Result<void> check_entry(Bytes model, Bytes entry, const std::filesystem::path& folder,
                         bool& located, std::set<std::string>& locations) {
  const auto each = [&](std::uint32_t number, auto&& action) -> Result<void> {
    Reader reader(entry);
    Field field;
    while (reader.next(field)) {
      if (field.number != number || field.wire != kLength) continue;
      if (Result<void> result = action(text_of(field.bytes)); !result) return result;
    }
    if (reader.problem() != nullptr) return malformed(model, reader);
    return {};
  };
  bool is_location = false;
  Result<void> result = each(1, [&](std::string_view key) -> Result<void> {
    is_location = is_location || key == "location";
    return {};
  });
  if (!result || !is_location) return result;
  return each(2, [&](std::string_view value) -> Result<void> {
    located = true;
    auto fine = check_location(value, folder);
    if (fine) locations.emplace(value);
    return fine;
  });
}

}  // namespace

Result<void> refuse_external_data(std::span<const std::byte> model) {
  const auto on_tensor = [model](Bytes tensor, Budget& budget) -> Result<void> {
    const auto facts = read_tensor(model, tensor, budget, [](Bytes) -> Result<void> { return {}; });
    if (!facts) return std::unexpected(facts.error());
    if (!facts->external) return {};
    return fail(ErrorCode::kSecurity,
                fmt::format("Tensor '{}' of the model keeps its data in another file, and a model "
                            "given as bytes may not reach files. Save the model with its data "
                            "inside, or let the operator provide it by path.",
                            printable_name(facts->name)));
  };
  return walk(model, on_tensor, check_node);
}

Result<std::set<std::string>> check_external_data_inside(std::span<const std::byte> model,
                                                         const std::filesystem::path& folder) {
  std::set<std::string> locations;
  const auto on_tensor = [&](Bytes tensor, Budget& budget) -> Result<void> {
    bool located = false;
    const auto facts = read_tensor(model, tensor, budget, [&](Bytes entry) {
      return check_entry(model, entry, folder, located, locations);
    });
    if (!facts) return std::unexpected(facts.error());
    if (facts->external && !located) {
      return not_onnx(fmt::format("tensor '{}' is external and names no location",
                                  printable_name(facts->name)));
    }
    return {};
  };
  const auto walked = walk(model, on_tensor, check_node);
  if (!walked) return std::unexpected(walked.error());
  return locations;
}

Result<void> check_onnx_needs(std::span<const std::byte> model, const OnnxNeed& need) {
  const auto on_node = [&](Bytes node, std::int64_t) -> Result<void> {
    const auto facts = read_node(node);
    if (!facts) return std::unexpected(facts.error());
    if (facts->domain != need.domain || facts->op != need.op || facts->inputs >= need.inputs) {
      return {};
    }
    return fail(
        ErrorCode::kUnsupportedOperation,
        fmt::format("node '{}' brings {} inputs, and this runtime computes {} of {} with "
                    "{} or more only",
                    printable_name(facts->name), facts->inputs, need.op, need.domain, need.inputs));
  };
  return walk(model, [](Bytes, Budget&) -> Result<void> { return {}; }, on_node);
}

Result<OnnxVersions> onnx_versions(std::span<const std::byte> model) {
  constexpr std::size_t kMaxOpsets = 1000;
  OnnxVersions versions;
  std::string producer_version;
  Reader reader(model);
  Field field;
  while (reader.next(field)) {
    if (field.number == 1 && field.wire == kVarint) {
      versions.ir_version = static_cast<std::int64_t>(field.value);
    } else if (field.number == 2 && field.wire == kLength) {
      versions.producer = printable_name(text_of(field.bytes));
    } else if (field.number == 3 && field.wire == kLength) {
      producer_version = printable_name(text_of(field.bytes));
    } else if (field.number == 8 && field.wire == kLength) {
      if (versions.opsets.size() == kMaxOpsets) {
        return not_onnx(fmt::format("more than {} operator sets are imported", kMaxOpsets));
      }
      OnnxOpset opset;
      Reader inner(field.bytes);
      Field part;
      while (inner.next(part)) {
        if (part.number == 1 && part.wire == kLength)
          opset.domain = printable_name(text_of(part.bytes));
        if (part.number == 2 && part.wire == kVarint) {
          opset.version = static_cast<std::int64_t>(part.value);
        }
      }
      if (inner.problem() != nullptr) return malformed(model, inner);
      versions.opsets.push_back(std::move(opset));
    }
  }
  if (model.empty()) return not_onnx("there are none");
  if (reader.problem() != nullptr) return malformed(model, reader);
  if (!producer_version.empty()) {
    versions.producer += (versions.producer.empty() ? "" : " ") + producer_version;
  }
  return versions;
}

std::vector<std::string> onnx_input_names(std::span<const std::byte> model) {
  const auto name_in = [](std::span<const std::byte> message, std::uint64_t number) {
    Reader reader(message);
    Field field;
    std::string name;
    while (reader.next(field)) {
      if (field.number == number && field.wire == kLength) name = text_of(field.bytes);
    }
    return name;
  };
  std::vector<std::string> inputs;
  std::set<std::string> initialised;
  Reader reader(model);
  Field field;
  while (reader.next(field)) {
    if (field.number != 7 || field.wire != kLength) continue;
    Reader graph(field.bytes);
    Field part;
    while (graph.next(part)) {
      if (part.wire != kLength) continue;
      if (part.number == 5) initialised.insert(name_in(part.bytes, 8));
      if (part.number == 11) inputs.push_back(name_in(part.bytes, 1));
    }
    if (graph.problem() != nullptr) return {};
  }
  if (reader.problem() != nullptr) return {};
  std::erase_if(inputs, [&](const std::string& name) { return initialised.contains(name); });
  return inputs;
}

}  // namespace nacre
