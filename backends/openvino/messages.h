// OpenVINO's exception texts as sentences.
#ifndef NACRE_BACKENDS_OPENVINO_MESSAGES_H_
#define NACRE_BACKENDS_OPENVINO_MESSAGES_H_

#include <exception>
#include <string>
#include <string_view>

namespace nacre::openvino {

/// What an exception says, on one line, without the source positions in OpenVINO that each layer
/// puts before it, and cut to a length that a log line bears.
[[nodiscard]] std::string explain(const std::exception& exception);
[[nodiscard]] std::string explain(std::string_view vendor_text);

}  // namespace nacre::openvino

#endif  // NACRE_BACKENDS_OPENVINO_MESSAGES_H_
