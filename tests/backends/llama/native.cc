#include "native.h"

#include "fixture.h"

#include <gtest/gtest.h>
#include <algorithm>
#include <array>

namespace nacre::test {
namespace {
constexpr std::size_t kBatch = 512;
}  // namespace

Native::Native(int tokens) {
  llama_model_params how = llama_model_default_params();
  how.load_mode = LLAMA_LOAD_MODE_MMAP;
  model_ = llama_model_load_from_file(std::string(kModelFile).c_str(), how);
  llama_context_params params = llama_context_default_params();
  params.n_ctx = static_cast<std::uint32_t>(tokens);
  params.n_batch = params.n_ubatch = kBatch;
  params.n_threads = params.n_threads_batch = 1;
  context_ = llama_init_from_model(model_, params);
}

Native::~Native() {
  llama_free(context_);
  llama_model_free(model_);
}

std::vector<llama_token> Native::tokenize(std::string_view text) const {
  std::vector<llama_token> tokens(text.size() + 2);
  tokens.resize(static_cast<std::size_t>(
      llama_tokenize(llama_model_get_vocab(model_), text.data(), static_cast<int>(text.size()),
                     tokens.data(), static_cast<int>(tokens.size()), true, true)));
  return tokens;
}

std::string Native::piece(llama_token token) const {
  std::array<char, 128> letters{};
  const int size = llama_token_to_piece(llama_model_get_vocab(model_), token, letters.data(),
                                        static_cast<int>(letters.size()), 0, true);
  return {letters.data(), static_cast<std::size_t>(size)};
}

bool Native::ends(llama_token token) const {
  return llama_vocab_is_eog(llama_model_get_vocab(model_), token);
}

void Native::read(std::span<const llama_token> tokens) {
  for (std::size_t at = 0; at < tokens.size(); at += kBatch) {
    const auto part = tokens.subspan(at, std::min(kBatch, tokens.size() - at));
    auto* first = const_cast<llama_token*>(part.data());
    EXPECT_EQ(llama_decode(context_, llama_batch_get_one(first, static_cast<int>(part.size()))), 0);
  }
}

void Native::keep(std::size_t tokens) {
  EXPECT_TRUE(
      llama_memory_seq_rm(llama_get_memory(context_), 0, static_cast<llama_pos>(tokens), -1));
}

std::span<const float> Native::logits() const {
  return {llama_get_logits_ith(context_, -1),
          static_cast<std::size_t>(llama_vocab_n_tokens(llama_model_get_vocab(model_)))};
}

llama_token Native::likeliest() const {
  const auto all = logits();
  return static_cast<llama_token>(std::ranges::max_element(all) - all.begin());
}

std::string native_greedy(std::string_view prompt, int count) {
  Native native;
  native.read(native.tokenize(prompt));
  std::string text;
  for (int i = 0; i < count; ++i) {
    const llama_token token = native.likeliest();
    text += native.piece(token);
    if (native.ends(token)) break;
    native.read({&token, 1});
  }
  return text;
}

}  // namespace nacre::test
