// Integer divisions that have no result, in code that is not ours.
//
// x86 answers a division by zero, and the smallest number by -1, with SIGFPE, which ends the
// process; vendors' kernels make such divisions of what a guest or a model gives them (ONNX
// Runtime's Div and Mod of INT64_MIN by -1, OpenVINO's shape computations on empty tensors). Arm
// has answers instead, on which the same libraries go on there: n / 0 = 0, n % 0 = n, and the
// smallest number by -1 is itself, remainder 0. Here they get those.
#ifndef NACRE_SRC_BASE_DIVISIONS_H_
#define NACRE_SRC_BASE_DIVISIONS_H_

namespace nacre {

/// From now on, divisions in shared libraries whose file names begin with `prefix` (a literal)
/// have Arm's answers. Takes the process's SIGFPE handler; whatever else raises the signal gets to
/// the one before, as do libraries that nobody named. Does nothing on other processors, and
/// without glibc 2.35. The code that this is linked into must never be unloaded. Any thread.
///
/// A thread that blocks SIGFPE still ends the process: the kernel has no other way then.
void answer_divisions_in(const char* prefix) noexcept;

}  // namespace nacre

#endif  // NACRE_SRC_BASE_DIVISIONS_H_
