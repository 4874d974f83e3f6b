#include <nacre/tensor.h>

#include "suite.h"
#include "tflite_models.h"

namespace nacre::test {
namespace {

std::function<Result<std::shared_ptr<Graph>>()> load(const TfliteModel& model) {
  return [bytes = model.bytes()] { return load_bytes({bytes}, GraphEncoding::kTensorflowlite); };
}

/// A sum and a reshape beside each other, with signature names in another order than the tensors.
TfliteModel two_of_each() {
  const std::int32_t to[] = {-1, 1};
  return {
      .codes = {{kTfliteAdd}, {kTfliteReshape}},
      .subgraphs = {{.tensors = {{.name = "a", .type = kTfliteF32, .shape = {2, 2}},
                                 {.name = "b", .type = kTfliteI64, .shape = {1}, .signature = {-1}},
                                 {.name = "to", .type = kTfliteI32, .shape = {2}, .buffer = 1},
                                 {.name = "b_column",
                                  .type = kTfliteI64,
                                  .shape = {1, 1},
                                  .signature = {-1, 1}},
                                 {.name = "a_twice", .type = kTfliteF32, .shape = {2, 2}}},
                     .inputs = {0, 1},
                     .outputs = {3, 4},
                     .operators = {{.code = 0, .inputs = {0, 0}, .outputs = {4}},
                                   {.code = 1, .inputs = {1, 2}, .outputs = {3}}}}},
      .buffers = {"", std::string(reinterpret_cast<const char*>(to), 8)},
      .signatures = {{.inputs = {{"numbers", 1}, {"matrix", 0}},
                      .outputs = {{"matrix_twice", 4}, {"numbers_column", 3}}}}};
}

bool add_rows(const char* name, TensorType ours, std::uint8_t theirs, bool dynamic) {
  const Plain x = noise(ours, {4, 3}, 3);
  return add_case({.name = name,
                   .backend = "tflite",
                   .load = load(tflite_rows(theirs, dynamic ? 1 : 4, 3, dynamic)),
                   .inputs = {x},
                   .outputs = {x}});
}

const Plain kMatrix = plain<float>(TensorType::kF32, {2, 2}, {1, -2, 3, 0.5f});
const Plain kNumbers = noise(TensorType::kI64, {5}, 4);

const bool kRegistered =
    add_rows("tflite_f32", TensorType::kF32, kTfliteF32, false) &&
    add_rows("tflite_dynamic_u8", TensorType::kU8, kTfliteU8, true) &&
    add_rows("tflite_strings", TensorType::kString, kTfliteString, false) &&
    add_case({.name = "tflite_two_of_each",
              .backend = "tflite",
              .load = load(two_of_each()),
              .inputs = {kMatrix, kNumbers},
              .outputs = {{TensorType::kI64, {5, 1}, kNumbers.bytes},
                          plain<float>(TensorType::kF32, {2, 2}, {2, -4, 6, 1})}});

}  // namespace
}  // namespace nacre::test
