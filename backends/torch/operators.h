// The operators that a TorchScript model may contain: operators.txt, read once.
#ifndef NACRE_BACKENDS_TORCH_OPERATORS_H_
#define NACRE_BACKENDS_TORCH_OPERATORS_H_

#include <optional>
#include <string>
#include <string_view>

namespace nacre::torch {

/// Why an operator ("aten::save") may not occur; nullopt: it may. Any thread.
[[nodiscard]] std::optional<std::string_view> why_refused(std::string_view name);

}  // namespace nacre::torch

#endif  // NACRE_BACKENDS_TORCH_OPERATORS_H_
