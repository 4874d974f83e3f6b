// InstanceOptions to WASI preview 1: arguments, environment, directories, standard streams.
#ifndef NACRE_SRC_ENGINE_WASI_H_
#define NACRE_SRC_ENGINE_WASI_H_

#include "engine/c_api.h"
#include "engine/engine.h"
#include "nacre/error.h"

namespace nacre::engine {

/// Fails in a sentence on what WASI cannot carry (text that is not UTF-8, or has a NUL inside) and
/// on directories that cannot be opened.
[[nodiscard]] Result<WasiConfigHandle> make_wasi(const InstanceOptions& options);

}  // namespace nacre::engine

#endif  // NACRE_SRC_ENGINE_WASI_H_
