// One computation at a time on a graph: set inputs, compute, read outputs.
#ifndef NACRE_EXECUTION_CONTEXT_H_
#define NACRE_EXECUTION_CONTEXT_H_

#include <nacre/error.h>
#include <nacre/graph.h>
#include <nacre/tensor.h>

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>

namespace nacre {

/// When a computation has to be over.
using Deadline = std::chrono::steady_clock::time_point;
inline constexpr Deadline kNoDeadline = Deadline::max();

/// What several execution contexts may hold together: bytes of input and output buffers. Any
/// thread.
class MemoryBudget {
 public:
  explicit MemoryBudget(std::uint64_t limit) noexcept : limit_(limit) {}

  /// Adds `bytes`, or answers false and adds nothing where that would pass the limit.
  [[nodiscard]] bool charge(std::uint64_t bytes) noexcept {
    std::uint64_t used = used_.load(std::memory_order_relaxed);
    do {
      if (bytes > limit_ || used > limit_ - bytes) return false;
    } while (!used_.compare_exchange_weak(used, used + bytes, std::memory_order_relaxed));
    return true;
  }
  void release(std::uint64_t bytes) noexcept { used_.fetch_sub(bytes, std::memory_order_relaxed); }

  [[nodiscard]] std::uint64_t used() const noexcept {
    return used_.load(std::memory_order_relaxed);
  }
  [[nodiscard]] std::uint64_t limit() const noexcept { return limit_; }

 private:
  const std::uint64_t limit_;
  std::atomic<std::uint64_t> used_{0};
};

/// Ceilings for what one execution context may hold.
struct ContextLimits {
  std::uint64_t max_tensor_bytes = std::uint64_t{4} << 30;  ///< of one input or output
  std::uint64_t max_strings = std::uint64_t{16} << 20;      ///< in one input of strings
  std::uint64_t max_string_bytes = std::uint64_t{1} << 30;  ///< of one input of strings
  std::size_t max_tensors = 1024;  ///< inputs or outputs where the graph does not say how many
  /// Shared by a guest's contexts; null: unlimited. It counts the copies of inputs, the tensors
  /// that were lent as inputs for as long as they stay set, and outputs, but those that a backend
  /// lends.
  std::shared_ptr<MemoryBudget> budget{};
  /// Whose context this is: contexts of one owner may share what a language model has read for
  /// them, so that an owner learns nothing of another from how long a prompt takes. One number per
  /// guest, never used again; 0: the context shares with none.
  std::uint64_t owner = 0;
};

class TextContext;

/// The WIT's graph-execution-context. All checks of tensors against the graph's description are
/// made here, once, for every backend and every ABI.
///
/// Threading: one thread at a time, except cancel(), which any thread may call. Different contexts
/// of one graph compute at the same time; Nacre holds no lock while they do.
/// Lifetime: keeps its Graph alive.
/// Memory: after the first computations, set_input, compute and output allocate nothing in Nacre
/// (a deadline costs a few bytes); a buffer is written again only when nobody but the context
/// refers to it.
class ExecutionContext {
 public:
  [[nodiscard]] static Result<std::unique_ptr<ExecutionContext>> create(
      std::shared_ptr<Graph> graph, const ContextLimits& limits = {});
  ~ExecutionContext();
  ExecutionContext(const ExecutionContext&) = delete;
  ExecutionContext& operator=(const ExecutionContext&) = delete;

  [[nodiscard]] const Graph& graph() const noexcept;

  /// The index behind a name: the input's own name, or, where no input has that name, a decimal
  /// index. kInvalidArgument lists the names that exist.
  [[nodiscard]] Result<std::size_t> input_index(std::string_view name) const;
  [[nodiscard]] Result<std::size_t> output_index(std::string_view name) const;

  /// Checks `tensor` against the graph and copies its bytes into the context's own aligned buffer.
  /// An element type that wasi-nn cannot name may arrive as u8 with the element's size as an
  /// appended dimension (strings: as a u8 vector of length-prefixed byte strings).
  /// Errors: kInvalidArgument (index, type, rank, dimension, bytes ≠ dims × size), kTooLarge.
  /// On an error the input that was set before stays.
  [[nodiscard]] Result<void> set_input(std::size_t index, const TensorView& tensor);

  /// The same for a tensor whose buffer is shared instead of copied; its bytes must be 64-byte
  /// aligned, as those that Nacre allocates are (others are copied).
  [[nodiscard]] Result<void> set_input(std::size_t index, const Tensor& tensor);

  /// Lets go of every input, as if none had been set; while a cancelled computation still uses
  /// them, does nothing.
  void clear_inputs() noexcept;

  /// Computes and waits. Inputs stay set for the next computation. Errors: kInvalidArgument when
  /// an input is missing (it is named), kTimeout after `deadline` or cancel(), or the backend's.
  /// After an error there are no outputs.
  [[nodiscard]] Result<void> compute(Deadline deadline = kNoDeadline);

  /// Asks a running computation to end with kTimeout; without one, does nothing. Any thread.
  void cancel() noexcept;

  /// How many outputs the last computation gave, 0 before the first.
  [[nodiscard]] std::size_t output_count() const noexcept;

  /// An output of the last computation. The pointer is valid until the next compute() or the
  /// context's end; copy the Tensor to keep its bytes longer: they never change.
  /// Errors: kInvalidArgument for an index that does not exist, or before a computation.
  [[nodiscard]] Result<const Tensor*> output(std::size_t index) const;

  /// The text side, where the graph is a language model; else null. Lives as long as the context.
  /// Such a graph has one u8 input, the prompt, and one u8 output, the response: as tensors they
  /// serve who knows only tensors. The prompt's dimensions are not looked at, its bytes count.
  [[nodiscard]] TextContext* text() noexcept;

 private:
  struct Impl;
  explicit ExecutionContext(std::unique_ptr<Impl> impl) noexcept;
  std::unique_ptr<Impl> impl_;
};

}  // namespace nacre

#endif  // NACRE_EXECUTION_CONTEXT_H_
