// A conversation whose history the host keeps: wasi:nn's `prompt` interface.
//
// Each question is written down together with all that was said before, as the model's chat
// template has it (TextContext::render_chat); what the model has read of it already it does not
// read again. When the conversation no longer fits the model's context, the oldest question and its
// answer are forgotten, as guests do that keep their own history.
//
// Threading: the guest's thread. Lifetime: refers to an execution context of the GuestState, which
// the owner gives back after it.
#ifndef NACRE_SRC_ABI_CHAT_H_
#define NACRE_SRC_ABI_CHAT_H_

#include <nacre/error.h>
#include <nacre/text_context.h>

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "abi/guest_state.h"

namespace nacre {

class Chat {
 public:
  /// Makes the execution context too. Errors: as GuestState::create_context;
  /// kUnsupportedOperation for a graph that is no language model or has no chat template.
  [[nodiscard]] static Result<Chat> create(GuestState& guest, std::uint32_t graph);

  /// The execution context's handle.
  [[nodiscard]] std::uint32_t context() const noexcept { return context_; }

  /// What the model answers to `question`: without its end token, and as UTF-8. An answer that a
  /// limit ended (n-predict, a full context) is one like any other. After an error the question was
  /// never asked. Errors: kPromptTooLong where the question does not fit even alone, kTimeout after
  /// GuestState::cancel, the backend's.
  [[nodiscard]] Result<std::string> answer(GuestState& guest, std::string_view question);

 private:
  explicit Chat(std::uint32_t context) noexcept : context_(context) {}
  /// Sets the prompt; how many of the oldest turns had to be left out for it to fit.
  [[nodiscard]] Result<std::size_t> ask(TextContext& text) const;

  std::uint32_t context_;
  std::vector<ChatTurn> turns_;  // questions and answers in turn
};

}  // namespace nacre

#endif  // NACRE_SRC_ABI_CHAT_H_
