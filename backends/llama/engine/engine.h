// Continuous batching: one llama_context, one thread, many sequences.
//
// Contexts hand in requests: "one piece more", "all of it", "an embedding". The engine's thread
// gives each a slot, a sequence of the KV cache, and decodes step by step what all of them need
// next, in one batch. Sequences join and leave between two steps. A long prompt is read in chunks:
// of kChunk tokens, or of kSmallChunk while somebody else's text is flowing.
//
// A stream stays in the batch while its guest handles a piece: up to Options::run_ahead tokens wait
// to be taken, and who asks for one that is there gets it on its own thread, at once.
//
// What a slot holds stays when its request is over, so that a prompt that goes on from there costs
// only what is new. A slot whose context is gone or idle is taken for others when none is empty,
// the longest unused first; what an idle conversation had in it is saved (slots.h). A stream that
// is under way keeps its own for kStreamHold.
//
// Threading: everything public from any thread, for one sequence one at a time. Completions are
// called on the engine's thread or, for what is there at once, on the caller's; no lock is held
// then. The lock is open while the engine decodes, samples, and copies sequences.
#ifndef NACRE_BACKENDS_LLAMA_ENGINE_ENGINE_H_
#define NACRE_BACKENDS_LLAMA_ENGINE_ENGINE_H_

#include <nacre/backend.h>
#include <nacre/error.h>

#include "llama/config.h"
#include "llama/engine/neighbours.h"
#include "llama/engine/sequence.h"
#include "llama/engine/slots.h"
#include "llama/model.h"
#include "llama/options.h"
#include "llama/runtime.h"

#include <atomic>
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

class Engine {
 public:
  /// Reserves the KV cache and starts the thread. kTooLarge when a slot would be too small to be of
  /// use; the model's refusal of the parameters is kInvalidArgument with llama.cpp's words.
  [[nodiscard]] static Result<std::shared_ptr<Engine>> create(std::shared_ptr<const Model> model,
                                                              const Options& options,
                                                              const EngineParameters& parameters,
                                                              HostServices services);
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

  /// Nothing more is decoded for the sequence, and what was decoded ahead is dropped. No request
  /// may be under way. Does not wait.
  void stop(Sequence& sequence) noexcept;

  /// stop(), and waits until the engine's thread has let go of the sequence: for the step under way
  /// at most, which is given up when nobody else is in it. Then all of it is the caller's.
  void reclaim(Sequence& sequence) noexcept;

  /// reclaim(), and the sequence's context goes, or goes to another engine.
  void detach(Sequence& sequence) noexcept;

  /// A request's `cancelled` was set.
  void interrupt() noexcept;

 private:
  struct Part {  // of a batch
    Sequence* sequence = nullptr;
    std::size_t tokens = 0;
    int logits = -1;  // the batch's index of the last token, when that is to be sampled
    Result<llama_token> token = LLAMA_TOKEN_NULL;
  };

  Engine(std::shared_ptr<const Model> model, const Options& options,
         const EngineParameters& parameters, HostServices services, Layout layout);
  [[nodiscard]] Result<void> open();

  void run() noexcept;

  // schedule.cc; all under the lock
  void admit(Clock::time_point now, std::unique_lock<std::mutex>& lock);
  void activate(Sequence& sequence);
  void retire(Sequence& sequence) noexcept;
  [[nodiscard]] static bool flows(const Slot& slot, Clock::time_point now) noexcept;
  [[nodiscard]] bool others_flow(const Sequence& sequence, Clock::time_point now) const noexcept;
  void plan(Clock::time_point now);
  void plan_alone();
  void add(Sequence& sequence, std::size_t tokens);
  void bring_together(Clock::time_point now, std::unique_lock<std::mutex>& lock);

  // a step
  [[nodiscard]] int decode() noexcept;
  void sample() noexcept;
  void settle(int outcome);
  void advance(Part& part);
  void embedded(Part& part);
  [[nodiscard]] bool runs_ahead(const Sequence& sequence) const noexcept;
  void end_request(Sequence& sequence, Error error, std::string_view piece = {});
  void call_completions();

  const std::shared_ptr<const Model> model_;
  const Options options_;
  const EngineParameters parameters_;
  const HostServices services_;
  const Layout layout_;
  std::unique_ptr<ThreadPool> threads_;
  ContextHandle context_;
  std::uint32_t batch_size_ = 0;
  std::size_t chunk_ = kChunk;
  llama_batch batch_{};

  std::mutex mutex_;
  std::condition_variable changed_;  // for the engine's thread
  std::condition_variable settled_;  // for reclaim
  bool stopping_ = false;
  std::deque<Sequence*> waiting_;
  std::vector<Sequence*> active_;
  std::optional<Slots> slots_;
  std::size_t turn_ = 0;

  // the engine's thread only
  std::vector<SlotUse> uses_;
  std::uint64_t lost_bytes_ = 0;  // of weights, read for steps whose texts did not lie side by side
  std::vector<Part> parts_;
  struct Done {
    Request request;
    Error error;
    std::string_view text;
    std::string_view piece;
  };
  std::vector<Done> done_;
  std::atomic<bool> hurry_{false};  // somebody wants no more: look
  std::atomic<bool> quit_{false};
  std::thread thread_;
};

}  // namespace nacre::llama

#endif  // NACRE_BACKENDS_LLAMA_ENGINE_ENGINE_H_
