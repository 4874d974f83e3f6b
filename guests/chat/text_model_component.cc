// See text_model.h. Core modules have text_model.cc instead.
#include "text_model.h"

#ifdef WASI_NN_COMPONENT

#include "../sdk/nacre_text_component.h"

namespace chat {
namespace {

// Codes as in core modules (sdk/wasi_nn.h), so that the rest of a guest is the same.
constexpr int kInvalidArgument = 1;
constexpr int kInvalidEncoding = 2;
constexpr int kBusyOrFailed = 5;
constexpr int kUnsupportedOperation = 6;
constexpr int kTooLarge = 7;
constexpr int kNotFound = 8;
constexpr int kEndOfSequence = 100;
constexpr int kContextFull = 101;
constexpr int kPromptTooLong = 102;

int code_of(std::uint32_t wit_code) {
  switch (wit_code) {
    case WASI_NN_WIT_INVALID_ARGUMENT:
      return kInvalidArgument;
    case WASI_NN_WIT_INVALID_ENCODING:
      return kInvalidEncoding;
    case WASI_NN_WIT_UNSUPPORTED_OPERATION:
      return kUnsupportedOperation;
    case WASI_NN_WIT_TOO_LARGE:
      return kTooLarge;
    case WASI_NN_WIT_NOT_FOUND:
      return kNotFound;
    default:
      return kBusyOrFailed;
  }
}

Status failed(const nacre_nn_error& error) {
  wasi_nn_list_free(&error.data);
  return {code_of(error.code)};
}

Status failed(wasi_nn_handle error) {
  const int code = code_of(wasi_nn_error_code(error));
  wasi_nn_error_drop(error);
  return {code};
}

void take(const wasi_nn_list& list, std::string& bytes) {
  bytes.assign(static_cast<const char*>(list.data), list.size);
  wasi_nn_list_free(&list);
}

}  // namespace

bool Status::prompt_too_long() const {
  return errno_code == kPromptTooLong;
}
bool Status::end_of_sequence() const {
  return errno_code == kEndOfSequence;
}
bool Status::context_full() const {
  return errno_code == kContextFull;
}
const char* Status::name() const {
  switch (errno_code) {
    case kInvalidArgument:
      return "invalid_argument";
    case kInvalidEncoding:
      return "invalid_encoding";
    case kUnsupportedOperation:
      return "unsupported_operation";
    case kTooLarge:
      return "too_large";
    case kNotFound:
      return "not_found";
    case kPromptTooLong:
      return "prompt_too_long";
    default:
      return "runtime_error";
  }
}

Status TextModel::open(std::string_view name, std::string_view config) {
  wasi_nn_result graph;
  wasi_nn_graph_load_by_name(name.data(), static_cast<std::uint32_t>(name.size()), &graph);
  if (graph.failed) return failed(graph.handle);
  nacre_nn_text_result made;
  nacre_nn_text_open(graph.handle, &made);
  wasi_nn_graph_drop(graph.handle);  // the context keeps what it needs
  if (made.failed) return failed(made.error);
  context_ = made.context;
  nacre_nn_text_configure(context_, config.data(), static_cast<std::uint32_t>(config.size()),
                          &made);
  return made.failed ? failed(made.error) : Status{};
}

Status TextModel::set_prompt(std::string_view prompt) {
  nacre_nn_text_result set;
  nacre_nn_text_set_prompt(context_, prompt.data(), static_cast<std::uint32_t>(prompt.size()),
                           &set);
  if (!set.failed) return {};
  const Status status = failed(set.error);
  return status.errno_code == kTooLarge ? Status{kPromptTooLong} : status;
}

Status TextModel::next(std::string& piece) {
  piece.clear();
  nacre_nn_piece_result next;
  nacre_nn_text_next(context_, &next);
  if (next.failed) return failed(next.error);
  if (next.piece.some) {
    take(next.piece.list, piece);
    return {};
  }
  const bool full = metadata().find("\"finish_reason\":\"context_full\"") != std::string::npos;
  return {full ? kContextFull : kEndOfSequence};
}

void TextModel::finish() {
  nacre_nn_text_finish(context_);
}

Status TextModel::compute(std::string& bytes) {
  nacre_nn_text_result text;
  nacre_nn_text_generate(context_, &text);
  if (text.failed) return failed(text.error);
  take(text.bytes, bytes);
  return {};
}

std::string TextModel::metadata() {
  nacre_nn_text_result json;
  nacre_nn_text_metadata(context_, &json);
  std::string text;
  if (json.failed) {
    (void)failed(json.error);
  } else {
    take(json.bytes, text);
  }
  return text;
}

}  // namespace chat

#endif  // WASI_NN_COMPONENT
