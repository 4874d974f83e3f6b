// The backend itself: what it is, and how a GGUF becomes a graph.
#include <nacre/backend.h>
#include <nacre/chat.h>

#include "child.h"
#include "context.h"
#include "model.h"
#include "options.h"
#include "runtime.h"
#include "schema.h"

#include <utility>

namespace nacre::llama {
namespace {

class LlamaGraph final : public BackendGraph {
 public:
  LlamaGraph(std::shared_ptr<Engines> engines, Engine::Layout layout)
      : engines_(std::move(engines)), layout_(layout) {}

  [[nodiscard]] GraphDescription describe() const override {
    const Shape any({std::int64_t{-1}});
    GraphDescription description;
    description.inputs.push_back(
        {.name = "prompt", .type = TensorType::kU8, .shape = any, .note = "text"});
    description.outputs.push_back(
        {.name = "response", .type = TensorType::kU8, .shape = any, .note = "text"});
    description.properties = engines_->model()->properties();
    description.properties.push_back({"slots", std::to_string(layout_.slots)});
    description.properties.push_back({"slot_tokens", std::to_string(layout_.slot_tokens)});
    const EngineParameters& engine = engines_->config().engine;
    const std::uint64_t token =
        engines_->model()->kv_bytes_per_token(engine.cache_type_k, engine.cache_type_v);
    description.properties.push_back(
        {"kv_bytes", std::to_string(token * layout_.slots * Engine::cells(layout_.slot_tokens))});
    return description;
  }

  [[nodiscard]] Result<std::unique_ptr<BackendContext>> create_context() override {
    return std::make_unique<Context>(engines_);
  }

  [[nodiscard]] const void* ability(std::string_view name) noexcept override {
    if (name == kChatAbility) return chat_table();
    return name == kTextAbility ? text_table() : nullptr;
  }

 private:
  std::shared_ptr<Engines> engines_;
  Engine::Layout layout_;
};

class LlamaBackend final : public Backend {
 public:
  explicit LlamaBackend(HostServices services) noexcept : services_(services) {}

  [[nodiscard]] static Result<std::unique_ptr<LlamaBackend>> create(HostServices services) {
    if (auto ok = start_runtime(services); !ok) return std::unexpected(std::move(ok.error()));
    return std::make_unique<LlamaBackend>(services);
  }

  [[nodiscard]] Result<std::vector<Property>> properties() override {
    return std::vector<Property>{
        {"vendor", "llama.cpp"},
        {"vendor.version", llama_version()},
        {"encodings", "ggml"},
        {"devices", has_gpu() ? "cpu,gpu" : "cpu"},
        {"element_types", "u8"},
        {"loads", "bytes,path"},
        {"cancel", "yes"},
        {"threads.default", std::to_string(services_.thread_budget())},
        {"cpu", std::string(cpu_variant())},
    };
  }

  [[nodiscard]] Result<std::unique_ptr<BackendGraph>> load(const ModelSource& source,
                                                           const LoadOptions& load) override {
    auto options = parse_options(load.options);
    if (!options) return std::unexpected(std::move(options.error()));
    options->threads = load.threads != 0 ? load.threads : services_.thread_budget();
    if (load.streams != 0) options->slots = std::min<std::uint32_t>(load.streams, 64);

    Config config;
    if (!load.config.empty()) {
      const ConfigServices help{
          .note = [this](std::string_view line) { services_.log(LogLevel::kWarning, line); },
          .schema_to_gbnf =
              [](std::string_view schema) { return schema_to_gbnf(helper_path(), schema); }};
      auto parsed = parse_config(load.config, config, help);
      if (!parsed) return std::unexpected(std::move(parsed.error()));
      config = std::move(*parsed);
      if (config.gpu_layers > 0 && !has_gpu()) {
        services_.log(LogLevel::kWarning,
                      "n-gpu-layers is set, and this build has no GPU: the CPU computes");
      }
    }
    auto model = open(source, config, options->kv_bytes);
    if (!model) return std::unexpected(std::move(model.error()));
    auto layout = Engine::layout(**model, *options, config.engine);
    if (!layout) return std::unexpected(std::move(layout.error()));
    auto engines =
        std::make_shared<Engines>(std::move(*model), *options, std::move(config), services_);
    if (engines->config().gpu_layers > 0) static_cast<void>(engines->first_to_want_gpu());
    return std::make_unique<LlamaGraph>(std::move(engines), *layout);
  }

 private:
  static Result<std::shared_ptr<const Model>> open(const ModelSource& source, const Config& config,
                                                   std::uint64_t kv_bytes) {
    if (source.paths.size() == 1) return Model::from_file(source.paths[0], config);
    if (source.parts.size() == 1) return Model::from_bytes(source.parts[0], kv_bytes);
    return fail(ErrorCode::kInvalidEncoding,
                "a GGUF model is one file, and " +
                    std::to_string(source.paths.size() + source.parts.size()) +
                    " were given; name the first part of a split model alone");
  }

  HostServices services_;
};

}  // namespace
}  // namespace nacre::llama

NACRE_EXPORT_BACKEND(nacre::llama::LlamaBackend);
