#include "echo.h"

#include "model_text.h"
#include "text.h"

#include <nacre/chat.h>

#include <condition_variable>
#include <fstream>
#include <iterator>
#include <mutex>
#include <stdexcept>
#include <thread>
#include <utility>

namespace nacre::echo {
namespace {

class EchoContext final : public BackendContext {
 public:
  explicit EchoContext(std::shared_ptr<const Model> model) : model_(std::move(model)) {}
  ~EchoContext() override {
    if (thread_.joinable()) thread_.join();
  }

  void start(std::span<const nacre_tensor> inputs, Deadline, OutputSink sink,
             Completion completion) override {
    if (plain_) return give_back(inputs, sink, completion);
    if (!model_->async) return misbehave(inputs, sink, completion);
    if (thread_.joinable()) thread_.join();
    thread_ = std::thread([=, this] { misbehave(inputs, sink, completion); });
  }

  void cancel() noexcept override {
    if (model_->deaf) return;
    const std::lock_guard lock(mutex_);
    cancelled_ = true;
    changed_.notify_all();
  }

  void rearm() noexcept override {
    const std::lock_guard lock(mutex_);
    cancelled_ = false;
  }

 private:
  static void give_back(std::span<const nacre_tensor> inputs, OutputSink sink,
                        Completion completion) noexcept {
    for (std::size_t i = 0; i < inputs.size(); ++i) {
      if (!sink.give(i, inputs[i])) {
        return completion.fail(ErrorCode::kTooLarge, "the output was refused");
      }
    }
    completion.succeed();
  }

  void misbehave(std::span<const nacre_tensor> inputs, OutputSink sink, Completion completion) {
    if (wait()) return completion.fail(ErrorCode::kTimeout, "cancelled");
    if (model_->throws) {
      if (!model_->async) throw std::runtime_error("the echo model says throw");
      return completion.fail(ErrorCode::kRuntimeError, "the echo model says throw");
    }
    if (model_->fail) return completion.fail(ErrorCode::kRuntimeError, model_->message);
    if (!model_->wrong_shape) return give_back(inputs, sink, completion);
    for (std::size_t i = 0; i < inputs.size(); ++i) {
      nacre_tensor tensor = inputs[i];
      Shape shape({tensor.dims, std::min<std::size_t>(tensor.rank, kMaxRank - 1)});
      shape.push_back(7);
      tensor.dims = shape.dims().data();
      tensor.rank = static_cast<std::uint32_t>(shape.rank());
      // Goes on although refused, as a careless backend would.
      static_cast<void>(sink.give(i, tensor));
    }
    completion.succeed();
  }

  /// True when a cancel ended the wait, or had come before.
  bool wait() {
    std::unique_lock lock(mutex_);
    const auto stop = [this] { return cancelled_; };
    if (model_->hang) {
      changed_.wait(lock, stop);
      return true;
    }
    return changed_.wait_for(lock, std::chrono::milliseconds(model_->sleep_ms), stop);
  }

  std::shared_ptr<const Model> model_;
  const bool plain_ = model_->plain();
  std::thread thread_;
  std::mutex mutex_;
  std::condition_variable changed_;
  bool cancelled_ = false;
};

class EchoGraph final : public BackendGraph {
 public:
  explicit EchoGraph(Model model) : model_(std::make_shared<const Model>(std::move(model))) {}

  [[nodiscard]] GraphDescription describe() const override {
    return {.inputs = model_->inputs,
            .outputs = model_->outputs,
            .inputs_known = true,
            .outputs_known = true,
            .properties = {{"format_version", "1"}}};
  }

  [[nodiscard]] Result<std::unique_ptr<BackendContext>> create_context() override {
    if (model_->text_words != 0) return create_text_context(model_);
    return std::make_unique<EchoContext>(model_);
  }

  [[nodiscard]] const void* ability(std::string_view name) noexcept override {
    if (model_->text_words == 0) return nullptr;
    if (name == kChatAbility) return chat_table();
    return name == kTextAbility ? text_table() : nullptr;
  }

 private:
  std::shared_ptr<const Model> model_;
};

Result<std::string> read_text(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::string text((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
  if (!file.good() && !file.eof()) {
    return fail(ErrorCode::kModelNotFound, "the file " + path + " cannot be read");
  }
  return text;
}

}  // namespace

Result<std::unique_ptr<EchoBackend>> EchoBackend::create(HostServices) {
  return std::make_unique<EchoBackend>();
}

Result<std::vector<Property>> EchoBackend::properties() {
  return std::vector<Property>{
      {"vendor", "Nacre"},
      {"vendor.version", "1"},
      {"encodings", "echo"},
      {"devices", "cpu"},
      {"element_types", "f16,f32,f64,bf16,u8,i32,i64,i8,i16,u16,u32,u64,bool,string"},
      {"loads", "bytes,path"},
      {"cancel", "yes"},
      {"threads.default", "1"},
      {"limits.inputs", std::to_string(kMaxInputs)},
      {"limits.rank", std::to_string(kMaxRank)},
  };
}

Result<std::unique_ptr<BackendGraph>> EchoBackend::load(const ModelSource& source,
                                                        const LoadOptions& options) {
  if (options.encoding != GraphEncoding::kEcho) {
    return fail(ErrorCode::kInvalidEncoding, "the echo backend reads its own text format, not " +
                                                 std::string(to_string(options.encoding)));
  }
  if (!options.options.empty()) {
    return fail(ErrorCode::kInvalidArgument, "the echo backend has no options; \"" +
                                                 options.options.front().key + "\" was given");
  }
  std::string text;
  if (source.parts.size() == 1) {
    text.assign(reinterpret_cast<const char*>(source.parts[0].data()), source.parts[0].size());
  } else if (source.paths.size() == 1) {
    auto read = read_text(source.paths[0]);
    if (!read) return std::unexpected(std::move(read.error()));
    text = std::move(*read);
  } else {
    return fail(ErrorCode::kInvalidEncoding,
                "an echo model is one part, and " +
                    std::to_string(source.parts.size() + source.paths.size()) + " were given");
  }
  auto model = parse_model(text);
  if (!model) return std::unexpected(std::move(model.error()));
  return std::make_unique<EchoGraph>(std::move(*model));
}

}  // namespace nacre::echo
