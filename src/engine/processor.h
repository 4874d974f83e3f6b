// What this processor can do, as part of the key of compiled code.
#ifndef NACRE_SRC_ENGINE_PROCESSOR_H_
#define NACRE_SRC_ENGINE_PROCESSOR_H_

#include <string>

namespace nacre::engine {

/// A text that is the same on processors with the same features, and differs where they differ:
/// code compiled for one may use instructions that another lacks.
[[nodiscard]] std::string processor_features();

}  // namespace nacre::engine

#endif  // NACRE_SRC_ENGINE_PROCESSOR_H_
