#include "config.h"

#include "chat.h"
#include "schema.h"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <span>
#include <utility>

namespace nacre::llama {
namespace {

using Json = nlohmann::json;
using Outcome = std::optional<Error>;  // nothing: fine

struct Reader {
  Config& config;
  const ConfigServices& services;
  std::optional<std::string> grammar;
  std::optional<std::string> schema;
};

Error wrong(std::string_view key, std::string_view wanted, const Json& came) {
  return {ErrorCode::kInvalidArgument,
          fmt::format("\"{}\" has to be {}, and is {}", key, wanted, came.type_name())};
}

Error out_of_range(std::string_view key, const std::string& low, const std::string& high) {
  return {ErrorCode::kInvalidArgument,
          fmt::format("\"{}\" has to be from {} to {}", key, low, high)};
}

// ---- one function per kind of value; each key of the table below binds one

template <typename T>
Outcome integer(std::string_view key, const Json& value, std::int64_t low, std::int64_t high,
                T& to) {
  if (!value.is_number_integer()) return wrong(key, "a whole number", value);
  const bool too_large =
      value.is_number_unsigned() && value.get<std::uint64_t>() > static_cast<std::uint64_t>(high);
  if (too_large || (!value.is_number_unsigned() && value.get<std::int64_t>() < low) ||
      (!too_large && value.get<std::int64_t>() > high) ||
      (value.is_number_unsigned() && low > 0 &&
       value.get<std::uint64_t>() < static_cast<std::uint64_t>(low))) {
    return out_of_range(key, std::to_string(low), std::to_string(high));
  }
  to = static_cast<T>(value.get<std::int64_t>());
  return {};
}

Outcome real(std::string_view key, const Json& value, double low, double high, float& to) {
  if (!value.is_number()) return wrong(key, "a number", value);
  const auto number = value.get<double>();
  if (!std::isfinite(number) || number < low || number > high) {
    const auto text = [](double d) { return Json(d).dump(); };
    return out_of_range(key, text(low), text(high));
  }
  to = static_cast<float>(number);
  return {};
}

Outcome boolean(std::string_view key, const Json& value, bool& to) {
  if (!value.is_boolean()) return wrong(key, "true or false", value);
  to = value.get<bool>();
  return {};
}

Outcome string(std::string_view key, const Json& value, std::string& to) {
  if (!value.is_string()) return wrong(key, "a string", value);
  to = value.get<std::string>();
  return {};
}

template <typename E>
using Word = std::pair<std::string_view, E>;

template <typename E>
Outcome word(std::string_view key, const Json& value, std::span<const Word<E>> words, E& to) {
  if (!value.is_string()) return wrong(key, "a string", value);
  const auto& text = value.get_ref<const std::string&>();
  const auto found = std::ranges::find(words, text, &Word<E>::first);
  if (found == words.end()) {
    std::string known;
    for (const auto& each : words)
      known += (known.empty() ? "" : ", ") + std::string(each.first);
    return Error{ErrorCode::kInvalidArgument,
                 "\"" + std::string(key) + "\" has to be one of " + known};
  }
  to = found->second;
  return {};
}

constexpr std::array<Word<ggml_type>, 9> kCacheTypes = {{{"f32", GGML_TYPE_F32},
                                                         {"f16", GGML_TYPE_F16},
                                                         {"bf16", GGML_TYPE_BF16},
                                                         {"q8_0", GGML_TYPE_Q8_0},
                                                         {"q4_0", GGML_TYPE_Q4_0},
                                                         {"q4_1", GGML_TYPE_Q4_1},
                                                         {"iq4_nl", GGML_TYPE_IQ4_NL},
                                                         {"q5_0", GGML_TYPE_Q5_0},
                                                         {"q5_1", GGML_TYPE_Q5_1}}};
constexpr std::array<Word<enum llama_pooling_type>, 4> kPoolings = {
    {{"none", LLAMA_POOLING_TYPE_NONE},
     {"mean", LLAMA_POOLING_TYPE_MEAN},
     {"cls", LLAMA_POOLING_TYPE_CLS},
     {"last", LLAMA_POOLING_TYPE_LAST}}};
constexpr std::array<Word<llama_flash_attn_type>, 3> kFlash = {
    {{"on", LLAMA_FLASH_ATTN_TYPE_ENABLED},
     {"off", LLAMA_FLASH_ATTN_TYPE_DISABLED},
     {"auto", LLAMA_FLASH_ATTN_TYPE_AUTO}}};
constexpr std::array<Word<llama_rope_scaling_type>, 4> kRopeScalings = {
    {{"none", LLAMA_ROPE_SCALING_TYPE_NONE},
     {"linear", LLAMA_ROPE_SCALING_TYPE_LINEAR},
     {"yarn", LLAMA_ROPE_SCALING_TYPE_YARN},
     {"longrope", LLAMA_ROPE_SCALING_TYPE_LONGROPE}}};
constexpr std::array<Word<int>, 3> kSplitModes = {{{"none", 0}, {"layer", 1}, {"row", 2}}};

Outcome flash_attention(std::string_view key, const Json& value, llama_flash_attn_type& to) {
  // Older guests say true or false.
  if (value.is_boolean()) {
    to = value.get<bool>() ? LLAMA_FLASH_ATTN_TYPE_ENABLED : LLAMA_FLASH_ATTN_TYPE_DISABLED;
    return {};
  }
  return word<llama_flash_attn_type>(key, value, kFlash, to);
}

// "3,2": how to share a model between GPUs. Read, because others wrote past an array of it.
Outcome tensor_split(std::string_view key, const Json& value) {
  if (!value.is_string()) return wrong(key, "a string of numbers with commas", value);
  constexpr std::size_t kMost = 128;
  const auto& text = value.get_ref<const std::string&>();
  if (text.find_first_not_of("0123456789., ") != std::string::npos ||
      static_cast<std::size_t>(std::ranges::count(text, ',')) >= kMost) {
    return Error{ErrorCode::kInvalidArgument, "\"" + std::string(key) + "\" has to be at most " +
                                                  std::to_string(kMost) +
                                                  " numbers with commas between them"};
  }
  return {};
}

// What opens files elsewhere; empty is what guests send when they have none.
Outcome file(std::string_view key, const Json& value) {
  std::string path;
  if (auto error = string(key, value, path)) return error;
  if (path.empty()) return {};
  return Error{ErrorCode::kUnsupportedOperation,
               "\"" + std::string(key) +
                   "\" is not supported: Nacre opens no file that a "
                   "configuration names"};
}

Outcome chat_template(std::string_view key, const Json& value, std::string& to) {
  std::string name;
  if (auto error = string(key, value, name)) return error;
  if (!name.empty() && !is_chat_template(name)) {
    return Error{ErrorCode::kInvalidArgument,
                 "\"" + std::string(key) + "\" has to be one of " + chat_template_names()};
  }
  to = std::move(name);
  return {};
}

struct Key {
  std::string_view name;
  Outcome (*read)(Reader& reader, std::string_view key, const Json& value);
};

#define NACRE_KEY(NAME, ...)                                            \
  Key {                                                                 \
    NAME, [](Reader& r, std::string_view k, const Json& v) -> Outcome { \
      [[maybe_unused]] Config& c = r.config;                            \
      return __VA_ARGS__;                                               \
    }                                                                   \
  }

constexpr std::int64_t kInt32 = std::numeric_limits<std::int32_t>::max();

template <typename T>
Outcome ignored(Outcome (*read)(std::string_view, const Json&, T&), std::string_view key,
                const Json& value) {
  T nothing{};
  return read(key, value, nothing);
}
Outcome ignored_integer(std::string_view key, const Json& value, std::int64_t low,
                        std::int64_t high) {
  std::int64_t nothing = 0;
  return integer(key, value, low, high, nothing);
}
Outcome text_of(std::string_view key, const Json& value, std::optional<std::string>& to) {
  return string(key, value, to.emplace());
}

constexpr Key kKeys[] = {
    // how much is said, and what the text ends with
    NACRE_KEY("enable-log", ignored<bool>(boolean, k, v)),
    NACRE_KEY("enable-debug-log", ignored<bool>(boolean, k, v)),
    NACRE_KEY("stream-stdout", ignored<bool>(boolean, k, v)),
    NACRE_KEY("n-predict", integer(k, v, -2, kInt32, c.n_predict)),
    NACRE_KEY("reverse-prompt", string(k, v, c.reverse_prompt)),
    NACRE_KEY("embedding", boolean(k, v, c.engine.embedding)),
    NACRE_KEY("embd-normalize", integer(k, v, -1, 100, c.embedding_norm)),
    NACRE_KEY("chat-template", chat_template(k, v, c.chat_template)),
    // the model
    NACRE_KEY("n-gpu-layers", integer(k, v, -1, kInt32, c.gpu_layers)),
    NACRE_KEY("main-gpu", ignored_integer(k, v, 0, 127)),
    NACRE_KEY("tensor-split", tensor_split(k, v)),
    NACRE_KEY("split-mode",
              [&] {
                int nothing = 0;
                return word<int>(k, v, kSplitModes, nothing);
              }()),
    NACRE_KEY("use-mmap", boolean(k, v, c.use_mmap)),
    NACRE_KEY("use-mlock", boolean(k, v, c.use_mlock)),
    NACRE_KEY("mmproj", file(k, v)),
    NACRE_KEY("image", file(k, v)),
    NACRE_KEY("model-vocoder", file(k, v)),
    // the context
    NACRE_KEY("ctx-size", integer(k, v, 0, kInt32, c.context_size)),
    NACRE_KEY("batch-size", ignored_integer(k, v, 1, kInt32)),
    NACRE_KEY("ubatch-size", ignored_integer(k, v, 1, kInt32)),
    NACRE_KEY("threads", ignored_integer(k, v, 0, 1024)),
    NACRE_KEY("threads-batch", ignored_integer(k, v, 0, 1024)),
    NACRE_KEY("flash-attn", flash_attention(k, v, c.engine.flash_attention)),
    NACRE_KEY("cache-type-k", word<ggml_type>(k, v, kCacheTypes, c.engine.cache_type_k)),
    NACRE_KEY("cache-type-v", word<ggml_type>(k, v, kCacheTypes, c.engine.cache_type_v)),
    NACRE_KEY("rope-scaling",
              word<llama_rope_scaling_type>(k, v, kRopeScalings, c.engine.rope_scaling)),
    NACRE_KEY("rope-freq-base", real(k, v, 0, 1e9, c.engine.rope_freq_base)),
    NACRE_KEY("rope-freq-scale", real(k, v, 0, 100, c.engine.rope_freq_scale)),
    NACRE_KEY("yarn-ext-factor", real(k, v, -1, 100, c.engine.yarn_ext_factor)),
    NACRE_KEY("yarn-attn-factor", real(k, v, 0, 100, c.engine.yarn_attn_factor)),
    NACRE_KEY("yarn-beta-fast", real(k, v, 0, 10'000, c.engine.yarn_beta_fast)),
    NACRE_KEY("yarn-beta-slow", real(k, v, 0, 10'000, c.engine.yarn_beta_slow)),
    NACRE_KEY("yarn-orig-ctx", integer(k, v, 0, kInt32, c.engine.yarn_orig_ctx)),
    NACRE_KEY("pooling-type", word<enum llama_pooling_type>(k, v, kPoolings, c.engine.pooling)),
    // sampling
    NACRE_KEY("temp", real(k, v, -1, 100, c.sampling.temperature)),
    NACRE_KEY("top-k", integer(k, v, -1, kInt32, c.sampling.top_k)),
    NACRE_KEY("top-p", real(k, v, 0, 1, c.sampling.top_p)),
    NACRE_KEY("min-p", real(k, v, 0, 1, c.sampling.min_p)),
    NACRE_KEY("typ-p", real(k, v, 0, 1, c.sampling.typical_p)),
    NACRE_KEY("repeat-penalty", real(k, v, 0.01, 100, c.sampling.repeat_penalty)),
    NACRE_KEY("presence-penalty", real(k, v, -100, 100, c.sampling.presence_penalty)),
    NACRE_KEY("frequency-penalty", real(k, v, -100, 100, c.sampling.frequency_penalty)),
    NACRE_KEY("last-n-penalty", integer(k, v, -1, 65'536, c.sampling.last_n)),
    NACRE_KEY("seed",
              [&]() -> Outcome {
                std::int64_t seed = 0;
                if (auto error =
                        integer(k, v, -1, std::numeric_limits<std::uint32_t>::max(), seed)) {
                  return error;
                }
                c.sampling.seed.reset();
                // llama.cpp's own word for "another one each time", also as -1.
                if (seed >= 0 && seed != LLAMA_DEFAULT_SEED) {
                  c.sampling.seed = static_cast<std::uint32_t>(seed);
                }
                return {};
              }()),
    NACRE_KEY("ignore-eos", boolean(k, v, c.sampling.ignore_eos)),
    NACRE_KEY("grammar", text_of(k, v, r.grammar)),
    NACRE_KEY("json-schema", text_of(k, v, r.schema)),
};
#undef NACRE_KEY

Result<void> read_grammar(Reader& reader) {
  // A grammar and a schema at once: the schema, which is the more exact. Empty: none any more.
  if (!reader.grammar && !reader.schema) return {};
  reader.config.grammar = nullptr;
  std::string gbnf = reader.grammar.value_or("");
  if (reader.schema && !reader.schema->empty()) {
    if (auto ok = check_schema(*reader.schema); !ok) return ok;
    auto made = reader.services.schema_to_gbnf(*reader.schema);
    if (!made) return std::unexpected(std::move(made.error()));
    gbnf = std::move(*made);
  }
  if (gbnf.empty()) return {};
  auto grammar = Grammar::parse(gbnf);
  if (!grammar) return std::unexpected(std::move(grammar.error()));
  reader.config.grammar = std::move(*grammar);
  return {};
}

}  // namespace

Result<Config> parse_config(std::string_view text, const Config& base,
                            const ConfigServices& services) {
  const Json json = Json::parse(text, nullptr, false);
  if (json.is_discarded()) {
    return fail(ErrorCode::kInvalidEncoding, "the configuration is not JSON");
  }
  if (!json.is_object()) {
    return fail(
        ErrorCode::kInvalidArgument,
        std::string("the configuration has to be a JSON object, and is ") + json.type_name());
  }
  Config config = base;
  Reader reader{config, services, {}, {}};
  for (const auto& [given, value] : json.items()) {
    std::string name = given;
    std::ranges::replace(name, '_', '-');
    const auto* key = std::ranges::find(kKeys, name, &Key::name);
    if (key == std::end(kKeys)) {
      if (services.note) {
        services.note("the configuration's key \"" + given.substr(0, 80) + "\" is not known");
      }
      continue;
    }
    if (auto error = key->read(reader, key->name, value)) return std::unexpected(*error);
  }
  if (auto ok = read_grammar(reader); !ok) return std::unexpected(std::move(ok.error()));
  return config;
}

}  // namespace nacre::llama
