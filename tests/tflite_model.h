// A TFLite model for tests, as the schema has it, and its bytes; tflite_models.h has some.
#ifndef NACRE_TESTS_TFLITE_MODEL_H_
#define NACRE_TESTS_TFLITE_MODEL_H_

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <string>
#include <utility>
#include <vector>

#include "flat_writer.h"

namespace nacre::test {

// Numbers of the schema.
enum TfliteType : std::uint8_t {
  kTfliteF32 = 0,
  kTfliteF16 = 1,
  kTfliteI32 = 2,
  kTfliteU8 = 3,
  kTfliteI64 = 4,
  kTfliteString = 5,
  kTfliteBool = 6,
  kTfliteI16 = 7,
  kTfliteComplex64 = 8,
  kTfliteI8 = 9,
  kTfliteF64 = 10,
  kTfliteU64 = 12,
  kTfliteU32 = 15,
  kTfliteU16 = 16,
  kTfliteI4 = 17,
  kTfliteBf16 = 18,
};
inline constexpr int kTfliteAdd = 0;
inline constexpr int kTfliteConcatenation = 2;
inline constexpr int kTfliteCustom = 32;
inline constexpr int kTfliteReshape = 22;
inline constexpr int kTfliteStridedSlice = 45;
inline constexpr int kTfliteTransposeConv = 67;
inline constexpr int kTfliteTile = 69;
inline constexpr int kTfliteShape = 77;
inline constexpr int kTflitePack = 83;
inline constexpr int kTfliteDensify = 124;
inline constexpr int kTfliteGather = 36;
inline constexpr int kTfliteLess = 58;
inline constexpr int kTfliteWhere = 109;
inline constexpr int kTfliteIf = 118;
inline constexpr int kTfliteWhile = 119;

struct TfliteTensor {
  std::string name;
  std::uint8_t type = kTfliteF32;
  std::vector<std::int32_t> shape;
  std::uint32_t buffer = 0;
  std::vector<std::int32_t> signature = {};  ///< with -1 for dynamic dimensions
  bool variable = false;
  float scale = 0;
  std::int64_t zero_point = 0;
  std::vector<std::pair<unsigned, Flat>> sparsity = {};  ///< none: it is dense
};
struct TfliteOperator {
  std::uint32_t code = 0;  ///< index into TfliteModel::codes
  std::vector<std::int32_t> inputs;
  std::vector<std::int32_t> outputs;
  std::uint8_t options_kind = 0;
  std::vector<std::pair<unsigned, Flat>> options = {};
  bool second_union = false;  ///< where the options stand: STABLEHLO_… and DILATE
  std::string custom_options = {};
};
struct TfliteSubgraph {
  std::vector<TfliteTensor> tensors;
  std::vector<std::int32_t> inputs;
  std::vector<std::int32_t> outputs;
  std::vector<TfliteOperator> operators;
};
struct TfliteCode {
  int code = 0;
  int version = 1;
  std::string custom = {};
};
struct TfliteSignature {
  std::vector<std::pair<std::string, std::uint32_t>> inputs;
  std::vector<std::pair<std::string, std::uint32_t>> outputs;
};

struct TfliteModel {
  std::uint32_t version = 3;
  std::vector<TfliteCode> codes;
  std::vector<TfliteSubgraph> subgraphs;
  std::vector<std::string> buffers = {""};  ///< the first is always empty
  std::vector<TfliteSignature> signatures = {};
  std::string min_runtime_version = {};

