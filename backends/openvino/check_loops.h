// Loops that would run before anybody has given the model an input.
#ifndef NACRE_BACKENDS_OPENVINO_CHECK_LOOPS_H_
#define NACRE_BACKENDS_OPENVINO_CHECK_LOOPS_H_

#include <nacre/error.h>
#include <openvino/core/model.hpp>
#include <openvino/runtime/core.hpp>

#include <cstdint>

namespace nacre::openvino {

/// Rounds that a loop may make while the model is prepared, those of loops in it multiplied.
inline constexpr std::uint64_t kMostConstantRounds = 1'000'000;

/// OpenVINO computes what depends on no input when it prepares the model, loops too: there no
/// deadline reaches it, and one without end keeps it for ever (tried with 2026.4). So of a Loop
/// that depends on no input the trip count has to be a constant, and no more than the above. Linear
/// in the model's size. Errors: kUnsupportedOperation.
[[nodiscard]] Result<void> check_loops(const ov::Model& model);

/// Reading an IR, OpenVINO runs such a loop too, to know the shape of what depends on it. After
/// this a core does not; what it reads goes through check_loops(), and then is to be cloned, for a
/// clone's loops are OpenVINO's own again. Throws what OpenVINO throws.
void read_loops_unrun(ov::Core& core);

}  // namespace nacre::openvino

#endif  // NACRE_BACKENDS_OPENVINO_CHECK_LOOPS_H_
