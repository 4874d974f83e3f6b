#include "language/native_text.h"

#include "statistics.h"

#include <ggml-backend.h>
#include <ggml-cpu.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>
#include <cstdlib>

namespace nacre::bench {
namespace {

constexpr std::size_t kBatch = 512;

[[noreturn]] void give_up(const char* what) {
  std::fprintf(stderr, "llama.cpp, called directly: %s failed\n", what);
  std::exit(1);
}

template <typename F>
F* cpu_function(const char* name) {
  ggml_backend_dev_t device = ggml_backend_dev_by_type(GGML_BACKEND_DEVICE_TYPE_CPU);
  if (device == nullptr) give_up("finding a CPU backend");
  return reinterpret_cast<F*>(
      ggml_backend_reg_get_proc_address(ggml_backend_dev_backend_reg(device), name));
}

}  // namespace

NativeSampler::NativeSampler(const llama_vocab* vocab, const Settings& settings)
    : vocab_(vocab), chain_(llama_sampler_chain_init({.no_perf = true})) {
  const auto add = [this](llama_sampler* sampler) {
    llama_sampler_chain_add(chain_.get(), sampler);
  };
  if (settings.temperature <= 0) {
    add(llama_sampler_init_greedy());
  } else {
    add(llama_sampler_init_top_k(40));
    add(llama_sampler_init_top_p(0.95F, 1));
    add(llama_sampler_init_min_p(0.05F, 1));
    add(llama_sampler_init_temp(settings.temperature));
    add(llama_sampler_init_dist(settings.seed));
  }
  if (!settings.grammar.empty()) {
    grammar_.reset(llama_sampler_init_grammar(vocab, settings.grammar.c_str(), "root"));
    if (grammar_ == nullptr) give_up("reading the grammar");
  }
  candidates_.resize(static_cast<std::size_t>(llama_vocab_n_tokens(vocab)));
}

void NativeSampler::fill(const float* logits) {
  for (std::size_t i = 0; i < candidates_.size(); ++i)
    candidates_[i] = {static_cast<llama_token>(i), logits[i], 0};
}

llama_token NativeSampler::sample(llama_context* context, int index) {
  const float* logits = llama_get_logits_ith(context, index);
  fill(logits);
  llama_token_data_array all{candidates_.data(), candidates_.size(), -1, false};
  llama_sampler_apply(chain_.get(), &all);
  llama_token token = all.data[all.selected].id;
  if (grammar_ != nullptr) {
    llama_token_data one{token, 1, 0};
    llama_token_data_array alone{&one, 1, -1, false};
    llama_sampler_apply(grammar_.get(), &alone);
    if (std::isinf(one.logit)) {
      fill(logits);
      all = {candidates_.data(), candidates_.size(), -1, false};
      llama_sampler_apply(grammar_.get(), &all);
      llama_sampler_apply(chain_.get(), &all);
      token = all.data[all.selected].id;
    }
    llama_sampler_accept(grammar_.get(), token);
  }
  llama_sampler_accept(chain_.get(), token);
  return token;
}

NativeText::NativeText(const std::string& path, int threads, int sequences, int tokens_per_sequence)
    : ends_(static_cast<std::size_t>(sequences)) {
  llama_model_params how = llama_model_default_params();
  how.load_mode = LLAMA_LOAD_MODE_MMAP;
  model_ = llama_model_load_from_file(path.c_str(), how);
  if (model_ == nullptr) give_up("llama_model_load_from_file");
  vocab_ = llama_model_get_vocab(model_);
  llama_context_params params = llama_context_default_params();
  params.n_ctx = static_cast<std::uint32_t>(tokens_per_sequence * sequences);
  params.n_seq_max = static_cast<std::uint32_t>(sequences);
  params.n_batch = params.n_ubatch = kBatch;
  params.n_threads = params.n_threads_batch = threads;
  params.kv_unified = false;
  params.no_perf = true;
  context_ = llama_init_from_model(model_, params);
  if (context_ == nullptr) give_up("llama_init_from_model");
  ggml_threadpool_params pool = ggml_threadpool_params_default(threads);
  if (auto* make = cpu_function<decltype(ggml_threadpool_new)>("ggml_threadpool_new")) {
    threads_ = make(&pool);
    llama_attach_threadpool(context_, threads_, threads_);
  }
  batch_ = llama_batch_init(kBatch, 0, 1);
}

NativeText::~NativeText() {
  llama_batch_free(batch_);
  llama_detach_threadpool(context_);
  llama_free(context_);
  llama_model_free(model_);
  if (threads_ == nullptr) return;
  cpu_function<decltype(ggml_threadpool_free)>("ggml_threadpool_free")(threads_);
}

std::vector<llama_token> NativeText::tokenize(std::string_view text) const {
  std::vector<llama_token> tokens(text.size() + 2);
  const int count = llama_tokenize(vocab_, text.data(), static_cast<int>(text.size()),
                                   tokens.data(), static_cast<int>(tokens.size()), true, true);
  if (count < 0) give_up("llama_tokenize");
  tokens.resize(static_cast<std::size_t>(count));
  return tokens;
}

void NativeText::clear() {
  llama_memory_clear(llama_get_memory(context_), false);
  std::ranges::fill(ends_, 0);
}

void NativeText::add(int sequence, std::span<const llama_token> tokens, bool logits) {
  for (std::size_t i = 0; i < tokens.size(); ++i) {
    const auto at = static_cast<std::size_t>(batch_.n_tokens++);
    batch_.token[at] = tokens[i];
    batch_.pos[at] = ends_[static_cast<std::size_t>(sequence)]++;
    batch_.n_seq_id[at] = 1;
    batch_.seq_id[at][0] = sequence;
    batch_.logits[at] = logits && i + 1 == tokens.size() ? 1 : 0;
  }
}

void NativeText::decode() {
  if (llama_decode(context_, batch_) != 0) give_up("llama_decode");
  batch_.n_tokens = 0;
}

void NativeText::append_piece(std::string& text, llama_token token) const {
  std::array<char, 128> piece{};
  const int size = llama_token_to_piece(vocab_, token, piece.data(), piece.size(), 0, true);
  text.append(piece.data(), static_cast<std::size_t>(std::max(size, 0)));
}

NativeText::Answer NativeText::answer(std::string_view prompt,
                                      const NativeSampler::Settings& settings, int n_predict) {
  clear();
  Answer answer;
  NativeSampler sampler(vocab_, settings);
  const auto begin = Clock::now();
  const std::vector<llama_token> tokens = tokenize(prompt);
  for (std::size_t at = 0; at < tokens.size(); at += kBatch) {
    const std::size_t count = std::min(kBatch, tokens.size() - at);
    add(0, std::span(tokens).subspan(at, count), at + count == tokens.size());
    decode();
  }
  llama_token token = sampler.sample(context_, -1);
  const auto first = Clock::now();
  answer.first_ms = ms_since(begin);
  for (int made = 1; !llama_vocab_is_eog(vocab_, token); ++made) {
    append_piece(answer.text, token);
    if (made == n_predict) break;
    add(0, {&token, 1}, true);
    decode();
    token = sampler.sample(context_, -1);
    if (!llama_vocab_is_eog(vocab_, token)) ++answer.rest;
  }
  answer.rest_ms = ms_since(first);
  return answer;
}

std::vector<NativeText::Answer> NativeText::answers(std::span<const std::string> prompts,
                                                    int n_predict) {
  clear();
  std::vector<Answer> all(prompts.size());
  std::vector<llama_token> last(prompts.size(), LLAMA_TOKEN_NULL);
  std::vector<std::size_t> in_batch;
  NativeSampler sampler(vocab_, {});
  auto first = Clock::now();
  for (int made = 0; made < n_predict; ++made) {
    if (made == 1) first = Clock::now();
    in_batch.clear();
    std::vector<int> logits;
    for (std::size_t i = 0; i < prompts.size(); ++i) {
      if (made == 0) {
        add(static_cast<int>(i), tokenize(prompts[i]), true);
      } else if (llama_vocab_is_eog(vocab_, last[i])) {
        continue;
      } else {
        add(static_cast<int>(i), {&last[i], 1}, true);
      }
      in_batch.push_back(i);
      logits.push_back(batch_.n_tokens - 1);
    }
    if (in_batch.empty()) break;
    decode();
    for (std::size_t at = 0; at < in_batch.size(); ++at) {
      const std::size_t i = in_batch[at];
      last[i] = sampler.sample(context_, logits[at]);
      if (llama_vocab_is_eog(vocab_, last[i])) continue;
      append_piece(all[i].text, last[i]);
      all[i].rest += made == 0 ? 0 : 1;
    }
  }
  for (Answer& each : all)
    each.rest_ms = ms_since(first);
  return all;
}

}  // namespace nacre::bench
