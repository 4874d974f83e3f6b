// llama.cpp called directly, as a C++ program without Nacre would: the floor of the benches of
// language models.
#ifndef NACRE_BENCH_LANGUAGE_NATIVE_TEXT_H_
#define NACRE_BENCH_LANGUAGE_NATIVE_TEXT_H_

#include <llama.h>

#include <cstddef>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace nacre::bench {

/// A chain of samplers, and a grammar beside it as llama.cpp's own programs have it: the chain
/// chooses, the grammar is asked about that token alone, and only when it refuses is the vocabulary
/// filtered.
class NativeSampler {
 public:
  struct Settings {
    float temperature = 0;  ///< 0: always the likeliest; else the chain of Nacre's defaults
    unsigned seed = 1;
    std::string grammar = {};
  };
  NativeSampler(const llama_vocab* vocab, const Settings& settings);
  [[nodiscard]] llama_token sample(llama_context* context, int index);

 private:
  struct Free {
    void operator()(llama_sampler* sampler) const { llama_sampler_free(sampler); }
  };
  void fill(const float* logits);
  const llama_vocab* vocab_;
  std::unique_ptr<llama_sampler, Free> chain_;
  std::unique_ptr<llama_sampler, Free> grammar_;
  std::vector<llama_token_data> candidates_;
};

/// A model with a context of its own. A backend of ggml's must be loaded. Ends the program on an
/// error. One thread at a time.
class NativeText {
 public:
  NativeText(const std::string& path, int threads, int sequences, int tokens_per_sequence);
  ~NativeText();
  NativeText(const NativeText&) = delete;
  NativeText& operator=(const NativeText&) = delete;

  [[nodiscard]] std::vector<llama_token> tokenize(std::string_view text) const;
  [[nodiscard]] const llama_vocab* vocab() const noexcept { return vocab_; }
  void clear();

  /// Tokens for one batch.
  void add(int sequence, std::span<const llama_token> tokens, bool logits);
  void decode();

  struct Answer {
    double first_ms = 0;
    double rest_ms = 0;
    int rest = 0;  ///< pieces after the first
    std::string text;
  };
  /// One sequence: the prompt in batches of 512, and then token by token to the model's end or to
  /// so many.
  [[nodiscard]] Answer answer(std::string_view prompt, const NativeSampler::Settings& settings,
                              int n_predict);
  /// All sequences in one batch, always the likeliest token.
  [[nodiscard]] std::vector<Answer> answers(std::span<const std::string> prompts, int n_predict);

 private:
  void append_piece(std::string& text, llama_token token) const;

  llama_model* model_ = nullptr;
  llama_context* context_ = nullptr;
  const llama_vocab* vocab_ = nullptr;
  struct ggml_threadpool* threads_ = nullptr;
  llama_batch batch_{};
  std::vector<llama_pos> ends_;  // of each sequence
};

}  // namespace nacre::bench

#endif  // NACRE_BENCH_LANGUAGE_NATIVE_TEXT_H_
