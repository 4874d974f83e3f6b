// A language model: a prompt in, pieces of text out.
//
// In a core module (text_model.cc) through wasi-nn in WasmEdge's dialect: functions are those of
// sdk/wasi_nn.h with WASI_NN_WASMEDGE, output 0 is the text, output 1 the metadata, input 0 the
// prompt. In a component (text_model_component.cc) through nacre:nn/text. Codes are those of the
// first in both.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace chat {

// What a call that can fail answers; `errno_code` is wasi-nn's, 0 when all went well.
struct Status {
  int errno_code = 0;
  std::string reason;  // for people: the code's name in a core module, the host's own sentence else
  bool no_language_model = false;  // of open(): the model is there, and another kind of model
  explicit operator bool() const { return errno_code == 0; }
  bool not_found() const;
  bool prompt_too_long() const;
  bool end_of_sequence() const;
  bool context_full() const;
};

class TextModel {
 public:
  TextModel();
  ~TextModel();

  // Opens the operator's model `name` with a JSON configuration and makes a context on it. All
  // other calls want it to have gone well.
  Status open(std::string_view name, std::string_view config);

  // A whole prompt; it replaces the one before. The host keeps what both have in common.
  Status set_prompt(std::string_view prompt);

  // The next piece of the answer. It may end inside a UTF-8 character: print bytes.
  Status next(std::string& piece);
  void finish();

  // Everything at once: the answer, or what an embedding model gives (JSON).
  Status compute(std::string& output);

  // The metadata, JSON; valid at any time after open().
  std::string metadata();

 private:
  struct State;  // what the ABI needs
  std::unique_ptr<State> state_;
};

// One sentence for a person who started a program with such a model.
inline std::string why_not_opened(std::string_view model, const Status& status) {
  std::string sentence = "the model '" + std::string(model) + "' ";
  if (status.no_language_model) {
    return sentence + "is no language model; give one that is (GGUF)";
  }
  if (status.not_found()) {
    return sentence + "is not known to the host; run it with --model " + std::string(model) +
           "=FILE";
  }
  return sentence + "cannot be opened: " + status.reason;
}

// The whole number behind `"key":` in flat JSON as the metadata is.
std::optional<long> number_in(std::string_view json, std::string_view key);

// `text` as a JSON string, with its quotes.
std::string quoted(std::string_view text);

}  // namespace chat
