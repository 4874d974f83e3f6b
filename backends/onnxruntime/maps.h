// Outputs that are a sequence of maps, as ZipMap gives them: scikit-learn's classifiers are
// exported with one, a map from class to probability for every row. Guests know tensors only, so it
// is delivered as a tensor of rows, the maps' values in the order of their keys.
#ifndef NACRE_BACKENDS_ONNXRUNTIME_MAPS_H_
#define NACRE_BACKENDS_ONNXRUNTIME_MAPS_H_

#include <nacre/backend.h>
#include <nacre/error.h>
#include <onnxruntime_c_api.h>

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

namespace nacre::onnxruntime {

/// The tensor that stands for it; nullopt when the type is no sequence of maps to f32.
[[nodiscard]] std::optional<TensorDescription> describe_maps(const OrtTypeInfo* type,
                                                             const std::string& name);

/// A table of all values: `values` is rows × columns.
struct MapRows {
  std::size_t rows = 0;
  std::size_t columns = 0;
  std::vector<float> values;
};

/// kRuntimeError when the maps do not have the same keys, since a column is one key.
[[nodiscard]] Result<MapRows> read_maps(const OrtValue* sequence);

}  // namespace nacre::onnxruntime

#endif  // NACRE_BACKENDS_ONNXRUNTIME_MAPS_H_
