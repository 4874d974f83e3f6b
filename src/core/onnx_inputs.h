// How many inputs an ONNX operator has at least.
//
// OpenVINO's reader takes some inputs without looking whether they are there, and ends the process
// (tried with 2026.4: Conv with one, Pad with one since opset 11, and Max, Min, Sum, Mean,
// LogSoftmax, GlobalAveragePool, GlobalMaxPool and Pad with none; com.microsoft's Attention and
// Pad, and DetectionOutput and three of Detectron's in org.openvinotoolkit).
#ifndef NACRE_SRC_CORE_ONNX_INPUTS_H_
#define NACRE_SRC_CORE_ONNX_INPUTS_H_

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace nacre {

/// By the schemas of ONNX up to opset 28, the least of all versions; of Pad that of `opset`, which
/// is the version of ONNX's own operators that the model imports. 0 for what is not known:
/// functions of a model are called as operators of domains that nobody else has. Pure; any thread.
[[nodiscard]] std::size_t least_onnx_inputs(std::string_view domain, std::string_view op,
                                            std::int64_t opset) noexcept;

}  // namespace nacre

#endif  // NACRE_SRC_CORE_ONNX_INPUTS_H_
