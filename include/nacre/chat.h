// Chats: how a language model wants a conversation written down. An ability of its own beside
// "nacre.text/1" (backend.h), for backends whose models bring a template for it.
//
// Callers use TextContext::render_chat (text_context.h); a backend's author derives contexts from
// ChatBackendContext and answers kChatAbility with chat_table().
#ifndef NACRE_CHAT_H_
#define NACRE_CHAT_H_

#include <nacre/backend.h>
#include <nacre/backend_abi.h>

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

extern "C" {

// One turn of a conversation. `role` is "system", "user" or "assistant".
typedef struct nacre_chat_turn {
  nacre_string role;
  nacre_string text;
} nacre_chat_turn;

// "nacre.chat/1": what graph_ability gives for it. Grows at its end, as the other tables do; one
// call at a time on a context.
#define NACRE_CHAT_ABILITY "nacre.chat/1"
typedef struct nacre_chat_table {
  uint32_t struct_size;
  uint32_t version;  // 1
  uint32_t (*render)(nacre_backend_context* context, const nacre_chat_turn* turns, uint64_t count,
                     const nacre_text_sink* prompt, const nacre_error_sink* error);
} nacre_chat_table;

}  // extern "C"

namespace nacre {

inline constexpr std::string_view kChatAbility = NACRE_CHAT_ABILITY;

/// A context that can also write down a conversation the way its model was trained on.
class ChatBackendContext : public TextBackendContext {
 public:
  /// Writes the prompt after which the model says the assistant's next turn. Changes nothing.
  /// kUnsupportedOperation where the model has no template, or one that the backend cannot follow.
  [[nodiscard]] virtual Result<void> render_chat(std::span<const nacre_chat_turn> turns,
                                                 TextSink prompt) = 0;
};

namespace backend_export {

struct ChatTable {
  static std::uint32_t render(nacre_backend_context* context, const nacre_chat_turn* turns,
                              std::uint64_t count, const nacre_text_sink* prompt,
                              const nacre_error_sink* error) noexcept {
    auto* const self = static_cast<ChatBackendContext*>(reinterpret_cast<BackendContext*>(context));
    return guarded(error, [&] {
      return self->render_chat({turns, static_cast<std::size_t>(count)}, TextSink(prompt));
    });
  }

  static constexpr nacre_chat_table kTable = {
      .struct_size = sizeof(nacre_chat_table), .version = 1, .render = render};
};

}  // namespace backend_export

/// What the ability() of a graph with ChatBackendContexts answers to kChatAbility.
[[nodiscard]] inline const nacre_chat_table* chat_table() noexcept {
  return &backend_export::ChatTable::kTable;
}

}  // namespace nacre

#endif  // NACRE_CHAT_H_
