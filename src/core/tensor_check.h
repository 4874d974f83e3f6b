// The checks of tensors, made once for every backend and every ABI.
//
// Inputs are compared with what the graph describes, outputs with themselves: a graph's stated
// output shapes are hints in several formats, so there only the type, and bytes = dims × size,
// bind. Nothing here allocates unless it fails.
#ifndef NACRE_SRC_CORE_TENSOR_CHECK_H_
#define NACRE_SRC_CORE_TENSOR_CHECK_H_

#include <nacre/error.h>
#include <nacre/graph.h>
#include <nacre/tensor.h>

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace nacre {

/// Whether the number is an element type, kUnknown excluded.
[[nodiscard]] constexpr bool is_tensor_type(std::uint32_t type) noexcept {
  return type >= static_cast<std::uint32_t>(TensorType::kF16) &&
         type <= static_cast<std::uint32_t>(TensorType::kString);
}

/// `input 0 ("image")`, for sentences; the name only where there is one.
[[nodiscard]] std::string describe_place(std::string_view kind, std::size_t index,
                                         std::string_view name);

/// Ceilings of one input.
struct TensorLimits {
  std::uint64_t bytes = UINT64_MAX;
  std::uint64_t strings = UINT64_MAX;
  std::uint64_t string_bytes = UINT64_MAX;
};

/// What a tensor becomes for the backend: its carrier undone, its rank the graph's.
struct CheckedInput {
  TensorType type = TensorType::kUnknown;
  Shape shape;
};

/// Checks `tensor` as input `index`; `wanted` may be null where the graph says nothing. Fills
/// `out`, which is left in any state on an error.
[[nodiscard]] Result<void> check_input(const TensorDescription* wanted, std::size_t index,
                                       const TensorView& tensor, const TensorLimits& limits,
                                       CheckedInput& out);

/// Checks that an output is one: type, dimensions, bytes = dims × size, and the type that the graph
/// stated. For strings the rows are read only when `data` is not null.
[[nodiscard]] Result<void> check_output(const TensorDescription* stated, std::size_t index,
                                        std::uint32_t type, std::span<const std::int64_t> dims,
                                        const void* data, std::uint64_t size,
                                        std::uint64_t max_bytes);

/// How many rows a string tensor's bytes hold; nullopt when they do not end where a row ends.
[[nodiscard]] std::optional<std::uint64_t> count_strings(std::span<const std::byte> rows) noexcept;

}  // namespace nacre

#endif  // NACRE_SRC_CORE_TENSOR_CHECK_H_
