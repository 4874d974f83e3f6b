// Text in, text out: what an execution context of a language model can do beside tensors.
#ifndef NACRE_TEXT_CONTEXT_H_
#define NACRE_TEXT_CONTEXT_H_

#include <nacre/backend_abi.h>
#include <nacre/error.h>
#include <nacre/execution_context.h>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

struct nacre_chat_table;

namespace nacre {

class Computation;
class ModelCounters;

/// One turn of a conversation; `role` is "system", "user" or "assistant".
struct ChatTurn {
  std::string role;
  std::string text;
};

/// A longer configuration is refused before anybody reads it.
inline constexpr std::size_t kMaxTextConfigBytes = std::size_t{1} << 20;

/// The text side of an ExecutionContext, which owns it: ExecutionContext::text().
///
/// A stream is set_prompt, next until it fails, finish; a whole answer is set_prompt, generate,
/// output. Both begin anew from the same prompt when it is not set again. What was read and
/// generated before may be kept by the backend, so a prompt that continues the last one costs only
/// what is new in it.
///
/// Threading: one thread at a time, the context's own; ExecutionContext::cancel() ends generate and
/// next from any thread.
/// A guest's bytes may come here as they are: whatever they hold, the answer is an error.
class TextContext {
 public:
  ~TextContext();
  TextContext(const TextContext&) = delete;
  TextContext& operator=(const TextContext&) = delete;

  /// Changes options of this context: a JSON object of the keys in docs/language_models.md.
  /// Unknown keys are ignored; on an error nothing changes. May drop what has been read.
  /// Errors: kInvalidEncoding (not JSON), kInvalidArgument (a value of the wrong type or out of
  /// range: the key is named; a bad grammar or schema), kTooLarge (the text itself is too long).
  /// What asks for more than the operator's ceilings gets as much as they allow.
  [[nodiscard]] Result<void> configure(std::string_view json);

  /// Reads `text` into tokens, at once; special tokens are understood. Drops the text generated so
  /// far. Errors: kPromptTooLong when it does not fit the context with room for an answer; then
  /// metadata() says how many tokens it has, and there is no prompt.
  [[nodiscard]] Result<void> set_prompt(std::string_view text);

  /// Generates to the end and waits. Success means that the text has ended by itself, or as
  /// configured. Errors: kInvalidArgument without a prompt, kContextFull, kTimeout after `deadline`
  /// or cancel(), kBusy when there is no room to start, or the backend's. What there is of the text
  /// stays readable after all of them.
  [[nodiscard]] Result<void> generate(Deadline deadline = kNoDeadline);

  /// Generates one piece more and waits for it. At the end: kEndOfSequence or kContextFull, again
  /// and again until finish() or set_prompt(). Other errors as for generate().
  [[nodiscard]] Result<void> next(Deadline deadline = kNoDeadline);

  /// The piece of the last next(); it may end within a UTF-8 character. After kEndOfSequence it is
  /// the model's end token in letters ("<|im_end|>"), or empty where something else ended the text;
  /// empty after other errors. Valid until the next call.
  [[nodiscard]] std::string_view piece() const noexcept { return piece_; }

  /// Ends a stream; without one, nothing. The next next() begins anew.
  void finish() noexcept;

  /// The text since generation began, the end token included; for a context that makes embeddings
  /// `{"n_embedding": N, "embedding": [...]}`. Empty before. Valid until the next call.
  [[nodiscard]] Result<std::string_view> output();

  /// JSON, valid at any time, before a prompt too: input_tokens, output_tokens,
  /// llama_build_number, llama_commit, and more (docs/language_models.md). Valid until the next
  /// call.
  [[nodiscard]] Result<std::string_view> metadata();

  /// `turns` written down as the model wants them, up to where it says the assistant's next turn:
  /// a text for set_prompt. Changes nothing. Errors: kUnsupportedOperation for a model without a
  /// template (docs/language_models.md says where templates come from), kInvalidArgument for turns
  /// that cannot be written down. Valid until the next call.
  [[nodiscard]] Result<std::string_view> render_chat(std::span<const ChatTurn> turns);

 private:
  friend class ExecutionContext;
  TextContext(const nacre_text_table& table, const nacre_chat_table* chat,
              nacre_backend_context* context, Computation& computation, const ContextLimits& limits,
              ModelCounters* counters) noexcept;

  [[nodiscard]] Result<void> ready() const;
  [[nodiscard]] Result<void> may_generate() const;
  template <typename From>
  [[nodiscard]] Result<std::string_view> read(From&& from);
  template <typename Start>
  [[nodiscard]] Result<void> run(Deadline deadline, Start&& start);
  void count(bool good) noexcept;
  std::chrono::nanoseconds note_queue_time() noexcept;

  const nacre_text_table& table_;
  const nacre_chat_table* const chat_;  // null: the backend writes no chats down
  nacre_backend_context* context_;
  Computation& computation_;
  const std::uint64_t max_prompt_bytes_;
  ModelCounters* const counters_;  // null: nobody counts
  bool counting_ = false;          // a text is under way
  std::chrono::nanoseconds took_{};
  bool prompt_set_ = false;
  std::optional<Error> ended_;  // what a stream ended with
  nacre_text_sink sink_{};      // these two are the backend's during next()
  std::string incoming_;
  std::string piece_;
  std::string read_;
};

}  // namespace nacre

#endif  // NACRE_TEXT_CONTEXT_H_
