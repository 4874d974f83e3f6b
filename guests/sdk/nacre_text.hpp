// Language models for components written in C++23: nacre:nn/text, a text piece by piece, and
// wasi:nn's proposed `prompt`, a chat whose history the host keeps. Beside wasi_nn.hpp; the host
// must be Nacre. Core modules have WasmEdge's functions instead (WASI_NN_WASMEDGE in wasi_nn.h).
//
//   auto graph = nn::Graph::load_by_name("chat");
//   auto text = nn::TextContext::open(*graph);
//   text->configure(R"({"temp":0,"n-predict":100})");
//   text->set_prompt("Once upon a time");
//   for (auto piece = text->next(); piece && *piece; piece = text->next()) print(**piece);
//
// Keys of a configuration: docs/language_models.md. No exceptions; objects are move-only and own
// their handle; strings are bytes, and a piece may end within a UTF-8 character.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "nacre_nn.hpp"
#include "nacre_text_component.h"

#ifndef WASI_NN_COMPONENT
#error \
    "nacre_text.hpp is for components: define WASI_NN_COMPONENT, or use wasi_nn.h's WasmEdge calls"
#endif

namespace nn {

// One text at a time: set a prompt, then take pieces until there are no more, or all at once.
class TextContext {
 public:
  // kUnsupportedOperation where the graph is no language model. The graph may go before this.
  static Result<TextContext> open(const Graph& graph) {
    nacre_nn_text_result made;
    nacre_nn_text_open(graph.handle(), &made);
    if (made.failed) return detail::take_error(made.error, "opening a text");
    return TextContext(made.context);
  }

  // Options of this context, as JSON. An error changes nothing.
  Result<void> configure(std::string_view json) {
    nacre_nn_text_result nothing;
    nacre_nn_text_configure(handle_.get(), json.data(), static_cast<std::uint32_t>(json.size()),
                            &nothing);
    if (nothing.failed) return detail::take_error(nothing.error, "configuring a text");
    return {};
  }

  // A whole prompt; it replaces the one before, and the host keeps what both begin with. One that
  // is too long is kTooLarge, and metadata() says its tokens.
  Result<void> set_prompt(std::string_view prompt) {
    nacre_nn_text_result nothing;
    nacre_nn_text_set_prompt(handle_.get(), prompt.data(),
                             static_cast<std::uint32_t>(prompt.size()), &nothing);
    if (nothing.failed) return detail::take_error(nothing.error, "setting a prompt");
    return {};
  }

  // The next piece, or nullopt at the end; "finish_reason" in metadata() tells which end it was.
  Result<std::optional<std::string>> next() {
    nacre_nn_piece_result next;
    nacre_nn_text_next(handle_.get(), &next);
    if (next.failed) return detail::take_error(next.error, "generating text");
    if (!next.piece.some) return std::nullopt;
    return detail::take_text(next.piece.list);
  }

  // Ends a text early; the next next() begins anew from the same prompt.
  void finish() { nacre_nn_text_finish(handle_.get()); }

  // The whole text; of a context configured for embeddings, that (JSON).
  Result<std::string> generate() {
    nacre_nn_text_result text;
    nacre_nn_text_generate(handle_.get(), &text);
    if (text.failed) return detail::take_error(text.error, "generating text");
    return detail::take_text(text.bytes);
  }

  // Tokens, times and how the last text ended, as JSON. At any time.
  Result<std::string> metadata() const {
    nacre_nn_text_result json;
    nacre_nn_text_metadata(handle_.get(), &json);
    if (json.failed) return detail::take_error(json.error, "asking for metadata");
    return detail::take_text(json.bytes);
  }

 private:
  explicit TextContext(wasi_nn_handle handle) : handle_(handle) {}
  detail::Owned<nacre_nn_text_drop> handle_;
};

// A conversation, which the host remembers. Only where the operator says --wasi nn-prompt; a
// program that uses this does not start without.
class Chat {
 public:
  // Fails where the graph is no language model, or has no chat template. The interface gives
  // sentences without codes, so every error is kRuntimeError.
  static Result<Chat> init(Graph graph) {
    wasi_nn_prompt_result made;
    wasi_nn_prompt_init(std::move(graph).release(), &made);
    if (made.failed) return failed(made.text, "beginning a chat");
    return Chat(made.context);
  }

  // The whole answer to a question. One that fails was never asked.
  Result<std::string> compute(std::string_view question) {
    wasi_nn_prompt_result answer;
    wasi_nn_prompt_compute(handle_.get(), question.data(),
                           static_cast<std::uint32_t>(question.size()), &answer);
    if (answer.failed) return failed(answer.text, "asking");
    return detail::take_text(answer.text);
  }

 private:
  static std::unexpected<Error> failed(const wasi_nn_list& sentence, const char* what) {
    return std::unexpected(
        Error{ErrorCode::kRuntimeError, std::string(what) + ": " + detail::take_text(sentence)});
  }
  explicit Chat(wasi_nn_handle handle) : handle_(handle) {}
  detail::Owned<wasi_nn_prompt_drop> handle_;
};

}  // namespace nn
