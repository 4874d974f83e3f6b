#include "context.h"

#include "chat.h"
#include "child.h"
#include "schema.h"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <utility>

namespace nacre::llama {
namespace {

// A prompt leaves room for at least this much text, as WasmEdge has it.
constexpr std::size_t kRoomForText = 4;

std::string_view name(Finish finish) {
  switch (finish) {
    case Finish::kNone:
      return "";
    case Finish::kStop:
      return "stop";
    case Finish::kLength:
      return "length";
    case Finish::kReversePrompt:
      return "reverse_prompt";
    case Finish::kContextFull:
      return "context_full";
    case Finish::kCancelled:
      return "cancelled";
  }
  return "";
}

double milliseconds(Clock::duration time) {
  return std::chrono::duration<double, std::milli>(time).count();
}

}  // namespace

Result<std::shared_ptr<Engine>> Engines::get(const EngineParameters& parameters) {
  const std::lock_guard lock(mutex_);
  const auto found = std::ranges::find(entries_, parameters, &Entry::parameters);
  if (found != entries_.end()) {
    std::rotate(found, found + 1, entries_.end());
    return entries_.back().engine;
  }
  if (entries_.size() >= options_.engines) {
    const auto idle = std::ranges::find_if(
        entries_, [](const Entry& entry) { return entry.engine.use_count() == 1; });
    if (idle == entries_.end()) {
      return fail(ErrorCode::kBusy,
                  fmt::format("the model is in use with {} other sets of context parameters, and "
                              "there may be {}; use one of those, or try again later",
                              entries_.size(), options_.engines));
    }
    entries_.erase(idle);
  }
  auto engine = Engine::create(model_, options_, parameters, services_);
  if (!engine) return engine;
  entries_.push_back({parameters, *engine});
  return engine;
}

Context::Context(std::shared_ptr<Engines> engines)
    : engines_(std::move(engines)), config_(engines_->config()) {}

Context::~Context() {
  leave_engine();
}

void Context::stop() noexcept {
  streaming_ = false;
  if (engine_ != nullptr) engine_->stop(sequence_);
}

void Context::leave_engine() noexcept {
  std::shared_ptr<Engine> left;
  {
    const std::lock_guard lock(engine_mutex_);
    left = std::move(engine_);
  }
  if (left != nullptr) left->detach(sequence_);
}

std::unexpected<Error> Context::note(Error error) {
  last_error_ = error.message;
  return std::unexpected(std::move(error));
}

Result<void> Context::configure(std::string_view json) {
  const HostServices services = engines_->services();
  const ConfigServices help{
      .note = [services](std::string_view line) { services.log(LogLevel::kDebug, line); },
      .schema_to_gbnf =
          [](std::string_view schema) { return schema_to_gbnf(helper_path(), schema); }};
  auto config = parse_config(json, config_, help);
  if (!config) return note(std::move(config.error()));
  if (config->gpu_layers > 0 && !has_gpu() && engines_->first_to_want_gpu()) {
    services.log(LogLevel::kWarning,
                 "a guest sets n-gpu-layers, and this build has no GPU: the CPU computes");
  }
  auto layout = Engine::layout(*engines_->model(), engines_->options(), config->engine);
  if (!layout) return note(std::move(layout.error()));
  if (config->context_size > layout->slot_tokens) {
    services.log(LogLevel::kInfo,
                 fmt::format("ctx-size {} is more than the {} tokens that a context may have here",
                             config->context_size, layout->slot_tokens));
  }
  streaming_ = false;
  if (!(config->engine == config_.engine)) {
    leave_engine();
  } else if (engine_ != nullptr) {
    engine_->reclaim(sequence_);  // the sampler may be at work
  }
  const bool other_samples =
      !(config->sampling == config_.sampling) || config->grammar != config_.grammar;
  config_ = std::move(*config);
  if (other_samples) sequence_.sampler.reset();
  slot_tokens_ = 0;
  return {};
}

Result<void> Context::set_prompt(std::string_view text) {
  stop();
  sequence_.prompt.clear();
  sequence_.text.clear();
  sequence_.generated = 0;
  sequence_.finish = Finish::kNone;
  sequence_.cached = 0;
  input_tokens_ = 0;
  auto layout = Engine::layout(*engines_->model(), engines_->options(), config_.engine);
  if (!layout) return note(std::move(layout.error()));
  slot_tokens_ = layout->slot_tokens;
  if (config_.context_size != 0) {
    slot_tokens_ = std::min<std::size_t>(slot_tokens_, config_.context_size);
  }
  sequence_.limit = slot_tokens_;
  const std::size_t reserved = config_.engine.embedding ? 0 : kRoomForText;
  const std::size_t most = slot_tokens_ - std::min(slot_tokens_, reserved);
  auto tokens = engines_->model()->tokenize(text, most, input_tokens_);
  if (!tokens) return note(std::move(tokens.error()));
  if (tokens->empty()) {
    return note({ErrorCode::kInvalidArgument,
                 "the prompt is empty, and this model begins with no token of its own"});
  }
  sequence_.prompt = std::move(*tokens);
  return {};
}

std::int64_t Context::token_ceiling() const noexcept {
  const std::int64_t most = engines_->options().max_tokens;
  if (most == 0) return config_.n_predict;
  return config_.n_predict < 0 ? most : std::min(most, config_.n_predict);
}

Result<void> Context::begin_anew() {
  if (sequence_.prompt.empty()) {
    return note({ErrorCode::kInvalidArgument, "no prompt is set"});
  }
  if (!config_.engine.embedding && !engines_->model()->generates()) {
    return note({ErrorCode::kUnsupportedOperation,
                 "this model makes no text, only embeddings; configure \"embedding\": true"});
  }
  if (engine_ != nullptr) engine_->reclaim(sequence_);
  sequence_.begin();
  sequence_.n_predict = token_ceiling();
  sequence_.reverse_prompt = config_.reverse_prompt;
  sequence_.embedding_norm = config_.embedding_norm;
  if (config_.engine.embedding) return {};
  if (sequence_.sampler == nullptr) {
    sequence_.sampler =
        std::make_unique<Sampler>(engines_->model(), config_.sampling, config_.grammar);
  } else {
    sequence_.sampler->reset();
  }
  return {};
}

Result<void> Context::join_engine() {
  if (engine_ != nullptr) return {};
  auto engine = engines_->get(config_.engine);
  if (!engine) return note(std::move(engine.error()));
  const std::lock_guard lock(engine_mutex_);
  engine_ = std::move(*engine);
  return {};
}

void Context::submit(const Request& request) {
  if (auto ok = join_engine(); !ok) return complete(request, ok.error(), {}, {});
  if (sequence_.finish == Finish::kCancelled) sequence_.finish = Finish::kNone;
  engine_->start(sequence_, request);
}

void Context::start_generate(Deadline, Completion completion) {
  streaming_ = false;
  if (auto ok = begin_anew(); !ok) return completion.fail(ok.error());
  const Task task = config_.engine.embedding ? Task::kEmbed : Task::kAll;
  if (task == Task::kAll && sequence_.n_predict == 0) {
    sequence_.finish = Finish::kLength;
    return completion.succeed();
  }
  submit({.task = task, .completion = completion, .piece = {}, .tensor = {}});
}

void Context::start_next(Deadline, TextSink piece, Completion completion) {
  if (config_.engine.embedding) {
    return completion.fail(ErrorCode::kUnsupportedOperation,
                           "an embedding does not come in pieces; compute it as a whole");
  }
  if (!streaming_) {
    if (auto ok = begin_anew(); !ok) return completion.fail(ok.error());
    streaming_ = true;
    if (sequence_.n_predict == 0) sequence_.finish = Finish::kLength;
  }
  switch (sequence_.finish) {
    case Finish::kNone:
    case Finish::kCancelled:
      break;
    case Finish::kContextFull:
      return completion.fail(ErrorCode::kContextFull,
                             fmt::format("the context of {} tokens is full", sequence_.limit));
    case Finish::kStop:
    case Finish::kLength:
    case Finish::kReversePrompt:
      return completion.fail(ErrorCode::kEndOfSequence, "the text has ended");
  }
  submit({.task = Task::kNext, .completion = completion, .piece = piece, .tensor = {}});
}

void Context::finish() noexcept {
  stop();
}

Result<void> Context::output(TextSink text) {
  text.write(sequence_.text);
  return {};
}

Result<void> Context::metadata(TextSink json) {
  const auto rate = [](std::size_t tokens, Clock::duration time) {
    const double ms = milliseconds(time);
    return ms > 0 ? static_cast<double>(tokens) * 1000 / ms : 0.0;
  };
  const std::size_t read = input_tokens_ - std::min(input_tokens_, sequence_.cached);
  const std::size_t written = config_.engine.embedding ? 0 : sequence_.generated;
  const nlohmann::json all = {
      {"input_tokens", input_tokens_},
      {"output_tokens", written},
      {"llama_build_number", 0},
      {"llama_commit", llama_version()},
      {"cached_tokens", sequence_.cached},
      {"prompt_ms", milliseconds(sequence_.prompt_time)},
      {"prompt_tokens_per_second", rate(read, sequence_.prompt_time)},
      {"decode_ms", milliseconds(sequence_.decode_time)},
      {"tokens_per_second",
       rate(written - std::min<std::size_t>(written, 1), sequence_.decode_time)},
      {"finish_reason", name(sequence_.finish)},
      {"ctx_size", slot_tokens_},
      {"last_error", last_error_},
  };
  json.write(all.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace));
  return {};
}

Result<void> Context::render_chat(std::span<const nacre_chat_turn> turns, TextSink prompt) {
  const auto text = llama::render_chat(engines_->model()->get(), config_.chat_template, turns);
  if (!text) return note(text.error());
  prompt.write(*text);
  return {};
}

void Context::start(std::span<const nacre_tensor> inputs, Deadline, OutputSink sink,
                    Completion completion) {
  const std::string_view prompt(static_cast<const char*>(inputs[0].data),
                                static_cast<std::size_t>(inputs[0].size));
  if (auto ok = set_prompt(prompt); !ok) return completion.fail(ok.error());
  if (auto ok = begin_anew(); !ok) return completion.fail(ok.error());
  submit({.task = config_.engine.embedding ? Task::kEmbed : Task::kAll,
          .completion = completion,
          .piece = {},
          .tensor = sink});
}

void Context::cancel() noexcept {
  sequence_.cancelled = true;
  const std::lock_guard lock(engine_mutex_);
  if (engine_ != nullptr) engine_->interrupt();
}

void Context::rearm() noexcept {
  sequence_.cancelled = false;
}

}  // namespace nacre::llama
