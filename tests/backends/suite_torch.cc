#include "suite.h"

namespace nacre::test {
namespace {

auto load(const std::string& name) {
  return [name] { return load_path(torch_path(name)); };
}

bool add_torch_cases() {
  for (const TensorType type :
       {TensorType::kF16, TensorType::kF32, TensorType::kF64, TensorType::kBf16, TensorType::kU8,
        TensorType::kI8, TensorType::kI16, TensorType::kI32, TensorType::kI64, TensorType::kBool}) {
    const Plain tensor = noise(type, {3, 2}, 7);
    add_case({.name = "torch_identity_" + std::string(to_string(type)),
              .backend = "torch",
              .load = load("identity"),
              .inputs = {tensor},
              .outputs = {tensor}});
  }
  const Plain a = plain<float>(TensorType::kF32, {2, 2}, {1, 2, 3, 4});
  const Plain b = plain<float>(TensorType::kF32, {2, 2}, {10, 20, 30, 40});
  add_case({.name = "torch_many",
            .backend = "torch",
            .load = load("many"),
            .inputs = {a, plain<std::int64_t>(TensorType::kI64, {3}, {5, -6, 7}),
                       plain<std::uint8_t>(TensorType::kBool, {3}, {0, 1, 0})},
            .outputs = {plain<std::uint8_t>(TensorType::kBool, {3}, {1, 0, 1}),
                        plain<float>(TensorType::kF32, {2, 2}, {2, 3, 4, 5}),
                        plain<std::int64_t>(TensorType::kI64, {1}, {3}),
                        plain<std::int64_t>(TensorType::kI64, {3}, {10, -12, 14})}});
  add_case({.name = "torch_nested",
            .backend = "torch",
            .load = load("nested"),
            .inputs = {a, b},
            .outputs = {plain<float>(TensorType::kF32, {2, 2}, {11, 22, 33, 44}),
                        plain<float>(TensorType::kF32, {2, 2}, {-9, -18, -27, -36}),
                        plain<std::int64_t>(TensorType::kI64, {}, {2}),
                        plain<std::int64_t>(TensorType::kI64, {2}, {4, 4})}});
  // As many inputs as are set, as many outputs as come.
  add_case({.name = "torch_lists",
            .backend = "torch",
            .load = load("lists"),
            .inputs = {a, b, a},
            .outputs = {plain<float>(TensorType::kF32, {2, 2}, {11, 22, 33, 44}),
                        plain<float>(TensorType::kF32, {2, 2}, {2, 4, 6, 8})}});
  return add_case({.name = "torch_writes_input",
                   .backend = "torch",
                   .load = load("writes_input"),
                   .inputs = {a},
                   .outputs = {plain<float>(TensorType::kF32, {2, 2}, {2, 4, 6, 8})}});
}

const bool kRegistered = add_torch_cases();

}  // namespace
}  // namespace nacre::test
