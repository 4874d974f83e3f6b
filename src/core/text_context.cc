#include <nacre/text_context.h>

#include <nacre/backend.h>
#include <nacre/chat.h>
#include <nacre/model_stats.h>

#include "core/computation.h"
#include "core/error_slot.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>
#include <vector>

namespace nacre {
namespace {

void append(void* self, nacre_string text) {
  static_cast<std::string*>(self)->append(to_view(text));
}

std::uint64_t nanoseconds(Deadline deadline) noexcept {
  if (deadline == kNoDeadline) return NACRE_NO_DEADLINE;
  return static_cast<std::uint64_t>(std::chrono::nanoseconds(deadline.time_since_epoch()).count());
}

}  // namespace

TextContext::TextContext(const nacre_text_table& table, const nacre_chat_table* chat,
                         nacre_backend_context* context, Computation& computation,
                         const ContextLimits& limits, ModelCounters* counters) noexcept
    : table_(table),
      chat_(chat),
      context_(context),
      computation_(computation),
      max_prompt_bytes_(limits.max_tensor_bytes),
      counters_(counters) {
  table_.set_owner(context_, limits.owner);
}

TextContext::~TextContext() {
  count(true);
}

// One request's part, timed; the first begins the text that count() ends.
template <typename Start>
Result<void> TextContext::run(Deadline deadline, Start&& start) {
  if (counters_ == nullptr) {
    return computation_.run_started_by(deadline, std::forward<Start>(start));
  }
  counting_ = true;
  const auto begun = std::chrono::steady_clock::now();
  auto result = computation_.run_started_by(deadline, std::forward<Start>(start));
  const std::chrono::nanoseconds took = std::chrono::steady_clock::now() - begun;
  if (computation_.was_abandoned()) {
    took_ += took;
    count(false);
    return result;
  }
  took_ += took - std::min(took, note_queue_time());
  if (!result) {
    count(result.error().code == ErrorCode::kEndOfSequence ||
          result.error().code == ErrorCode::kContextFull);
  }
  return result;
}

std::chrono::nanoseconds TextContext::note_queue_time() noexcept {
  const std::chrono::nanoseconds queued(
      static_cast<std::int64_t>(table_.take_queue_time(context_)));
  if (queued.count() != 0) counters_->queued(queued);
  return queued;
}

void TextContext::count(bool good) noexcept {
  if (counting_) counters_->computed(good, took_);
  counting_ = false;
  took_ = {};
}

Result<void> TextContext::ready() const {
  if (!computation_.abandoned()) return {};
  return fail(ErrorCode::kBusy,
              "the generation that was cancelled before has not ended in the backend yet");
}

Result<void> TextContext::may_generate() const {
  if (auto ok = ready(); !ok) return ok;
  if (prompt_set_) return {};
  return fail(ErrorCode::kInvalidArgument,
              "no prompt is set; one is needed before anything can be generated");
}

Result<void> TextContext::configure(std::string_view json) {
  if (auto ok = ready(); !ok) return ok;
  if (json.size() > kMaxTextConfigBytes) {
    return fail(ErrorCode::kTooLarge,
                fmt::format("a configuration of {} bytes, and the limit is {}", json.size(),
                            kMaxTextConfigBytes));
  }
  ErrorSlot error;
  const nacre_error_sink sink = error.sink();
  if (table_.configure(context_, to_abi(json), &sink) != 0) return error.take();
  ended_.reset();
  count(true);
  return {};
}

Result<void> TextContext::set_prompt(std::string_view text) {
  if (auto ok = ready(); !ok) return ok;
  if (text.size() > max_prompt_bytes_) {
    return fail(ErrorCode::kTooLarge, fmt::format("a prompt of {} bytes, and the limit is {}",
                                                  text.size(), max_prompt_bytes_));
  }
  prompt_set_ = false;
  ended_.reset();
  piece_.clear();
  count(true);
  ErrorSlot error;
  const nacre_error_sink sink = error.sink();
  if (table_.set_prompt(context_, to_abi(text), &sink) != 0) return error.take();
  prompt_set_ = true;
  return {};
}

Result<void> TextContext::generate(Deadline deadline) {
  if (auto ok = may_generate(); !ok) return ok;
  finish();
  auto result = run(deadline, [&](Completion completion) {
    table_.start_generate(context_, nanoseconds(deadline), completion.raw());
  });
  count(true);
  return result;
}

Result<void> TextContext::next(Deadline deadline) {
  if (auto ok = may_generate(); !ok) return ok;
  if (ended_) {
    piece_.clear();
    return std::unexpected(*ended_);
  }
  piece_.clear();
  incoming_.clear();
  const nacre_text_sink sink{&incoming_, &append};
  sink_ = sink;
  auto result = run(deadline, [&](Completion completion) {
    table_.start_next(context_, nanoseconds(deadline), &sink_, completion.raw());
  });
  if (computation_.was_abandoned()) return result;  // the backend may still be writing
  const bool over = !result && (result.error().code == ErrorCode::kEndOfSequence ||
                                result.error().code == ErrorCode::kContextFull);
  if (over) ended_ = result.error();
  if (result || over) piece_.swap(incoming_);
  return result;
}

void TextContext::finish() noexcept {
  ended_.reset();
  piece_.clear();
  count(true);
  if (!computation_.abandoned()) table_.finish(context_);
}

template <typename From>
Result<std::string_view> TextContext::read(From&& from) {
  if (auto ok = ready(); !ok) return std::unexpected(std::move(ok.error()));
  read_.clear();
  const nacre_text_sink text{&read_, &append};
  ErrorSlot error;
  const nacre_error_sink sink = error.sink();
  if (std::forward<From>(from)(text, sink) != 0) return error.take();
  return std::string_view(read_);
}

Result<std::string_view> TextContext::output() {
  return read([this](const nacre_text_sink& text, const nacre_error_sink& error) {
    return table_.output(context_, &text, &error);
  });
}

Result<std::string_view> TextContext::metadata() {
  return read([this](const nacre_text_sink& json, const nacre_error_sink& error) {
    return table_.metadata(context_, &json, &error);
  });
}

Result<std::string_view> TextContext::render_chat(std::span<const ChatTurn> turns) {
  if (chat_ == nullptr) {
    return fail(ErrorCode::kUnsupportedOperation,
                "the model's backend cannot write a conversation down for it; give it whole "
                "prompts");
  }
  std::vector<nacre_chat_turn> spans;
  spans.reserve(turns.size());
  for (const ChatTurn& turn : turns)
    spans.push_back({to_abi(turn.role), to_abi(turn.text)});
  return read([&](const nacre_text_sink& prompt, const nacre_error_sink& error) {
    return chat_->render(context_, spans.data(), spans.size(), &prompt, &error);
  });
}

}  // namespace nacre
