// Looks into a Paddle inference model (x.pdmodel and x.pdiparams) before OpenVINO's reader does.
//
// That reader trusts what the files say of themselves. What would end the process, take all its
// memory or write on its standard output is refused here:
//  - blocks (the bodies of while and conditional_block) that contain each other, are used twice, or
//    belong to no operator: endless recursion, work that doubles itself, an index past an array;
//  - operators without results, whose first one the reader takes all the same;
//  - parameters whose sizes lead out of their file, or are not those that the program says;
//  - arrays of tensors, which the reader announces on standard output;
//  - programs of Paddle before 2.0, which it does not read.
// Neither file can name another: the parameters lie in one file, in the order of their names.
//
// Threading: pure; any thread. Cost: one pass over the program and over the parameters' headers;
// their numbers are skipped.
#ifndef NACRE_SRC_CORE_PADDLE_WALK_H_
#define NACRE_SRC_CORE_PADDLE_WALK_H_

#include <nacre/error.h>

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace nacre {

/// Blocks in blocks; the reader converts them by recursion.
inline constexpr std::size_t kMaxPaddleNesting = 32;

/// Variables, operators, and their inputs, outputs and attributes, of all blocks together.
inline constexpr std::size_t kMaxPaddleFields = 1'000'000;

struct PaddleParameter {
  std::string name;
  std::uint64_t type = 0;      ///< Paddle's number of the element type
  std::uint64_t elements = 0;  ///< the product of its dimensions
};

struct PaddleProgram {
  std::int64_t version = 0;                 ///< 2006000 is 2.6.0; 0: not said
  std::vector<PaddleParameter> parameters;  ///< in the order of the file of parameters
};

/// Checks a program and says which parameters it wants. kInvalidEncoding when the bytes are none or
/// do one of the above, saying where; kUnsupportedOperation for arrays of tensors and for element
/// types that are not read; kTooLarge beyond the limits.
[[nodiscard]] Result<PaddleProgram> check_paddle(std::span<const std::byte> program);

/// Whether a file holds exactly the parameters of the program. kInvalidEncoding, naming the first
/// that it does not.
[[nodiscard]] Result<void> check_paddle_parameters(const PaddleProgram& program,
                                                   std::span<const std::byte> file);

/// "2.6.0"; "unknown" for a program that does not say.
[[nodiscard]] std::string paddle_version(const PaddleProgram& program);

}  // namespace nacre

#endif  // NACRE_SRC_CORE_PADDLE_WALK_H_
