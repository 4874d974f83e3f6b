// What an echo model with a `text` line does: a language model as far as the seam is concerned.
//
// A token is a word. The answer to a prompt is the prompt's own words, one per piece, and then the
// end token "</s>". A context of N words holds the prompt and the answer; a prompt of more than
// N - 4 is too long. Of a configuration it reads "n-predict". A chat is written down as
// "user: ... assistant: ... assistant:", unless the model is `chatless`.
#ifndef NACRE_BACKENDS_ECHO_TEXT_H_
#define NACRE_BACKENDS_ECHO_TEXT_H_

#include <nacre/backend.h>

#include "model_text.h"

#include <memory>

namespace nacre::echo {

[[nodiscard]] std::unique_ptr<BackendContext> create_text_context(
    std::shared_ptr<const Model> model);

}  // namespace nacre::echo

#endif  // NACRE_BACKENDS_ECHO_TEXT_H_
