// llama.cpp's C API alone, one sequence: what our engine's texts are compared with.
#ifndef NACRE_TESTS_BACKENDS_LLAMA_NATIVE_H_
#define NACRE_TESTS_BACKENDS_LLAMA_NATIVE_H_

#include <llama.h>

#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace nacre::test {

/// A context of its own on the same file. Wants ggml's backends, which a graph has loaded.
class Native {
 public:
  explicit Native(int tokens = 1024);
  ~Native();
  Native(const Native&) = delete;
  Native& operator=(const Native&) = delete;

  [[nodiscard]] std::vector<llama_token> tokenize(std::string_view text) const;
  /// Special tokens rendered.
  [[nodiscard]] std::string piece(llama_token token) const;
  [[nodiscard]] bool ends(llama_token token) const;

  /// In batches of 512.
  void read(std::span<const llama_token> tokens);
  /// Forgets all but the first `tokens`.
  void keep(std::size_t tokens);
  /// After the last token that was read.
  [[nodiscard]] std::span<const float> logits() const;
  [[nodiscard]] llama_token likeliest() const;
  [[nodiscard]] llama_token sample(llama_sampler* chain) const {
    return llama_sampler_sample(chain, context_, -1);
  }

 private:
  llama_model* model_ = nullptr;
  llama_context* context_ = nullptr;
};

/// The likeliest tokens after a prompt, the end token included.
std::string native_greedy(std::string_view prompt, int count);

}  // namespace nacre::test

#endif  // NACRE_TESTS_BACKENDS_LLAMA_NATIVE_H_
