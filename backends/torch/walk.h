// Looks through a loaded TorchScript model before any of it runs: every function that came with it,
// and every value that its module holds.
#ifndef NACRE_BACKENDS_TORCH_WALK_H_
#define NACRE_BACKENDS_TORCH_WALK_H_

#include <nacre/error.h>
#include <torch/csrc/jit/api/module.h>

#include <cstddef>
#include <vector>

namespace nacre::torch {

/// What a walk of the code found out about forward() and all that it calls.
struct CodeFacts {
  bool keeps_state = false;     ///< an attribute is set, or something in one is written in place
  bool writes_tensors = false;  ///< in place, in what an attribute holds: tensors cannot be shared
  std::vector<bool> written;    ///< by parameter of forward(), without self: written in place
};

/// Nodes of forward() with everything it calls written out; more are refused. Calls that double at
/// each step would otherwise fill the memory when libtorch writes them out.
inline constexpr std::size_t kMostNodes = 300'000;

/// Walks every function in the module's compilation unit: methods, hooks, functions, the blocks of
/// each, graphs in attributes. Calls through interfaces can only reach those same functions.
/// Errors: kSecurity for an operator that is not allowed, a class of C++, or a value that code may
/// not hold, naming it and the method; kUnsupportedOperation for recursion; kTooLarge.
/// May throw what libtorch throws. Recurses: run it with a stack of kLoadStack.
[[nodiscard]] Result<CodeFacts> walk_code(const ::torch::jit::Module& module);

/// Walks every value that the module holds: each must have the type that its class declares (the
/// loader does not look, and compiled code does not look again), and each tensor must lie inside
/// its storage, on the CPU, strided.
/// Errors: kInvalidEncoding, kSecurity for values that reach outside. May throw; recurses.
[[nodiscard]] Result<void> walk_values(const ::torch::jit::Module& module);

/// Bytes of stack that computing forward() takes: libtorch compiles a graph when it is computed,
/// not only the first time, and recurses from each value to those that it is made of.
[[nodiscard]] std::size_t stack_to_compute(const ::torch::jit::Module& module);

}  // namespace nacre::torch

#endif  // NACRE_BACKENDS_TORCH_WALK_H_
