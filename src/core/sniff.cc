#include "core/sniff.h"

#include "base/checked_math.h"
#include "base/read_number.h"
#include "core/protobuf_reader.h"
#include "core/zip_directory.h"

#include <algorithm>
#include <cstdint>
#include <string_view>

namespace nacre {
namespace {

using Bytes = std::span<const std::byte>;

std::string_view as_text(Bytes bytes) noexcept {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

// --- GGUF: "GGUF", version u32, tensor count u64, key count u64, then keys and tensors

bool is_gguf(Bytes bytes) noexcept {
  constexpr std::size_t kHeader = 24;
  if (bytes.size() < kHeader || !as_text(bytes).starts_with("GGUF")) return false;
  const auto version = read_number<std::uint32_t>(bytes, 4);
  const auto tensors = read_number<std::uint64_t>(bytes, 8);
  const auto keys = read_number<std::uint64_t>(bytes, 16);
  // The smallest tensor entry and the smallest key each take more than 12 bytes.
  const std::uint64_t room = (bytes.size() - kHeader) / 12;
  return version >= 1 && version <= 0xffff && tensors <= room && keys <= room - tensors;
}

// --- TFLite: a flatbuffer; root offset u32, "TFL3", and the root's vtable in front of or behind it

bool is_tflite(Bytes bytes) noexcept {
  if (bytes.size() < 16 || as_text(bytes).substr(4, 4) != "TFL3") return false;
  const std::uint64_t root = read_number<std::uint32_t>(bytes, 0);
  if (root < 8 || root % 4 != 0 || !range_fits(root, 4, bytes.size())) return false;
  const std::int64_t vtable =
      static_cast<std::int64_t>(root) - read_number<std::int32_t>(bytes, root);
  if (vtable < 8 || !range_fits(static_cast<std::uint64_t>(vtable), 4, bytes.size())) return false;
  const auto vtable_size = read_number<std::uint16_t>(bytes, static_cast<std::size_t>(vtable));
  const auto table_size = read_number<std::uint16_t>(bytes, static_cast<std::size_t>(vtable) + 2);
  return vtable_size >= 4 && vtable_size % 2 == 0 && table_size >= 4 &&
         range_fits(static_cast<std::uint64_t>(vtable), vtable_size, bytes.size()) &&
         range_fits(root, table_size, bytes.size());
}

// --- TorchScript: a zip whose entries lie in one folder, with data.pkl, constants.pkl and code/.
//     A checkpoint of torch.save has data.pkl too, but no code.

bool is_torchscript(Bytes bytes) noexcept {
  if (!as_text(bytes).starts_with("PK\3\4")) return false;
  const auto directory = find_zip_directory(bytes);
  if (!directory) return false;
  ZipEntryReader reader(bytes, *directory);
  ZipEntry entry;
  bool data = false;
  bool constants = false;
  bool code = false;
  while (reader.next(entry)) {
    std::string_view path = entry.name;
    const auto slash = path.find('/');
    path.remove_prefix(slash == std::string_view::npos ? path.size() : slash + 1);
    data = data || path == "data.pkl";
    constants = constants || path == "constants.pkl";
    code = code || path.starts_with("code/");
  }
  return reader.problem() == nullptr && data && constants && code;
}

// --- protobuf, top level only: every field must be one that the message has, with its wire type,
//     and the last must end where the bytes end

// Whether all of `bytes` is fields that `accept` takes; at least one.
template <typename F>
bool all_fields(Bytes bytes, F&& accept) noexcept {
  ProtobufReader reader(bytes);
  ProtobufField field;
  bool any = false;
  while (reader.next(field)) {
    if (!accept(field)) return false;
    any = true;
  }
  return any && reader.problem() == nullptr;
}

bool is_one_of(std::uint64_t number, std::initializer_list<std::uint64_t> numbers) noexcept {
  return std::ranges::find(numbers, number) != numbers.end();
}

// ModelProto: ir_version 1, producer 2 3, domain 4, model_version 5, doc 6, graph 7, opset_import
// 8, metadata 14, training_info 20, functions 25, configuration 26.
bool is_onnx(Bytes bytes) noexcept {
  bool version = false;
  bool graph = false;
  const bool fields = all_fields(bytes, [&](const ProtobufField& field) {
    if (field.wire == kVarint) {
      version = version || (field.number == 1 && field.value >= 1 && field.value < 0x10000);
      return is_one_of(field.number, {1, 5});
    }
    // A GraphProto has fields of its own; an empty one is no graph.
    graph = graph || (field.number == 7 && !field.bytes.empty());
    return field.wire == kLength && is_one_of(field.number, {2, 3, 4, 6, 7, 8, 14, 20, 25, 26});
  });
  return fields && version && graph;
}

// NodeDef: name 1, op 2, input 3, device 4, attr 5, debug info 6, type 7.
bool is_node_def(Bytes bytes) noexcept {
  bool name = false;
  bool op = false;
  const bool fields = all_fields(bytes, [&](const ProtobufField& field) {
    name = name || field.number == 1;
    op = op || field.number == 2;
    return field.wire == kLength && field.number <= 7;
  });
  return fields && name && op;
}

// GraphDef: node 1, library 2, version 3 (varint), versions 4, debug info 5.
bool is_graph_def(Bytes bytes) noexcept {
  bool node = false;
  const bool fields = all_fields(bytes, [&](const ProtobufField& field) {
    if (field.number == 3) return field.wire == kVarint;
    if (field.wire != kLength) return false;
    if (field.number == 1) return node = is_node_def(field.bytes);
    return is_one_of(field.number, {2, 4, 5});
  });
  return fields && node;
}

// SavedModel: schema version 1 (varint), meta graphs 2, each with a graph_def 2 inside.
bool is_saved_model(Bytes bytes) noexcept {
  bool graph = false;
  const bool fields = all_fields(bytes, [&](const ProtobufField& field) {
    if (field.number == 1) return field.wire == kVarint && field.value >= 1;
    if (field.number != 2 || field.wire != kLength) return false;
    return all_fields(field.bytes, [&](const ProtobufField& inner) {
      graph = graph || (inner.number == 2 && is_graph_def(inner.bytes));
      return inner.wire == kLength && inner.number <= 7;
    });
  });
  return fields && graph;
}

// BlockDesc: number 1, parent's number 2, variables 3, operators 4, forward block 5.
bool is_paddle_block(Bytes bytes) noexcept {
  bool number = false;
  bool parent = false;
  bool op = false;
  const bool fields = all_fields(bytes, [&](const ProtobufField& field) {
    number = number || field.number == 1;
    parent = parent || field.number == 2;
    op = op || (field.number == 4 && !field.bytes.empty());
    const bool is_message = field.number == 3 || field.number == 4;
    return field.wire == (is_message ? kLength : kVarint) && field.number <= 5;
  });
  return fields && number && parent && op;
}

// ProgramDesc: blocks 1, version 4, versions of operators 5.
bool is_paddle_program(Bytes bytes) noexcept {
  bool block = false;
  const bool fields = all_fields(bytes, [&](const ProtobufField& field) {
    if (field.wire != kLength) return false;
    if (field.number == 1) return block = is_paddle_block(field.bytes);
    return field.number == 4 || field.number == 5;
  });
  return fields && block;
}

// --- OpenVINO IR: <net … version="…"> … </net>, possibly after a declaration and comments

bool is_openvino_xml(Bytes bytes) noexcept {
  std::string_view text = as_text(bytes);
  if (text.starts_with("\xef\xbb\xbf")) text.remove_prefix(3);
  constexpr std::string_view kSpace = " \t\r\n";
  for (;;) {
    text.remove_prefix(std::min(text.find_first_not_of(kSpace), text.size()));
    std::string_view close;
    if (text.starts_with("<?xml")) {
      close = "?>";
    } else if (text.starts_with("<!--")) {
      close = "-->";
    } else {
      break;
    }
    const auto end = text.find(close);
    if (end == std::string_view::npos) return false;
    text.remove_prefix(end + close.size());
  }
  if (!text.starts_with("<net") || text.size() < 5 || kSpace.find(text[4]) == kSpace.npos) {
    return false;
  }
  const std::string_view tag = text.substr(0, text.find('>'));
  const auto last = text.find_last_not_of(kSpace);
  return tag.find(" version=\"") != tag.npos && text.substr(0, last + 1).ends_with("</net>");
}

// --- echo: its first line, exactly

bool is_echo(Bytes bytes) noexcept {
  constexpr std::string_view kFirstLine = "nacre-echo v1";
  std::string_view text = as_text(bytes);
  if (!text.starts_with(kFirstLine)) return false;
  text.remove_prefix(kFirstLine.size());
  return text.empty() || text.starts_with('\n') || text.starts_with("\r\n");
}

}  // namespace

std::optional<GraphEncoding> sniff(Bytes bytes) noexcept {
  if (is_gguf(bytes)) return GraphEncoding::kGgml;
  if (is_tflite(bytes)) return GraphEncoding::kTensorflowlite;
  if (is_torchscript(bytes)) return GraphEncoding::kPytorch;
  if (is_openvino_xml(bytes)) return GraphEncoding::kOpenvino;
  if (is_echo(bytes)) return GraphEncoding::kEcho;
  if (is_onnx(bytes)) return GraphEncoding::kOnnx;
  if (is_graph_def(bytes) || is_saved_model(bytes)) return GraphEncoding::kTensorflow;
  if (is_paddle_program(bytes)) return GraphEncoding::kPaddle;
  return std::nullopt;
}

std::optional<GraphEncoding> sniff(std::span<const Bytes> parts) noexcept {
  if (parts.size() == 1) return sniff(parts[0]);
  if (parts.size() != 2) return std::nullopt;
  if (is_openvino_xml(parts[0]) != is_openvino_xml(parts[1])) return GraphEncoding::kOpenvino;
  if (is_paddle_program(parts[0]) != is_paddle_program(parts[1])) return GraphEncoding::kPaddle;
  return std::nullopt;
}

}  // namespace nacre
