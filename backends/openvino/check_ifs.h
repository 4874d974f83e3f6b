// Ifs inside Ifs, before OpenVINO compiles them.
#ifndef NACRE_BACKENDS_OPENVINO_CHECK_IFS_H_
#define NACRE_BACKENDS_OPENVINO_CHECK_IFS_H_

#include <nacre/error.h>
#include <openvino/core/model.hpp>

#include <cstdint>

namespace nacre::openvino {

/// Compiling transforms a branch of an If twice for each time that it transforms the If: a node
/// costs twice as much with every If around it, 1 to 2 µs times that. 31 of them around one
/// addition take hours, and no deadline ends a load. So the sum is bounded, to about a second.
inline constexpr std::uint64_t kMostWorkInIfs = 500'000;

/// Errors: kTooLarge.
[[nodiscard]] Result<void> check_ifs(const ov::Model& model);

}  // namespace nacre::openvino

#endif  // NACRE_BACKENDS_OPENVINO_CHECK_IFS_H_
