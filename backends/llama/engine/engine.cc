#include "engine.h"

#include "base/signals.h"

#include <fmt/format.h>

#include <algorithm>
#include <exception>
#include <utility>

namespace nacre::llama {
namespace {

constexpr std::uint32_t kUsefulSlot = 4096;  // fewer slots rather than smaller ones
constexpr std::uint32_t kSmallestSlot = 64;
constexpr std::uint32_t kCells = 256;

}  // namespace

// ---- making one

std::uint32_t Engine::cells(std::uint32_t tokens) noexcept {
  return (tokens + kCells - 1) / kCells * kCells;
}

Result<Engine::Layout> Engine::layout(const Model& model, const Options& options,
                                      const EngineParameters& parameters) {
  const std::uint32_t wanted =
      options.context_size != 0 ? options.context_size : model.trained_context();
  if (parameters.embedding) {
    const std::uint32_t most =
        model.generates() ? kMaxEmbeddingTokensOfGenerator : kMaxEmbeddingTokens;
    return Layout{.slots = 1, .slot_tokens = std::min(wanted, most)};
  }
  const std::uint64_t token = std::max<std::uint64_t>(
      1, model.kv_bytes_per_token(parameters.cache_type_k, parameters.cache_type_v));
  const std::uint64_t tokens = options.kv_bytes / token;
  const std::uint64_t useful = options.context_size != 0 ? wanted : std::min(wanted, kUsefulSlot);
  Layout layout;
  layout.slots = static_cast<std::uint32_t>(
      std::clamp<std::uint64_t>(tokens / std::max<std::uint64_t>(1, useful), 1, options.slots));
  layout.slot_tokens =
      static_cast<std::uint32_t>(std::min<std::uint64_t>(wanted, tokens / layout.slots));
  // llama.cpp gives every sequence a multiple of 256.
  if (layout.slot_tokens < wanted) layout.slot_tokens -= layout.slot_tokens % kCells;
  if (layout.slot_tokens < std::min(kSmallestSlot, wanted)) {
    return fail(ErrorCode::kTooLarge,
                fmt::format("a KV cache of kv-bytes={} holds {} tokens of this model ({} bytes "
                            "each), too few to be of use; raise kv-bytes",
                            options.kv_bytes, tokens, token));
  }
  return layout;
}

Engine::Engine(std::shared_ptr<const Model> model, const Options& options,
               const EngineParameters& parameters, HostServices services, Layout layout)
    : model_(std::move(model)),
      options_(options),
      parameters_(parameters),
      services_(services),
      layout_(layout) {}

Result<std::shared_ptr<Engine>> Engine::create(std::shared_ptr<const Model> model,
                                               const Options& options,
                                               const EngineParameters& parameters,
                                               HostServices services) {
  auto layout = Engine::layout(*model, options, parameters);
  if (!layout) return std::unexpected(std::move(layout.error()));
  std::shared_ptr<Engine> engine(
      new Engine(std::move(model), options, parameters, services, *layout));
  if (auto ok = engine->open(); !ok) return std::unexpected(std::move(ok.error()));
  return engine;
}

Result<void> Engine::open() {
  const EngineParameters& p = parameters_;
  llama_context_params params = llama_context_default_params();
  const std::uint32_t per_slot = cells(layout_.slot_tokens);
  params.n_ctx = per_slot * layout_.slots;
  params.n_seq_max = layout_.slots;
  params.n_batch =
      p.embedding ? layout_.slot_tokens : static_cast<std::uint32_t>(kChunk) + layout_.slots;
  params.n_ubatch = p.embedding ? layout_.slot_tokens : static_cast<std::uint32_t>(kChunk);
  if (!p.embedding) params.n_outputs_max = layout_.slots;
  params.n_threads = params.n_threads_batch = static_cast<std::int32_t>(options_.threads);
  params.rope_scaling_type = p.rope_scaling;
  params.pooling_type = p.pooling;
  params.flash_attn_type = p.flash_attention;
  params.rope_freq_base = p.rope_freq_base;
  params.rope_freq_scale = p.rope_freq_scale;
  params.yarn_ext_factor = p.yarn_ext_factor;
  params.yarn_attn_factor = p.yarn_attn_factor;
  params.yarn_beta_fast = p.yarn_beta_fast;
  params.yarn_beta_slow = p.yarn_beta_slow;
  params.yarn_orig_ctx = p.yarn_orig_ctx;
  params.type_k = p.cache_type_k;
  params.type_v = p.cache_type_v;
  params.embeddings = p.embedding;
  params.kv_unified = false;
  params.no_perf = true;
  params.abort_callback_data = this;
  params.abort_callback = [](void* self) -> bool {
    auto* engine = static_cast<Engine*>(self);
    if (engine->quit_.load(std::memory_order_relaxed)) return true;
    if (!engine->hurry_.load(std::memory_order_relaxed)) return false;
    // Only when nobody wants the rest; else the others would have to wait for it again.
    return std::ranges::all_of(engine->parts_, [](const Part& part) {
      return part.sequence->cancelled.load(std::memory_order_relaxed) ||
             part.sequence->dropped.load(std::memory_order_relaxed);
    });
  };
  forget_log_error();
  try {
    context_.reset(llama_init_from_model(model_->get(), params));
  } catch (const std::exception& e) {
    return fail(ErrorCode::kInvalidArgument,
                std::string("llama.cpp refuses the context: ") + e.what());
  }
  if (context_ == nullptr) {
    return fail(ErrorCode::kInvalidArgument,
                "llama.cpp refuses the context: " + std::string(log_error()));
  }
  const SignalsBlocked none_for_the_threads;
  threads_ = std::make_unique<ThreadPool>(static_cast<int>(options_.threads));
  if (threads_->get() != nullptr) {
    llama_attach_threadpool(context_.get(), threads_->get(), threads_->get());
  }
  batch_size_ = llama_n_batch(context_.get());
  // A small context has a small batch.
  chunk_ = std::min<std::size_t>(kChunk, batch_size_ - std::min(batch_size_ - 1, layout_.slots));
  batch_ = llama_batch_init(static_cast<std::int32_t>(batch_size_), 0, 1);
  const llama_model* model = model_->get();
  const bool partial = !llama_model_is_recurrent(model) && !llama_model_is_hybrid(model) &&
                       llama_model_n_swa(model) == 0;
  slots_.emplace(options_, p.embedding, partial, context_.get(), layout_.slots, chunk_);
  thread_ = std::thread([this] { run(); });
  return {};
}

Engine::~Engine() {
  if (thread_.joinable()) {
    {
      const std::lock_guard lock(mutex_);
      stopping_ = true;
    }
    quit_ = true;
    changed_.notify_all();
    thread_.join();
  }
  if (batch_.token != nullptr) llama_batch_free(batch_);
  if (context_ != nullptr) llama_detach_threadpool(context_.get());
}

// ---- from other threads

void Engine::start(Sequence& sequence, const Request& request) {
  std::unique_lock lock(mutex_);
  sequence.dropped = false;
  sequence.asked = Clock::now();
  if (request.task == Task::kNext && !sequence.ahead.empty()) {
    Piece piece = std::move(sequence.ahead.front());
    sequence.ahead.pop_front();
    sequence.take(piece);
    if (!sequence.active && runs_ahead(sequence)) activate(sequence);
    lock.unlock();
    changed_.notify_one();
    return complete(request, piece.error, {}, piece.text);
  }
  if (sequence.slot < 0 && waiting_.size() >= options_.waiting) {
    lock.unlock();
    return complete(request,
                    {ErrorCode::kBusy,
                     fmt::format("{} requests already wait for one of the model's {} slots; try "
                                 "again later",
                                 options_.waiting, layout_.slots)},
                    {}, {});
  }
  sequence.request = request;
  if (!sequence.active) waiting_.push_back(&sequence);
  lock.unlock();
  changed_.notify_one();
}

void Engine::stop(Sequence& sequence) noexcept {
  const std::lock_guard lock(mutex_);
  retire(sequence);
  sequence.flowing = false;
  sequence.ahead.clear();
  if (!sequence.in_batch) return;
  sequence.dropped = true;
  hurry_ = true;
}

void Engine::reclaim(Sequence& sequence) noexcept {
  stop(sequence);
  std::unique_lock lock(mutex_);
  settled_.wait(lock, [&] { return !sequence.in_batch; });
}

void Engine::detach(Sequence& sequence) noexcept {
  reclaim(sequence);
  const std::lock_guard lock(mutex_);
  slots_->leave(sequence);
}

void Engine::interrupt() noexcept {
  hurry_ = true;
  // Under the lock, so that the engine is either before its look or asleep.
  const std::lock_guard lock(mutex_);
  changed_.notify_one();
}

// ---- the engine's thread

void Engine::run() noexcept {
  std::unique_lock lock(mutex_);
  while (!stopping_) {
    hurry_ = false;
    const Clock::time_point now = Clock::now();
    admit(now, lock);
    bring_together(now, lock);
    parts_.clear();
    if (!active_.empty()) plan(now);
    if (parts_.empty() && done_.empty()) {
      if (waiting_.empty()) {
        changed_.wait(lock);
      } else {  // for a slot that comes free, for a stream that has held one too long
        changed_.wait_for(lock, std::chrono::milliseconds(20));
      }
      continue;
    }
    lock.unlock();
    int outcome = 0;
    if (!parts_.empty()) outcome = decode();
    if (outcome == 0) sample();
    lock.lock();
    if (!parts_.empty()) settle(outcome);
    if (!done_.empty()) {
      lock.unlock();
      call_completions();
      lock.lock();
    }
  }
  // Nobody destroys an engine that somebody still waits for; if they do, nobody waits for ever.
  for (Sequence* sequence : waiting_)
    end_request(*sequence, {ErrorCode::kTimeout, "the engine ends"});
  for (Sequence* sequence : active_)
    end_request(*sequence, {ErrorCode::kTimeout, "the engine ends"});
  lock.unlock();
  call_completions();
}

int Engine::decode() noexcept {
  const std::lock_guard one(decoding());
  forget_log_error();
  try {
    return llama_decode(context_.get(), batch_);
  } catch (const std::exception&) {
    return -100;
  }
}

// Takes milliseconds for many: without the lock.
void Engine::sample() noexcept {
  if (parameters_.embedding) return;
  for (Part& part : parts_) {
    if (part.logits < 0 || part.sequence->dropped) continue;
    try {
      part.token =
          part.sequence->sampler->sample(llama_get_logits_ith(context_.get(), part.logits));
    } catch (const std::exception& e) {
      part.token = fail(ErrorCode::kRuntimeError, std::string("sampling failed: ") + e.what());
    }
  }
}

void Engine::settle(int outcome) {
  for (Part& part : parts_) {
    Sequence& sequence = *part.sequence;
    sequence.in_batch = false;
    if (outcome == 0) {
      slots_->has_read(sequence, part.tokens);
      if (sequence.dropped || part.logits < 0) continue;
      if (parameters_.embedding) {
        embedded(part);
      } else {
        advance(part);
      }
      continue;
    }
    slots_->forget_unfinished(sequence);
    if (outcome == 2 || sequence.dropped) continue;  // given up: who was not meant goes on
    part.token = fail(ErrorCode::kRuntimeError,
                      fmt::format("llama.cpp could not decode (code {}){}{}", outcome,
                                  log_error().empty() ? "" : ": ", log_error()));
    advance(part);
  }
  settled_.notify_all();
}

bool Engine::runs_ahead(const Sequence& sequence) const noexcept {
  return sequence.flowing && sequence.slot >= 0 && sequence.ahead.size() < options_.run_ahead;
}

void Engine::advance(Part& part) {
  Sequence& sequence = *part.sequence;
  const Piece piece = sequence.advance(part.token, *model_);
  if (piece.error.code != kFine || piece.finish != Finish::kNone) sequence.flowing = false;
  const Task task = sequence.request.task;
  if (task == Task::kNone) {
    sequence.ahead.push_back(piece);
  } else {
    sequence.take(piece);
    if (task == Task::kNext) {
      end_request(sequence, piece.error, piece.text);
    } else if (piece.finish == Finish::kContextFull) {
      end_request(sequence, {ErrorCode::kContextFull,
                             fmt::format("the context of {} tokens is full", sequence.limit)});
    } else if (!sequence.flowing) {
      end_request(sequence, piece.error);
    }
  }
  if (sequence.request.task == Task::kNone && !runs_ahead(sequence)) retire(sequence);
}

void Engine::embedded(Part& part) {
  Sequence& sequence = *part.sequence;
  const float* values = llama_pooling_type(context_.get()) == LLAMA_POOLING_TYPE_NONE
                            ? llama_get_embeddings_ith(context_.get(), part.logits)
                            : llama_get_embeddings_seq(context_.get(), sequence.slot);
  Error error{kFine, {}};
  if (values == nullptr) {
    error = {ErrorCode::kRuntimeError, "the model gave no embedding"};
  } else {
    const auto count = static_cast<std::size_t>(llama_model_n_embd_out(model_->get()));
    sequence.text = embedding_json({values, values + count}, sequence.embedding_norm);
    sequence.finish = Finish::kStop;
  }
  sequence.prompt_time = Clock::now() - sequence.begun;
  sequence.flowing = false;
  slots_->keep_only(sequence.slot, 0);
  retire(sequence);
  end_request(sequence, std::move(error));
}

// Takes the request from the sequence; its completion follows when the lock is open.
void Engine::end_request(Sequence& sequence, Error error, std::string_view piece) {
  const Request request = std::exchange(sequence.request, {});
  if (error.code == ErrorCode::kTimeout) sequence.finish = Finish::kCancelled;
  if (sequence.slot >= 0) slots_->of(sequence).last_used = Clock::now();
  done_.push_back({request, std::move(error), sequence.text, piece});
}

void Engine::call_completions() {
  // A completion may bring the next request at once, from its own thread.
  for (const Done& done : done_)
    complete(done.request, done.error, done.text, done.piece);
  done_.clear();
}

}  // namespace nacre::llama
