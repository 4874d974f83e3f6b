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
    return {code};
  }
}

}  // namespace

bool Status::prompt_too_long() const {
  return errno_code == WASI_NN_PROMPT_TOO_LONG;
}
bool Status::end_of_sequence() const {
  return errno_code == WASI_NN_END_OF_SEQUENCE;
}
bool Status::context_full() const {
  return errno_code == WASI_NN_CONTEXT_FULL;
}
const char* Status::name() const {
  return wasi_nn_errno_name(errno_code);
}

Status TextModel::open(std::string_view name, std::string_view config) {
  wasi_nn_graph graph = 0;
  const wasi_nn_errno code = wasi_nn_load_by_name_with_config(
      name.data(), static_cast<std::uint32_t>(name.size()), config.data(),
      static_cast<std::uint32_t>(config.size()), &graph);
  if (code != WASI_NN_SUCCESS) return {code};
  return {wasi_nn_init_execution_context(graph, &context_)};
}

Status TextModel::set_prompt(std::string_view prompt) {
  const std::uint32_t dims[] = {1};  // this dialect's habit: the data's length is the truth
  const wasi_nn_tensor tensor = {dims, 1, WASI_NN_U8,
                                 reinterpret_cast<const std::uint8_t*>(prompt.data()),
                                 static_cast<std::uint32_t>(prompt.size())};
  return {wasi_nn_set_input(context_, 0, &tensor)};
}

Status TextModel::next(std::string& piece) {
  piece.clear();
  const wasi_nn_errno code = wasi_nn_compute_single(context_);
  if (code != WASI_NN_SUCCESS) return {code};
  return read_all(wasi_nn_get_output_single, context_, 0, piece);
}

void TextModel::finish() {
  (void)wasi_nn_fini_single(context_);
}

Status TextModel::compute(std::string& bytes) {
  const Status computed{wasi_nn_compute(context_)};
  // What was written before the context was full can still be read.
  if (!computed && !computed.context_full()) return computed;
  const Status read = output(0, bytes);
  return read ? computed : read;
}

std::string TextModel::metadata() {
  std::string json;
  if (!output(1, json)) json.clear();
  return json;
}

Status TextModel::output(std::uint32_t index, std::string& bytes) {
  return read_all(wasi_nn_get_output, context_, index, bytes);
}

}  // namespace chat

#endif  // WASI_NN_COMPONENT
