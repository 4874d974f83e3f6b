#include "context.h"

#include <algorithm>
#include <string>
#include <string_view>
#include <utility>

#include "element_types.h"

namespace nacre::onnxruntime {
namespace {

std::unexpected<Error> refused() {
  return fail(ErrorCode::kTooLarge, "The host refused the buffer of an output.");
}

std::unexpected<Error> stopped() {
  return fail(ErrorCode::kTimeout, "The computation was stopped before it was done.");
}

}  // namespace

// A value of ONNX Runtime's that others hold by reference count. The context keeps one reference,
// so when it is the only one, value and object can be used for something new.
class LentValue final : public nacre_buffer {
 public:
  LentValue() : nacre_buffer{nullptr, 0, on_retain, on_release, on_unique} {}

  Value value;

 private:
  static void on_retain(nacre_buffer* b) {
    static_cast<LentValue*>(b)->references_.fetch_add(1, std::memory_order_relaxed);
  }
  static void on_release(nacre_buffer* b) {
    auto* self = static_cast<LentValue*>(b);
    if (self->references_.fetch_sub(1, std::memory_order_acq_rel) == 1) delete self;
  }
  static int on_unique(const nacre_buffer* b) {
    return static_cast<const LentValue*>(b)->references_.load(std::memory_order_acquire) == 1;
  }

