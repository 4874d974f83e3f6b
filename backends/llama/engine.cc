#include "engine.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <exception>
#include <utility>

namespace nacre::llama {
namespace {

constexpr std::uint32_t kUsefulSlot = 4096;  // fewer slots rather than smaller ones
constexpr std::uint32_t kSmallestSlot = 64;
constexpr std::uint32_t kCells = 256;
constexpr std::size_t kWorthCopying = 32;
// A stream whose guest looks at the last piece is about to ask for the next.
constexpr std::chrono::milliseconds kAboutToAsk{1000};

constexpr auto kFine = static_cast<ErrorCode>(0);

std::size_t common_prefix(const std::vector<llama_token>& a, const std::vector<llama_token>& b) {
  const auto [end, unused] = std::ranges::mismatch(a, b);
  return static_cast<std::size_t>(end - a.begin());
}

std::string embedding_json(std::vector<float> values, std::int32_t norm) {
  double length = 1;
  if (norm == 0) {  // the largest becomes 32760, as in 16-bit integers
    length = 0;
    for (const float v : values)
      length = std::max(length, std::abs(static_cast<double>(v)));
    length /= 32760;
  } else if (norm == 2) {
    length = 0;
    for (const float v : values)
      length += static_cast<double>(v) * v;
    length = std::sqrt(length);
  } else if (norm > 0) {
    length = 0;
    for (const float v : values)
      length += std::pow(std::abs(static_cast<double>(v)), norm);
    length = std::pow(length, 1.0 / norm);
  }
  std::string json = fmt::format("{{\"n_embedding\": {}, \"embedding\": [", values.size());
  for (std::size_t i = 0; i < values.size(); ++i) {
    const double v = length > 0 ? values[i] / length : 0.0;
    fmt::format_to(std::back_inserter(json), "{}{:.10g}", i == 0 ? "" : ", ",
                   std::isfinite(v) ? v : 0.0);
  }
  json += "]}";
  return json;
}

}  // namespace

void complete(const Request& request, const Error& error, std::string_view text,
              std::string_view piece) noexcept {
  const bool ended = error.code == kFine || error.code == ErrorCode::kEndOfSequence;
  if (request.piece) request.piece->write(piece);
  if (request.tensor && (ended || error.code == ErrorCode::kContextFull)) {
    // Who knows tensors only gets what there is.
    const auto size = static_cast<std::int64_t>(text.size());
    void* to = request.tensor->allocate(0, TensorType::kU8, {&size, 1}, text.size());
    if (to == nullptr) return request.completion->fail(ErrorCode::kTooLarge, "refused");
    if (!text.empty()) std::memcpy(to, text.data(), text.size());
    return request.completion->succeed();
  }
  const bool whole = request.task != Task::kNext && ended;
  if (error.code == kFine || whole) return request.completion->succeed();
  request.completion->fail(error);
}

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
               const EngineParameters& parameters, Layout layout)
    : model_(std::move(model)),
      options_(options),
      parameters_(parameters),
      layout_(layout),
      partial_(!llama_model_is_recurrent(model_->get()) && !llama_model_is_hybrid(model_->get()) &&
               llama_model_n_swa(model_->get()) == 0) {}

Result<std::shared_ptr<Engine>> Engine::create(std::shared_ptr<const Model> model,
                                               const Options& options,
                                               const EngineParameters& parameters) {
  auto layout = Engine::layout(*model, options, parameters);
  if (!layout) return std::unexpected(std::move(layout.error()));
  std::shared_ptr<Engine> engine(new Engine(std::move(model), options, parameters, *layout));
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
      return part.sequence->cancelled.load(std::memory_order_relaxed);
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
  threads_ = std::make_unique<ThreadPool>(static_cast<int>(options_.threads));
  if (threads_->get() != nullptr) {
    llama_attach_threadpool(context_.get(), threads_->get(), threads_->get());
  }
  memory_ = llama_get_memory(context_.get());
  slots_.resize(layout_.slots);
  batch_size_ = llama_n_batch(context_.get());
  // A small context has a small batch.
  chunk_ = std::min<std::size_t>(kChunk, batch_size_ - std::min(batch_size_ - 1, layout_.slots));
  batch_ = llama_batch_init(static_cast<std::int32_t>(batch_size_), 0, 1);
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
  {
    const std::lock_guard lock(mutex_);
    if (sequence.slot >= 0 || waiting_.size() < options_.waiting) {
      sequence.request = request;
      sequence.asked = Clock::now();
      waiting_.push_back(&sequence);
      changed_.notify_all();
      return;
    }
  }
  complete(request,
           {ErrorCode::kBusy, fmt::format("{} requests already wait for one of the model's {} "
                                          "slots; try again later",
                                          options_.waiting, layout_.slots)},
           {}, {});
}

