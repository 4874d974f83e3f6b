#include "suite_onnx.h"

namespace {
const bool kRegistered = nacre::test::add_onnx_cases("openvino");
}  // namespace
