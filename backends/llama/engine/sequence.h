// A context's text on its way through an engine: what is wanted, how far it is, what waits to be
// taken.
#ifndef NACRE_BACKENDS_LLAMA_ENGINE_SEQUENCE_H_
#define NACRE_BACKENDS_LLAMA_ENGINE_SEQUENCE_H_

#include <nacre/backend.h>
#include <nacre/error.h>

#include "llama/sampler.h"

#include <atomic>
#include <chrono>
#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace nacre::llama {

using Clock = std::chrono::steady_clock;

/// The code of an Error that is none.
inline constexpr auto kFine = static_cast<ErrorCode>(0);

enum class Task : std::uint8_t { kNone, kNext, kAll, kEmbed };

/// What somebody waits for.
struct Request {
  Task task = Task::kNone;
  std::optional<Completion> completion;
  std::optional<TextSink> piece;     // kNext
  std::optional<OutputSink> tensor;  // the text as output 0, for who knows tensors only
};

/// Completes a request with a text: as a piece, as a tensor, or not at all.
void complete(const Request& request, const Error& error, std::string_view text,
              std::string_view piece) noexcept;

/// Why a text ended, as metadata says it.
enum class Finish : std::uint8_t {
  kNone,
  kStop,
  kLength,
  kReversePrompt,
  kContextFull,
  kCancelled
};

/// A token that was sampled, or why none was.
struct Piece {
  Error error{kFine, {}};
  std::string_view text;  // the model's
  Finish finish = Finish::kNone;
  Clock::time_point at;
};

/// Three share it. What is wanted and what was taken are the context's between two requests. The
/// rest is the engine's, under its lock, until Engine::reclaim gives it back: an engine decodes
/// ahead of what is asked for, so its part of a text may be longer than the context's.
struct Sequence {
  // what is wanted
  std::uint64_t owner = 0;
  std::vector<llama_token> prompt;
  std::size_t limit = 0;        // tokens that the context holds
  std::int64_t n_predict = -1;  // negative: no limit
  std::string reverse_prompt;
  std::int32_t embedding_norm = 2;
  std::unique_ptr<Sampler> sampler;  // the engine's once begun

  // what was taken
  std::string text;
  std::size_t generated = 0;
  Finish finish = Finish::kNone;
  std::size_t cached = 0;  // tokens of the prompt that had not to be read again
  Clock::duration prompt_time{};
  Clock::duration decode_time{};
  Clock::duration queued{};  // waited for a slot; counts up until somebody takes it

  std::atomic<bool> cancelled{false};  // the request is to end
  std::atomic<bool> dropped{false};    // nobody wants what is being decoded

  // the engine's
  bool flowing = false;             // begun and not finished
  std::vector<llama_token> tokens;  // the prompt and what came after it
  std::size_t prompt_size = 0;
  std::size_t made = 0;     // tokens that were sampled
  std::string tail;         // of the text, as far as a reverse prompt may reach
  std::deque<Piece> ahead;  // sampled, and not taken yet
  std::uint64_t run = 0;    // counts how often it was begun
  Clock::time_point begun;
  Request request;
  int slot = -1;
  Clock::time_point asked;
  bool active = false;    // takes part in the next batches
  bool in_batch = false;  // the engine's thread uses it without the lock

  /// Begins anew from the prompt. The context's thread, after Engine::reclaim.
  void begin();

  /// Goes on with a token, or ends with an error; what there is to be taken is returned.
  [[nodiscard]] Piece advance(const Result<llama_token>& token, const Model& model);

  /// The context takes a piece.
  void take(const Piece& piece);

  [[nodiscard]] std::size_t pending(std::size_t cached_tokens) const noexcept {
    return tokens.size() - cached_tokens;
  }
};

[[nodiscard]] std::string embedding_json(std::vector<float> values, std::int32_t norm);

}  // namespace nacre::llama

#endif  // NACRE_BACKENDS_LLAMA_ENGINE_SEQUENCE_H_