void Engine::detach(Sequence& sequence) noexcept {
  const std::lock_guard lock(mutex_);
  if (sequence.slot < 0) return;
  slot_of(sequence).holder = nullptr;  // what was read stays until somebody needs the slot
  sequence.slot = -1;
}

void Engine::interrupt() noexcept {
  hurry_ = true;
  // Under the lock, so that the engine is either before its look or asleep.
  const std::lock_guard lock(mutex_);
  changed_.notify_all();
}

// ---- the engine's thread

void Engine::run() noexcept {
  std::unique_lock lock(mutex_);
  while (!stopping_) {
    hurry_ = false;
    const Clock::time_point now = Clock::now();
    admit(now);
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

// Gives slots to those who wait, and ends what was cancelled or has waited too long.
void Engine::admit(Clock::time_point now) {
  for (auto it = waiting_.begin(); it != waiting_.end();) {
    Sequence& sequence = **it;
    if (sequence.cancelled) {
      it = waiting_.erase(it);
      end_request(sequence, {ErrorCode::kTimeout, "cancelled"});
      continue;
    }
    const bool had = sequence.slot >= 0;
    const int slot = had ? sequence.slot : find_slot(sequence, now);
    if (slot < 0) {
      if (now - sequence.asked < options_.wait) {
        ++it;
        continue;
      }
      it = waiting_.erase(it);
      end_request(sequence,
                  {ErrorCode::kBusy,
                   fmt::format("all {} slots of the model are taken by texts under way, and none "
                               "came free within {} ms; try again later",
                               layout_.slots, options_.wait.count())});
      continue;
    }
    it = waiting_.erase(it);
    if (!had) take_slot(sequence, slot, now);
    if (!sequence.flowing || !had) reuse_prefix(sequence);
    if (!sequence.flowing) {
      sequence.flowing = true;
      if (sequence.generated == 0) sequence.begun = now;
    }
    active_.push_back(&sequence);
  }
  std::erase_if(active_, [this](Sequence* sequence) {
    if (!sequence->cancelled) return false;
    end_request(*sequence, {ErrorCode::kTimeout, "cancelled"});
    return true;
  });
}

// The slot whose loss costs least; -1 when all are in use.
int Engine::find_slot(const Sequence& sequence, Clock::time_point now) const {
  int best = -1;
  double best_value = 0;
  for (std::size_t i = 0; i < slots_.size(); ++i) {
    const Slot& slot = slots_[i];
    double value = 0;
    if (slot.holder == nullptr) {
      // What is in it may be ours to use; else the emptier and the older the better.
      const std::size_t common =
          may_share(slot, sequence) ? common_prefix(slot.cached, sequence.tokens) : 0;
      value = 1e9 + (common > 0 ? 1e9 + static_cast<double>(common) : 0) +
              (slot.cached.empty() ? 1e8 : 0);
    } else {
      if (slot.holder->request.task != Task::kNone) continue;
      if (slot.holder->flowing && now - slot.last_used < kStreamHold) continue;
    }
    value += std::chrono::duration<double>(now - slot.last_used).count();
    if (best < 0 || value > best_value) {
      best = static_cast<int>(i);
      best_value = value;
    }
  }
  return best;
}

void Engine::take_slot(Sequence& sequence, int index, Clock::time_point now) {
  Slot& slot = slots_[static_cast<std::size_t>(index)];
  if (slot.holder != nullptr) slot.holder->slot = -1;
  if (!may_share(slot, sequence)) keep_only(index, 0);
  slot.holder = &sequence;
  slot.owner = sequence.owner;
  slot.last_used = now;
  sequence.slot = index;
}

bool Engine::may_share(const Slot& slot, const Sequence& sequence) const noexcept {
  switch (options_.prefix_cache) {
    case PrefixCache::kOff:
      return false;
    case PrefixCache::kOwner:
      return slot.holder == &sequence || (slot.owner == sequence.owner && sequence.owner != 0);
    case PrefixCache::kShared:
      return true;
  }
  return false;
}

// Keeps what the slot, or another one, holds of the sequence's beginning, and forgets the rest.
void Engine::reuse_prefix(Sequence& sequence) {
  Slot& own = slot_of(sequence);
  // The last token is read in any case: its logits are wanted.
  const std::size_t most = sequence.tokens.size() - 1;
  std::size_t common = 0;
  if (options_.prefix_cache != PrefixCache::kOff && !parameters_.embedding) {
    common = std::min(common_prefix(own.cached, sequence.tokens), most);
    std::size_t best = std::max(common + kWorthCopying, kWorthCopying);
    const Slot* from = nullptr;
    for (const Slot& slot : slots_) {
      if (&slot == &own || !may_share(slot, sequence)) continue;
      const std::size_t theirs = std::min(common_prefix(slot.cached, sequence.tokens), most);
      if (theirs < best) continue;
      best = theirs;
      from = &slot;
    }
    if (from != nullptr && partial_) {
      // Between two sequences' own parts of the cache only all of one can be copied.
      llama_memory_seq_rm(memory_, sequence.slot, -1, -1);
      llama_memory_seq_cp(memory_, static_cast<int>(from - slots_.data()), sequence.slot, -1, -1);
      own.cached = from->cached;
      common = best;
    }
  }
  keep_only(sequence.slot, common);
  sequence.cached = own.cached.size();
}

void Engine::keep_only(int index, std::size_t tokens) {
  Slot& slot = slots_[static_cast<std::size_t>(index)];
  if (tokens >= slot.cached.size() && tokens != 0) return;
  // Some memories, recurrent or with a window, cannot forget a part.
  if (tokens != 0 &&
      (!partial_ || !llama_memory_seq_rm(memory_, index, static_cast<llama_pos>(tokens), -1))) {
    tokens = 0;
  }
  if (tokens == 0 && memory_ != nullptr) llama_memory_seq_rm(memory_, index, -1, -1);
  slot.cached.resize(tokens);
}

bool Engine::others_flow(const Sequence& sequence, Clock::time_point now) const noexcept {
  return std::ranges::any_of(slots_, [&](const Slot& slot) {
    if (slot.holder == nullptr || slot.holder == &sequence || !slot.holder->flowing) return false;
    const Sequence& other = *slot.holder;
    // Between requests its tokens are its context's; then its prompt has been read.
    if (other.request.task == Task::kNone) return now - slot.last_used < kAboutToAsk;
    return slot.cached.size() + 1 >= other.tokens.size();
  });
}

// What the next batch holds: a token for everybody whose text flows, and then parts of prompts.
void Engine::plan(Clock::time_point now) {
  batch_.n_tokens = 0;
  ++turn_;
  const std::size_t count = active_.size();
  const auto pending = [this](Sequence& sequence) {
    return sequence.tokens.size() - slot_of(sequence).cached.size();
  };
  if (parameters_.embedding || options_.reproducible) {
    // One at a time, always cut at the same places.
    Sequence& sequence = *active_[turn_ % count];
    return add(sequence,
               parameters_.embedding ? pending(sequence) : std::min(pending(sequence), chunk_));
  }
  bool flowing = false;
  for (Sequence* sequence : active_) {
    if (pending(*sequence) == 1) add(*sequence, 1);
    flowing = flowing || others_flow(*sequence, now);
  }
  flowing = flowing || batch_.n_tokens > 0;
  std::size_t room = flowing ? std::min(kSmallChunk, chunk_) : chunk_;
  for (std::size_t i = 0; i < count && room > 0; ++i) {
    Sequence& sequence = *active_[(turn_ + i) % count];
    const std::size_t wanted = pending(sequence);
    if (wanted == 1) continue;
    const std::size_t given = std::min(wanted, room);
    add(sequence, given);
    room -= given;
  }
}

void Engine::add(Sequence& sequence, std::size_t tokens) {
  const Slot& slot = slot_of(sequence);
  const std::size_t first = slot.cached.size();
  Part part{.sequence = &sequence, .tokens = tokens, .logits = -1};
  for (std::size_t i = first; i < first + tokens; ++i) {
    const auto at = static_cast<std::size_t>(batch_.n_tokens++);
    const bool last = i + 1 == sequence.tokens.size();
    batch_.token[at] = sequence.tokens[i];
    batch_.pos[at] = static_cast<llama_pos>(i);
    batch_.n_seq_id[at] = 1;
    batch_.seq_id[at][0] = sequence.slot;
    batch_.logits[at] = last || parameters_.embedding ? 1 : 0;
    if (last) part.logits = static_cast<int>(at);
  }
  parts_.push_back(part);
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

void Engine::settle(int outcome) {
  if (outcome != 0) {
    for (const Part& part : parts_) {
      Sequence& sequence = *part.sequence;
      // Some of the batch may be in the cache already.
      Slot& slot = slot_of(sequence);
      const std::size_t before = slot.cached.size();
      slot.cached.resize(before + 1);
      keep_only(sequence.slot, before);
      if (outcome == 2) continue;  // aborted: whoever was not cancelled goes on
      std::erase(active_, &sequence);
      end_request(sequence, {ErrorCode::kRuntimeError,
                             fmt::format("llama.cpp could not decode (code {}){}{}", outcome,
                                         log_error().empty() ? "" : ": ", log_error())});
    }
    return;
  }
  for (Part& part : parts_) {
    Slot& slot = slot_of(*part.sequence);
    const auto from = part.sequence->tokens.begin() + static_cast<long>(slot.cached.size());
    slot.cached.insert(slot.cached.end(), from, from + static_cast<long>(part.tokens));
    slot.last_used = Clock::now();
    if (part.logits < 0) continue;
    if (part.sequence->request.task == Task::kEmbed) {
      embedded(part);
    } else {
      sampled(part);
    }
  }
}

void Engine::sampled(Part& part) {
  Sequence& sequence = *part.sequence;
  const Clock::time_point now = Clock::now();
  const auto end = [&](Error error, std::size_t piece) {
    std::erase(active_, &sequence);
    end_request(sequence, std::move(error), piece);
  };
  Result<llama_token> token = fail(ErrorCode::kRuntimeError, {});
  try {
    token = sequence.sampler->sample(llama_get_logits_ith(context_.get(), part.logits));
  } catch (const std::exception& e) {
    token = fail(ErrorCode::kRuntimeError, std::string("sampling failed: ") + e.what());
  }
  if (!token) return end(std::move(token.error()), 0);
  if (sequence.generated == 0) {
    sequence.prompt_time = now - sequence.begun;
  } else {
    sequence.decode_time = now - sequence.begun - sequence.prompt_time;
  }
  const std::string_view piece = model_->piece(*token);
  ++sequence.generated;
  sequence.text += piece;
  if (llama_vocab_is_eog(model_->vocab(), *token)) {
    sequence.finish = Finish::kStop;
    return end({ErrorCode::kEndOfSequence, "the text has ended"}, piece.size());
  }
  sequence.tokens.push_back(*token);
  if (!sequence.reverse_prompt.empty()) {
    const std::size_t reach = sequence.reverse_prompt.size() + piece.size();
    const std::size_t from = sequence.text.size() - std::min(sequence.text.size(), reach);
    if (sequence.text.find(sequence.reverse_prompt, from) != std::string::npos) {
      sequence.finish = Finish::kReversePrompt;
    }
  }
  if (sequence.finish == Finish::kNone && sequence.n_predict >= 0 &&
      sequence.generated >= static_cast<std::size_t>(sequence.n_predict)) {
    sequence.finish = Finish::kLength;
  }
  if (sequence.finish == Finish::kNone && sequence.tokens.size() > sequence.limit) {
    sequence.finish = Finish::kContextFull;
  }
  if (sequence.request.task == Task::kNext) return end({kFine, {}}, piece.size());
  if (sequence.finish == Finish::kContextFull) {
    return end(
        {ErrorCode::kContextFull, fmt::format("the context of {} tokens is full", sequence.limit)},
        0);
  }
  if (sequence.finish != Finish::kNone) end({kFine, {}}, 0);
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
  keep_only(sequence.slot, 0);
  std::erase(active_, &sequence);
  end_request(sequence, std::move(error));
}

// Takes the request from the sequence; its completion follows when the lock is open.
void Engine::end_request(Sequence& sequence, Error error, std::size_t piece) {
  const Request request = std::exchange(sequence.request, {});
  if (error.code == ErrorCode::kTimeout) sequence.finish = Finish::kCancelled;
  if (request.task != Task::kNext || error.code != kFine || sequence.finish != Finish::kNone) {
    sequence.flowing = false;
  }
  if (sequence.slot >= 0) slot_of(sequence).last_used = Clock::now();
  const std::string_view text = sequence.text;
  done_.push_back({request, std::move(error), text, text.substr(text.size() - piece)});
}

void Engine::call_completions() {
  // A completion may bring the next request at once, from its own thread.
  for (const Done& done : done_)
    complete(done.request, done.error, done.text, done.piece);
  done_.clear();
}

}  // namespace nacre::llama
