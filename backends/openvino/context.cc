#include "context.h"

#include "element_types.h"
#include "messages.h"

#include <openvino/runtime/exception.hpp>

#include <algorithm>
#include <chrono>
#include <exception>
#include <new>
#include <thread>
#include <utility>

namespace nacre::openvino {
namespace {

constexpr std::size_t kAlignment = 64;

struct AlignedAllocator {
  void* allocate(std::size_t bytes, std::size_t) {
    return ::operator new(bytes, std::align_val_t{kAlignment});
  }
  void deallocate(void* data, std::size_t, std::size_t) noexcept {
    ::operator delete(data, std::align_val_t{kAlignment});
  }
  bool is_equal(const AlignedAllocator&) const noexcept { return true; }
};

std::unexpected<Error> cancelled() {
  return fail(ErrorCode::kTimeout, "The computation was stopped before it was done.");
}

std::unexpected<Error> refused() {
  return fail(ErrorCode::kTooLarge, "The host refused the buffer of an output.");
}

ov::Shape to_ov(std::span<const std::int64_t> dims) {
  return {dims.begin(), dims.end()};
}

template <typename F>
Result<void> guarded(F&& body) {
  try {
    return std::forward<F>(body)();
  } catch (const ov::Cancelled&) {
    return cancelled();
  } catch (const std::exception& e) {
    return fail(ErrorCode::kRuntimeError, "OpenVINO failed: " + explain(e));
  }
}

void complete(const Completion& completion, const Result<void>& result) {
  if (result) {
    completion.succeed();
  } else {
    completion.fail(result.error());
  }
}

}  // namespace

// A tensor of OpenVINO's that others can hold by reference count.
class LentTensor final : public nacre_buffer {
 public:
  LentTensor(ov::element::Type type, std::size_t rank)
      : nacre_buffer{nullptr, 0, on_retain, on_release, on_unique},
        tensor(type, ov::Shape(rank, 0), ov::Allocator(AlignedAllocator{})) {}

  static void drop(LentTensor* self) { self->release(self); }

  ov::Tensor tensor;

 private:
  static void on_retain(nacre_buffer* b) { ++static_cast<LentTensor*>(b)->references_; }
  static void on_release(nacre_buffer* b) {
    auto* self = static_cast<LentTensor*>(b);
    if (--self->references_ == 0) delete self;
  }
  static int on_unique(const nacre_buffer* b) {
    return static_cast<const LentTensor*>(b)->references_ == 1;
  }

