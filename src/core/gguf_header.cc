#include "core/gguf_header.h"

#include <nacre/backend.h>

#include "base/chat_templates.h"
#include "core/gguf_walk.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <system_error>
#include <utility>
#include <vector>

namespace nacre {
namespace {

// By the number of general.file_type; empty where there is no such type any more.
constexpr std::array<std::string_view, 42> kFileTypes = {"all F32",
                                                         "F16",
                                                         "Q4_0",
                                                         "Q4_1",
                                                         "",
                                                         "",
                                                         "",
                                                         "Q8_0",
                                                         "Q5_0",
                                                         "Q5_1",
                                                         "Q2_K - Medium",
                                                         "Q3_K - Small",
                                                         "Q3_K - Medium",
                                                         "Q3_K - Large",
                                                         "Q4_K - Small",
                                                         "Q4_K - Medium",
                                                         "Q5_K - Small",
                                                         "Q5_K - Medium",
                                                         "Q6_K",
                                                         "IQ2_XXS",
                                                         "IQ2_XS",
                                                         "Q2_K - Small",
                                                         "IQ3_XS",
                                                         "IQ3_XXS",
                                                         "IQ1_S",
                                                         "IQ4_NL",
                                                         "IQ3_S",
                                                         "IQ3_M",
                                                         "IQ2_S",
                                                         "IQ2_M",
                                                         "IQ4_XS",
                                                         "IQ1_M",
                                                         "BF16",
                                                         "",
                                                         "",
                                                         "",
                                                         "TQ1_0",
                                                         "TQ2_0",
                                                         "MXFP4",
                                                         "NVFP4",
                                                         "Q1_0",
                                                         "Q2_0"};

std::string_view vocabulary_kind(std::string_view model) {
  if (model == "llama") return "SentencePiece";
  if (model == "gpt2") return "BPE";
  if (model == "bert") return "WordPiece";
  if (model == "t5") return "Unigram";
  if (model == "rwkv") return "RWKV";
  return model;
}

class Described final : public BackendGraph {
 public:
  explicit Described(const GgufFacts& facts) : facts_(facts), arch_(text("general.architecture")) {}

  [[nodiscard]] GraphDescription describe() const override {
    const Shape any({std::int64_t{-1}});
    GraphDescription made;
    made.inputs.push_back(
        {.name = "prompt", .type = TensorType::kU8, .shape = any, .note = "text"});
    made.outputs.push_back(
        {.name = "response", .type = TensorType::kU8, .shape = any, .note = "text"});
    const auto add = [&made](std::string_view key, std::string value) {
      if (!value.empty()) made.properties.push_back({std::string(key), std::move(value)});
    };
    const auto add_number = [&](std::string_view key, std::optional<std::uint64_t> value) {
      if (value) add(key, std::to_string(*value));
    };
    add("architecture", arch_);
    add("name", text("general.name"));
    add_number("parameters", facts_.parameters);
    if (const auto type = number("general.file_type"); type && *type < kFileTypes.size()) {
      add("quantisation", std::string(kFileTypes[static_cast<std::size_t>(*type)]));
    }
    add_number("weights_bytes", facts_.weights_bytes);
    add_number("layers", number(arch_ + ".block_count"));
    add_number("embedding_length", number(arch_ + ".embedding_length"));
    add_number("context", number(arch_ + ".context_length"));
    add_number("kv_bytes_per_token", kv_bytes_per_token());
    if (const auto tokens = facts_.counts.find("tokenizer.ggml.tokens");
        tokens != facts_.counts.end()) {
      add("vocabulary", fmt::format("{} tokens, {}", tokens->second,
                                    vocabulary_kind(text("tokenizer.ggml.model"))));
    }
    add("template", std::string(chat_template_family(text("tokenizer.chat_template"))));
    add("license", text("general.license"));
    return made;
  }

  [[nodiscard]] Result<std::unique_ptr<BackendContext>> create_context() override {
    return fail(ErrorCode::kUnsupportedOperation,
                "only the header of this model was read; load the model to compute with it");
  }

 private:
  [[nodiscard]] std::string text(std::string_view key) const {
    const auto found = facts_.texts.find(key);
    return found == facts_.texts.end() ? std::string() : found->second;
  }
  [[nodiscard]] std::optional<std::uint64_t> number(std::string_view key) const {
    const auto found = facts_.numbers.find(key);
    if (found == facts_.numbers.end()) return std::nullopt;
    return found->second;
  }

  /// Of a cache of 16-bit numbers, which is what there is where nothing is configured.
  [[nodiscard]] std::optional<std::uint64_t> kv_bytes_per_token() const {
    const auto layers = number(arch_ + ".block_count");
    const auto width = number(arch_ + ".embedding_length");
    const auto heads = number(arch_ + ".attention.head_count");
    if (!layers || !width || !heads || *heads == 0) return std::nullopt;
    const std::uint64_t kv_heads = number(arch_ + ".attention.head_count_kv").value_or(*heads);
    const std::uint64_t head = *width / *heads;
    const std::uint64_t key = number(arch_ + ".attention.key_length").value_or(head);
    const std::uint64_t value = number(arch_ + ".attention.value_length").value_or(head);
    constexpr std::uint64_t kSane = std::uint64_t{1} << 20;
    if (std::max({*layers, kv_heads, key, value}) > kSane) return std::nullopt;
    return *layers * kv_heads * (key + value) * 2;
  }

  const GgufFacts facts_;
  const std::string arch_;
};

struct Closer {
  void operator()(std::FILE* file) const noexcept { std::fclose(file); }
};

}  // namespace

Result<std::optional<std::shared_ptr<Graph>>> inspect_gguf(const std::string& path,
                                                           ExecutionTarget target) {
  std::error_code error;
  const std::uint64_t size = std::filesystem::file_size(path, error);
  if (error) return std::optional<std::shared_ptr<Graph>>();  // a folder, or nothing: others say it
  const std::unique_ptr<std::FILE, Closer> file(std::fopen(path.c_str(), "rb"));
  if (file == nullptr) {
    return fail(ErrorCode::kModelNotFound,
                fmt::format("the file {} cannot be opened: {}", path, std::strerror(errno)));
  }
  std::vector<std::byte> beginning;
  for (std::size_t wanted = std::size_t{1} << 20;; wanted *= 2) {
    const std::size_t had = beginning.size();
    beginning.resize(std::min<std::uint64_t>({wanted, size, kMaxGgufHeaderBytes}));
    const std::size_t got =
        std::fread(beginning.data() + had, 1, beginning.size() - had, file.get());
    beginning.resize(had + got);
    if (beginning.size() < 4 || std::memcmp(beginning.data(), "GGUF", 4) != 0) {
      return std::optional<std::shared_ptr<Graph>>();
    }
    auto facts = read_gguf_facts(beginning, size);
    if (!facts) {
      return fail(facts.error().code, fmt::format("{}: {}", path, facts.error().message));
    }
    if (*facts) {
      return Graph::create(std::make_unique<Described>(**facts), "llama", GraphEncoding::kGgml,
                           target, nullptr);
    }
    if (got == 0 || beginning.size() >= kMaxGgufHeaderBytes) {
      return fail(ErrorCode::kTooLarge,
                  fmt::format("{}: the header is longer than {} bytes, as far as is read", path,
                              beginning.size()));
    }
  }
}

}  // namespace nacre
