// Cases of the behaviour suite for backends that read ONNX.
#ifndef NACRE_TESTS_BACKENDS_SUITE_ONNX_H_
#define NACRE_TESTS_BACKENDS_SUITE_ONNX_H_

#include <string>

#include "suite.h"

namespace nacre::test {

/// Registers the models of tests/data/onnx that every ONNX runtime must compute alike.
inline bool add_onnx_cases(const std::string& backend) {
  const auto load = [backend](const std::string& name) {
    return [backend, name] { return load_path(onnx_path(name), "backend=" + backend); };
  };
  for (const TensorType type : {TensorType::kF32, TensorType::kI32, TensorType::kU8}) {
    const std::string name = "identity_" + std::string(to_string(type));
    const Plain tensor = noise(type, {3, 2}, 7);
    add_case({.name = backend + "_" + name,
              .backend = backend,
              .load = load(name),
              .inputs = {tensor},
              .outputs = {tensor}});
  }
  add_case({.name = backend + "_many",
            .backend = backend,
            .load = load("many"),
            .inputs = {plain<float>(TensorType::kF32, {2, 2}, {1, 2, 3, 4}),
                       plain<std::int64_t>(TensorType::kI64, {3}, {5, -6, 7}),
                       plain<std::uint8_t>(TensorType::kBool, {3}, {0, 1, 0})},
            .outputs = {plain<std::uint8_t>(TensorType::kBool, {3}, {1, 0, 1}),
                        plain<float>(TensorType::kF32, {2, 2}, {2, 3, 4, 5}),
                        plain<std::int64_t>(TensorType::kI64, {1}, {3}),
                        plain<std::int64_t>(TensorType::kI64, {3}, {10, -12, 14})},
            .tolerance = 1e-6});
  return true;
}

}  // namespace nacre::test

#endif  // NACRE_TESTS_BACKENDS_SUITE_ONNX_H_
