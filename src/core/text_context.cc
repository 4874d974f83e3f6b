#include <nacre/text_context.h>

#include <nacre/backend.h>

#include "core/computation.h"
#include "core/error_slot.h"

#include <fmt/format.h>

#include <utility>

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

TextContext::TextContext(const nacre_text_table& table, nacre_backend_context* context,
                         Computation& computation, const ContextLimits& limits) noexcept
    : table_(table),
      context_(context),
      computation_(computation),
      max_prompt_bytes_(limits.max_tensor_bytes) {
  table_.set_owner(context_, limits.owner);
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
  ErrorSlot error;
  const nacre_error_sink sink = error.sink();
  if (table_.set_prompt(context_, to_abi(text), &sink) != 0) return error.take();
  prompt_set_ = true;
  return {};
}

Result<void> TextContext::generate(Deadline deadline) {
  if (auto ok = may_generate(); !ok) return ok;
  finish();
  return computation_.run_started_by(deadline, [&](Completion completion) {
    table_.start_generate(context_, nanoseconds(deadline), completion.raw());
  });
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
  auto result = computation_.run_started_by(deadline, [&](Completion completion) {
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
  if (!computation_.abandoned()) table_.finish(context_);
}

Result<std::string_view> TextContext::read(std::uint32_t (*from)(nacre_backend_context*,
                                                                 const nacre_text_sink*,
                                                                 const nacre_error_sink*)) {
  if (auto ok = ready(); !ok) return std::unexpected(std::move(ok.error()));
  read_.clear();
  const nacre_text_sink text{&read_, &append};
  ErrorSlot error;
  const nacre_error_sink sink = error.sink();
  if (from(context_, &text, &sink) != 0) return error.take();
  return std::string_view(read_);
}

Result<std::string_view> TextContext::output() {
  return read(table_.output);
}

Result<std::string_view> TextContext::metadata() {
  return read(table_.metadata);
}

}  // namespace nacre
