// A conversation written down as a model was trained on: its chat template.
#ifndef NACRE_BACKENDS_LLAMA_CHAT_H_
#define NACRE_BACKENDS_LLAMA_CHAT_H_

#include <nacre/chat.h>
#include <nacre/error.h>

#include "runtime.h"

#include <span>
#include <string>
#include <string_view>

namespace nacre::llama {

/// Whether llama.cpp has a template of that name ("chatml", "llama3"); `all` names them.
[[nodiscard]] bool is_chat_template(std::string_view name);
[[nodiscard]] std::string chat_template_names();

/// The prompt up to where the assistant speaks. `chosen` is a template's name; where it is empty
/// the model's own counts, which llama.cpp follows only if it is of a family that it knows: it does
/// not run the template's program. kUnsupportedOperation where there is none such; kInvalidArgument
/// for a turn with a NUL in it, which llama.cpp would end at.
[[nodiscard]] Result<std::string> render_chat(const llama_model* model, std::string_view chosen,
                                              std::span<const nacre_chat_turn> turns);

}  // namespace nacre::llama

#endif  // NACRE_BACKENDS_LLAMA_CHAT_H_
