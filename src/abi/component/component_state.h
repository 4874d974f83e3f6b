// What a component guest holds beside what every guest holds (GuestState): tensors and errors as
// resources, and the memory that its tensors take turns in.
//
// A tensor's constructor cannot refuse, so a bad tensor becomes a poisoned one: it has no bytes and
// remembers its sentence, which the call that is given it answers with.
//
// Threading: the guest's thread, as GuestState. Lifetime: the GuestState outlives it.
#ifndef NACRE_SRC_ABI_COMPONENT_COMPONENT_STATE_H_
#define NACRE_SRC_ABI_COMPONENT_COMPONENT_STATE_H_

#include <nacre/error.h>
#include <nacre/tensor.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "abi/chat.h"
#include "abi/component/nacre_nn.h"
#include "abi/component/wasi_nn_callbacks.h"
#include "abi/guest_state.h"
#include "abi/handle_table.h"

namespace nacre {

/// What the constructor answers when the guest holds too many tensors: poisoned, empty, and nothing
/// of the host's stands behind it. No HandleTable gives such a number.
inline constexpr std::uint32_t kNoTensor = 0xffff'fffe;

/// A tensor as a guest sees it: WIT type and dimensions. An element type that the WIT cannot name
/// is carried as u8 (core/carrier.h); the bytes are the same either way.
struct TensorResource {
  Tensor tensor;                ///< in wire form
  std::optional<Error> poison;  ///< why it is none
};

/// Buffers that freed tensors leave for later ones of a like size. They count in no limit, so large
/// ones are not kept.
class TensorMemory {
 public:
  /// A buffer of at least `size` bytes that nobody else holds. Empty when there is no memory.
  [[nodiscard]] BufferRef acquire(std::uint64_t size);

 private:
  static constexpr std::uint64_t kLargestKept = std::uint64_t{64} << 20;

  // Four: an input and an output, each with one that is still read.
  std::array<BufferRef, 4> kept_;
  std::size_t next_ = 0;
};

class ComponentState {
 public:
  explicit ComponentState(GuestState& guest);

  [[nodiscard]] GuestState& guest() noexcept { return guest_; }

  // -- tensors
  // -------------------------------------------------------------------------------------

  /// Copies `data`, a span of guest memory, into aligned memory of the host's: the one copy in.
  /// Never fails: see the top.
  [[nodiscard]] std::uint32_t new_tensor(std::span<const std::uint32_t> dims, TensorType type,
                                         std::span<const std::byte> data);

  /// Shares an output's buffer. Errors: kTooLarge at the limit of tensors, or for a dimension that
  /// a guest's u32 cannot say.
  [[nodiscard]] Result<std::uint32_t> give_tensor(const Tensor& output);

  /// Null for a number that is no tensor of this guest's.
  [[nodiscard]] TensorResource* tensor(std::uint32_t number) noexcept {
    return tensors_.find(number);
  }

  /// Takes a tensor over from the guest. Errors: the poisoned one's; kInvalidArgument for none.
  [[nodiscard]] Result<Tensor> take_tensor(std::uint32_t number);

  void drop_tensor(std::uint32_t number) noexcept;

  // -- errors
  // --------------------------------------------------------------------------------------

  /// Keeps the error for the guest to read, and logs it as `function`'s.
  /// Never fails: beyond the limit of errors nothing is known of one, and beyond 8 MiB of sentences
  /// each keeps its first 4 KiB.
  [[nodiscard]] std::uint32_t new_error(std::string_view function, Error error) noexcept;

  /// An error of the guest's own making; not logged.
  [[nodiscard]] std::uint32_t keep_error(ErrorCode code, std::string_view sentence) noexcept;

  [[nodiscard]] const Error& error(std::uint32_t number) noexcept;
  void drop_error(std::uint32_t number) noexcept;

  // -- what an answer points to until the next call
  // --------------------------------------------------

  std::array<std::uint32_t, kMaxRank> dims_answer;
  std::vector<nacre_shim_named_tensor> outputs_answer;
  std::vector<bool> inputs_seen;  ///< scratch of compute
  NacreNnAnswer nacre_nn_answer;
  std::string chat_answer;

  /// Conversations, by the handle of their execution context.
  std::unordered_map<std::uint32_t, Chat> chats;

  /// An output's name, or its number in decimal where the graph gives none that is text. Lives as
  /// an answer does.
  [[nodiscard]] std::string_view output_name(const GraphDescription& graph, std::size_t index);

 private:
  [[nodiscard]] std::string_view kept_of(std::string_view sentence) const noexcept;
  [[nodiscard]] std::uint32_t insert_error(Error error) noexcept;
  [[nodiscard]] bool fits(std::uint64_t bytes) const noexcept;
  [[nodiscard]] Error too_many_bytes(std::uint64_t bytes) const;

  GuestState& guest_;
  HandleTable<TensorResource> tensors_;
  HandleTable<Error> errors_;
  std::deque<std::string> number_names_;  ///< "0", "1"…, as far as they were needed
  TensorMemory memory_;
  std::uint64_t tensor_bytes_ = 0;    ///< of all live tensors
  std::uint64_t sentence_bytes_ = 0;  ///< of all live errors
};

/// The number of the WIT's error-code for a code; those that it lacks are said with one that it
/// has, and the sentence tells the rest.
[[nodiscard]] std::uint32_t wit_error_code(ErrorCode code) noexcept;
/// What a guest's error-code means.
[[nodiscard]] ErrorCode error_code_of_wit(std::uint32_t number) noexcept;

/// The semantics of all three versions; `env` is not used, `guest` is a ComponentState.
[[nodiscard]] const nacre_wasi_nn_callbacks& component_callbacks() noexcept;

}  // namespace nacre

#endif  // NACRE_SRC_ABI_COMPONENT_COMPONENT_STATE_H_
