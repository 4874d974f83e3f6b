#include "text.h"

#include <nacre/chat.h>

#include <charconv>
#include <condition_variable>
#include <cstring>
#include <mutex>
#include <string>
#include <thread>
#include <utility>
#include <vector>

namespace nacre::echo {
namespace {

constexpr std::string_view kEndToken = "</s>";

std::vector<std::string> words_of(std::string_view text) {
  constexpr std::string_view kSpace = " \t\r\n";
  std::vector<std::string> words;
  for (auto at = text.find_first_not_of(kSpace); at != text.npos;
       at = text.find_first_not_of(kSpace, at)) {
    const auto end = std::min(text.find_first_of(kSpace, at), text.size());
    words.emplace_back(text.substr(at, end - at));
    at = end;
  }
  return words;
}

/// The text after `"key":`, or nothing.
std::string_view value_of(std::string_view json, std::string_view key) {
  const auto at = json.find('"' + std::string(key) + '"');
  if (at == json.npos) return {};
  const auto colon = json.find(':', at);
  if (colon == json.npos) return {};
  const auto value = json.find_first_not_of(" \t\r\n", colon + 1);
  return value == json.npos ? std::string_view() : json.substr(value);
}

class EchoTextContext final : public ChatBackendContext {
 public:
  explicit EchoTextContext(std::shared_ptr<const Model> model) : model_(std::move(model)) {}
  ~EchoTextContext() override {
    if (thread_.joinable()) thread_.join();
  }

  void set_owner(std::uint64_t) noexcept override {}

  Result<void> configure(std::string_view json) override {
    const auto first = json.find_first_not_of(" \t\r\n");
    const auto last = json.find_last_not_of(" \t\r\n");
    if (first == json.npos || json[first] != '{' || json[last] != '}') {
      return fail(ErrorCode::kInvalidEncoding, "the configuration is no JSON object");
    }
    const std::string_view wanted = value_of(json, "n-predict");
    if (wanted.empty()) return {};
    int n = 0;
    const auto [end, error] = std::from_chars(wanted.data(), wanted.data() + wanted.size(), n);
    if (error != std::errc{}) {
      return fail(ErrorCode::kInvalidArgument, "\"n-predict\" has to be a number");
    }
    predict_ = n;
    return {};
  }

  Result<void> set_prompt(std::string_view text) override {
    begin_anew();
    prompt_ = words_of(text);
    if (prompt_.size() + 4 <= model_->text_words) return {};
    return fail(ErrorCode::kPromptTooLong,
                "the prompt has " + std::to_string(prompt_.size()) + " tokens, and the context " +
                    "has room for " + std::to_string(model_->text_words) + ", 4 of them for text");
  }

  void start_generate(Deadline, Completion completion) override {
    begin_anew();
    run([this, completion] {
      for (;;) {
        const Error end = step();
        if (end.code == ErrorCode::kEndOfSequence) return completion.succeed();
        if (end.code != kMore) return completion.fail(end);
      }
    });
  }

  void start_next(Deadline, TextSink piece, Completion completion) override {
    run([this, piece, completion] {
      const std::size_t before = text_.size();
      const Error end = step();
      piece.write(std::string_view(text_).substr(before));
      end.code == kMore ? completion.succeed() : completion.fail(end);
    });
  }

  void finish() noexcept override { stream_over_ = true; }

  Result<void> output(TextSink text) override {
    text.write(text_);
    return {};
  }

  Result<void> metadata(TextSink json) override {
    json.write("{\"input_tokens\": " + std::to_string(prompt_.size()) +
               ", \"output_tokens\": " + std::to_string(written_) +
               ", \"llama_build_number\": 0, \"llama_commit\": \"echo\"}");
    return {};
  }

  Result<void> render_chat(std::span<const nacre_chat_turn> turns, TextSink prompt) override {
    if (model_->chatless) {
      return fail(ErrorCode::kUnsupportedOperation, "the echo model says chatless");
    }
    for (const nacre_chat_turn& turn : turns) {
      prompt.write(to_view(turn.role));
      prompt.write(": ");
      prompt.write(to_view(turn.text));
      prompt.write(" ");
    }
    prompt.write("assistant:");
    return {};
  }

  void start(std::span<const nacre_tensor> inputs, Deadline, OutputSink sink,
             Completion completion) override {
    const std::string_view prompt(static_cast<const char*>(inputs[0].data),
                                  static_cast<std::size_t>(inputs[0].size));
    if (auto ok = set_prompt(prompt); !ok) return completion.fail(ok.error());
    run([this, sink, completion] {
      Error end{.code = kMore, .message = {}};
      while (end.code == kMore)
        end = step();
      if (end.code == ErrorCode::kTimeout) return completion.fail(end);
      const auto size = static_cast<std::int64_t>(text_.size());
      void* to = sink.allocate(0, TensorType::kU8, {&size, 1}, text_.size());
      if (to == nullptr) return completion.fail(ErrorCode::kTooLarge, "the output was refused");
      std::memcpy(to, text_.data(), text_.size());
      completion.succeed();
    });
  }

  void cancel() noexcept override {
    const std::lock_guard lock(mutex_);
    cancelled_ = true;
    changed_.notify_all();
  }
  void rearm() noexcept override {
    const std::lock_guard lock(mutex_);
    cancelled_ = false;
  }

 private:
  static constexpr auto kMore = static_cast<ErrorCode>(0);

  void begin_anew() {
    text_.clear();
    written_ = 0;
    stream_over_ = false;
  }

  template <typename F>
  void run(F&& work) {
    if (std::exchange(stream_over_, false)) begin_anew();
    if (!model_->async) return work();
    if (thread_.joinable()) thread_.join();
    thread_ = std::thread(std::forward<F>(work));
  }

  // One word more; kMore unless that was the end.
  Error step() {
    {
      std::unique_lock lock(mutex_);
      const auto stop = [this] { return cancelled_; };
      if (model_->hang) changed_.wait(lock, stop);
      if (changed_.wait_for(lock, std::chrono::milliseconds(model_->sleep_ms), stop)) {
        return {ErrorCode::kTimeout, "cancelled"};
      }
    }
    if (predict_ >= 0 && written_ >= static_cast<std::size_t>(predict_)) {
      return {ErrorCode::kEndOfSequence, "n-predict tokens were generated"};
    }
    if (prompt_.size() + written_ >= model_->text_words) {
      return {ErrorCode::kContextFull,
              "the context of " + std::to_string(model_->text_words) + " tokens is full"};
    }
    if (written_ == prompt_.size()) {
      text_ += kEndToken;
      ++written_;
    }
    if (written_ > prompt_.size()) {
      return {ErrorCode::kEndOfSequence, "the text has ended"};
    }
    if (written_ != 0) text_ += ' ';
    text_ += prompt_[written_++];
    return {kMore, {}};
  }

  std::shared_ptr<const Model> model_;
  int predict_ = -1;
  std::vector<std::string> prompt_;
  std::string text_;
  std::size_t written_ = 0;
  bool stream_over_ = false;
  std::thread thread_;
  std::mutex mutex_;
  std::condition_variable changed_;
  bool cancelled_ = false;
};

}  // namespace

std::unique_ptr<BackendContext> create_text_context(std::shared_ptr<const Model> model) {
  return std::make_unique<EchoTextContext>(std::move(model));
}

}  // namespace nacre::echo
