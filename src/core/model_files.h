// The files of a model that an operator named: found, opened, told apart and checked.
//
// Threading: any thread; what is opened belongs to whoever asked.
#ifndef NACRE_SRC_CORE_MODEL_FILES_H_
#define NACRE_SRC_CORE_MODEL_FILES_H_

#include <nacre/error.h>
#include <nacre/graph.h>
#include <nacre/registry.h>

#include "base/mapped_file.h"

#include <optional>
#include <string>
#include <vector>

namespace nacre {

/// A model's files, opened: what they are, and in a backend's order.
struct OpenedFiles {
  std::vector<std::string> paths;
  std::vector<MappedFile> files;  // none for a folder
  std::optional<GraphEncoding> found;
  std::vector<std::string> beside;  // named with an ONNX model, as files that it keeps data in
};

/// Opens them and says what they are. kModelNotFound for a file that is not there, kInvalidEncoding
/// for one that is not of the stated format, or for several that are no model together. A spec
/// without files is an echo model.
[[nodiscard]] Result<OpenedFiles> open_model_files(const ModelSpec& spec, GraphEncoding& encoding);

/// What is in them, as far as that can be said before a backend reads them, and that the hashes
/// which the operator gave cover all that will be read.
[[nodiscard]] Result<void> check_model_files(const ModelSpec& spec, const OpenedFiles& opened,
                                             GraphEncoding encoding);

/// Of a SavedModel that is named by its file the variables beside it would be read too: kSecurity
/// where the file has a hash and they are there.
[[nodiscard]] Result<void> check_no_variables(const ModelSpec& spec, const OpenedFiles& opened,
                                              GraphEncoding encoding);

}  // namespace nacre

#endif  // NACRE_SRC_CORE_MODEL_FILES_H_
