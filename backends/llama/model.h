// A loaded GGUF: weights and vocabulary, shared by every engine and context.
#ifndef NACRE_BACKENDS_LLAMA_MODEL_H_
#define NACRE_BACKENDS_LLAMA_MODEL_H_

#include <nacre/backend.h>
#include <nacre/error.h>
#include <nacre/graph.h>

#include "config.h"
#include "runtime.h"

#include <cstdint>
#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace nacre::llama {

/// Immutable after its making, but for tables that are built on first use; any thread.
class Model {
 public:
  /// `config` is the operator's: how to load.
  [[nodiscard]] static Result<std::shared_ptr<const Model>> from_file(const std::string& path,
                                                                      const Config& config);
  /// Bytes that a guest brought: they are first loaded in a throwaway process, whose memory is
  /// limited by their number and `kv_bytes`, the operator's.
  [[nodiscard]] static Result<std::shared_ptr<const Model>> from_bytes(
      std::span<const std::byte> bytes, std::uint64_t kv_bytes);

  [[nodiscard]] llama_model* get() const noexcept { return model_.get(); }
  [[nodiscard]] const llama_vocab* vocab() const noexcept { return vocab_; }
  [[nodiscard]] std::uint32_t trained_context() const noexcept { return trained_context_; }
  [[nodiscard]] bool generates() const noexcept { return generates_; }

  /// The tokens of `text`, special ones understood. kPromptTooLong when there are more than `most`;
  /// `count` then says how many there are, or how many there are at least.
  [[nodiscard]] Result<std::vector<llama_token>> tokenize(std::string_view text, std::size_t most,
                                                          std::size_t& count) const;

  /// The letters of a token, special ones rendered.
  [[nodiscard]] std::string_view piece(llama_token token) const noexcept {
    return pieces_[static_cast<std::size_t>(token)];
  }
  [[nodiscard]] std::size_t vocabulary_size() const noexcept { return pieces_.size(); }

  /// Bytes that one token takes in a KV cache of these types.
  [[nodiscard]] std::uint64_t kv_bytes_per_token(ggml_type k, ggml_type v) const;

  [[nodiscard]] std::vector<Property> properties() const;

 private:
  [[nodiscard]] static Result<std::shared_ptr<const Model>> finish(llama_model* raw,
                                                                   std::string_view what);
  [[nodiscard]] std::string meta(const char* key) const;

  ModelHandle model_;
  const llama_vocab* vocab_ = nullptr;
  std::uint32_t trained_context_ = 0;
  bool generates_ = false;
  std::vector<std::string> pieces_;
};

}  // namespace nacre::llama

#endif  // NACRE_BACKENDS_LLAMA_MODEL_H_
