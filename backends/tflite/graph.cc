#include "graph.h"

#include <algorithm>
#include <cstring>
#include <string>
#include <string_view>
#include <utility>

#include "base/aligned_buffer.h"
#include "base/flatbuffer.h"
#include "context.h"
#include "describe.h"
#include "op_versions.h"

namespace nacre::tflite {
namespace {

constexpr std::uint32_t kMostThreads = 1024;

Result<void> check_options(const LoadOptions& options) {
  if (options.target == ExecutionTarget::kGpu || options.target == ExecutionTarget::kTpu) {
    return fail(ErrorCode::kUnsupportedOperation,
                "There is no " + std::string(to_string(options.target)) +
                    " for the tflite backend; the devices here are: cpu.");
  }
  if (options.encoding != GraphEncoding::kTensorflowlite) {
    return fail(ErrorCode::kInvalidEncoding,
                "The tflite backend reads tensorflowlite; it was "
                "given " +
                    std::string(to_string(options.encoding)) + ".");
  }
  if (!options.options.empty()) {
    return fail(ErrorCode::kInvalidArgument, "The tflite backend has no option '" +
                                                 options.options.front().key +
                                                 "'; it takes threads, streams and precision.");
  }
  if (!options.config.empty()) {
    return fail(ErrorCode::kInvalidArgument,
                "The tflite backend takes no configuration text; it was given " +
                    std::to_string(options.config.size()) + " bytes.");
  }
  if (options.threads > kMostThreads) {
    return fail(ErrorCode::kInvalidArgument, "threads=" + std::to_string(options.threads) +
                                                 " is more than the " +
                                                 std::to_string(kMostThreads) + " there may be.");
  }
  return {};
}

Result<void> take_bytes(const ModelSource& source, Model& model) {
  const std::size_t parts = source.parts.size() + source.paths.size();
  if (parts != 1) {
    return fail(ErrorCode::kInvalidEncoding,
                "A TFLite model is one part; " + std::to_string(parts) + " were given.");
  }
  if (source.parts.empty()) {
    auto file = MappedFile::open(source.paths[0]);
    if (!file) {
      return fail(ErrorCode::kModelNotFound, "The model's file " + source.paths[0] +
                                                 " cannot be read: " + file.error().message() +
                                                 ".");
    }
    model.file = std::move(*file);
    model.bytes = model.file.bytes();
    return {};
  }
  const std::span<const std::byte> given = source.parts[0];
  model.owned.reset(allocate_aligned(given.size(), 0));
  if (model.owned == nullptr) {
    return fail(ErrorCode::kTooLarge,
                "There is no memory for the model's " + std::to_string(given.size()) + " bytes.");
  }
  if (!given.empty()) std::memcpy(model.owned.get(), given.data(), given.size());
  model.bytes = {model.owned.get(), given.size()};
  return {};
}

// It writes as many detections as it found, and what was in memory stays behind them.
bool has_detections(std::span<const std::byte> bytes) {
  FlatBytes in(bytes);
  const FlatTables codes = FlatTable::root(in, "TFL3").tables(1);
  for (std::size_t i = 0; i < codes.size() && !in.broken(); ++i) {
    if (codes[i].text(1) == "TFLite_Detection_PostProcess") return true;
  }
  return false;
}

// The library says all this in text alone.
std::unexpected<Error> not_taken(const Model& model, Complaints& complaints) {
  const std::string why = complaints.take();
  if (why.find("Select TensorFlow op") != why.npos) {
    return fail(ErrorCode::kUnsupportedOperation,
                "The model uses operators of TensorFlow's own (select ops), and only TensorFlow "
                "Lite's run here. Convert the model without select ops.");
  }
  constexpr std::string_view kCustom = "unresolved custom op: ";
  if (const auto at = why.find(kCustom); at != why.npos) {
    const std::string name = why.substr(at + kCustom.size());
    return fail(ErrorCode::kUnsupportedOperation,
                "The model uses the custom operator '" + name.substr(0, name.find(". See")) +
                    "', and only TensorFlow Lite's own operators run here.");
  }
  if (why.find("schema version") != why.npos) {
    return fail(ErrorCode::kInvalidEncoding,
                "The model's format is not the one of TensorFlow Lite " +
                    std::string(api().version()) + ": " + why);
  }
  if (std::string newer = explain_newer_operator(model.bytes); !newer.empty()) {
    return fail(ErrorCode::kInvalidEncoding, newer);
  }
  return fail(ErrorCode::kUnsupportedOperation, "TensorFlow Lite cannot prepare the model: " + why);
}

}  // namespace

void Model::FreeBytes::operator()(std::byte* data) const noexcept {
  free_aligned(data, 0);
}

Result<std::unique_ptr<BackendGraph>> TfliteGraph::load(const ModelSource& source,
                                                        const LoadOptions& options) {
  if (auto fine = check_options(options); !fine) return std::unexpected(std::move(fine.error()));
  auto model = std::make_shared<Model>();
  if (auto taken = take_bytes(source, *model); !taken) {
    return std::unexpected(std::move(taken.error()));
  }
  if (options.threads != 0) model->threads = options.threads;

  model->handle = make_model(model->bytes, model->complaints);
  if (model->handle == nullptr) {
    return fail(ErrorCode::kInvalidEncoding,
                "The " + std::to_string(model->bytes.size()) +
                    " bytes are no TFLite model, or not all of one: TensorFlow Lite finds that "
                    "they do not hang together.");
  }
  Interpreter first = make_interpreter(*model->handle, model->threads);
  if (first.handle == nullptr) return not_taken(*model, *first.complaints);
  const TfLiteStatus allocated = api().allocate_tensors(first.handle.get());
  auto description = describe_interpreter(first.handle.get());
  if (!description) return std::unexpected(std::move(description.error()));
  const auto is_dynamic = [](const TensorDescription& d) {
    return d.shape && std::ranges::any_of(d.shape->dims(), [](std::int64_t n) { return n < 0; });
  };
  // The shapes that a file gives dynamic inputs may be none that its operators take.
  if (allocated != kTfLiteOk && std::ranges::none_of(description->inputs, is_dynamic)) {
    return not_taken(*model, *first.complaints);
  }
  if (arena_is_missing(first.handle.get())) {
    return fail(ErrorCode::kTooLarge, "There is no memory for what the model computes.");
  }
  model->description = std::move(*description);
  model->sizes_vary = allocated != kTfLiteOk || has_dynamic_tensors(first.handle.get());
  model->leaves_gaps = has_detections(model->bytes);
  model->tensor_bytes = bytes_of_tensors(first.handle.get());
  for (std::int32_t i = 0; i < api().input_count(first.handle.get()); ++i)
    model->input_bytes += api().tensor_bytes(api().input_tensor(first.handle.get(), i));
  return std::make_unique<TfliteGraph>(std::move(model), std::move(first));
}

Result<std::unique_ptr<BackendContext>> TfliteGraph::create_context() {
  Interpreter interpreter;
  {
    const std::lock_guard lock(mutex_);
    std::swap(interpreter, spare_);
  }
  if (interpreter.handle == nullptr) {
    interpreter = make_interpreter(*model_->handle, model_->threads);
  }
  if (interpreter.handle == nullptr) {
    return fail(ErrorCode::kRuntimeError,
                "TensorFlow Lite makes no interpreter: " + interpreter.complaints->take());
  }
  return std::make_unique<TfliteContext>(model_, std::move(interpreter));
}

}  // namespace nacre::tflite
