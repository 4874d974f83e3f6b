// Continuous batching: one llama_context, one thread, many sequences.
//
// Contexts hand in requests: "one piece more", "all of it", "an embedding". The engine's thread
// gives each a slot, a sequence of the KV cache, and decodes step by step what all of them need
// next, in one batch. Sequences join and leave between two steps. A long prompt is read in chunks:
// of kChunk tokens, or of kSmallChunk while somebody else's text is flowing.
//
// What a slot holds stays when its request is over, so that a prompt that goes on from there costs
// only what is new. A slot whose context is gone or idle is taken for others when none is empty,
// the longest unused first; a stream that is under way keeps its own for kStreamHold.
//
// Threading: start, detach and interrupt from any thread. Completions are called on the engine's
// thread or, for what is over at once, on the caller's; no lock is held then.
#ifndef NACRE_BACKENDS_LLAMA_ENGINE_H_
#define NACRE_BACKENDS_LLAMA_ENGINE_H_

#include <nacre/backend.h>
#include <nacre/error.h>

#include "config.h"
#include "model.h"
#include "options.h"
#include "runtime.h"
#include "sampler.h"

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

namespace nacre::llama {

inline constexpr std::size_t kChunk = 512;
inline constexpr std::size_t kSmallChunk = 16;
/// An embedding is made in one batch, and every token of it has a row of logits.
inline constexpr std::uint32_t kMaxEmbeddingTokens = 2048;
inline constexpr std::uint32_t kMaxEmbeddingTokensOfGenerator = 512;
inline constexpr std::chrono::seconds kStreamHold{10};

using Clock = std::chrono::steady_clock;

enum class Task : std::uint8_t { kNone, kNext, kAll, kEmbed };

/// What somebody waits for.
struct Request {
  Task task = Task::kNone;
  std::optional<Completion> completion;
  std::optional<TextSink> piece;     // kNext
  std::optional<OutputSink> tensor;  // the text as output 0, for who knows tensors only
};

/// Why a text ended, as metadata says it.
enum class Finish : std::uint8_t {
  kNone,
  kStop,
  kLength,
  kReversePrompt,
  kContextFull,
  kCancelled
};

/// A context's text. Its context's thread has it between requests, the engine's during one.
struct Sequence {
  // what is wanted
  std::uint64_t owner = 0;
  std::vector<llama_token> prompt;
  std::size_t limit = 0;        // tokens that the context holds
  std::int64_t n_predict = -1;  // negative: no limit
  std::string reverse_prompt;
  std::int32_t embedding_norm = 2;
  std::unique_ptr<Sampler> sampler;

  // how far it is
  std::atomic<bool> flowing{false};  // begun and not finished; the engine looks between requests
  std::vector<llama_token> tokens;   // the prompt and what came after it
  std::string text;
  std::size_t generated = 0;
  Finish finish = Finish::kNone;
  std::size_t cached = 0;  // tokens of the prompt that had not to be read again
  Clock::time_point begun;
  Clock::duration prompt_time{};
  Clock::duration decode_time{};

  std::atomic<bool> cancelled{false};

  // the engine's, under its lock
  Request request;
  int slot = -1;
  Clock::time_point asked;
};

class Engine {
 public:
  /// Reserves the KV cache and starts the thread. kTooLarge when a slot would be too small to be of
  /// use; the model's refusal of the parameters is kInvalidArgument with llama.cpp's words.
  [[nodiscard]] static Result<std::shared_ptr<Engine>> create(std::shared_ptr<const Model> model,
                                                              const Options& options,
                                                              const EngineParameters& parameters);
  ~Engine();
  Engine(const Engine&) = delete;
  Engine& operator=(const Engine&) = delete;

  /// How large slots will be, before an engine is made.
  struct Layout {
    std::uint32_t slots = 1;
    std::uint32_t slot_tokens = 0;
  };
  [[nodiscard]] static Result<Layout> layout(const Model& model, const Options& options,
                                             const EngineParameters& parameters);

  /// What the cache really has for a slot of so many tokens.
  [[nodiscard]] static std::uint32_t cells(std::uint32_t tokens) noexcept;

  /// Takes a request over; its completion comes exactly once. kBusy through the completion when too
  /// many wait.
  void start(Sequence& sequence, const Request& request);

  /// The sequence's context goes, or goes to another engine. No request may be under way.
  void detach(Sequence& sequence) noexcept;

  /// A request's `cancelled` was set.
  void interrupt() noexcept;

 private:
  struct Slot {
    Sequence* holder = nullptr;
    std::uint64_t owner = 0;
    std::vector<llama_token> cached;  // the tokens whose keys and values are in it
    Clock::time_point last_used;
  };
  struct Part {  // of a batch
    Sequence* sequence = nullptr;
    std::size_t tokens = 0;
    int logits = -1;  // the batch's index of the last token, when that is to be sampled
  };

  Engine(std::shared_ptr<const Model> model, const Options& options,
         const EngineParameters& parameters, Layout layout);
  [[nodiscard]] Result<void> open();

  void run() noexcept;
  void admit(Clock::time_point now);
  [[nodiscard]] int find_slot(const Sequence& sequence, Clock::time_point now) const;
  void take_slot(Sequence& sequence, int slot, Clock::time_point now);
  void reuse_prefix(Sequence& sequence);
  void keep_only(int slot, std::size_t tokens);
  [[nodiscard]] bool may_share(const Slot& slot, const Sequence& sequence) const noexcept;
  [[nodiscard]] bool others_flow(const Sequence& sequence, Clock::time_point now) const noexcept;
  void plan(Clock::time_point now);
  void add(Sequence& sequence, std::size_t tokens);
  void step();
  [[nodiscard]] int decode() noexcept;
  void settle(int outcome);
  void sampled(Part& part);
  void embedded(Part& part);
  void end_request(Sequence& sequence, Error error, std::size_t piece = 0);
  void call_completions();

  [[nodiscard]] Slot& slot_of(const Sequence& sequence) {
    return slots_[static_cast<std::size_t>(sequence.slot)];
  }

  const std::shared_ptr<const Model> model_;
  const Options options_;
  const EngineParameters parameters_;
  const Layout layout_;
  const bool partial_;  // the memory can forget the end of a sequence
  std::unique_ptr<ThreadPool> threads_;
  ContextHandle context_;
  llama_memory_t memory_ = nullptr;
  std::uint32_t batch_size_ = 0;
  std::size_t chunk_ = kChunk;
  llama_batch batch_{};

  std::mutex mutex_;
  std::condition_variable changed_;
  bool stopping_ = false;
  std::deque<Sequence*> waiting_;
  std::vector<Sequence*> active_;
  std::vector<Slot> slots_;
  std::size_t turn_ = 0;

  // the engine's thread only
  std::vector<Part> parts_;
  struct Done {
    Request request;
    Error error;
    std::string_view text;
    std::string_view piece;
  };
  std::vector<Done> done_;
  std::atomic<bool> hurry_{false};  // somebody was cancelled: look
  std::atomic<bool> quit_{false};
  std::thread thread_;
};

/// Completes a request with a text: as a piece, as a tensor, or not at all.
void complete(const Request& request, const Error& error, std::string_view text,
              std::string_view piece) noexcept;

}  // namespace nacre::llama

#endif  // NACRE_BACKENDS_LLAMA_ENGINE_H_
