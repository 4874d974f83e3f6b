// Looks into a TensorFlow graph, frozen or of a SavedModel, before OpenVINO's reader does.
//
// That reader follows what the graph says of itself, wherever it leads. What would keep it for
// ever, end the process or take all its memory is refused here:
//  - nodes that need each other in a circle. TensorFlow 1's loops are circles too, closed by
//    NextIteration: those are what they should be, and the reader opens them there;
//  - functions of the library that call each other in a circle, or lie in each other too deep;
//  - functions that call others more than once, so that what is written out doubles and doubles;
//  - chains of nodes that are too long, which it follows by recursion;
//  - nodes of one name, of which it takes the last; calls of functions that do not say which, or
//    give fewer arguments than those want; results that a function has and does not say from where;
//    NextIterations of nothing; constants without a value; tables filled from nodes that come
//    later: it takes all of these without looking.
//  - loops that depend on no input, for the reader runs them.
// Inputs from nodes that are not there are left to the reader, which names them. Functions that
// nobody calls are not looked at, here or there.
//
// Threading: pure; any thread. Cost: one pass over the nodes, and sorting their names; tensors are
// skipped, unread.
#ifndef NACRE_SRC_CORE_TENSORFLOW_WALK_H_
#define NACRE_SRC_CORE_TENSORFLOW_WALK_H_

#include <nacre/error.h>

#include <cstddef>
#include <cstdint>
#include <span>

namespace nacre {

/// Calls in calls; the reader converts them by recursion.
inline constexpr std::size_t kMaxTensorflowNesting = 64;

/// Nodes one after the other, those of called functions among them.
inline constexpr std::uint64_t kMaxTensorflowChain = 20'000;

/// Nodes and their inputs, those of a function as often as it is called, and what else makes work:
/// see the source. The reader's time grows with the square: for as many it is minutes.
inline constexpr std::uint64_t kMaxTensorflowWork = 200'000;

/// Checks a frozen graph. kInvalidEncoding when the bytes are none or do one of the above, naming
/// the node or the function; kTooLarge beyond the limits; kUnsupportedOperation for loops that the
/// reader would run.
[[nodiscard]] Result<void> check_tensorflow_graph(std::span<const std::byte> file);

/// The same of each graph of a saved_model.pb.
[[nodiscard]] Result<void> check_saved_model(std::span<const std::byte> file);

}  // namespace nacre

#endif  // NACRE_SRC_CORE_TENSORFLOW_WALK_H_
