// Several operators or subgraphs that do not fit each other: other types, shapes and numbers of
// tensors than who reads or runs them expects. As operators_test.cc.
#include <gtest/gtest.h>

#include <cstdint>
#include <iterator>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "backends/child.h"
#include "odd_models.h"
#include "tflite_models.h"

namespace nacre::test {
namespace {

struct Several {
  std::string name;
  TfliteModel model;
};
std::ostream& operator<<(std::ostream& out, const Several& one) {
  return out << one.name;
}

/// y = more ? x + x : x, in two subgraphs.
TfliteModel choice() {
  const TfliteTensor x{.name = "x", .shape = {2}};
  const TfliteTensor y{.name = "y", .shape = {2}};
  return {.codes = {{kTfliteIf}, {kTfliteAdd}},
          .subgraphs = {{.tensors = {{.name = "more", .type = kBool, .shape = {1}}, x, y},
                         .inputs = {0, 1},
                         .outputs = {2},
                         .operators = {{.code = 0,
                                        .inputs = {0, 1},
                                        .outputs = {2},
                                        .options_kind = 92,
                                        .options = {{0, flat_i32(1)}, {1, flat_i32(2)}}}}},
                        {.tensors = {x, y},
                         .inputs = {0},
                         .outputs = {1},
                         .operators = {tflite_add(1, {0, 0}, 1)}},
                        {.tensors = {x}, .inputs = {0}, .outputs = {0}, .operators = {}}}};
}

/// A variable is made and set once by a subgraph, then added to x.
TfliteModel variable() {
  const TfliteTensor handle{.name = "handle", .type = 13, .shape = {1}};
  const TfliteOperator make{.code = 1,
                            .inputs = {},
                            .outputs = {1},
                            .options_kind = 111,
                            .options = {{0, flat_bytes("")}, {1, flat_bytes("v")}}};
  return {.codes = {{129}, {142}, {144}, {143}, {kTfliteAdd}},
          .subgraphs = {{.tensors = {{.name = "x", .shape = {2}},
                                     handle,
                                     {.name = "kept", .shape = {2}},
                                     {.name = "y", .shape = {2}}},
                         .inputs = {0},
                         .outputs = {3},
                         .operators = {{.code = 0,
                                        .inputs = {},
                                        .outputs = {},
                                        .options_kind = 103,
                                        .options = {{0, flat_i32(1)}}},
                                       make,
                                       {.code = 3, .inputs = {1}, .outputs = {2}},
                                       tflite_add(4, {0, 2}, 3)}},
                        {.tensors = {{.name = "first", .shape = {2}, .buffer = 1}, handle},
                         .inputs = {},
                         .outputs = {},
                         .operators = {make, {.code = 2, .inputs = {1, 0}, .outputs = {}}}}},
          .buffers = {"", float_bytes({1, 2})}};
}

/// An operator of STABLEHLO_ that runs a subgraph of one addition.
TfliteModel with_body(TfliteOperator op, int code, std::vector<TfliteTensor> tensors,
                      std::vector<std::int32_t> inputs, std::vector<std::string> buffers = {""}) {
  const TfliteTensor number{.name = "n", .shape = {}};
  const auto output = static_cast<std::int32_t>(tensors.size() - 1);
  return {.codes = {{code}, {163}},
          .subgraphs = {{.tensors = std::move(tensors),
                         .inputs = std::move(inputs),
                         .outputs = {output},
                         .operators = {std::move(op)}},
                        {.tensors = {number, number, number},
                         .inputs = {0, 1},
                         .outputs = {2},
                         .operators = {{.code = 1, .inputs = {0, 1}, .outputs = {2}}}}},
          .buffers = std::move(buffers)};
}

Flat longs(Ints values) {
  return {std::move(values)};
}

TfliteModel scatter() {
  return with_body({.code = 0,
                    .inputs = {0, 1, 2},
                    .outputs = {3},
                    .options_kind = 7,
                    .options = {{0, flat_u8(0)},
                                {1, longs({1})},
                                {2, longs({0})},
                                {3, longs({0})},
                                {4, flat_u64(1)},
                                {5, flat_u8(0)},
                                {6, flat_i32(1)}},
                    .second_union = true},
                   190,
                   {{.name = "data", .shape = {4, 3}},
                    {.name = "indices", .type = kI64, .shape = {2, 1}},
                    {.name = "updates", .shape = {2, 3}},
                    {.name = "y", .shape = {4, 3}}},
                   {0, 1, 2});
}

TfliteModel reduce_window() {
  return with_body({.code = 0,
                    .inputs = {0, 1},
                    .outputs = {2},
                    .options_kind = 13,
                    .options = {{0, longs({2, 1})},
                                {1, longs({1, 1})},
                                {2, longs({1, 1})},
                                {3, longs({1, 1})},
                                {4, longs({0, 0, 0, 0})},
                                {5, flat_i32(1)}},
                    .second_union = true},
                   198,
                   {{.name = "x", .shape = {4, 3}},
                    {.name = "zero", .shape = {}, .buffer = 1},
                    {.name = "y", .shape = {3, 3}}},
                   {0}, {"", float_bytes({0})});
}

void change(TfliteModel& model, Random& random) {
  constexpr std::uint8_t kTypes[] = {kF32, kI32, kBool, kI64, kStr, 13, kI8, 14};
  TfliteSubgraph& graph = model.subgraphs[below(random, model.subgraphs.size())];
  if (graph.tensors.empty()) return;
  TfliteTensor& tensor = graph.tensors[below(random, graph.tensors.size())];
  const auto any = static_cast<std::int32_t>(below(random, graph.tensors.size()));
  const auto list = [&](std::vector<std::int32_t>& of) {
    if (once_in(random, 2) && !of.empty()) {
      of.erase(of.begin() + static_cast<std::ptrdiff_t>(below(random, of.size())));
    } else if (once_in(random, 2) && !of.empty()) {
      of[below(random, of.size())] = any;
    } else {
      of.push_back(any);
    }
  };
  TfliteOperator none;
  TfliteOperator& op =
      graph.operators.empty() ? none : graph.operators[below(random, graph.operators.size())];
  switch (below(random, 9)) {
    case 0:
      tensor.type = kTypes[below(random, std::size(kTypes))];
      break;
    case 1:
    case 2:
      if (tensor.buffer == 0) change_shape(tensor.shape, random);
      break;
    case 3:
      list(graph.inputs);
      break;
    case 4:
      list(graph.outputs);
      break;
    case 5:
      list(op.inputs);
      break;
    case 6:
      list(op.outputs);
      break;
    case 7:
      for (auto& [number, option] : op.options) {
        if (auto* longs = std::get_if<Ints>(&option.value)) {
          if (once_in(random, 2)) longs->resize(below(random, 10), odd_number(random));
          if (!longs->empty()) (*longs)[below(random, longs->size())] = odd_number(random);
        } else if (auto* plain = std::get_if<Flat::Number>(&option.value)) {
          if (once_in(random, 3)) plain->value = below(random, 3);
        }
      }
      break;
    default:
      tensor.variable = !tensor.variable;
  }
}

class TfliteSubgraphs : public testing::TestWithParam<Several> {};

TEST_P(TfliteSubgraphs, EndNoProcess) {
  const auto outcomes =
      expect_no_process_ends(GetParam().name, 150, /*in_time=*/true, [](int seed) {
        Random random(static_cast<unsigned>(seed));
        TfliteModel model = GetParam().model;
        for (std::size_t i = 0, count = seed == 0 ? 0 : 1 + below(random, 3); i < count; ++i)
          change(model, random);
        return load_and_compute(model.bytes(), random);
      });
  EXPECT_TRUE(outcomes.contains(kComputed) || outcomes.contains(kRefused));
}

INSTANTIATE_TEST_SUITE_P(
    All, TfliteSubgraphs,
    testing::Values(Several{"While", tflite_count()}, Several{"If", choice()},
                    Several{"Variable", variable()}, Several{"Scatter", scatter()},
                    Several{"Upscale", tflite_upscale()}, Several{"Token", tflite_token()},
                    Several{"List", tflite_list()}, Several{"Detections", tflite_detections()},
                    Several{"Sparse", tflite_sparse()}, Several{"ReduceWindow", reduce_window()}),
    [](const auto& one) { return one.param.name; });

}  // namespace
}  // namespace nacre::test
