// From a model's bytes or files to a Graph: what is it, who reads it, may it be read.
#ifndef NACRE_SRC_CORE_LOADER_H_
#define NACRE_SRC_CORE_LOADER_H_

#include <nacre/error.h>
#include <nacre/graph.h>
#include <nacre/limits.h>
#include <nacre/registry.h>

#include "core/backend_catalog.h"

#include <cstddef>
#include <memory>
#include <span>
#include <string>
#include <vector>

namespace nacre {

/// No format has more parts than two; a guest that gives thousands is refused before it is read.
inline constexpr std::size_t kMaxModelParts = 16;

/// Loads a model that a guest gave as bytes (wasi-nn `load`). The bytes are only needed for the
/// call. Nothing in them reaches a file: ONNX models with external data are refused.
/// Errors: kInvalidArgument (no parts), kTooLarge (parts or bytes), kInvalidEncoding (not the
/// stated format, or none that is known), kSecurity (external data), kUnsupportedOperation (no such
/// device or backend), or the backend's. Threading: any thread; loads run side by side.
[[nodiscard]] Result<std::shared_ptr<Graph>> load_guest_model(
    BackendCatalog& catalog, std::span<const std::span<const std::byte>> parts,
    GraphEncoding encoding, ExecutionTarget target, const GuestLimits& limits);

/// Loads a model that the operator named. `spec.paths` are files (or one folder: a SavedModel); an
/// echo model may have none. Errors as above, kModelNotFound for a file that is not there, and
/// kSecurity for one that has not the hash it should have.
[[nodiscard]] Result<std::shared_ptr<Graph>> load_model(BackendCatalog& catalog,
                                                        const ModelSpec& spec);

/// What can be said of an operator's model without loading it.
struct ModelExamination {
  GraphEncoding encoding = GraphEncoding::kAutodetect;  ///< as found; kAutodetect: unknown
  std::string backend;                                  ///< that would read it; empty: unknown
  bool hash_checked = false;                            ///< and found right
  std::vector<Error> problems;  ///< why load_model would fail; more than one may be found
};

/// Reads the files and opens the backend, as load_model does before it loads.
[[nodiscard]] ModelExamination examine_model(BackendCatalog& catalog, const ModelSpec& spec);

}  // namespace nacre

#endif  // NACRE_SRC_CORE_LOADER_H_
