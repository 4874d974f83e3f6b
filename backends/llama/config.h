// The configuration of a language model's context: JSON from a guest or the operator, read once
// into a struct.
//
// Nothing in it names a file of the host. What names one in other hosts (mmproj, image) is refused.
#ifndef NACRE_BACKENDS_LLAMA_CONFIG_H_
#define NACRE_BACKENDS_LLAMA_CONFIG_H_

#include <nacre/error.h>

#include "grammar.h"

#include <llama.h>

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace nacre::llama {

/// What belongs to a llama_context and not to a sequence in it: contexts that agree in these share
/// an engine.
struct EngineParameters {
  bool embedding = false;
  enum llama_pooling_type pooling = LLAMA_POOLING_TYPE_UNSPECIFIED;
  llama_flash_attn_type flash_attention = LLAMA_FLASH_ATTN_TYPE_AUTO;
  ggml_type cache_type_k = GGML_TYPE_F16;
  ggml_type cache_type_v = GGML_TYPE_F16;
  llama_rope_scaling_type rope_scaling = LLAMA_ROPE_SCALING_TYPE_UNSPECIFIED;
  float rope_freq_base = 0;
  float rope_freq_scale = 0;
  float yarn_ext_factor = -1;
  float yarn_attn_factor = 1;
  float yarn_beta_fast = 32;
  float yarn_beta_slow = 1;
  std::uint32_t yarn_orig_ctx = 0;

  bool operator==(const EngineParameters&) const = default;
};

struct Sampling {
  float temperature = 0.8F;
  std::int32_t top_k = 40;
  float top_p = 0.95F;
  float min_p = 0.05F;
  float typical_p = 1;
  float repeat_penalty = 1;
  float presence_penalty = 0;
  float frequency_penalty = 0;
  std::int32_t last_n = 64;
  std::optional<std::uint32_t> seed;  ///< none: another one each time
  bool ignore_eos = false;

  bool operator==(const Sampling&) const = default;
};

struct Config {
  std::int64_t n_predict = -1;      ///< tokens to generate; negative: to the end
  std::string reverse_prompt;       ///< the text ends where this comes; empty: nowhere
  std::string chat_template;        ///< one of llama.cpp's names; empty: the model's own
  std::uint32_t context_size = 0;   ///< 0: all that a slot has
  std::int32_t embedding_norm = 2;  ///< -1 none, 0 the largest to 32760, 2 Euclidean, p taxicab…
  EngineParameters engine;
  Sampling sampling;
  std::shared_ptr<const Grammar> grammar;
  std::int32_t gpu_layers = 0;
  bool use_mmap = true;
  bool use_mlock = false;
};

struct ConfigServices {
  /// A line for the debug log; may be empty.
  std::function<void(std::string_view)> note;
  /// Turns a JSON schema into GBNF.
  std::function<Result<std::string>(std::string_view)> schema_to_gbnf;
};

/// `base` with what `json` says; `_` is as good as `-` in a key, unknown keys are noted and
/// ignored. Errors: kInvalidEncoding when it is not JSON; kInvalidArgument, naming the key, for a
/// value of the wrong type or out of range, for what is no object, for a bad grammar; kTooLarge for
/// a grammar or schema beyond its limits; kUnsupportedOperation for a key that would open a file.
[[nodiscard]] Result<Config> parse_config(std::string_view json, const Config& base,
                                          const ConfigServices& services);

}  // namespace nacre::llama

#endif  // NACRE_BACKENDS_LLAMA_CONFIG_H_
