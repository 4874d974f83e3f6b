// OpenVINO's readers ("frontends"), asked by name so that no other of them sees a model.
#ifndef NACRE_BACKENDS_OPENVINO_FRONTENDS_H_
#define NACRE_BACKENDS_OPENVINO_FRONTENDS_H_

#include <nacre/backend.h>
#include <openvino/core/model.hpp>

#include <istream>
#include <memory>
#include <optional>
#include <string>
#include <utility>

namespace nacre::openvino {

/// Reads a TensorFlow model (a SavedModel's folder, its saved_model.pb, or a frozen graph), a
/// TFLite file, or a Paddle program and its parameters. These readers take paths only, so a guest's
/// bytes are refused: to write them to disk would be to let a guest do so. What such a model may
/// reach, tried with 2026.4: of a SavedModel the variables/ inside its folder; operators that name
/// files (ReadFile, WriteFile, tables from text files, checkpoints) have no conversion or are
/// dropped, and none is opened. Paddle's reader takes streams too; a guest's are refused because it
/// trusts its bytes (src/core/paddle_walk.h). Errors: kUnsupportedOperation for bytes, and for
/// operators OpenVINO lacks; kInvalidArgument for more paths than a model has files;
/// kModelNotFound; exceptions of OpenVINO's for everything else.
[[nodiscard]] Result<std::shared_ptr<ov::Model>> read_by_frontend(const ModelSource& source,
                                                                  GraphEncoding encoding);

/// Reads ONNX, and nothing else: Core::read_model would try reader after reader, and bytes that are
/// no ONNX came to one that nobody had checked them for. kInvalidEncoding for bytes that are none;
/// exceptions of OpenVINO's.
[[nodiscard]] Result<std::shared_ptr<ov::Model>> read_onnx(std::istream& bytes);

/// The versions of IR that the library reads, oldest and newest: found by asking its reader.
/// nullopt when there is no such reader.
[[nodiscard]] std::optional<std::pair<int, int>> ir_versions();

/// Whether the library's IR reader takes this XML; if not, why: kInvalidEncoding, for another
/// version with wanted against supported.
[[nodiscard]] Result<void> check_ir(std::istream& xml);

}  // namespace nacre::openvino

#endif  // NACRE_BACKENDS_OPENVINO_FRONTENDS_H_
