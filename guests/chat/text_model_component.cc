// See text_model.h. Core modules have text_model.cc instead.
#include "text_model.h"

#ifdef WASI_NN_COMPONENT

#include "../sdk/nacre_text.hpp"

namespace chat {
namespace {

// As in core modules (sdk/wasi_nn.h), so that the rest of a guest is the same.
constexpr int kFailed = 5;
constexpr int kNotFound = 8;
constexpr int kEndOfSequence = 100;
constexpr int kContextFull = 101;
constexpr int kPromptTooLong = 102;

Status failed(nn::Error error) {
  return {error.code == nn::ErrorCode::kNotFound ? kNotFound : kFailed, std::move(error.message)};
}

}  // namespace

struct TextModel::State {
  nn::TextContext context;
};

TextModel::TextModel() = default;
TextModel::~TextModel() = default;

bool Status::not_found() const {
  return errno_code == kNotFound;
}
bool Status::prompt_too_long() const {
  return errno_code == kPromptTooLong;
}
bool Status::end_of_sequence() const {
  return errno_code == kEndOfSequence;
}
bool Status::context_full() const {
  return errno_code == kContextFull;
}

Status TextModel::open(std::string_view name, std::string_view config) {
  const auto graph = nn::Graph::load_by_name(name);
  if (!graph) return failed(graph.error());
  auto context = nn::TextContext::open(*graph);
  if (!context) {
    Status status = failed(context.error());
    status.no_language_model = context.error().code == nn::ErrorCode::kUnsupportedOperation;
    return status;
  }
  if (auto set = context->configure(config); !set) return failed(std::move(set.error()));
  state_ = std::make_unique<State>(*std::move(context));
  return {};
}

Status TextModel::set_prompt(std::string_view prompt) {
  auto set = state_->context.set_prompt(prompt);
  if (set) return {};
  const bool too_long = set.error().code == nn::ErrorCode::kTooLarge;
  return {too_long ? kPromptTooLong : kFailed, std::move(set.error().message)};
}

Status TextModel::next(std::string& piece) {
  auto next = state_->context.next();
  piece.clear();
  if (!next) return failed(std::move(next.error()));
  if (!*next) {
    const bool full = metadata().find("\"finish_reason\":\"context_full\"") != std::string::npos;
    return {full ? kContextFull : kEndOfSequence, "the text has ended"};
  }
  piece = **std::move(next);
  return {};
}

void TextModel::finish() {
  state_->context.finish();
}

Status TextModel::compute(std::string& bytes) {
  auto text = state_->context.generate();
  if (!text) return failed(std::move(text.error()));
  bytes = *std::move(text);
  return {};
}

std::string TextModel::metadata() {
  return state_->context.metadata().value_or("");
}

}  // namespace chat

#endif  // WASI_NN_COMPONENT
