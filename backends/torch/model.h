// A loaded TorchScript module, checked; what its contexts share.
#ifndef NACRE_BACKENDS_TORCH_MODEL_H_
#define NACRE_BACKENDS_TORCH_MODEL_H_

#include <nacre/backend.h>
#include <torch/csrc/jit/api/module.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>

#include "runtime.h"
#include "signature.h"
#include "walk.h"

namespace nacre::torch {

/// Immutable once loaded, except what forward() keeps in a module that keeps state: then `module`
/// itself is never computed on, only copies of it.
struct Model {
  std::shared_ptr<Runtime> runtime;
  ::torch::jit::Module module;
  Signature signature;
  CodeFacts facts;
  std::size_t stack_to_compute = 0;
  std::uint32_t threads = 0;
};

/// Loads, checks and describes. `threads` are an operator's, 0 the process's number. Nothing of the
/// model's code has run when it returns. `inputs` and `outputs` as in read_signature().
[[nodiscard]] Result<std::shared_ptr<const Model>> load_model(std::shared_ptr<Runtime> runtime,
                                                              std::span<const std::byte> archive,
                                                              std::uint32_t threads,
                                                              const std::string& inputs,
                                                              const std::string& outputs);

/// libtorch's parser, compiler and passes recurse into what they read, and the host's stack may be
/// small, or a guest's fibre. Bytes of addresses; touched as used.
inline constexpr std::size_t kLoadStack = std::size_t{1} << 30;

/// The module for one context: the model's own, or a copy where it keeps state. The copy has
/// tensors of its own only if some are written in place. May throw.
[[nodiscard]] ::torch::jit::Module module_for_context(const Model& model);

}  // namespace nacre::torch

#endif  // NACRE_BACKENDS_TORCH_MODEL_H_
