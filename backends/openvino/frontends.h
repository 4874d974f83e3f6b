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

/// Reads a TensorFlow model (a SavedModel's folder, its saved_model.pb, or a frozen graph) or a
/// TFLite file. These readers take paths only, so a guest's bytes are refused: to write them to
/// disk would be to let a guest do so. What such a model may reach, tried with 2026.4: of a
/// SavedModel the variables/ inside its folder; operators that name files (ReadFile, WriteFile,
/// tables from text files, checkpoints) have no conversion or are dropped, and none is opened.
/// Errors: kUnsupportedOperation for bytes, and for operators OpenVINO lacks; kInvalidArgument for
/// more than one path; kModelNotFound; exceptions of OpenVINO's for everything else.
[[nodiscard]] Result<std::shared_ptr<ov::Model>> read_by_frontend(const ModelSource& source,
                                                                  GraphEncoding encoding);

/// The versions of IR that the library reads, oldest and newest: found by asking its reader.
/// nullopt when there is no such reader.
[[nodiscard]] std::optional<std::pair<int, int>> ir_versions();

/// Whether the library's IR reader takes this XML; if not, why: kInvalidEncoding, for another
/// version with wanted against supported.
[[nodiscard]] Result<void> check_ir(std::istream& xml);

}  // namespace nacre::openvino

#endif  // NACRE_BACKENDS_OPENVINO_FRONTENDS_H_
