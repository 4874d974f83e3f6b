// Numbers in an ONNX node's attributes that a runtime takes without looking, and that end the
// process (tried with ONNX Runtime 1.29 and OpenVINO 2026.4): random numbers of no spread or from
// an empty range, GatherND of negative or countless batch dimensions, convolutions of no groups.
#ifndef NACRE_SRC_CORE_ONNX_NUMBERS_H_
#define NACRE_SRC_CORE_ONNX_NUMBERS_H_

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace nacre {

/// What is wrong with a NodeProto's numbers, as half a sentence ("has the group 0, which must be
/// …"); nullopt when nothing is. `op` is its operator, of ONNX's own domain. Where a parser would
/// take one of several values, all of them count; what a function of the model leaves to its
/// callers does not, for those are not followed. Pure; any thread; reads the attributes' heads
/// only.
[[nodiscard]] std::optional<std::string> wrong_onnx_number(std::string_view op,
                                                           std::span<const std::byte> node);

}  // namespace nacre

#endif  // NACRE_SRC_CORE_ONNX_NUMBERS_H_