  std::atomic<std::uint64_t> references_{1};
};

void OnnxruntimeContext::ReleaseLent::operator()(LentValue* lent) const noexcept {
  lent->release(lent);
}

Result<std::unique_ptr<BackendContext>> OnnxruntimeContext::create(
    std::shared_ptr<const Model> model) {
  OrtRunOptions* options = nullptr;
  if (auto made = check(ort().CreateRunOptions(&options), ErrorCode::kRuntimeError,
                        "ONNX Runtime does not make a context");
      !made) {
    return std::unexpected(std::move(made.error()));
  }
  return std::unique_ptr<BackendContext>(
      new OnnxruntimeContext(std::move(model), RunOptions(options)));
}

OnnxruntimeContext::OnnxruntimeContext(std::shared_ptr<const Model> model, RunOptions run_options)
    : model_(std::move(model)), run_options_(std::move(run_options)) {
  const GraphDescription& description = model_->description;
  inputs_.resize(description.inputs.size());
  input_values_.resize(inputs_.size());
  outputs_.resize(description.outputs.size());
  output_values_.resize(outputs_.size());
  for (std::size_t i = 0; i < outputs_.size(); ++i) {
    const TensorDescription& d = description.outputs[i];
    Output& output = outputs_[i];
    output.type = d.type;
    const auto count = d.shape ? element_count(d.shape->dims()) : std::nullopt;
    std::uint64_t size = 0;
    if (count && element_size(d.type) != 0 &&
        !__builtin_mul_overflow(*count, element_size(d.type), &size)) {
      output.is_static = true;
      output.shape = *d.shape;
      output.size = size;
    }
  }
}

OnnxruntimeContext::~OnnxruntimeContext() = default;

void OnnxruntimeContext::start(std::span<const nacre_tensor> inputs, Deadline deadline,
                               OutputSink sink, Completion completion) {
  if (const Result<void> result = compute(inputs, deadline, sink); result) {
    completion.succeed();
  } else {
    completion.fail(result.error());
  }
}

// The flag in the run options stays set, so the cancel may come before the run.
void OnnxruntimeContext::cancel() noexcept {
  cancelled_.store(true);
  const Status ignored(ort().RunOptionsSetTerminate(run_options_.get()));
}

void OnnxruntimeContext::rearm() noexcept {
  const Status ignored(ort().RunOptionsUnsetTerminate(run_options_.get()));
  cancelled_.store(false);
}

Result<void> OnnxruntimeContext::compute(std::span<const nacre_tensor> inputs, Deadline deadline,
                                         const OutputSink& sink) {
  if (inputs.size() != inputs_.size()) {
    return fail(ErrorCode::kInvalidArgument, "The model has " + std::to_string(inputs_.size()) +
                                                 " inputs; " + std::to_string(inputs.size()) +
                                                 " were given.");
  }
  for (std::size_t i = 0; i < inputs_.size(); ++i) {
    if (auto bound = bind_input(i, inputs[i]); !bound) return bound;
  }
  for (std::size_t i = 0; i < outputs_.size(); ++i) {
    if (auto bound = bind_output(i, sink); !bound) return bound;
  }
  Result<void> done = run(deadline);
  for (std::size_t i = 0; i < outputs_.size(); ++i) {
    if (outputs_[i].is_static) continue;
    Value value(std::exchange(output_values_[i], nullptr));
    if (done) done = deliver(i, std::move(value), sink);
  }
  return done;
}

Result<Value> OnnxruntimeContext::tensor_over(const void* data, std::uint64_t size,
                                              std::span<const std::int64_t> dims,
                                              TensorType type) const {
  alignas(64) static std::byte nothing[64];  // for a tensor without elements
  void* where = data == nullptr ? nothing : const_cast<void*>(data);
  OrtValue* value = nullptr;
  if (auto made =
          check(ort().CreateTensorWithDataAsOrtValue(model_->runtime->cpu.get(), where,
                                                     static_cast<std::size_t>(size), dims.data(),
                                                     dims.size(), to_onnx_type(type), &value),
                ErrorCode::kInvalidArgument, "ONNX Runtime does not take a tensor of this shape");
      !made) {
    return std::unexpected(std::move(made.error()));
  }
  return Value(value);
}

Result<void> OnnxruntimeContext::bind_input(std::size_t index, const nacre_tensor& tensor) {
  Binding& input = inputs_[index];
  const std::span<const std::int64_t> dims{tensor.dims, tensor.rank};
  const auto type = static_cast<TensorType>(tensor.type);
  const bool same_shape = input.value && std::ranges::equal(input.shape.dims(), dims);
  const bool is_string = type == TensorType::kString;
  if (!same_shape || (!is_string && (input.data != tensor.data || input.size != tensor.size))) {
    input.value.reset();
    if (is_string) {
      OrtAllocator* allocator = nullptr;
      OrtValue* value = nullptr;
      constexpr auto kCode = ErrorCode::kInvalidArgument;
      constexpr std::string_view kDoing = "ONNX Runtime does not make a string tensor";
      auto made = check(ort().GetAllocatorWithDefaultOptions(&allocator), kCode, kDoing);
      if (made) {
        made = check(ort().CreateTensorAsOrtValue(allocator, dims.data(), dims.size(),
                                                  ONNX_TENSOR_ELEMENT_DATA_TYPE_STRING, &value),
                     kCode, kDoing);
      }
      if (!made) return made;
      input.value.reset(value);
    } else {
      auto value = tensor_over(tensor.data, tensor.size, dims, type);
      if (!value) return std::unexpected(std::move(value.error()));
      input.value = std::move(*value);
    }
    input.data = tensor.data;
    input.size = tensor.size;
    input.shape = Shape(dims);
    input_values_[index] = input.value.get();
  }
  if (is_string) {
    const auto count = element_count(dims);
    auto filled = unpack_strings(to_view(tensor).data, static_cast<std::size_t>(count.value_or(0)),
                                 input.value.get());
    if (!filled) {
      filled.error().message =
          "Input '" + model_->description.inputs[index].name + "': " + filled.error().message;
    }
    return filled;
  }
  return {};
}

Result<void> OnnxruntimeContext::bind_output(std::size_t index, const OutputSink& sink) {
  Output& output = outputs_[index];
  if (!output.is_static) {
    // Memory that nobody looks at any more goes back before the run, which can then use it.
    for (const Lent& lent : output.lent) {
      if (lent->unique(lent.get()) != 0) lent->value.reset();
    }
    output_values_[index] = nullptr;
    return {};
  }
  void* data =
      sink.allocate(index, output.type, output.shape.dims(), static_cast<std::size_t>(output.size));
  if (data == nullptr) return refused();
  auto& [newest, older] = output.bound;
  if (!newest.value || newest.data != data) {
    std::swap(newest, older);
    if (!newest.value || newest.data != data) {
      newest.value.reset();
      auto value = tensor_over(data, output.size, output.shape.dims(), output.type);
      if (!value) return std::unexpected(std::move(value.error()));
      newest.value = std::move(*value);
      newest.data = data;
    }
  }
  output_values_[index] = newest.value.get();
  return {};
}

// The host cancels when the deadline comes; it runs on this thread, so nothing here could.
Result<void> OnnxruntimeContext::run(Deadline deadline) {
  if (cancelled_.load()) return stopped();
  if (deadline != kNoDeadline && Deadline::clock::now() >= deadline) {
    return fail(ErrorCode::kTimeout, "The time for the computation was up before it began.");
  }
  const Status status(ort().Run(model_->session.get(), run_options_.get(),
                                model_->input_names.data(), input_values_.data(),
                                input_values_.size(), model_->output_names.data(),
                                output_values_.size(), output_values_.data()));
  if (cancelled_.load()) return stopped();
  if (!status) [[likely]]
    return {};
  // What a guest can do wrong was checked before, so it is never kInvalidArgument. For an output of
  // another shape than the model states the vendor adds advice to C programmers, which is cut.
  std::string_view text = ort().GetErrorMessage(status.get());
  text = text.substr(0, text.find(" When calling Run()"));
  return fail(ErrorCode::kRuntimeError, "ONNX Runtime did not compute: " + explain(text));
}

Result<void> OnnxruntimeContext::deliver(std::size_t index, Value value, const OutputSink& sink) {
  constexpr auto kCode = ErrorCode::kRuntimeError;
  const std::string& name = model_->description.outputs[index].name;
  Output& output = outputs_[index];
  int is_tensor = 0;
  if (value == nullptr || Status(ort().IsTensor(value.get(), &is_tensor)) || is_tensor == 0) {
    return fail(kCode, "ONNX Runtime gave no tensor for output '" + name + "'.");
  }
  const OrtApi& api = ort();
  const std::int64_t* dims = nullptr;
  std::size_t rank = 0;
  ONNXTensorElementDataType element = ONNX_TENSOR_ELEMENT_DATA_TYPE_UNDEFINED;
  auto got =
      check(api.GetTensorElementTypeAndShapeDataReference(value.get(), &element, &dims, &rank),
            kCode, "Reading an output's shape");
  if (!got) return got;
  const std::span<const std::int64_t> shape{dims, rank};
  const TensorType type = to_tensor_type(element);
  const auto count = element_count(shape);
  if (type == TensorType::kUnknown || rank > kMaxRank || !count) {
    return fail(kCode, "Output '" + name + "' came as a tensor of " +
                           std::string(onnx_name(element)) + " " + to_string(shape) +
                           ", which Nacre does not carry.");
  }
  if (type == TensorType::kString) {
    const auto size = packer_.read(value.get(), static_cast<std::size_t>(*count));
    if (!size) return std::unexpected(size.error());
    void* data = sink.allocate(index, type, shape, static_cast<std::size_t>(*size));
    if (data == nullptr) return refused();
    packer_.write(static_cast<std::byte*>(data));
    return {};
  }

  const auto is_free = [](const Lent& lent) { return lent->unique(lent.get()) != 0; };
  auto free = std::ranges::find_if(output.lent, is_free);
  if (free == output.lent.end()) {
    output.lent.emplace_back(new LentValue);
    free = output.lent.end() - 1;
  } else {
    // The others go: a guest that once held many outputs need not cost their memory for ever.
    output.lent.erase(std::remove_if(free + 1, output.lent.end(), is_free), output.lent.end());
  }
  LentValue& lent = **free;
  got = check(api.GetTensorMutableData(value.get(), &lent.data), kCode, "Reading an output");
  if (!got) return got;
  lent.value = std::move(value);
  lent.capacity = *count * element_size(type);
  const nacre_tensor tensor{.type = static_cast<std::uint32_t>(type),
                            .rank = static_cast<std::uint32_t>(rank),
                            .dims = dims,
                            .data = lent.data,
                            .size = lent.capacity,
                            .buffer = &lent};
  if (!sink.give(index, tensor)) return refused();
  return {};
}

}  // namespace nacre::onnxruntime
