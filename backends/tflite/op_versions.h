// Which versions of an operator the library has. No call tells; so it is offered models.
#ifndef NACRE_BACKENDS_TFLITE_OP_VERSIONS_H_
#define NACRE_BACKENDS_TFLITE_OP_VERSIONS_H_

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

namespace nacre::tflite {

/// For a model that the library takes no interpreter of: a sentence for the first operator whose
/// version is newer than the library's, wanted against supported. Empty when there is none. Some
/// microseconds for each operator; any thread.
[[nodiscard]] std::string explain_newer_operator(std::span<const std::byte> model);

}  // namespace nacre::tflite

#endif  // NACRE_BACKENDS_TFLITE_OP_VERSIONS_H_
