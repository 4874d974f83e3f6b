// Looks into a TensorFlow Lite model that a guest brought, before any vendor's runtime does.
//
// TFLite's own verifier checks that the FlatBuffer hangs together, and its interpreter that numbers
// of tensors and operators exist. What both take on trust, and what would end the process or show
// its memory to a guest, is refused here:
//  - subgraphs that call each other in a circle (WHILE, IF, CALL_ONCE…): endless recursion;
//  - operators that write into constants, which lie in read-only or shared memory, or into inputs;
//  - operators that read, and outputs that are, tensors which nothing has written: the arena's old
//    bytes;
//  - rows of strings whose offsets lead out of them, sparse constants whose indices do
//    (tflite_sparsity.h) or that another operator than DENSIFY reads, constants of another size
//    than their shape says;
//  - one table referred to from millions of places.
// Nothing in a TFLite model can name a file: there is no such operator, and constants lie in the
// model's own bytes. Custom operators are names that the runtime has or has not.
//
// Threading: pure; any thread. Cost: one pass, some bytes of memory per tensor.
#ifndef NACRE_SRC_CORE_TFLITE_WALK_H_
#define NACRE_SRC_CORE_TFLITE_WALK_H_

#include <nacre/error.h>

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace nacre {

/// Tables in a model, each counted as often as it is referred to; TFLite's verifier stops there
/// too.
inline constexpr std::uint64_t kMaxTfliteTables = 1'000'000;

/// Bytes of all tensors together that are not constants, with dynamic dimensions at what the file
/// says.
inline constexpr std::uint64_t kMaxTfliteActivations = std::uint64_t{8} << 30;

/// Subgraphs that call one another; converters write two or three.
inline constexpr std::size_t kMaxTfliteNesting = 32;

/// Errors: kInvalidEncoding when the bytes are no TFLite model or do one of the above, saying
/// where; kUnsupportedOperation for an operator that tflite_operators.h refuses; kTooLarge beyond
/// the limits.
[[nodiscard]] Result<void> check_tflite(std::span<const std::byte> model);

/// What a model says of its own making.
struct TfliteFacts {
  std::uint32_t schema_version = 0;
  std::string min_runtime_version;            ///< "2.5.0"; often empty
  std::vector<std::string> custom_operators;  ///< names of the first few
};

/// Reads the top of the model only. kInvalidEncoding when that does not hang together.
[[nodiscard]] Result<TfliteFacts> tflite_facts(std::span<const std::byte> model);

}  // namespace nacre

#endif  // NACRE_SRC_CORE_TFLITE_WALK_H_
