#include "sampler.h"

#include <algorithm>
#include <limits>
#include <random>
#include <utility>

namespace nacre::llama {

// In the order of llama.cpp's own programs: penalties, top-k, typical, top-p, min-p, temperature.
Sampler::Sampler(std::shared_ptr<const Model> model, const Sampling& sampling,
                 std::shared_ptr<const Grammar> grammar)
    : model_(std::move(model)), grammar_(std::move(grammar)) {
  const llama_vocab* vocab = model_->vocab();
  const int count = llama_vocab_n_tokens(vocab);
  chain_.reset(llama_sampler_chain_init({.no_perf = true}));
  const auto add = [this](llama_sampler* sampler) {
    llama_sampler_chain_add(chain_.get(), sampler);
  };
  if (sampling.ignore_eos) {
    std::vector<llama_logit_bias> never;
    for (llama_token token = 0; token < count; ++token) {
      if (llama_vocab_is_eog(vocab, token)) {
        never.push_back({token, -std::numeric_limits<float>::infinity()});
      }
    }
    add(llama_sampler_init_logit_bias(count, static_cast<int>(never.size()), never.data()));
  }
  const bool penalties = sampling.repeat_penalty != 1 || sampling.presence_penalty != 0 ||
                         sampling.frequency_penalty != 0;
  if (penalties && sampling.last_n != 0) {
    const int last = sampling.last_n < 0 ? 65'536 : sampling.last_n;
    add(llama_sampler_init_penalties(count, last, sampling.repeat_penalty,
                                     sampling.frequency_penalty, sampling.presence_penalty));
  }
  if (sampling.temperature <= 0) {
    add(llama_sampler_init_greedy());
  } else {
    if (sampling.top_k > 0) {
      if (llama_sampler_chain_n(chain_.get()) == 0 && sampling.top_k < count) {
        top_ = static_cast<std::size_t>(sampling.top_k);
      }
      add(llama_sampler_init_top_k(sampling.top_k));
    }
    if (sampling.typical_p < 1) add(llama_sampler_init_typical(sampling.typical_p, 1));
    if (sampling.top_p < 1) add(llama_sampler_init_top_p(sampling.top_p, 1));
    if (sampling.min_p > 0) add(llama_sampler_init_min_p(sampling.min_p, 1));
    add(llama_sampler_init_temp(sampling.temperature));
    add(llama_sampler_init_dist(sampling.seed.value_or(std::random_device{}())));
  }
  likeliest_only_ = sampling.temperature <= 0 && llama_sampler_chain_n(chain_.get()) == 1;
  candidates_.reserve(static_cast<std::size_t>(count));
  reset();
}

void Sampler::reset() {
  llama_sampler_reset(chain_.get());
  state_.reset();
  if (grammar_ != nullptr) state_.emplace(grammar_);
}

void Sampler::fill(const float* logits) {
  const auto count = static_cast<llama_token>(model_->vocabulary_size());
  candidates_.resize(static_cast<std::size_t>(count));
  for (llama_token token = 0; token < count; ++token)
    candidates_[static_cast<std::size_t>(token)] = {token, logits[token], 0};
}

// What a chain that begins with top-k would keep, without a table of the whole vocabulary.
void Sampler::fill_top(const float* logits) {
  const auto more = [](const llama_token_data& a, const llama_token_data& b) {
    return a.logit > b.logit;
  };
  const auto count = static_cast<llama_token>(model_->vocabulary_size());
  candidates_.clear();
  llama_token token = 0;
  for (; candidates_.size() < top_; ++token)
    candidates_.push_back({token, logits[token], 0});
  std::ranges::make_heap(candidates_, more);  // the least likely of them is in front
  for (float least = candidates_.front().logit; token < count; ++token) {
    if (!(logits[token] > least)) continue;
    std::ranges::pop_heap(candidates_, more);
    candidates_.back() = {token, logits[token], 0};
    std::ranges::push_heap(candidates_, more);
    least = candidates_.front().logit;
  }
}

llama_token Sampler::choose() {
  llama_token_data_array array{candidates_.data(), candidates_.size(), -1, false};
  llama_sampler_apply(chain_.get(), &array);
  if (array.selected < 0 || static_cast<std::size_t>(array.selected) >= array.size) {
    return LLAMA_TOKEN_NULL;
  }
  return array.data[array.selected].id;
}

bool Sampler::allowed(llama_token token) {
  if (llama_vocab_is_eog(model_->vocab(), token)) return state_->may_end();
  return state_->accepts(model_->piece(token));
}

// As the greedy sampler chooses, without a table of candidates.
llama_token Sampler::likeliest(const float* logits) const {
  return static_cast<llama_token>(std::max_element(logits, logits + model_->vocabulary_size()) -
                                  logits);
}

Result<llama_token> Sampler::sample(const float* logits) {
  llama_token token = LLAMA_TOKEN_NULL;
  if (likeliest_only_) {
    token = likeliest(logits);
  } else {
    if (top_ != 0) {
      fill_top(logits);
    } else {
      fill(logits);
    }
    token = choose();
  }
  if (state_ && token != LLAMA_TOKEN_NULL && !allowed(token)) {
    fill(logits);
    std::erase_if(candidates_, [this](const llama_token_data& each) { return !allowed(each.id); });
    token = candidates_.empty() ? LLAMA_TOKEN_NULL : choose();
  }
  if (token == LLAMA_TOKEN_NULL) {
    return fail(ErrorCode::kInvalidArgument,
                state_ && state_->overflowed()
                    ? "the grammar is too ambiguous to be followed any further"
                    : "no token of the vocabulary can follow here by the grammar");
  }
  llama_sampler_accept(chain_.get(), token);
  if (state_ && !llama_vocab_is_eog(model_->vocab(), token)) {
    if (auto ok = state_->accept(model_->piece(token)); !ok) {
      return std::unexpected(std::move(ok.error()));
    }
  }
  return token;
}

}  // namespace nacre::llama
