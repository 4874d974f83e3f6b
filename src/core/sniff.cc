#include "core/sniff.h"

#include "base/checked_math.h"

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <string_view>

namespace nacre {
namespace {

using Bytes = std::span<const std::byte>;

std::string_view as_text(Bytes bytes) noexcept {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

// Little-endian, unaligned; the caller has checked the bounds.
template <typename T>
T read(Bytes bytes, std::size_t offset) noexcept {
  T value;
  std::memcpy(&value, bytes.data() + offset, sizeof value);
  return value;
}

// --- GGUF: "GGUF", version u32, tensor count u64, key count u64, then keys and tensors

bool is_gguf(Bytes bytes) noexcept {
  constexpr std::size_t kHeader = 24;
  if (bytes.size() < kHeader || !as_text(bytes).starts_with("GGUF")) return false;
  const auto version = read<std::uint32_t>(bytes, 4);
  const auto tensors = read<std::uint64_t>(bytes, 8);
  const auto keys = read<std::uint64_t>(bytes, 16);
  // The smallest tensor entry and the smallest key each take more than 12 bytes.
  const std::uint64_t room = (bytes.size() - kHeader) / 12;
  return version >= 1 && version <= 0xffff && tensors <= room && keys <= room - tensors;
}

// --- TFLite: a flatbuffer; root offset u32, "TFL3", and the root's vtable in front of or behind it

bool is_tflite(Bytes bytes) noexcept {
  if (bytes.size() < 16 || as_text(bytes).substr(4, 4) != "TFL3") return false;
  const std::uint64_t root = read<std::uint32_t>(bytes, 0);
  if (root < 8 || root % 4 != 0 || !range_fits(root, 4, bytes.size())) return false;
  const std::int64_t vtable = static_cast<std::int64_t>(root) - read<std::int32_t>(bytes, root);
  if (vtable < 8 || !range_fits(static_cast<std::uint64_t>(vtable), 4, bytes.size())) return false;
  const auto vtable_size = read<std::uint16_t>(bytes, static_cast<std::size_t>(vtable));
  const auto table_size = read<std::uint16_t>(bytes, static_cast<std::size_t>(vtable) + 2);
  return vtable_size >= 4 && vtable_size % 2 == 0 && table_size >= 4 &&
         range_fits(static_cast<std::uint64_t>(vtable), vtable_size, bytes.size()) &&
         range_fits(root, table_size, bytes.size());
}

// --- TorchScript: a zip whose entries lie in one folder, with data.pkl, constants.pkl and code/.
//     A checkpoint of torch.save has data.pkl too, but no code.

constexpr std::uint32_t kZipLocal = 0x04034b50;
constexpr std::uint32_t kZipCentral = 0x02014b50;
constexpr std::uint32_t kZipEnd = 0x06054b50;
constexpr std::uint32_t kZip64Locator = 0x07064b50;
constexpr std::uint32_t kZip64End = 0x06064b50;

struct ZipDirectory {
  std::uint64_t offset = 0;
  std::uint64_t entries = 0;
};

std::optional<ZipDirectory> find_zip_directory(Bytes bytes) noexcept {
  constexpr std::size_t kEnd = 22;
  constexpr std::size_t kLongestComment = 0xffff;
  if (bytes.size() < kEnd || read<std::uint32_t>(bytes, 0) != kZipLocal) return std::nullopt;
  const std::size_t last = bytes.size() - kEnd;
  const std::size_t first = last > kLongestComment ? last - kLongestComment : 0;
  for (std::size_t at = last + 1; at-- > first;) {
    if (read<std::uint32_t>(bytes, at) != kZipEnd) continue;
    if (read<std::uint16_t>(bytes, at + 20) != last - at) continue;
    ZipDirectory directory{.offset = read<std::uint32_t>(bytes, at + 16),
                           .entries = read<std::uint16_t>(bytes, at + 10)};
    if (directory.offset != 0xffffffff && directory.entries != 0xffff) return directory;
    if (at < 20 || read<std::uint32_t>(bytes, at - 20) != kZip64Locator) return std::nullopt;
    const auto end64 = read<std::uint64_t>(bytes, at - 20 + 8);
    if (!range_fits(end64, 56, bytes.size())) return std::nullopt;
    const auto end64_at = static_cast<std::size_t>(end64);
    if (read<std::uint32_t>(bytes, end64_at) != kZip64End) return std::nullopt;
    return ZipDirectory{.offset = read<std::uint64_t>(bytes, end64_at + 48),
                        .entries = read<std::uint64_t>(bytes, end64_at + 32)};
  }
  return std::nullopt;
}

bool is_torchscript(Bytes bytes) noexcept {
  constexpr std::size_t kEntry = 46;
  const auto directory = find_zip_directory(bytes);
  if (!directory) return false;
  std::uint64_t at = directory->offset;
  bool data = false;
  bool constants = false;
  bool code = false;
  for (std::uint64_t i = 0; i < directory->entries; ++i) {
    if (!range_fits(at, kEntry, bytes.size())) return false;
    const auto entry = static_cast<std::size_t>(at);
    if (read<std::uint32_t>(bytes, entry) != kZipCentral) return false;
    const std::uint64_t name = read<std::uint16_t>(bytes, entry + 28);
    const std::uint64_t extra = read<std::uint16_t>(bytes, entry + 30);
    const std::uint64_t comment = read<std::uint16_t>(bytes, entry + 32);
    if (!range_fits(at + kEntry, name, bytes.size())) return false;
    std::string_view path = as_text(bytes).substr(entry + kEntry, static_cast<std::size_t>(name));
    const auto slash = path.find('/');
    path.remove_prefix(slash == std::string_view::npos ? path.size() : slash + 1);
    data = data || path == "data.pkl";
    constants = constants || path == "constants.pkl";
    code = code || path.starts_with("code/");
    at += kEntry + name + extra + comment;
  }
  return data && constants && code;
}

// --- protobuf, top level only: every field must be one that the message has, with its wire type,
//     and the last must end where the bytes end

struct Field {
  std::uint64_t number = 0;
  std::uint32_t wire = 0;
  std::uint64_t value = 0;  // of a varint
  Bytes payload;            // of a length-delimited field
};

constexpr std::uint32_t kVarint = 0;
constexpr std::uint32_t kLength = 2;

class FieldReader {
 public:
  explicit FieldReader(Bytes bytes) noexcept : rest_(bytes) {}

  /// False at the end and when the bytes are no protobuf; ok() tells which.
  bool next(Field& field) noexcept {
    if (rest_.empty() || !ok_) return false;
    std::uint64_t tag = 0;
    ok_ = varint(tag);
    field.number = tag >> 3;
    field.wire = static_cast<std::uint32_t>(tag & 7);
    field.payload = {};
    if (!ok_) return false;
    if (field.number == 0) return ok_ = false;
    switch (field.wire) {
      case kVarint:
        return ok_ = varint(field.value);
      case 1:
        return ok_ = take(8, field.payload);
      case kLength: {
        std::uint64_t length = 0;
        return ok_ = varint(length) && take(length, field.payload);
      }
      case 5:
        return ok_ = take(4, field.payload);
      default:
        return ok_ = false;
    }
  }
  [[nodiscard]] bool ok() const noexcept { return ok_; }

 private:
  bool varint(std::uint64_t& value) noexcept {
    value = 0;
    for (unsigned shift = 0; shift < 64; shift += 7) {
      if (rest_.empty()) return false;
      const auto byte = std::to_integer<std::uint64_t>(rest_.front());
      rest_ = rest_.subspan(1);
      value |= (byte & 0x7f) << shift;
      if (byte < 0x80) return true;
    }
    return false;
  }
  bool take(std::uint64_t length, Bytes& out) noexcept {
    if (length > rest_.size()) return false;
    out = rest_.first(static_cast<std::size_t>(length));
    rest_ = rest_.subspan(static_cast<std::size_t>(length));
    return true;
  }

  Bytes rest_;
  bool ok_ = true;
};

// Whether all of `bytes` is fields that `accept` takes; at least one.
template <typename F>
bool all_fields(Bytes bytes, F&& accept) noexcept {
  FieldReader reader(bytes);
  Field field;
  bool any = false;
  while (reader.next(field)) {
    if (!accept(field)) return false;
    any = true;
  }
  return any && reader.ok();
}

bool is_one_of(std::uint64_t number, std::initializer_list<std::uint64_t> numbers) noexcept {
  return std::ranges::find(numbers, number) != numbers.end();
}

// ModelProto: ir_version 1, producer 2 3, domain 4, model_version 5, doc 6, graph 7, opset_import
// 8, metadata 14, training_info 20, functions 25, configuration 26.
bool is_onnx(Bytes bytes) noexcept {
  bool version = false;
  bool graph = false;
  const bool fields = all_fields(bytes, [&](const Field& field) {
    if (field.wire == kVarint) {
      version = version || (field.number == 1 && field.value >= 1 && field.value < 0x10000);
      return is_one_of(field.number, {1, 5});
    }
    // A GraphProto has fields of its own; an empty one is no graph.
    graph = graph || (field.number == 7 && !field.payload.empty());
    return field.wire == kLength && is_one_of(field.number, {2, 3, 4, 6, 7, 8, 14, 20, 25, 26});
  });
  return fields && version && graph;
}

// NodeDef: name 1, op 2, input 3, device 4, attr 5, debug info 6, type 7.
bool is_node_def(Bytes bytes) noexcept {
  bool name = false;
  bool op = false;
  const bool fields = all_fields(bytes, [&](const Field& field) {
    name = name || field.number == 1;
    op = op || field.number == 2;
    return field.wire == kLength && field.number <= 7;
  });
  return fields && name && op;
}

// GraphDef: node 1, library 2, version 3 (varint), versions 4, debug info 5.
bool is_graph_def(Bytes bytes) noexcept {
  bool node = false;
  const bool fields = all_fields(bytes, [&](const Field& field) {
    if (field.number == 3) return field.wire == kVarint;
    if (field.wire != kLength) return false;
    if (field.number == 1) return node = is_node_def(field.payload);
    return is_one_of(field.number, {2, 4, 5});
  });
  return fields && node;
}

// SavedModel: schema version 1 (varint), meta graphs 2, each with a graph_def 2 inside.
bool is_saved_model(Bytes bytes) noexcept {
  bool graph = false;
  const bool fields = all_fields(bytes, [&](const Field& field) {
    if (field.number == 1) return field.wire == kVarint && field.value >= 1;
    if (field.number != 2 || field.wire != kLength) return false;
    return all_fields(field.payload, [&](const Field& inner) {
      graph = graph || (inner.number == 2 && is_graph_def(inner.payload));
      return inner.wire == kLength && inner.number <= 7;
    });
  });
  return fields && graph;
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
  return std::nullopt;
}

std::optional<GraphEncoding> sniff(std::span<const Bytes> parts) noexcept {
  if (parts.size() == 1) return sniff(parts[0]);
  if (parts.size() == 2 && (is_openvino_xml(parts[0]) != is_openvino_xml(parts[1]))) {
    return GraphEncoding::kOpenvino;
  }
  return std::nullopt;
}

}  // namespace nacre
