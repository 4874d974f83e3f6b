// One context's way from logits to a token: llama.cpp's samplers and our grammar.
#ifndef NACRE_BACKENDS_LLAMA_SAMPLER_H_
#define NACRE_BACKENDS_LLAMA_SAMPLER_H_

#include <nacre/error.h>

#include "config.h"
#include "grammar.h"
#include "model.h"
#include "runtime.h"

#include <memory>
#include <optional>
#include <vector>

namespace nacre::llama {

/// Each context has its own, with its own random numbers and penalties. One thread at a time.
class Sampler {
 public:
  Sampler(std::shared_ptr<const Model> model, const Sampling& sampling,
          std::shared_ptr<const Grammar> grammar);

  /// Begins anew: random numbers, penalties, grammar.
  void reset();

  /// Chooses a token by the logits of the whole vocabulary, and goes on with it. With a grammar the
  /// token is chosen first and checked then; only when it is refused is the vocabulary filtered,
  /// which takes milliseconds. kInvalidArgument when the grammar leads nowhere.
  [[nodiscard]] Result<llama_token> sample(const float* logits);

 private:
  void fill(const float* logits);
  void fill_top(const float* logits);
  llama_token choose();
  [[nodiscard]] llama_token likeliest(const float* logits) const;
  [[nodiscard]] bool allowed(llama_token token);

  std::shared_ptr<const Model> model_;
  std::shared_ptr<const Grammar> grammar_;
  SamplerHandle chain_;
  bool likeliest_only_ = false;  // the chain does nothing else
  std::size_t top_ = 0;          // the chain begins by keeping so many; 0: it does not
  std::optional<GrammarState> state_;
  std::vector<llama_token_data> candidates_;
};

}  // namespace nacre::llama

#endif  // NACRE_BACKENDS_LLAMA_SAMPLER_H_
