// Clip of ONNX, read by us.
#ifndef NACRE_BACKENDS_OPENVINO_READ_CLIP_H_
#define NACRE_BACKENDS_OPENVINO_READ_CLIP_H_

#include <openvino/core/extension.hpp>

namespace nacre::openvino {

/// OpenVINO's own reader of Clip ends the process where a bound is left out and the type of the
/// data is not known, as behind an operator that it has no conversion for (tried with 2026.4; of
/// the 1,072 models of ONNX's operator tests with such an operator before each input, it is the
/// only one). This one makes of it what that does, and refuses there with an exception, which the
/// reader of the model takes for an operator without conversion. For a core, or for the ONNX reader
/// itself.
[[nodiscard]] ov::Extension::Ptr clip_reader();

}  // namespace nacre::openvino

#endif  // NACRE_BACKENDS_OPENVINO_READ_CLIP_H_
