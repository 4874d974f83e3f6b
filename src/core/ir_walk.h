// A first look at the XML of an OpenVINO IR that a guest brought.
//
// OpenVINO reads a subgraph inside a subgraph by recursion: some thousands of them overflow the
// stack, which ends the process. So bytes of a guest are walked here first, without recursion.
// Threading: pure; any thread.
#ifndef NACRE_SRC_CORE_IR_WALK_H_
#define NACRE_SRC_CORE_IR_WALK_H_

#include <nacre/error.h>

#include <cstddef>
#include <span>

namespace nacre {

/// Elements inside each other; a subgraph takes three. What exporters write has under twenty.
inline constexpr std::size_t kMaxIrDepth = 100;

/// Errors: kInvalidEncoding for elements nested deeper than kMaxIrDepth, and for what no IR has and
/// could hide them: a document type, CDATA, a comment or a tag without an end.
[[nodiscard]] Result<void> check_ir_depth(std::span<const std::byte> xml);

}  // namespace nacre

#endif  // NACRE_SRC_CORE_IR_WALK_H_
