// Which format a model's bytes are of, and what they say of their making.
#ifndef NACRE_SRC_CORE_MODEL_FORMAT_H_
#define NACRE_SRC_CORE_MODEL_FORMAT_H_

#include <nacre/error.h>
#include <nacre/graph.h>

#include <cstddef>
#include <optional>
#include <span>
#include <vector>

namespace nacre {

/// The format, where `found` is what the sniffer made of the bytes. ONNX bytes that it does not
/// know are left to the walk, which says better what is wrong with them. kInvalidEncoding where
/// `stated` is another, or nothing is known.
[[nodiscard]] Result<GraphEncoding> decide_format(GraphEncoding stated,
                                                  std::optional<GraphEncoding> found);

/// What a model of that format says of its making, under the keys that backends use; nothing where
/// it says nothing, or nothing that can be read.
[[nodiscard]] std::vector<Property> model_facts(GraphEncoding encoding,
                                                std::span<const std::byte> model);

}  // namespace nacre

#endif  // NACRE_SRC_CORE_MODEL_FORMAT_H_
