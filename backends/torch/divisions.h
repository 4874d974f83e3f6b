// Integer division that libtorch leaves to the processor.
//
// The smallest int divided by -1 has no answer in its type. libtorch 1.13 divides all the same, and
// the processor ends the process (SIGFPE), as it does for some divisions of ints by zero: any guest
// could do that to any model that divides integers it is given. So a check stands before each such
// division.
#ifndef NACRE_BACKENDS_TORCH_DIVISIONS_H_
#define NACRE_BACKENDS_TORCH_DIVISIONS_H_

#include <torch/csrc/jit/api/module.h>

namespace nacre::torch {

/// Puts the check before each division in every function of the module's compilation unit; it makes
/// an overflow an error of the model's code. Before the first computation, after the code was
/// walked. May throw.
void guard_divisions(const ::torch::jit::Module& module);

}  // namespace nacre::torch

#endif  // NACRE_BACKENDS_TORCH_DIVISIONS_H_
