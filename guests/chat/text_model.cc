// See text_model.h. Components have text_model_component.cc instead.
#include "text_model.h"

#ifndef WASI_NN_COMPONENT

#define WASI_NN_WASMEDGE
#include "../sdk/wasi_nn.h"

namespace chat {
namespace {

// A first try that holds nearly every answer; the host says what it really takes.
constexpr std::size_t kUsualOutput = 8192;

using Get = wasi_nn_errno (*)(wasi_nn_context, std::uint32_t, std::uint8_t*, std::uint32_t,
                              std::uint32_t*);

Status answered(wasi_nn_errno code) {
  return {code, code == WASI_NN_SUCCESS ? "" : wasi_nn_errno_name(code)};
}

Status read_all(Get get, wasi_nn_context context, std::uint32_t index, std::string& bytes) {
  bytes.resize(kUsualOutput);
  for (;;) {
    std::uint32_t written = 0;
    const wasi_nn_errno code = get(context, index, reinterpret_cast<std::uint8_t*>(bytes.data()),
                                   static_cast<std::uint32_t>(bytes.size()), &written);
    if (code == WASI_NN_TOO_LARGE && written > bytes.size()) {
      bytes.resize(written);
      continue;
    }
    bytes.resize(code == WASI_NN_SUCCESS ? written : 0);
    return answered(code);
  }
}

}  // namespace

struct TextModel::State {
  wasi_nn_context context = 0;  // lives as long as the program
};

TextModel::TextModel() = default;
TextModel::~TextModel() = default;

bool Status::not_found() const {
  return errno_code == WASI_NN_NOT_FOUND;
}

bool Status::prompt_too_long() const {
  return errno_code == WASI_NN_PROMPT_TOO_LONG;
}
bool Status::end_of_sequence() const {
  return errno_code == WASI_NN_END_OF_SEQUENCE;
}
bool Status::context_full() const {
  return errno_code == WASI_NN_CONTEXT_FULL;
}

Status TextModel::open(std::string_view name, std::string_view config) {
  wasi_nn_graph graph = 0;
  const wasi_nn_errno code = wasi_nn_load_by_name_with_config(
      name.data(), static_cast<std::uint32_t>(name.size()), config.data(),
      static_cast<std::uint32_t>(config.size()), &graph);
  if (code != WASI_NN_SUCCESS) return answered(code);
  wasi_nn_context context = 0;
  if (auto made = answered(wasi_nn_init_execution_context(graph, &context)); !made) return made;
  // Every language model has metadata, at any time; what has none is another kind of model.
  std::string metadata;
  if (auto read = read_all(wasi_nn_get_output, context, 1, metadata); !read) {
    read.no_language_model = true;
    return read;
  }
  state_ = std::make_unique<State>(context);
  return {};
}

Status TextModel::set_prompt(std::string_view prompt) {
  const std::uint32_t dims[] = {1};  // this dialect's habit: the data's length is the truth
  const wasi_nn_tensor tensor = {dims, 1, WASI_NN_U8,
                                 reinterpret_cast<const std::uint8_t*>(prompt.data()),
                                 static_cast<std::uint32_t>(prompt.size())};
  return answered(wasi_nn_set_input(state_->context, 0, &tensor));
}

Status TextModel::next(std::string& piece) {
  piece.clear();
  const wasi_nn_errno code = wasi_nn_compute_single(state_->context);
  if (code != WASI_NN_SUCCESS) return answered(code);
  return read_all(wasi_nn_get_output_single, state_->context, 0, piece);
}

void TextModel::finish() {
  (void)wasi_nn_fini_single(state_->context);
}

Status TextModel::compute(std::string& bytes) {
  Status computed = answered(wasi_nn_compute(state_->context));
  // What was written before the context was full can still be read.
  if (!computed && !computed.context_full()) return computed;
  Status read = read_all(wasi_nn_get_output, state_->context, 0, bytes);
  return read ? computed : read;
}

std::string TextModel::metadata() {
  std::string json;
  if (!read_all(wasi_nn_get_output, state_->context, 1, json)) json.clear();
  return json;
}

}  // namespace chat

#endif  // WASI_NN_COMPONENT
