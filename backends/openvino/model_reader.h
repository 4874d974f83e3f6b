// From bytes or files to an ov::Model, for the formats Nacre reads with OpenVINO.
#ifndef NACRE_BACKENDS_OPENVINO_MODEL_READER_H_
#define NACRE_BACKENDS_OPENVINO_MODEL_READER_H_

#include <nacre/backend.h>
#include <openvino/runtime/core.hpp>

#include <memory>

namespace nacre::openvino {

/// Reads IR (the XML, then the weights if it has any), ONNX (one part), and from paths only
/// TensorFlow, TFLite and Paddle (frontends.h). A path to an XML alone takes the .bin beside it,
/// where there is one. Nothing of `source` is referred to afterwards,
/// except files, which may stay mapped.
/// Errors: kInvalidArgument for a wrong number of parts, kModelNotFound for a missing file,
/// kInvalidEncoding for bytes that are not what the encoding says, kUnsupportedOperation for
/// an ONNX operator that OpenVINO does not have.
[[nodiscard]] Result<std::shared_ptr<ov::Model>> read_model(ov::Core& core,
                                                            const ModelSource& source,
                                                            GraphEncoding encoding);

}  // namespace nacre::openvino

#endif  // NACRE_BACKENDS_OPENVINO_MODEL_READER_H_