  [[nodiscard]] std::string bytes() const {
    std::vector<Flat> flat_codes;
    for (const TfliteCode& c : codes) {
      std::vector<std::pair<unsigned, Flat>> fields = {
          {0, flat_u8(std::min(c.code, 127))}, {2, flat_i32(c.version)}, {3, flat_i32(c.code)}};
      if (!c.custom.empty()) fields.emplace_back(1, flat_bytes(c.custom));
      flat_codes.push_back(flat_table(std::move(fields)));
    }
    std::vector<Flat> flat_subgraphs;
    for (const TfliteSubgraph& s : subgraphs)
      flat_subgraphs.push_back(subgraph(s));
    std::vector<Flat> flat_buffers;
    for (const std::string& b : buffers) {
      flat_buffers.push_back(b.empty() ? flat_table({}) : flat_table({{0, flat_bytes(b)}}));
    }
    std::vector<std::pair<unsigned, Flat>> root = {{0, flat_i32(version)},
                                                   {1, flat_tables(std::move(flat_codes))},
                                                   {2, flat_tables(std::move(flat_subgraphs))}};
    if (!min_runtime_version.empty()) {
      flat_buffers.push_back(flat_table({{0, flat_bytes(min_runtime_version)}}));
      root.emplace_back(
          6, flat_tables({flat_table({{0, flat_bytes("min_runtime_version")},
                                      {1, flat_i32(std::int64_t(flat_buffers.size()) - 1)}})}));
    }
    root.emplace_back(4, flat_tables(std::move(flat_buffers)));
    if (!signatures.empty()) {
      std::vector<Flat> all;
      for (const TfliteSignature& s : signatures) {
        all.push_back(flat_table({{0, tensor_map(s.inputs)},
                                  {1, tensor_map(s.outputs)},
                                  {2, flat_bytes("serving_default")},
                                  {4, flat_i32(0)}}));
      }
      root.emplace_back(7, flat_tables(std::move(all)));
    }
    return FlatWriter().write(flat_table(std::move(root)));
  }

 private:
  static Flat tensor_map(const std::vector<std::pair<std::string, std::uint32_t>>& names) {
    std::vector<Flat> all;
    for (const auto& [name, tensor] : names)
      all.push_back(flat_table({{0, flat_bytes(name)}, {1, flat_i32(tensor)}}));
    return flat_tables(std::move(all));
  }
  static Flat subgraph(const TfliteSubgraph& s) {
    std::vector<Flat> tensors;
    for (const TfliteTensor& t : s.tensors) {
      std::vector<std::pair<unsigned, Flat>> fields = {{0, flat_ints(t.shape)},
                                                       {1, flat_u8(t.type)},
                                                       {2, flat_i32(t.buffer)},
                                                       {3, flat_bytes(t.name)}};
      if (t.scale != 0) {
        std::int32_t bits = 0;
        std::memcpy(&bits, &t.scale, sizeof bits);
        fields.emplace_back(
            4, flat_table({{2, flat_ints({bits})}, {3, Flat{std::vector{t.zero_point}}}}));
      }
      if (t.variable) fields.emplace_back(5, flat_u8(1));
      if (!t.sparsity.empty()) fields.emplace_back(6, flat_table(t.sparsity));
      if (!t.signature.empty()) fields.emplace_back(7, flat_ints(t.signature));
      fields.emplace_back(8, flat_u8(1));
      tensors.push_back(flat_table(std::move(fields)));
    }
    std::vector<Flat> operators;
    for (const TfliteOperator& o : s.operators) {
      std::vector<std::pair<unsigned, Flat>> fields = {
          {0, flat_i32(o.code)}, {1, flat_ints(o.inputs)}, {2, flat_ints(o.outputs)}};
      if (o.options_kind != 0) {
        fields.emplace_back(o.second_union ? 11 : 3, flat_u8(o.options_kind));
        fields.emplace_back(o.second_union ? 12 : 4, flat_table(o.options));
      }
      if (!o.custom_options.empty()) fields.emplace_back(5, flat_bytes(o.custom_options));
      operators.push_back(flat_table(std::move(fields)));
    }
    return flat_table({{0, flat_tables(std::move(tensors))},
                       {1, flat_ints(s.inputs)},
                       {2, flat_ints(s.outputs)},
                       {3, flat_tables(std::move(operators))}});
  }
};

}  // namespace nacre::test

#endif  // NACRE_TESTS_TFLITE_MODEL_H_
