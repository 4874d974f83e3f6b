#include "op_versions.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <string_view>

#include "base/flatbuffer.h"
#include "library.h"

namespace nacre::tflite {
namespace {

constexpr std::int32_t kCustomOperator = 32;
constexpr std::int32_t kMostVersions = 64;  // the newest operators have about a dozen
constexpr std::size_t kMostOperators = 1000;

/// A model that lists one operator and uses none: the library resolves it all the same.
///
///    0  root 36, "TFL3"
///    8  vtable of the model: version, operator_codes, subgraphs, -, buffers
///   22  vtable of the operator code: old code, -, version, code
///   36  the model       56  its vectors of one table each
///   80  the operator code   96  vtable of the subgraph, all of whose vectors are the one at 136
///  108  the subgraph   128  a buffer without fields, 132 its vtable   136  an empty vector
struct Probe {
  std::array<std::uint8_t, 140> bytes{};

  template <typename T>
  void put(std::size_t at, T value) noexcept {
    std::memcpy(bytes.data() + at, &value, sizeof value);
  }

  Probe(std::int32_t code, std::int32_t version) noexcept {
    put<std::uint32_t>(0, 36);
    std::memcpy(bytes.data() + 4, "TFL3", 4);
    constexpr std::array<std::uint16_t, 7> kModel = {14, 20, 4, 8, 12, 0, 16};
    for (std::size_t i = 0; i < kModel.size(); ++i)
      put(8 + 2 * i, kModel[i]);
    constexpr std::array<std::uint16_t, 6> kCode = {12, 16, 12, 0, 4, 8};
    for (std::size_t i = 0; i < kCode.size(); ++i)
      put(22 + 2 * i, kCode[i]);
    put<std::int32_t>(36, 36 - 8);
    put<std::uint32_t>(40, 3);
    for (std::size_t i = 0; i < 3; ++i) {
      put(44 + 4 * i, static_cast<std::uint32_t>(56 + 8 * i - (44 + 4 * i)));
      put<std::uint32_t>(56 + 8 * i, 1);
    }
    put<std::uint32_t>(60, 80 - 60);
    put<std::uint32_t>(68, 108 - 68);
    put<std::uint32_t>(76, 128 - 76);
    put<std::int32_t>(80, 80 - 22);
    put(84, version);
    put(88, code);
    put<std::uint8_t>(92, static_cast<std::uint8_t>(std::min(code, 127)));
    constexpr std::array<std::uint16_t, 6> kSubgraph = {12, 20, 4, 8, 12, 16};
    for (std::size_t i = 0; i < kSubgraph.size(); ++i)
      put(96 + 2 * i, kSubgraph[i]);
    put<std::int32_t>(108, 108 - 96);
    for (std::size_t at = 112; at < 128; at += 4)
      put(at, static_cast<std::uint32_t>(136 - at));
    put<std::int32_t>(128, 128 - 132);
    put<std::uint16_t>(132, 4);
    put<std::uint16_t>(134, 4);
  }
};

/// Empty when the library has the operator in that version, else what it says.
std::string complaint(std::int32_t code, std::int32_t version) {
  const Probe probe(code, version);
  Complaints complaints;
  const ModelHandle model = make_model(std::as_bytes(std::span(probe.bytes)), complaints);
  if (model == nullptr) return "no model";
  const Interpreter interpreter = make_interpreter(*model, 1);
  return interpreter.handle != nullptr ? std::string() : interpreter.complaints->take();
}

// "Didn't find op for builtin opcode 'ADD' version '9'."
std::string name_in(std::string_view complaint_text, std::int32_t code) {
  const std::size_t begin = complaint_text.find('\'', complaint_text.find("opcode"));
  const std::size_t end =
      begin == complaint_text.npos ? begin : complaint_text.find('\'', begin + 1);
  if (end == complaint_text.npos) return "number " + std::to_string(code);
  return std::string(complaint_text.substr(begin + 1, end - begin - 1));
}

}  // namespace

std::string explain_newer_operator(std::span<const std::byte> model) {
  FlatBytes in(model);
  const FlatTables codes = FlatTable::root(in, "TFL3").tables(1);
  const std::size_t count = std::min(codes.size(), kMostOperators);
  for (std::size_t i = 0; i < count && !in.broken(); ++i) {
    const FlatTable entry = codes[i];
    const auto code = std::max(static_cast<std::int32_t>(entry.number<std::int8_t>(0)),
                               entry.number<std::int32_t>(3));
    const auto version = entry.number<std::int32_t>(2, 1);
    if (code == kCustomOperator || code < 0) continue;
    const std::string why = complaint(code, version);
    if (why.empty()) continue;
    std::int32_t newest = 0;
    while (newest < kMostVersions && complaint(code, newest + 1).empty())
      ++newest;
    const std::string wanted = "The model wants the operator " + name_in(why, code) +
                               " in version " + std::to_string(version) + ", and TensorFlow Lite " +
                               api().version();
    if (newest == 0) return wanted + " does not have that operator.";
    return wanted + " has versions 1 to " + std::to_string(newest) +
           ". Convert the model for an older runtime, or install a newer library.";
  }
  return {};
}

}  // namespace nacre::tflite