  std::atomic<std::uint64_t> references_{1};
};

OpenvinoContext::OpenvinoContext(ov::InferRequest request, const GraphDescription& description,
                                 const std::vector<bool>& bindable, bool on_cpu, Where where)
    : request_(std::move(request)), on_cpu_(on_cpu), where_(where) {
  for (const TensorDescription& d : description.inputs)
    inputs_.emplace_back().name = d.name;
  for (std::size_t i = 0; i < description.outputs.size(); ++i) {
    const TensorDescription& d = description.outputs[i];
    Output output{.type = d.type,
                  .bindable = bindable[i] && element_size(d.type) != 0,
                  .static_shape = {},
                  .rank = d.shape ? d.shape->rank() : 1,
                  .size = 0,
                  .bound = nullptr,
                  .lent = {nullptr, LentTensor::drop}};
    const auto count = d.shape ? element_count(d.shape->dims()) : std::nullopt;
    if (count && output.bindable) {
      output.static_shape = d.shape;
      output.size = static_cast<std::size_t>(*count) * element_size(d.type);
    }
    outputs_.push_back(std::move(output));
  }
}

OpenvinoContext::~OpenvinoContext() = default;

void OpenvinoContext::start(std::span<const nacre_tensor> inputs, Deadline, OutputSink sink,
                            Completion completion) {
  if (where_ == Where::kElsewhere) return start_elsewhere(inputs, sink, completion);
  complete(completion, guarded([&] { return compute(inputs, sink); }));
}

// OpenVINO takes its callback away while it calls it, so it is set anew for each inference.
void OpenvinoContext::start_elsewhere(std::span<const nacre_tensor> inputs, OutputSink sink,
                                      Completion completion) {
  auto started = guarded([&]() -> Result<void> {
    if (auto bound = bind(inputs, sink); !bound) return bound;
    request_.set_callback([this, sink, completion](std::exception_ptr error) {
      const auto result = guarded([&]() -> Result<void> {
        inferring_.store(false);
        if (error) std::rethrow_exception(error);
        return deliver_all(sink);
      });
      complete(completion, result);  // the last that is done with *this
    });
    inferring_.store(true);
    if (cancelled_.load()) return cancelled();
    request_.start_async();
    return {};
  });
  if (started) return;
  inferring_.store(false);
  complete(completion, started);
}

// The runtime forgets a cancel that comes before the inference has begun, so while that may be the
// case it is said again, for a moment.
void OpenvinoContext::cancel() noexcept {
  cancelled_.store(true);
  for (int i = 0; i < 20 && inferring_.load(); ++i) {
    try {
      request_.cancel();
    } catch (const std::exception&) {
      return;  // there is nothing to stop
    }
    std::this_thread::sleep_for(std::chrono::microseconds(100));
  }
}

Result<void> OpenvinoContext::bind(std::span<const nacre_tensor> inputs, const OutputSink& sink) {
  for (std::size_t i = 0; i < inputs_.size(); ++i) {
    if (auto bound = bind_input(i, inputs[i]); !bound) return bound;
  }
  for (std::size_t i = 0; i < outputs_.size(); ++i) {
    if (auto bound = bind_output(i, sink); !bound) return bound;
  }
  return {};
}

Result<void> OpenvinoContext::deliver_all(const OutputSink& sink) {
  for (std::size_t i = 0; i < outputs_.size(); ++i) {
    if (auto delivered = deliver(i, sink); !delivered) return delivered;
  }
  return {};
}

Result<void> OpenvinoContext::compute(std::span<const nacre_tensor> inputs,
                                      const OutputSink& sink) {
  if (auto bound = bind(inputs, sink); !bound) return bound;
  inferring_.store(true);
  struct Done {
    std::atomic<bool>& flag;
    ~Done() { flag.store(false); }
  };
  {
    const Done done{inferring_};
    if (cancelled_.load()) return cancelled();
    if (where_ == Where::kInline) {
      request_.infer();
    } else {
      request_.start_async();
      request_.wait();
    }
  }
  return deliver_all(sink);
}

Result<void> OpenvinoContext::bind_input(std::size_t index, const nacre_tensor& tensor) {
  Input& input = inputs_[index];
  const std::span<const std::int64_t> dims{tensor.dims, tensor.rank};
  const auto type = static_cast<TensorType>(tensor.type);
  const bool same_shape = input.shape && std::ranges::equal(input.shape->dims(), dims);
  if (on_cpu_ && !cpu_note(type).empty()) {
    const std::size_t count = static_cast<std::size_t>(tensor.size) / element_size(type);
    if (const auto lossy = find_lossy_value(type, tensor.data, count)) {
      const std::string narrow = type == TensorType::kF64 ? "f32" : "i32";
      return fail(ErrorCode::kInvalidArgument,
                  "Input '" + input.name + "' is " + std::string(to_string(type)) +
                      ", which OpenVINO computes as " + narrow + " on the CPU, and its " + *lossy +
                      ", which " + narrow + " cannot hold.");
    }
  }
  if (same_shape && input.data == tensor.data) return {};

  alignas(kAlignment) static std::byte nothing[kAlignment];  // for a tensor without elements
  input.shape.reset();
  try {
    request_.set_input_tensor(index, ov::Tensor(to_element_type(type), to_ov(dims),
                                                tensor.data == nullptr ? nothing : tensor.data));
  } catch (const std::exception& e) {
    return fail(ErrorCode::kInvalidArgument, "OpenVINO does not take the tensor of shape " +
                                                 to_string(dims) + " for input '" + input.name +
                                                 "': " + explain(e));
  }
  input.shape = Shape(dims);
  input.data = tensor.data;
  return {};
}

Result<void> OpenvinoContext::bind_output(std::size_t index, const OutputSink& sink) {
  Output& output = outputs_[index];
  if (output.static_shape) {
    void* data = sink.allocate(index, output.type, output.static_shape->dims(), output.size);
    if (data == nullptr) return refused();
    if (data == output.bound || output.size == 0) return {};
    output.bound = nullptr;
    request_.set_output_tensor(
        index, ov::Tensor(to_element_type(output.type), to_ov(output.static_shape->dims()), data));
    output.bound = data;
    return {};
  }
  if (!output.bindable) return {};
  if (output.lent && output.lent->unique(output.lent.get())) return {};
  output.lent.reset(new LentTensor(to_element_type(output.type), output.rank));
  request_.set_output_tensor(index, output.lent->tensor);
  return {};
}

Result<void> OpenvinoContext::deliver(std::size_t index, const OutputSink& sink) {
  Output& output = outputs_[index];
  if (output.static_shape) return {};
  const ov::Tensor tensor = request_.get_output_tensor(index);
  const auto type = to_tensor_type(tensor.get_element_type());
  const ov::Shape& shape = tensor.get_shape();
  if (!type || *type == TensorType::kUnknown || shape.size() > kMaxRank) {
    return fail(ErrorCode::kRuntimeError, "OpenVINO gave output " + std::to_string(index) +
                                              " the type " + tensor.get_element_type().to_string() +
                                              " and rank " + std::to_string(shape.size()) +
                                              ", which Nacre does not carry.");
  }
  Shape dims;
  for (const std::size_t dim : shape)
    dims.push_back(static_cast<std::int64_t>(dim));

  const std::size_t size = tensor.get_byte_size();
  if (output.lent && size != 0 && tensor.data() == output.lent->tensor.data()) {
    output.lent->data = output.lent->tensor.data();
    output.lent->capacity = size;
    const nacre_tensor lent{.type = static_cast<std::uint32_t>(*type),
                            .rank = static_cast<std::uint32_t>(dims.rank()),
                            .dims = dims.dims().data(),
                            .data = output.lent->data,
                            .size = size,
                            .buffer = output.lent.get()};
    if (!sink.give(index, lent)) return refused();
    return {};
  }
  void* data = sink.allocate(index, *type, dims.dims(), size);
  if (data == nullptr) return refused();
  if (size != 0)
    std::copy_n(static_cast<const std::byte*>(tensor.data()), size, static_cast<std::byte*>(data));
  return {};
}

}  // namespace nacre::openvino
