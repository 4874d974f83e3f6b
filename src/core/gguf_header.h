// A GGUF as its header describes it: what `nacre inspect` shows of a language model, for which
// gigabytes of weights need not be read and no runtime is needed.
#ifndef NACRE_SRC_CORE_GGUF_HEADER_H_
#define NACRE_SRC_CORE_GGUF_HEADER_H_

#include <nacre/error.h>
#include <nacre/graph.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

namespace nacre {

/// No header of a model that is in use comes near; a longer one is refused.
inline constexpr std::uint64_t kMaxGgufHeaderBytes = std::uint64_t{256} << 20;

/// A graph that can only be described. nullopt for a file that is no GGUF. Reads the header and
/// nothing behind it. Errors: kModelNotFound, kInvalidEncoding (gguf_walk.h), kTooLarge.
[[nodiscard]] Result<std::optional<std::shared_ptr<Graph>>> inspect_gguf(const std::string& path,
                                                                         ExecutionTarget target);

}  // namespace nacre

#endif  // NACRE_SRC_CORE_GGUF_HEADER_H_
