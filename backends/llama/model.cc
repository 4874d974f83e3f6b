#include "model.h"

#include "base/chat_templates.h"
#include "base/stacks.h"
#include "child.h"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdio>
#include <exception>
#include <utility>

namespace nacre::llama {
namespace {

llama_model_params load_params(const Config& config) {
  llama_model_params params = llama_model_default_params();
  params.n_gpu_layers = has_gpu() ? config.gpu_layers : 0;
  params.load_mode = config.use_mmap
                         ? (config.use_mlock ? LLAMA_LOAD_MODE_MMAP_MLOCK : LLAMA_LOAD_MODE_MMAP)
                         : (config.use_mlock ? LLAMA_LOAD_MODE_MLOCK : LLAMA_LOAD_MODE_NONE);
  return params;
}

std::unexpected<Error> not_loaded(std::string_view what) {
  const std::string_view why = log_error();
  return fail(ErrorCode::kInvalidEncoding,
              std::string(what) + " cannot be loaded by llama.cpp" +
                  (why.empty() ? std::string() : ": " + std::string(why)));
}

std::string piece_of(const llama_vocab* vocab, llama_token token) {
  std::array<char, 64> small{};
  int n = llama_token_to_piece(vocab, token, small.data(), static_cast<int>(small.size()), 0, true);
  if (n >= 0) return {small.data(), static_cast<std::size_t>(n)};
  std::string large(static_cast<std::size_t>(-n), '\0');
  n = llama_token_to_piece(vocab, token, large.data(), -n, 0, true);
  large.resize(static_cast<std::size_t>(std::max(n, 0)));
  return large;
}

constexpr std::size_t kBytesPerToken = 16;
constexpr std::size_t kSmallText = 4096;
// Some vocabularies are read with std::regex, which recurses once per letter of a long word: a
// guest's prompt could run through any ordinary stack.
constexpr std::size_t kStackPerByte = 4096;
constexpr std::size_t kStackBeside = std::size_t{128} << 10;

std::string_view vocabulary_kind(enum llama_vocab_type type) {
  switch (type) {
    case LLAMA_VOCAB_TYPE_SPM:
      return "SentencePiece";
    case LLAMA_VOCAB_TYPE_BPE:
      return "BPE";
    case LLAMA_VOCAB_TYPE_WPM:
      return "WordPiece";
    case LLAMA_VOCAB_TYPE_UGM:
      return "Unigram";
    case LLAMA_VOCAB_TYPE_RWKV:
      return "RWKV";
    case LLAMA_VOCAB_TYPE_NONE:
      return "none";
    default:
      return "other";
  }
}

}  // namespace

Result<std::shared_ptr<const Model>> Model::from_file(const std::string& path,
                                                      const Config& config) {
  forget_log_error();
  return finish(llama_model_load_from_file(path.c_str(), load_params(config)), path);
}

Result<std::shared_ptr<const Model>> Model::from_bytes(std::span<const std::byte> bytes,
                                                       std::uint64_t kv_bytes) {
  const int fd = memory_file(bytes);
  if (fd < 0) {
    return fail(ErrorCode::kTooLarge,
                "there is no memory for a model of " + std::to_string(bytes.size()) + " bytes");
  }
  std::FILE* file = ::fdopen(fd, "rb");
  if (file == nullptr) {
    ::close(fd);
    return fail(ErrorCode::kTooLarge, "there is no memory to read a model with");
  }
  const std::unique_ptr<std::FILE, int (*)(std::FILE*)> closer(file, &std::fclose);
  auto tried = run_child(helper_path(), "model", fd, limits_for_model(bytes.size(), kv_bytes));
  if (!tried) return std::unexpected(std::move(tried.error()));
  if (!tried->survived) {
    return fail(ErrorCode::kInvalidEncoding,
                "the model was tried in a process of its own, which did not load it: " +
                    (tried->output.empty() ? tried->how : tried->output));
  }
  if (std::fseek(file, 0, SEEK_SET) != 0) {  // the child has read from the same place
    return fail(ErrorCode::kRuntimeError, "the model's bytes cannot be read again");
  }
  forget_log_error();
  return finish(llama_model_load_from_file_ptr(file, load_params({})), "the model");
}

Result<std::shared_ptr<const Model>> Model::finish(llama_model* raw, std::string_view what) {
  if (raw == nullptr) return not_loaded(what);
  auto model = std::make_shared<Model>();
  model->model_.reset(raw);
  model->vocab_ = llama_model_get_vocab(raw);
  model->trained_context_ = static_cast<std::uint32_t>(std::max(1, llama_model_n_ctx_train(raw)));
  model->generates_ = llama_model_has_decoder(raw) && !llama_model_has_encoder(raw) &&
                      !llama_model_is_diffusion(raw) &&
                      llama_vocab_type(model->vocab_) != LLAMA_VOCAB_TYPE_NONE;
  // An encoder such as BERT says that it has a decoder; its attention tells.
  if (model->meta((model->meta("general.architecture") + ".attention.causal").c_str()) == "false") {
    model->generates_ = false;
  }
  const int count = llama_vocab_n_tokens(model->vocab_);
  model->pieces_.reserve(static_cast<std::size_t>(count));
  for (int token = 0; token < count; ++token)
    model->pieces_.push_back(piece_of(model->vocab_, token));
  return model;
}

Result<std::vector<llama_token>> Model::tokenize(std::string_view text, std::size_t most,
                                                 std::size_t& count) const {
  const auto too_long = [&](std::string_view at_least) {
    return fail(ErrorCode::kPromptTooLong,
                "the prompt has " + std::string(at_least) + std::to_string(count) +
                    " tokens, and " + std::to_string(most) + " fit beside a little text to come");
  };
  // No text takes so many letters per token; such a one is not worth reading.
  if (text.size() > most * kBytesPerToken + kSmallText) {
    count = text.size() / kBytesPerToken;
    return too_long("at least ");
  }
  std::vector<llama_token> tokens(text.size() + 2);
  int n = 0;
  std::string error;
  const auto read = [&]() noexcept {
    try {
      n = llama_tokenize(vocab_, text.data(), static_cast<int>(text.size()), tokens.data(),
                         static_cast<int>(tokens.size()), true, true);
      if (n < 0 && n != INT32_MIN) {
        tokens.resize(static_cast<std::size_t>(-n));
        n = llama_tokenize(vocab_, text.data(), static_cast<int>(text.size()), tokens.data(),
                           static_cast<int>(tokens.size()), true, true);
      }
    } catch (const std::exception& e) {
      error = e.what();
      n = -1;
    }
  };
  if (!run_with_stack(kStackBeside + text.size() * kStackPerByte, read)) {
    return fail(ErrorCode::kTooLarge,
                "there is no memory to read a prompt of " + std::to_string(text.size()) + " bytes");
  }
  if (n < 0) {
    return fail(ErrorCode::kRuntimeError,
                "the prompt cannot be turned into tokens" + (error.empty() ? error : ": " + error));
  }
  count = static_cast<std::size_t>(n);
  if (count > most) return too_long("");
  tokens.resize(count);
  return tokens;
}

std::uint64_t Model::kv_bytes_per_token(ggml_type k, ggml_type v) const {
  const std::string arch = meta("general.architecture");
  const auto number = [&](const std::string& key, std::int64_t otherwise) {
    const std::string text = meta((arch + key).c_str());
    std::int64_t value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    return error == std::errc{} && value > 0 ? value : otherwise;
  };
  const std::int64_t layers = llama_model_n_layer(get());
  const std::int64_t heads = std::max(1, llama_model_n_head_kv(get()));
  const std::int64_t head = llama_model_n_embd(get()) / std::max(1, llama_model_n_head(get()));
  const auto row = [](ggml_type type, std::int64_t n) {
    const std::int64_t block = ggml_blck_size(type);
    return static_cast<std::uint64_t>((n + block - 1) / block) * ggml_type_size(type);
  };
  return static_cast<std::uint64_t>(layers) *
         (row(k, heads * number(".attention.key_length", head)) +
          row(v, heads * number(".attention.value_length", head)));
}

std::string Model::meta(const char* key) const {
  std::array<char, 512> text{};
  const int n = llama_model_meta_val_str(get(), key, text.data(), text.size());
  if (n < 0) return {};
  return {text.data(), std::min(static_cast<std::size_t>(n), text.size() - 1)};
}

std::vector<Property> Model::properties() const {
  std::vector<Property> all;
  const auto add = [&](std::string key, std::string value) {
    if (!value.empty()) all.push_back({std::move(key), std::move(value)});
  };
  add("architecture", meta("general.architecture"));
  add("name", meta("general.name"));
  add("parameters", std::to_string(llama_model_n_params(get())));
  add("quantisation", llama_ftype_name(llama_model_ftype(get())));
  add("weights_bytes", std::to_string(llama_model_size(get())));
  add("layers", std::to_string(llama_model_n_layer(get())));
  add("embedding_length", std::to_string(llama_model_n_embd(get())));
  add("context", std::to_string(trained_context_));
  add("vocabulary", std::to_string(vocabulary_size()) + " tokens, " +
                        std::string(vocabulary_kind(llama_vocab_type(vocab_))));
  const char* chat = llama_model_chat_template(get(), nullptr);
  add("template", std::string(chat_template_family(chat == nullptr ? "" : chat)));
  add("license", meta("general.license"));
  return all;
}

}  // namespace nacre::llama
