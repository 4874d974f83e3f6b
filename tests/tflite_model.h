// TFLite models for tests, written out by hand: a FlatBuffer of tables that may be anything.
#ifndef NACRE_TESTS_TFLITE_MODEL_H_
#define NACRE_TESTS_TFLITE_MODEL_H_

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace nacre::test {

/// A value in a FlatBuffer: a number (by its bytes), text or bytes, a vector of i32 or i64, a
/// table, or a vector of tables. Fields of a table are given by number.
struct Flat {
  struct Fields {
    std::vector<std::pair<unsigned, Flat>> all;
  };
  struct Number {
    std::uint64_t value;
    std::size_t size;
  };
  std::variant<Number, std::string, std::vector<std::int32_t>, std::vector<std::int64_t>, Fields,
               std::vector<Flat>>
      value;
};

inline Flat flat_u8(std::uint64_t v) {
  return {Flat::Number{v, 1}};
}
inline Flat flat_i32(std::int64_t v) {
  return {Flat::Number{static_cast<std::uint32_t>(v), 4}};
}
inline Flat flat_u64(std::uint64_t v) {
  return {Flat::Number{v, 8}};
}
inline Flat flat_bytes(std::string bytes) {
  return {std::move(bytes)};
}
inline Flat flat_ints(std::vector<std::int32_t> numbers) {
  return {std::move(numbers)};
}
inline Flat flat_table(std::vector<std::pair<unsigned, Flat>> fields) {
  return {Flat::Fields{std::move(fields)}};
}
inline Flat flat_tables(std::vector<Flat> tables) {
  return {std::move(tables)};
}

/// Parents before children, since distances lead forward; everything aligned as its kind needs.
class FlatWriter {
 public:
  std::string write(const Flat& root, std::string_view format = "TFL3") {
    out_.assign(4, '\0');
    out_ += format;
    const std::size_t at = table(std::get<Flat::Fields>(root.value));
    put32(0, static_cast<std::uint32_t>(at));
    return std::exchange(out_, {});
  }

 private:
  void align(std::size_t to) { out_.resize((out_.size() + to - 1) / to * to, '\0'); }
  void put32(std::size_t at, std::uint32_t v) { std::memcpy(out_.data() + at, &v, 4); }
  void append32(std::uint32_t v) {
    out_.append(4, '\0');
    put32(out_.size() - 4, v);
  }
  void append16(std::size_t v) {
    out_ += static_cast<char>(v);
    out_ += static_cast<char>(v >> 8);
  }

  std::size_t table(const Flat::Fields& fields) {
    unsigned count = 0;
    for (const auto& [number, _] : fields.all)
      count = std::max(count, number + 1);
    // Largest first, so that all are aligned; the table starts where (start + 4) % 8 == 0.
    std::vector<std::size_t> offsets(count, 0);
    std::size_t size = 4;
    for (const std::size_t width : {8u, 4u, 1u}) {
      for (const auto& [number, field] : fields.all) {
        const auto* plain = std::get_if<Flat::Number>(&field.value);
        if ((plain == nullptr ? 4 : plain->size) != width) continue;
        offsets[number] = size;
        size += width;
      }
    }
    align(8);
    const std::size_t vtable = out_.size();
    append16(4 + 2 * count);
    append16(size);
    for (const std::size_t offset : offsets)
      append16(offset);
    while (out_.size() % 8 != 4)
      out_ += '\0';
    const std::size_t start = out_.size();
    out_.append(size, '\0');
    put32(start, static_cast<std::uint32_t>(start - vtable));
    for (const auto& [number, field] : fields.all) {
      const std::size_t at = start + offsets[number];
      if (const auto* plain = std::get_if<Flat::Number>(&field.value)) {
        std::memcpy(out_.data() + at, &plain->value, plain->size);
      } else {
        refer(at, field);
      }
    }
    return start;
  }

  void refer(std::size_t at, const Flat& value) {
    std::size_t there = 0;
    if (const auto* text = std::get_if<std::string>(&value.value)) {
      while (out_.size() % 16 != 12)
        out_ += '\0';
      there = out_.size();
      append32(static_cast<std::uint32_t>(text->size()));
      out_ += *text;
      out_ += '\0';
    } else if (const auto* numbers = std::get_if<std::vector<std::int32_t>>(&value.value)) {
      align(4);
      there = out_.size();
      append32(static_cast<std::uint32_t>(numbers->size()));
      for (const std::int32_t v : *numbers)
        append32(static_cast<std::uint32_t>(v));
    } else if (const auto* longs = std::get_if<std::vector<std::int64_t>>(&value.value)) {
      while (out_.size() % 8 != 4)
        out_ += '\0';
      there = out_.size();
      append32(static_cast<std::uint32_t>(longs->size()));
      for (const std::int64_t v : *longs) {
        append32(static_cast<std::uint32_t>(v));
        append32(static_cast<std::uint32_t>(static_cast<std::uint64_t>(v) >> 32));
      }
    } else if (const auto* fields = std::get_if<Flat::Fields>(&value.value)) {
      there = table(*fields);
    } else {
      const auto& tables = std::get<std::vector<Flat>>(value.value);
      align(4);
      there = out_.size();
      append32(static_cast<std::uint32_t>(tables.size()));
      out_.append(4 * tables.size(), '\0');
      for (std::size_t i = 0; i < tables.size(); ++i)
        refer(there + 4 + 4 * i, tables[i]);
    }
    put32(at, static_cast<std::uint32_t>(there - at));
  }

  std::string out_;
};

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

inline std::string float_bytes(const std::vector<float>& values) {
  return {reinterpret_cast<const char*>(values.data()), values.size() * sizeof(float)};
}
inline std::string int_bytes(const std::vector<std::int32_t>& values) {
  return {reinterpret_cast<const char*>(values.data()), values.size() * sizeof(std::int32_t)};
}

/// ADD with the options that OpenVINO asks for and TFLite does without.
inline TfliteOperator tflite_add(std::uint32_t code, std::vector<std::int32_t> inputs,
                                 std::int32_t output) {
  return {.code = code,
          .inputs = std::move(inputs),
          .outputs = {output},
          .options_kind = 11,
          .options = {{0, flat_u8(0)}}};
}

/// y = x + x, of any type that ADD takes; `signature` may make the first dimension dynamic.
inline TfliteModel tflite_twice(std::uint8_t type = kTfliteF32,
                                std::vector<std::int32_t> shape = {2, 3},
                                std::vector<std::int32_t> signature = {}) {
  return {.codes = {{kTfliteAdd}},
          .subgraphs = {
              {.tensors = {{.name = "x", .type = type, .shape = shape, .signature = signature},
                           {.name = "y", .type = type, .shape = shape, .signature = signature}},
               .inputs = {0},
               .outputs = {1},
               .operators = {tflite_add(0, {0, 0}, 1)}}}};
}

/// y = the rows of x: RESHAPE to [-1, last], which passes every element type through.
inline TfliteModel tflite_rows(std::uint8_t type, std::int32_t rows, std::int32_t columns,
                               bool dynamic = false) {
  const std::vector<std::int32_t> to = {-1, columns};
  const std::vector<std::int32_t> shape = {rows, columns};
  const std::vector<std::int32_t> signature =
      dynamic ? std::vector<std::int32_t>{-1, columns} : std::vector<std::int32_t>{};
  return {.codes = {{kTfliteReshape}},
          .subgraphs =
              {{.tensors = {{.name = "x", .type = type, .shape = shape, .signature = signature},
                            {.name = "y", .type = type, .shape = shape, .signature = signature},
                            {.name = "to", .type = kTfliteI32, .shape = {2}, .buffer = 1}},
                .inputs = {0},
                .outputs = {1},
                .operators = {{.code = 0, .inputs = {0, 2}, .outputs = {1}}}}},
          .buffers = {"", std::string(reinterpret_cast<const char*>(to.data()), 8)}};
}

/// y = x, both scalars: RESHAPE to no dimensions at all.
inline TfliteModel tflite_scalar(std::uint8_t type) {
  return {.codes = {{kTfliteReshape}},
          .subgraphs = {{.tensors = {{.name = "x", .type = type, .shape = {}},
                                     {.name = "y", .type = type, .shape = {}},
                                     {.name = "to", .type = kTfliteI32, .shape = {0}, .buffer = 1}},
                         .inputs = {0},
                         .outputs = {1},
                         .operators = {{.code = 0, .inputs = {0, 2}, .outputs = {1}}}}},
          .buffers = {"", ""}};
}

/// Counts i from 0 to `turns`, an i32 scalar input, one by one: WHILE (i < turns) i = i + 1.
inline TfliteModel tflite_count() {
  const std::int32_t one = 1;
  const std::int32_t zero = 0;
  const auto scalar = [](std::string name, std::uint8_t type = kTfliteI32,
                         std::uint32_t buffer = 0) {
    return TfliteTensor{.name = std::move(name), .type = type, .shape = {}, .buffer = buffer};
  };
  return {.codes = {{kTfliteWhile}, {kTfliteLess}, {kTfliteAdd}},
          .subgraphs = {{.tensors = {scalar("turns"), scalar("zero", kTfliteI32, 2), scalar("i"),
                                     scalar("end")},
                         .inputs = {0},
                         .outputs = {2},
                         .operators = {{.code = 0,
                                        .inputs = {1, 0},
                                        .outputs = {2, 3},
                                        .options_kind = 93,
                                        .options = {{0, flat_i32(1)}, {1, flat_i32(2)}}}}},
                        {.tensors = {scalar("i"), scalar("end"), scalar("more", kTfliteBool)},
                         .inputs = {0, 1},
                         .outputs = {2},
                         .operators = {{.code = 1, .inputs = {0, 1}, .outputs = {2}}}},
                        {.tensors = {scalar("i"), scalar("end"), scalar("one", kTfliteI32, 1),
                                     scalar("next")},
                         .inputs = {0, 1},
                         .outputs = {3, 1},
                         .operators = {{.code = 2, .inputs = {0, 2}, .outputs = {3}}}}},
          .buffers = {"", std::string(reinterpret_cast<const char*>(&one), 4),
                      std::string(reinterpret_cast<const char*>(&zero), 4)}};
}

/// What stands before an operator that takes a shape whose first number is a dimension of tensor
/// `of`, as converters write it where they do not know the batch: SHAPE, one number of it, PACK
/// with the others. The first three codes have to be SHAPE, STRIDED_SLICE and PACK. The answer is
/// the packed tensor.
inline std::int32_t tflite_shape_of(TfliteModel& model, std::int32_t of,
                                    std::vector<std::int32_t> others, std::int32_t axis = 0) {
  TfliteSubgraph& graph = model.subgraphs[0];
  const auto add = [&](std::vector<std::int32_t> shape, std::string constant = {}) {
    TfliteTensor tensor{.name = "s" + std::to_string(graph.tensors.size()),
                        .type = kTfliteI32,
                        .shape = std::move(shape)};
    if (!constant.empty()) {
      tensor.buffer = static_cast<std::uint32_t>(model.buffers.size());
      model.buffers.push_back(std::move(constant));
    }
    graph.tensors.push_back(std::move(tensor));
    return static_cast<std::int32_t>(graph.tensors.size()) - 1;
  };
  const std::int32_t shape = add({4});
  graph.operators.push_back({.code = 0,
                             .inputs = {of},
                             .outputs = {shape},
                             .options_kind = 55,
                             .options = {{0, flat_u8(kTfliteI32)}}});
  const std::int32_t one = add({});
  graph.operators.push_back({.code = 1,
                             .inputs = {shape, add({1}, int_bytes({axis})),
                                        add({1}, int_bytes({axis + 1})), add({1}, int_bytes({1}))},
                             .outputs = {one},
                             .options_kind = 32,
                             .options = {{4, flat_i32(1)}}});
  std::vector<std::int32_t> parts = {one};
  for (const std::int32_t other : others)
    parts.push_back(add({}, int_bytes({other})));
  const auto count = static_cast<std::int32_t>(parts.size());
  const std::int32_t packed = add({count});
  graph.operators.push_back({.code = 2,
                             .inputs = std::move(parts),
                             .outputs = {packed},
                             .options_kind = 59,
                             .options = {{0, flat_i32(count)}, {1, flat_i32(0)}}});
  return packed;
}

/// Every value of x[n, 2, 2, 1] four times, by a transposed convolution with a stride of 2 whose
/// output shape is [n, rows, 4, 1]; `of` is the tensor that n is taken of: 0 is x, 1 another input.
inline TfliteModel tflite_upscale(std::int32_t rows = 4, std::int32_t of = 0,
                                  std::int32_t axis = 0) {
  TfliteModel model{
      .codes = {{kTfliteShape}, {kTfliteStridedSlice}, {kTflitePack}, {kTfliteTransposeConv}},
      .subgraphs = {{.tensors = {{.name = "x", .shape = {1, 2, 2, 1}, .signature = {-1, 2, 2, 1}},
                                 {.name = "z", .shape = {1, 2, 2, 1}, .signature = {-1, 2, 2, 1}},
                                 {.name = "w", .shape = {1, 2, 2, 1}, .buffer = 1},
                                 {.name = "y", .shape = {1, 4, 4, 1}, .signature = {-1, 4, 4, 1}}},
                     .inputs = {0, 1},
                     .outputs = {3},
                     .operators = {}}},
      .buffers = {"", float_bytes({1, 1, 1, 1})}};
  const std::int32_t shape = tflite_shape_of(model, of, {rows, 4, 1}, axis);
  model.subgraphs[0].operators.push_back(
      {.code = 3,
       .inputs = {shape, 2, 0},
       .outputs = {3},
       .options_kind = 49,
       .options = {{0, flat_u8(0)}, {1, flat_i32(2)}, {2, flat_i32(2)}}});
  return model;
}

/// One row of three values as often as x[n, 2, 2, 1] has images, by TILE; `width` is the row's
/// first dimension, which is to be 1.
inline TfliteModel tflite_token(std::int32_t width = 1) {
  TfliteModel model{
      .codes = {{kTfliteShape}, {kTfliteStridedSlice}, {kTflitePack}, {kTfliteTile}},
      .subgraphs = {{.tensors = {{.name = "x", .shape = {1, 2, 2, 1}, .signature = {-1, 2, 2, 1}},
                                 {.name = "row", .shape = {width, 3}, .buffer = 1},
                                 {.name = "y", .shape = {1, 3}, .signature = {-1, 3}}},
                     .inputs = {0},
                     .outputs = {2},
                     .operators = {}}},
      .buffers = {"", float_bytes(std::vector<float>(static_cast<std::size_t>(3 * width), 7))}};
  const std::int32_t repeats = tflite_shape_of(model, 0, {1});
  model.subgraphs[0].operators.push_back({.code = 3, .inputs = {1, repeats}, .outputs = {2}});
  return model;
}

/// x[2, 4] + a constant of which the file has the values 5, 6 and 7 alone: DENSIFY makes it
/// [[0, 5, 0, 6], [0, 0, 7, 0]].
inline TfliteModel tflite_sparse(std::vector<std::int32_t> segments = {0, 2, 3},
                                 std::vector<std::int32_t> indices = {1, 3, 2}) {
  const auto numbers = [](std::vector<std::int32_t> all) {
    return flat_table({{0, flat_ints(std::move(all))}});
  };
  const Flat levels = flat_tables({flat_table({{0, flat_u8(0)}, {1, flat_i32(2)}}),
                                   flat_table({{0, flat_u8(1)},
                                               {2, flat_u8(1)},
                                               {3, numbers(std::move(segments))},
                                               {4, flat_u8(1)},
                                               {5, numbers(std::move(indices))}})});
  return {.codes = {{kTfliteDensify}, {kTfliteAdd}},
          .subgraphs = {{.tensors = {{.name = "x", .shape = {2, 4}},
                                     {.name = "few",
                                      .shape = {2, 4},
                                      .buffer = 1,
                                      .sparsity = {{0, flat_ints({0, 1})}, {2, levels}}},
                                     {.name = "all", .shape = {2, 4}},
                                     {.name = "y", .shape = {2, 4}}},
                         .inputs = {0},
                         .outputs = {3},
                         .operators = {{.code = 0, .inputs = {1}, .outputs = {2}},
                                       tflite_add(1, {0, 2}, 3)}}},
          .buffers = {"", float_bytes({5, 6, 7})}};
}

/// A FlexBuffer map of i32 (whole numbers) and floats, in the order of the names.
inline std::string flex_map(const std::vector<std::pair<std::string, double>>& sorted) {
  std::string out;
  const auto append = [&out](std::uint32_t v) {
    out.append(reinterpret_cast<const char*>(&v), sizeof v);
  };
  std::vector<std::size_t> names;
  for (const auto& [name, value] : sorted) {
    names.push_back(out.size());
    out += name + '\0';
  }
  out.resize((out.size() + 3) / 4 * 4, '\0');
  append(static_cast<std::uint32_t>(sorted.size()));
  const std::size_t keys = out.size();
  for (const std::size_t name : names)
    append(static_cast<std::uint32_t>(out.size() - name));
  append(static_cast<std::uint32_t>(out.size() - keys));
  append(4);
  append(static_cast<std::uint32_t>(sorted.size()));
  const std::size_t values = out.size();
  std::string kinds;
  for (const auto& [name, value] : sorted) {
    const bool whole = value == static_cast<std::int32_t>(value);
    const auto number = static_cast<std::int32_t>(value);
    const auto part = static_cast<float>(value);
    std::uint32_t bits = 0;
    std::memcpy(&bits, whole ? static_cast<const void*>(&number) : &part, sizeof bits);
    append(bits);
    kinds += static_cast<char>((whole ? 1 : 3) << 2 | 2);
  }
  out += kinds;
  append(static_cast<std::uint32_t>(out.size() - values));
  return out + static_cast<char>(9 << 2 | 2) + '\4';
}

/// Options of TFLite_Detection_PostProcess, for two classes.
inline std::vector<std::pair<std::string, double>> tflite_detection_options() {
  return {{"h_scale", 5},
          {"max_classes_per_detection", 1},
          {"max_detections", 3},
          {"nms_iou_threshold", 0.5},
          {"nms_score_threshold", 0.25},
          {"num_classes", 2},
          {"use_regular_nms", 0},
          {"w_scale", 5},
          {"x_scale", 10},
          {"y_scale", 10}};
}

/// Detections among two boxes: outputs are boxes, classes, scores, and how many.
inline TfliteModel tflite_detections(
    const std::vector<std::pair<std::string, double>>& options = tflite_detection_options(),
    std::int32_t anchors = 2) {
  std::vector<float> places;
  for (std::int32_t i = 0; i < anchors; ++i) {
    const float at = i % 2 == 0 ? 0.25F : 0.75F;
    places.insert(places.end(), {at, at, 0.5F, 0.5F});
  }
  return {.codes = {{.code = kTfliteCustom, .custom = "TFLite_Detection_PostProcess"}},
          .subgraphs = {{.tensors = {{.name = "boxes", .shape = {1, 2, 4}},
                                     {.name = "scores", .shape = {1, 2, 3}},
                                     {.name = "anchors", .shape = {anchors, 4}, .buffer = 1},
                                     {.name = "places", .shape = {1, 3, 4}},
                                     {.name = "classes", .shape = {1, 3}},
                                     {.name = "found", .shape = {1, 3}},
                                     {.name = "count", .shape = {1}}},
                         .inputs = {0, 1},
                         .outputs = {3, 4, 5, 6},
                         .operators = {{.code = 0,
                                        .inputs = {0, 1, 2},
                                        .outputs = {3, 4, 5, 6},
                                        .custom_options = flex_map(options)}}}},
          .buffers = {"", float_bytes(places)}};
}

/// x[4, 2] with `item` in row i, as a loop writes into a list: the rows before i, the item, and
/// those behind. `behind` is what is added to i for the last.
inline TfliteModel tflite_list(std::int32_t behind = 1) {
  constexpr std::uint8_t kI = kTfliteI32;
  const auto joined = [](std::vector<std::int32_t> inputs, std::int32_t output) {
    return TfliteOperator{.code = 2,
                          .inputs = std::move(inputs),
                          .outputs = {output},
                          .options_kind = 10,
                          .options = {{0, flat_i32(0)}}};
  };
  const auto slice = [](std::vector<std::int32_t> inputs, std::int32_t output) {
    return TfliteOperator{
        .code = 3, .inputs = std::move(inputs), .outputs = {output}, .options_kind = 48};
  };
  return {.codes = {{kTfliteReshape}, {kTfliteAdd}, {kTfliteConcatenation}, {65}},
          .subgraphs = {{.tensors = {{.name = "x", .shape = {4, 2}},
                                     {.name = "i", .type = kI, .shape = {}},
                                     {.name = "item", .shape = {1, 2}},
                                     {.name = "one", .type = kI, .shape = {1}, .buffer = 1},
                                     {.name = "all", .type = kI, .shape = {1}, .buffer = 2},
                                     {.name = "zero", .type = kI, .shape = {1}, .buffer = 3},
                                     {.name = "zeros", .type = kI, .shape = {2}, .buffer = 4},
                                     {.name = "rest", .type = kI, .shape = {2}, .buffer = 5},
                                     {.name = "add", .type = kI, .shape = {}, .buffer = 6},
                                     {.name = "row", .type = kI, .shape = {1}},
                                     {.name = "size", .type = kI, .shape = {2}},
                                     {.name = "front", .shape = {1, 2}, .signature = {-1, 2}},
                                     {.name = "next", .type = kI, .shape = {}},
                                     {.name = "next1", .type = kI, .shape = {1}},
                                     {.name = "begin", .type = kI, .shape = {2}},
                                     {.name = "back", .shape = {1, 2}, .signature = {-1, 2}},
                                     {.name = "y", .shape = {4, 2}, .signature = {-1, 2}}},
                         .inputs = {0, 1, 2},
                         .outputs = {16},
                         .operators = {{.code = 0, .inputs = {1, 3}, .outputs = {9}},
                                       joined({9, 4}, 10),
                                       slice({0, 6, 10}, 11),
                                       tflite_add(1, {1, 8}, 12),
                                       {.code = 0, .inputs = {12, 3}, .outputs = {13}},
                                       joined({13, 5}, 14),
                                       slice({0, 14, 7}, 15),
                                       joined({11, 2, 15}, 16)}}},
          .buffers = {"", int_bytes({1}), int_bytes({-1}), int_bytes({0}), int_bytes({0, 0}),
                      int_bytes({-1, -1}), int_bytes({behind})}};
}

}  // namespace nacre::test

#endif  // NACRE_TESTS_TFLITE_MODEL_H_
