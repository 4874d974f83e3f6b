// Operators that OpenVINO's CPU plug-in does not compute safely, and what is left out for it.
#ifndef NACRE_BACKENDS_OPENVINO_CHECK_OPERATORS_H_
#define NACRE_BACKENDS_OPENVINO_CHECK_OPERATORS_H_

#include <nacre/error.h>
#include <openvino/op/constant.hpp>

#include <memory>

namespace nacre::openvino {

/// What the value is in every computation; nullptr when it depends on the model's inputs.
[[nodiscard]] std::shared_ptr<ov::op::v0::Constant> fixed_value(const ov::Output<ov::Node>& value);

/// Refuses an operator whose kernel reads or writes outside its tensors, gives what happened to lie
/// in memory, or ends the process for values that nobody looks at before (tried with 2026.4, each
/// input of each operator with values far out of range). Where constants are looked at when the
/// model is prepared, only inputs that are computed are refused.
/// Errors: kUnsupportedOperation.
[[nodiscard]] Result<void> check_operator(const ov::Node& node);

}  // namespace nacre::openvino

#endif  // NACRE_BACKENDS_OPENVINO_CHECK_OPERATORS_H_
