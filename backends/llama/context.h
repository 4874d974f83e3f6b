// A guest's context: its configuration, its text, and the engine that serves it.
#ifndef NACRE_BACKENDS_LLAMA_CONTEXT_H_
#define NACRE_BACKENDS_LLAMA_CONTEXT_H_

#include <nacre/backend.h>
#include <nacre/chat.h>
#include <nacre/error.h>

#include "config.h"
#include "engine/engine.h"
#include "model.h"
#include "options.h"

#include <atomic>
#include <chrono>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace nacre::llama {

/// What the contexts of a graph share: the model and its engines. Any thread.
class Engines {
 public:
  Engines(std::shared_ptr<const Model> model, const Options& options, Config config,
          HostServices services)
      : model_(std::move(model)),
        options_(options),
        config_(std::move(config)),
        services_(services) {}

  /// The engine for these parameters, made on first use. kBusy when as many as there may be are in
  /// use with other parameters.
  [[nodiscard]] Result<std::shared_ptr<Engine>> get(const EngineParameters& parameters);

  [[nodiscard]] const std::shared_ptr<const Model>& model() const noexcept { return model_; }
  [[nodiscard]] const Options& options() const noexcept { return options_; }
  [[nodiscard]] const Config& config() const noexcept { return config_; }
  [[nodiscard]] HostServices services() const noexcept { return services_; }

  /// The first to be told something that is said once per model.
  [[nodiscard]] bool first_to_want_gpu() noexcept { return !gpu_wanted_.exchange(true); }

 private:
  const std::shared_ptr<const Model> model_;
  const Options options_;
  const Config config_;
  const HostServices services_;
  std::atomic<bool> gpu_wanted_{false};

  struct Entry {
    EngineParameters parameters;
    std::shared_ptr<Engine> engine;
  };
  std::mutex mutex_;
  std::vector<Entry> entries_;  // the last used at the end
};

/// Costs nothing of the model until it generates: then it gets a slot of an engine.
class Context final : public ChatBackendContext {
 public:
  explicit Context(std::shared_ptr<Engines> engines);
  ~Context() override;

  void set_owner(std::uint64_t owner) noexcept override { sequence_.owner = owner; }
  [[nodiscard]] Result<void> configure(std::string_view json) override;
  [[nodiscard]] Result<void> set_prompt(std::string_view text) override;
  void start_generate(Deadline deadline, Completion completion) override;
  void start_next(Deadline deadline, TextSink piece, Completion completion) override;
  void finish() noexcept override;
  [[nodiscard]] Result<void> output(TextSink text) override;
  [[nodiscard]] Result<void> metadata(TextSink json) override;
  [[nodiscard]] std::chrono::nanoseconds take_queue_time() noexcept override {
    return std::exchange(sequence_.queued, {});
  }
  [[nodiscard]] Result<void> render_chat(std::span<const nacre_chat_turn> turns,
                                         TextSink prompt) override;

  void start(std::span<const nacre_tensor> inputs, Deadline deadline, OutputSink sink,
             Completion completion) override;
  void cancel() noexcept override;
  void rearm() noexcept override;

 private:
  [[nodiscard]] Result<void> begin_anew();
  [[nodiscard]] Result<void> join_engine();
  void stop() noexcept;
  void leave_engine() noexcept;
  void submit(const Request& request);
  [[nodiscard]] std::int64_t token_ceiling() const noexcept;
  std::unexpected<Error> note(Error error);

  const std::shared_ptr<Engines> engines_;
  Config config_;
  Sequence sequence_;
  std::size_t input_tokens_ = 0;
  std::size_t slot_tokens_ = 0;
  bool streaming_ = false;
  std::string last_error_;
  std::mutex engine_mutex_;  // cancel() may come while the engine is joined
  std::shared_ptr<Engine> engine_;
};

}  // namespace nacre::llama

#endif  // NACRE_BACKENDS_LLAMA_CONTEXT_H_
