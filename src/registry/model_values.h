// Values of a ModelSpec from text, for every spelling: the command line's and models.toml's. The
// error of each is what is wanted instead, as the end of a sentence.
#ifndef NACRE_SRC_REGISTRY_MODEL_VALUES_H_
#define NACRE_SRC_REGISTRY_MODEL_VALUES_H_

#include <nacre/graph.h>
#include <nacre/registry.h>

#include <cstdint>
#include <expected>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace nacre {

inline constexpr std::uint32_t kMostThreads = 1024;

[[nodiscard]] std::expected<GraphEncoding, std::string> encoding_of(std::string_view text);
[[nodiscard]] std::expected<ExecutionTarget, std::string> target_of(std::string_view text);
[[nodiscard]] std::expected<Precision, std::string> precision_of(std::string_view text);

/// 0 to kMostThreads.
[[nodiscard]] std::expected<std::uint32_t, std::string> count_of(std::string_view text);

/// "one of: a, b", with the one that `word` is near to in front.
[[nodiscard]] std::string choices(std::string_view word, std::span<const std::string_view> known);

/// The key of ours that `key` is one slip away from. Other keys are a backend's, so only that near
/// is taken for a slip; nullopt for a key of ours as it is.
[[nodiscard]] std::optional<std::string_view> slip_of(std::string_view key,
                                                      std::span<const std::string_view> ours);

}  // namespace nacre

#endif  // NACRE_SRC_REGISTRY_MODEL_VALUES_H_
