#include "context.h"

#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstring>
#include <limits>
#include <new>
#include <string>
#include <string_view>
#include <thread>

#include "describe.h"
#include "element_types.h"
#include "strings.h"

namespace nacre::tflite {
namespace {

// Stands in for memory that is not known yet, and for that of tensors without elements.
alignas(64) std::byte g_nothing[64];

std::unexpected<Error> refused() {
  return fail(ErrorCode::kTooLarge, "The host refused the buffer of an output.");
}

std::unexpected<Error> stopped() {
  return fail(ErrorCode::kTimeout, "The computation was stopped before it was done.");
}

std::unexpected<Error> no_memory(const std::string& shapes) {
  return fail(
      ErrorCode::kTooLarge,
      "There is no memory for what the model computes on inputs of the shapes " + shapes + ".");
}

bool can_set_memory() {
  const Api& a = api();
  return a.set_custom_allocation != nullptr && a.allocation_type != nullptr &&
         a.is_variable != nullptr && a.input_index != nullptr && a.output_index != nullptr;
}

// What other models of the process have left in the memory is not for a guest.
void clear_arena(const TfLiteInterpreter* interpreter) {
  if (api().tensor == nullptr || api().allocation_type == nullptr) return;
  for (int i = 0; TfLiteTensor* tensor = api().tensor(interpreter, i); ++i) {
    void* data = api().tensor_data(tensor);
    if (api().allocation_type(tensor) != kTfLiteArenaRw || data == nullptr) continue;
    std::memset(data, 0, api().tensor_bytes(tensor));
  }
}

bool in_arena(const TfLiteTensor* tensor) {
  const TfLiteAllocationType type = api().allocation_type(tensor);
  return type == kTfLiteArenaRw || type == kTfLiteCustom;
}

std::uint64_t physical_memory() {
  const long pages = sysconf(_SC_PHYS_PAGES);
  const long size = sysconf(_SC_PAGESIZE);
  return pages <= 0 || size <= 0
             ? std::numeric_limits<std::uint64_t>::max()
             : static_cast<std::uint64_t>(pages) * static_cast<std::uint64_t>(size);
}

}  // namespace

TfliteContext::TfliteContext(std::shared_ptr<const Model> model, Interpreter interpreter)
    : model_(std::move(model)), interpreter_(std::move(interpreter)) {
  inputs_.resize(model_->description.inputs.size());
  outputs_.resize(model_->description.outputs.size());
  find_tensors(!model_->sizes_vary);
}

void TfliteContext::find_tensors(bool outputs_in_place) {
  const TfLiteInterpreter* handle = interpreter_.handle.get();
  const bool settable = can_set_memory();
  for (std::size_t i = 0; i < inputs_.size() && settable; ++i) {
    const auto index = static_cast<std::int32_t>(i);
    const TfLiteTensor* tensor = api().input_tensor(handle, index);
    inputs_[i].tensor = api().input_index(handle, index);
    inputs_[i].in_place = model_->description.inputs[i].type != TensorType::kString &&
                          in_arena(tensor) && api().is_variable(tensor) == 0;
  }
  for (std::size_t i = 0; i < outputs_.size(); ++i) {
    Output& output = outputs_[i];
    output.type = model_->description.outputs[i].type;
    if (!settable) continue;
    const auto index = static_cast<std::int32_t>(i);
    const TfLiteTensor* tensor = api().output_tensor(handle, index);
    output.tensor = api().output_index(handle, index);
    output.may_be_in_place = outputs_in_place && output.type != TensorType::kString &&
                             in_arena(tensor) && api().is_variable(tensor) == 0 &&
                             std::ranges::count(inputs_, output.tensor, &Input::tensor) == 0;
  }
  for (Output& output : outputs_) {
    if (std::ranges::count(outputs_, output.tensor, &Output::tensor) > 1) {
      output.may_be_in_place = false;
    }
  }
}

void TfliteContext::start(std::span<const nacre_tensor> inputs, Deadline, OutputSink sink,
                          Completion completion) {
  Result<void> result;
  try {
    result = compute(inputs, sink);
  } catch (const std::bad_alloc&) {
    allocated_ = false;
    result = fail(ErrorCode::kTooLarge, "There is no memory for what the model computes.");
  } catch (const std::exception& e) {
    allocated_ = false;
    result = fail(ErrorCode::kRuntimeError, std::string("TensorFlow Lite failed: ") + e.what());
  }
  if (result) {
    completion.succeed();
  } else {
    completion.fail(result.error());
  }
}

// The library forgets a cancel that comes before the invocation has begun, so while that may be the
// case it is said again, for a moment. It looks at it between operators.
void TfliteContext::cancel() noexcept {
  cancelled_.store(true);
  if (api().cancel == nullptr) return;
  for (int i = 0; i < 20 && invoking_.load(); ++i) {
    static_cast<void>(api().cancel(interpreter_.handle.get()));
    std::this_thread::sleep_for(std::chrono::microseconds(100));
  }
}

std::unexpected<Error> TfliteContext::failed(ErrorCode code, std::string_view doing) {
  return fail(code, std::string(doing) + ": " + interpreter_.complaints->take());
}

bool TfliteContext::set_memory(int tensor, void* data, std::size_t bytes) const {
  const TfLiteCustomAllocation memory{.data = data, .bytes = bytes};
  return api().set_custom_allocation(interpreter_.handle.get(), tensor, &memory, 0) == kTfLiteOk;
}

Result<void> TfliteContext::compute(std::span<const nacre_tensor> inputs, const OutputSink& sink) {
  if (inputs.size() != inputs_.size()) {
    return fail(ErrorCode::kInvalidArgument, "The model has " + std::to_string(inputs_.size()) +
                                                 " inputs; " + std::to_string(inputs.size()) +
                                                 " were given.");
  }
  bool same = allocated_;
  for (std::size_t i = 0; i < inputs_.size() && same; ++i) {
    same = inputs_[i].shape &&
           std::ranges::equal(inputs_[i].shape->dims(), std::span(inputs[i].dims, inputs[i].rank));
  }
  if (!same) {
    allocated_ = false;
    if (auto done = allocate(inputs); !done) return done;
    allocated_ = true;
  }
  for (std::size_t i = 0; i < inputs_.size(); ++i) {
    if (auto set = set_input(i, inputs[i]); !set) return set;
  }
  for (std::size_t i = 0; i < outputs_.size(); ++i) {
    if (!outputs_[i].in_place) continue;
    if (auto bound = bind_output(i, sink); !bound) return bound;
  }
  if (auto done = invoke(); !done) return done;
  for (std::size_t i = 0; i < outputs_.size(); ++i) {
    if (outputs_[i].in_place) continue;
    if (auto copied = copy_output(i, sink); !copied) return copied;
  }
  return {};
}

// When the library gets no memory for a larger arena it copies the old one to address 0. So larger
// inputs are first tried on an interpreter without an old one; and where the sizes are found only
// while computing, what the tensors took at load is scaled up.
Result<void> TfliteContext::check_memory(std::span<const nacre_tensor> inputs,
                                         const std::string& shapes) {
  std::uint64_t bytes = 0;
  for (const nacre_tensor& input : inputs)
    bytes += input.size;
  if (bytes <= largest_inputs_) return {};
  if (model_->sizes_vary) {
    const double factor = static_cast<double>(bytes) /
                          static_cast<double>(std::max<std::uint64_t>(model_->input_bytes, 1));
    if (factor * static_cast<double>(model_->tensor_bytes) >
        static_cast<double>(physical_memory())) {
      return no_memory(shapes);
    }
  } else if (largest_inputs_ != 0 || bytes > model_->input_bytes) {
    const Interpreter trial = make_interpreter(*model_->handle, model_->threads);
    for (std::size_t i = 0; i < inputs.size() && trial.handle != nullptr; ++i) {
      const std::vector<int> dims(inputs[i].dims, inputs[i].dims + inputs[i].rank);
      static_cast<void>(api().resize_input(trial.handle.get(), static_cast<std::int32_t>(i),
                                           dims.data(), static_cast<std::int32_t>(dims.size())));
    }
    // Any other failure comes again, and is told then.
    if (trial.handle != nullptr && api().allocate_tensors(trial.handle.get()) == kTfLiteOk &&
        arena_is_missing(trial.handle.get())) {
      return no_memory(shapes);
    }
  }
  largest_inputs_ = bytes;
  return {};
}

Result<void> TfliteContext::allocate(std::span<const nacre_tensor> inputs) {
  TfLiteInterpreter* handle = interpreter_.handle.get();
  static_cast<void>(interpreter_.complaints->take());
  constexpr std::size_t kAnySize = std::numeric_limits<std::size_t>::max();
  std::string shapes;
  for (std::size_t i = 0; i < inputs_.size(); ++i) {
    const std::span<const std::int64_t> dims{inputs[i].dims, inputs[i].rank};
    shapes += (shapes.empty() ? "" : ", ") + to_string(dims);
    if (std::ranges::all_of(
            dims, [](std::int64_t dim) { return dim <= std::numeric_limits<int>::max(); })) {
      continue;
    }
    return fail(ErrorCode::kInvalidArgument,
                "TensorFlow Lite takes dimensions up to 2147483647; the input '" +
                    model_->description.inputs[i].name + "' has the shape " + to_string(dims) +
                    ".");
  }
  if (auto fits = check_memory(inputs, shapes); !fits) return fits;
  for (std::size_t i = 0; i < inputs_.size(); ++i) {
    const std::vector<int> dims(inputs[i].dims, inputs[i].dims + inputs[i].rank);
    inputs_[i].shape.reset();
    if (api().resize_input(handle, static_cast<std::int32_t>(i), dims.data(),
                           static_cast<std::int32_t>(dims.size())) != kTfLiteOk) {
      return failed(ErrorCode::kInvalidArgument,
                    "TensorFlow Lite does not take inputs of the shapes " + shapes);
    }
    // So that the arena holds no place for it.
    if (inputs_[i].in_place && !set_memory(inputs_[i].tensor, g_nothing, kAnySize)) {
      inputs_[i].in_place = false;
    }
    inputs_[i].bound = nullptr;
  }
  for (Output& output : outputs_) {
    output.in_place = output.may_be_in_place && set_memory(output.tensor, g_nothing, kAnySize);
    output.bound = nullptr;
  }
  if (api().allocate_tensors(handle) != kTfLiteOk) {
    return failed(ErrorCode::kInvalidArgument,
                  "TensorFlow Lite cannot compute on inputs of the shapes " + shapes);
  }
  const bool in_place = std::ranges::any_of(outputs_, &Output::in_place);
  if (in_place && has_dynamic_tensors(handle)) {
    // An output that is sized while computing would be written where none of that size is; memory
    // that was set cannot be taken back.
    interpreter_ = make_interpreter(*model_->handle, model_->threads);
    if (interpreter_.handle == nullptr) {
      return failed(ErrorCode::kRuntimeError, "TensorFlow Lite makes no interpreter");
    }
    find_tensors(/*outputs_in_place=*/false);
    return allocate(inputs);
  }
  if (arena_is_missing(handle)) return no_memory(shapes);
  if (model_->leaves_gaps) clear_arena(handle);
  for (std::size_t i = 0; i < outputs_.size(); ++i) {
    Output& output = outputs_[i];
    const TfLiteTensor* tensor = api().output_tensor(handle, static_cast<std::int32_t>(i));
    output.in_place = output.in_place && api().allocation_type(tensor) == kTfLiteCustom;
    output.shape = shape_of(tensor);
    output.size = api().tensor_bytes(tensor);
  }
  for (std::size_t i = 0; i < inputs_.size(); ++i)
    inputs_[i].shape = Shape(std::span(inputs[i].dims, inputs[i].rank));
  return {};
}

Result<void> TfliteContext::set_input(std::size_t index, const nacre_tensor& tensor) {
  Input& input = inputs_[index];
  const auto wrong = [&](const std::string& what) {
    return fail(ErrorCode::kRuntimeError, "TensorFlow Lite does not take the input '" +
                                              model_->description.inputs[index].name +
                                              "': " + what);
  };
  if (input.in_place) {
    void* data = tensor.size == 0 ? g_nothing : tensor.data;
    if (data == input.bound) return {};
    input.bound = nullptr;
    if (!set_memory(input.tensor, data, static_cast<std::size_t>(tensor.size))) {
      return wrong(interpreter_.complaints->take());
    }
    input.bound = data;
    return {};
  }
  TfLiteTensor* own =
      api().input_tensor(interpreter_.handle.get(), static_cast<std::int32_t>(index));
  if (static_cast<TensorType>(tensor.type) == TensorType::kString) {
    return write_strings(to_view(tensor), own);
  }
  if (tensor.size == 0) return {};
  void* data = api().tensor_data(own);
  if (data == nullptr) {
    return fail(ErrorCode::kTooLarge, "There is no memory for the input '" +
                                          model_->description.inputs[index].name + "'.");
  }
  if (api().tensor_bytes(own) != tensor.size) {
    return wrong("it has " + std::to_string(api().tensor_bytes(own)) + " bytes of its own, and " +
                 std::to_string(tensor.size) + " came.");
  }
  std::memcpy(data, tensor.data, static_cast<std::size_t>(tensor.size));
  return {};
}

Result<void> TfliteContext::bind_output(std::size_t index, const OutputSink& sink) {
  Output& output = outputs_[index];
  void* data = sink.allocate(index, output.type, output.shape.dims(), output.size);
  if (data == nullptr) return refused();
  if (output.size == 0) data = g_nothing;
  if (model_->leaves_gaps) std::memset(data, 0, output.size);
  if (data == output.bound) return {};
  output.bound = nullptr;
  if (!set_memory(output.tensor, data, output.size)) {
    allocated_ = false;
    return failed(ErrorCode::kRuntimeError,
                  "TensorFlow Lite does not take the memory of an output");
  }
  output.bound = data;
  return {};
}

Result<void> TfliteContext::invoke() {
  struct Done {
    std::atomic<bool>& flag;
    ~Done() { flag.store(false); }
  };
  invoking_.store(true);
  const Done done{invoking_};
  if (cancelled_.load()) return stopped();
  const TfLiteStatus status = api().invoke(interpreter_.handle.get());
  if (status == kTfLiteOk) return {};
  if (cancelled_.load() || status == kTfLiteCancelled) {
    static_cast<void>(interpreter_.complaints->take());
    return stopped();
  }
  return failed(ErrorCode::kRuntimeError, "TensorFlow Lite failed");
}

Result<void> TfliteContext::copy_output(std::size_t index, const OutputSink& sink) {
  const TfLiteTensor* tensor =
      api().output_tensor(interpreter_.handle.get(), static_cast<std::int32_t>(index));
  const Shape shape = shape_of(tensor);
  const TensorType type = to_tensor_type(api().tensor_type(tensor));
  if (type == TensorType::kString) return read_strings(tensor, index, shape, sink);
  const std::size_t size = api().tensor_bytes(tensor);
  const void* data = api().tensor_data(tensor);
  if (size != 0 && data == nullptr) {
    return fail(ErrorCode::kRuntimeError,
                "TensorFlow Lite gave no memory for output " + std::to_string(index) + ".");
  }
  void* to = sink.allocate(index, type, shape.dims(), size);
  if (to == nullptr) return refused();
  if (size != 0) std::memcpy(to, data, size);
  return {};
}

}  // namespace nacre::tflite
