// The smallest bytes that are a model of each format, for the sniffer, the loader and the fuzzers.
#ifndef NACRE_TESTS_CORE_MODEL_BYTES_H_
#define NACRE_TESTS_CORE_MODEL_BYTES_H_

#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>
#include <vector>

namespace nacre::test {

inline void put16(std::string& out, std::uint32_t value) {
  for (int i = 0; i < 2; ++i)
    out += static_cast<char>(value >> (8 * i));
}
inline void put32(std::string& out, std::uint32_t value) {
  for (int i = 0; i < 4; ++i)
    out += static_cast<char>(value >> (8 * i));
}
inline void put64(std::string& out, std::uint64_t value) {
  for (int i = 0; i < 8; ++i)
    out += static_cast<char>(value >> (8 * i));
}

/// A protobuf field; lengths and values below 128 only.
inline std::string field(int number, std::string_view payload) {
  std::string out;
  out += static_cast<char>(number << 3 | 2);
  out += static_cast<char>(payload.size());
  return out.append(payload);
}
inline std::string varint_field(int number, int value) {
  return {static_cast<char>(number << 3), static_cast<char>(value)};
}

/// y = Identity(x), x: f32[1].
inline std::string onnx_model() {
  const std::string node = field(1, "x") + field(2, "y") + field(4, "Identity");
  const std::string type = field(1, varint_field(1, 1) + field(2, field(1, varint_field(1, 1))));
  const std::string graph = field(1, node) + field(2, "g") +
                            field(11, field(1, "x") + field(2, type)) +
                            field(12, field(1, "y") + field(2, type));
  return varint_field(1, 8) + field(7, graph) + field(8, varint_field(2, 13));
}

inline std::string openvino_xml() {
  return "<?xml version=\"1.0\"?>\n<!-- made by hand -->\n<net name=\"g\" version=\"11\">\n"
         "<layers></layers><edges></edges>\n</net>\n";
}

inline std::string frozen_graph() {
  const std::string node = field(1, "x") + field(2, "Placeholder");
  return field(1, node) + field(4, varint_field(1, 27));
}

inline std::string saved_model() {
  return varint_field(1, 1) + field(2, field(2, frozen_graph()));
}

/// A block with one operator.
inline std::string paddle_program() {
  const std::string op = field(2, field(1, "Out") + field(2, "x")) + field(3, "feed");
  const std::string block = varint_field(1, 0) + varint_field(2, 0) + field(4, op);
  return field(1, block) + field(4, varint_field(1, 0));
}

inline std::string tflite_model() {
  std::string out;
  put32(out, 16);  // root
  out += "TFL3";
  put16(out, 6);  // vtable at 8: its size, the table's size, one field
  put16(out, 8);
  put16(out, 4);
  put16(out, 0);
  put32(out, 8);  // the root table at 16: its vtable lies 8 bytes before
  put32(out, 3);
  return out;
}

inline std::string gguf_model() {
  std::string out = "GGUF";
  put32(out, 3);
  put64(out, 0);
  put64(out, 1);
  const std::string key = "general.architecture";
  put64(out, key.size());
  out += key;
  put32(out, 8);  // a string
  put64(out, 5);
  return out + "llama";
}

/// A stored zip with the given empty files.
inline std::string zip_of(const std::vector<std::string>& names) {
  std::string out;
  std::string directory;
  for (const std::string& name : names) {
    const auto offset = static_cast<std::uint32_t>(out.size());
    put32(out, 0x04034b50);
    out.append(22, '\0');
    put16(out, static_cast<std::uint32_t>(name.size()));
    put16(out, 0);
    out += name;
    put32(directory, 0x02014b50);
    directory.append(24, '\0');
    put16(directory, static_cast<std::uint32_t>(name.size()));
    directory.append(12, '\0');
    put32(directory, offset);
    directory += name;
  }
  const auto at = static_cast<std::uint32_t>(out.size());
  out += directory;
  put32(out, 0x06054b50);
  put32(out, 0);
  put16(out, static_cast<std::uint32_t>(names.size()));
  put16(out, static_cast<std::uint32_t>(names.size()));
  put32(out, static_cast<std::uint32_t>(directory.size()));
  put32(out, at);
  put16(out, 0);
  return out;
}

inline std::string torchscript_zip() {
  return zip_of({"net/data.pkl", "net/code/__torch__.py", "net/constants.pkl", "net/version"});
}

}  // namespace nacre::test

#endif  // NACRE_TESTS_CORE_MODEL_BYTES_H_
