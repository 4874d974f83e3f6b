// TFLite models that tests share, each told by what it computes.
#ifndef NACRE_TESTS_TFLITE_MODELS_H_
#define NACRE_TESTS_TFLITE_MODELS_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "tflite_model.h"

namespace nacre::test {

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

#endif  // NACRE_TESTS_TFLITE_MODELS_H_
