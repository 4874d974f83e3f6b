#include <nacre/execution_context.h>

#include <nacre/backend.h>
#include <nacre/chat.h>
#include <nacre/text_context.h>

#include "base/copy_bytes.h"
#include "core/buffer.h"
#include "core/computation.h"
#include "core/tensor_check.h"

#include <fmt/format.h>
#include <algorithm>
#include <array>
#include <atomic>
#include <charconv>
#include <chrono>
#include <deque>
#include <mutex>
#include <optional>
#include <utility>
#include <vector>

namespace nacre {
namespace {

/// A tensor that was lent to us, which counts in the budget while we hold it.
class LentTensor {
 public:
  LentTensor() = default;
  LentTensor(const LentTensor&) = delete;
  LentTensor& operator=(const LentTensor&) = delete;
  ~LentTensor() { drop(); }

  /// False, and nothing changed, where the budget has no room.
  [[nodiscard]] bool hold(const BufferRef& buffer, std::uint64_t bytes, MemoryBudget* budget) {
    if (budget != nullptr && !budget->charge(bytes)) return false;
    drop();
    buffer_ = buffer;
    bytes_ = bytes;
    budget_ = budget;
    return true;
  }
  void drop() noexcept {
    buffer_ = {};
    if (budget_ != nullptr) budget_->release(bytes_);
    budget_ = nullptr;
  }

 private:
  BufferRef buffer_;
  std::uint64_t bytes_ = 0;
  MemoryBudget* budget_ = nullptr;
};

struct InputSlot {
  Shape shape;     // what the nacre_tensor's dims point to
  BufferPair own;  // for copies
  LentTensor lent;
};

struct OutputSlot {
  Tensor tensor;
  BufferPair own;
  bool given = false;
};

const TensorDescription* at(const std::vector<TensorDescription>& descriptions,
                            std::size_t index) noexcept {
  return index < descriptions.size() ? &descriptions[index] : nullptr;
}

std::string list_names(const std::vector<TensorDescription>& descriptions) {
  std::string text;
  for (std::size_t i = 0; i < descriptions.size(); ++i) {
    if (i == 20) return text + fmt::format(" … ({} in all)", descriptions.size());
    if (!text.empty()) text += ", ";
    text += descriptions[i].name.empty() ? fmt::format("{}", i)
                                         : fmt::format("\"{}\"", descriptions[i].name);
  }
  return text.empty() ? "none" : text;
}

}  // namespace

struct ExecutionContext::Impl {
  Impl(std::shared_ptr<Graph> its_graph, std::unique_ptr<BackendContext> its_backend,
       const ContextLimits& its_limits)
      : graph(std::move(its_graph)),
        description(graph->description()),
        limits(its_limits),
        backend(std::move(its_backend)),
        computation(*backend),
        sink{this, &Impl::allocate, &Impl::give} {
    if (description.inputs_known) grow_inputs(description.inputs.size());
    if (description.outputs_known) outputs.resize(description.outputs.size());
  }

  [[nodiscard]] std::size_t max_inputs() const noexcept {
    return description.inputs_known ? description.inputs.size() : limits.max_tensors;
  }
  [[nodiscard]] std::size_t max_outputs() const noexcept {
    return description.outputs_known ? description.outputs.size() : limits.max_tensors;
  }

  void grow_inputs(std::size_t count) {
    while (slots.size() < count)
      slots.emplace_back();
    if (tensors.size() < count) tensors.resize(count);
  }

  // Checks and makes room; on success `slot.shape` is the new one and the caller puts the bytes.
  Result<void> prepare(std::size_t index, const TensorView& tensor, CheckedInput& checked) {
    if (computation.abandoned()) return still_busy();
    if (index >= max_inputs()) return no_such("input", index, description.inputs, max_inputs());
    // A prompt's dimensions say nothing: guests write [1] whatever its length.
    const std::array<std::int64_t, 1> length{static_cast<std::int64_t>(tensor.data.size())};
    TensorView whole = tensor;
    if (text != nullptr && tensor.type == TensorType::kU8) whole.dims = length;
    auto ok = check_input(at(description.inputs, index), index, whole,
                          {limits.max_tensor_bytes, limits.max_strings, limits.max_string_bytes},
                          checked);
    if (ok) grow_inputs(index + 1);
    return ok;
  }

  void place(std::size_t index, const CheckedInput& checked, const void* data, std::size_t size,
             nacre_buffer* buffer) noexcept {
    InputSlot& slot = slots[index];
    slot.shape = checked.shape;
    tensors[index] = {.type = static_cast<std::uint32_t>(checked.type),
                      .rank = static_cast<std::uint32_t>(slot.shape.rank()),
                      .dims = slot.shape.dims().data(),
                      .data = const_cast<void*>(data),
                      .size = size,
                      .buffer = buffer};
  }

  Result<void> copy_in(std::size_t index, const TensorView& tensor, const CheckedInput& checked) {
    InputSlot& slot = slots[index];
    nacre_buffer* buffer = slot.own.acquire(tensor.data.size(), limits.budget.get());
    if (buffer == nullptr) {
      return std::unexpected(no_memory(tensor.data.size(), place_name(index)));
    }
    copy_bytes(static_cast<std::byte*>(buffer->data), tensor.data);
    place(index, checked, buffer->data, tensor.data.size(), buffer);
    slot.lent.drop();
    return {};
  }

  [[nodiscard]] std::string place_name(std::size_t index) const {
    const TensorDescription* input = at(description.inputs, index);
    return describe_place("input", index, input == nullptr ? std::string_view{} : input->name);
  }

  [[nodiscard]] Error no_memory(std::uint64_t size, std::string_view place) const {
    const MemoryBudget* budget = limits.budget.get();
    return {ErrorCode::kTooLarge,
            fmt::format("there is no memory for the {} bytes of {}{}", size, place,
                        budget == nullptr
                            ? std::string()
                            : fmt::format(" beside the {} that all execution contexts hold; the "
                                          "limit is {}",
                                          budget->used(), budget->limit()))};
  }

  static Result<void> still_busy() {
    return fail(ErrorCode::kBusy,
                "the computation that was cancelled before has not ended in the backend yet");
  }

  static std::unexpected<Error> no_such(std::string_view kind, std::size_t index,
                                        const std::vector<TensorDescription>& descriptions,
                                        std::size_t count) {
    return fail(ErrorCode::kInvalidArgument,
                fmt::format("there is no {0} {1}: the graph has {2} ({3})", kind, index, count,
                            descriptions.empty() && count != 0 ? "names unknown"
                                                               : list_names(descriptions)));
  }

  Result<void> all_inputs_set() const {
    // Where the graph does not say how many there are, the highest that was set is the last.
    const std::size_t count = description.inputs_known ? description.inputs.size() : tensors.size();
    for (std::size_t i = 0; i < count; ++i) {
      if (tensors[i].buffer != nullptr) continue;
      return fail(
          ErrorCode::kInvalidArgument,
          fmt::format("{} is not set; all inputs are needed before compute", place_name(i)));
    }
    return {};
  }

  void drop_outputs() noexcept {
    for (OutputSlot& slot : outputs) {
      if (!std::exchange(slot.given, false)) continue;
      slot.tensor.data = {};
      slot.tensor.buffer = {};
    }
    outputs_given = 0;
  }

  // Every output must have come, and rows of strings are read now that they are filled in.
  Result<void> check_outputs() const {
    for (std::size_t i = 0; i < outputs.size(); ++i) {
      const Tensor& tensor = outputs[i].tensor;
      if (!outputs[i].given) {
        if (!description.outputs_known && i >= outputs_given) break;
        return fail(ErrorCode::kRuntimeError,
                    fmt::format("the backend ended without giving {}",
                                describe_place("output", i, name_of_output(i))));
      }
      if (tensor.type != TensorType::kString) continue;
      auto ok =
          check_output(nullptr, i, static_cast<std::uint32_t>(tensor.type), tensor.shape.dims(),
                       tensor.data.data(), tensor.data.size(), limits.max_tensor_bytes);
      if (!ok) return ok;
    }
    return {};
  }

  [[nodiscard]] std::string_view name_of_output(std::size_t index) const noexcept {
    const TensorDescription* output = at(description.outputs, index);
    return output == nullptr ? std::string_view{} : output->name;
  }

  // --- nacre_output_sink: on the backend's thread, during a computation

  static void* allocate(void* self, std::uint32_t index, std::uint32_t type,
                        const std::int64_t* dims, std::uint32_t rank, std::uint64_t size) {
    auto* impl = static_cast<Impl*>(self);
    return impl->guarded<void*>(nullptr, [&]() -> void* {
      OutputSlot* slot = impl->checked_output(index, type, {dims, rank}, nullptr, size);
      if (slot == nullptr) return nullptr;
      nacre_buffer* buffer = slot->own.acquire(size, impl->limits.budget.get());
      if (buffer == nullptr) {
        impl->refuse(
            impl->no_memory(size, describe_place("output", index, impl->name_of_output(index))));
        return nullptr;
      }
      impl->put(*slot, type, {dims, rank}, buffer->data, size, buffer);
      return buffer->data;
    });
  }

  static std::uint32_t give(void* self, std::uint32_t index, const nacre_tensor* tensor) {
    auto* impl = static_cast<Impl*>(self);
    constexpr auto kRefused = static_cast<std::uint32_t>(ErrorCode::kRuntimeError);
    return impl->guarded<std::uint32_t>(kRefused, [&]() -> std::uint32_t {
      const std::span<const std::int64_t> dims{tensor->dims, tensor->rank};
      if (tensor->buffer == nullptr || (tensor->data == nullptr && tensor->size != 0)) {
        impl->refuse(Error{ErrorCode::kRuntimeError,
                           fmt::format("the backend gave output {} without a buffer", index)});
        return kRefused;
      }
      OutputSlot* slot =
          impl->checked_output(index, tensor->type, dims, tensor->data, tensor->size);
      if (slot == nullptr) return kRefused;
      impl->put(*slot, tensor->type, dims, tensor->data, tensor->size, tensor->buffer);
      return 0;
    });
  }

  // Nothing thrown (there could be no memory for a sentence) may reach the backend.
  template <typename R, typename F>
  R guarded(R refused, F&& body) noexcept {
    try {
      return body();
    } catch (...) {
      refuse(Error{ErrorCode::kTooLarge, {}});
      return refused;
    }
  }

  OutputSlot* checked_output(std::size_t index, std::uint32_t type,
                             std::span<const std::int64_t> dims, const void* data,
                             std::uint64_t size) {
    if (index >= max_outputs()) {
      refuse(Error{
          ErrorCode::kRuntimeError,
          fmt::format("the backend gave output {}, and the graph has {}", index, max_outputs())});
      return nullptr;
    }
    auto ok = check_output(at(description.outputs, index), index, type, dims, data, size,
                           limits.max_tensor_bytes);
    if (!ok) {
      refuse(std::move(ok.error()));
      return nullptr;
    }
    if (index >= outputs.size()) outputs.resize(index + 1);
    return &outputs[index];
  }

  void put(OutputSlot& slot, std::uint32_t type, std::span<const std::int64_t> dims, void* data,
           std::uint64_t size, nacre_buffer* buffer) noexcept {
    if (!std::exchange(slot.given, true)) ++outputs_given;
    slot.tensor.type = static_cast<TensorType>(type);
    slot.tensor.shape = Shape(dims);
    slot.tensor.data = {static_cast<const std::byte*>(data), static_cast<std::size_t>(size)};
    slot.tensor.buffer = BufferRef::retain(buffer);
  }

  Result<void> compute(Deadline deadline) {
    if (computation.abandoned()) return still_busy();
    if (auto ready = all_inputs_set(); !ready) return ready;
    outputs_valid = false;
    drop_outputs();
    refusal.reset();
    auto result = computation.run(tensors, deadline, sink);
    if (computation.was_abandoned()) return result;
    if (result) result = check_outputs();
    // Without memory for its sentence a refusal has none.
    if (refusal && (result || result.error().code != ErrorCode::kTimeout)) {
      result = std::unexpected(std::move(*refusal));
    }
    outputs_valid = result.has_value();
    return result;
  }

  // The first reason is the one that is told.
  void refuse(Error error) noexcept {
    if (!refusal) refusal.emplace(std::move(error));
  }

  std::shared_ptr<Graph> graph;  // outlives the rest
  const GraphDescription& description;
  ContextLimits limits;
  std::deque<InputSlot> slots;        // a deque: growing moves none
  std::vector<nacre_tensor> tensors;  // what the backend sees of them; buffer null: not set
  std::vector<OutputSlot> outputs;
  std::size_t outputs_given = 0;
  bool outputs_valid = false;
  std::optional<Error> refusal;
  std::unique_ptr<BackendContext> backend;
  Computation computation;
  std::unique_ptr<TextContext> text;
  nacre_output_sink sink;

  // Reading the clock twice takes as long as half a computation on echo. So after a short one
  // several are counted as having taken as long.
  static constexpr std::chrono::microseconds kShort{5};
  static constexpr std::uint32_t kNotTimed = 15;
  std::chrono::nanoseconds last_took{};
  std::uint32_t not_timed = 0;
};

ExecutionContext::ExecutionContext(std::unique_ptr<Impl> impl) noexcept : impl_(std::move(impl)) {}

ExecutionContext::~ExecutionContext() {
  // A backend that has not let go still uses what it was given, so that must stay until it has; the
  // end of any other context looks.
  static std::mutex mutex;
  // Never destroyed: a backend's thread may outlive main().
  static auto* kept = new std::vector<std::unique_ptr<Impl>>;  // NOLINT(*-exception-at-new)
  static std::atomic<std::size_t> kept_count{0};
  const bool abandoned = impl_->computation.abandoned();
  if (!abandoned && kept_count.load(std::memory_order_relaxed) == 0) return;
  std::vector<std::unique_ptr<Impl>> ended;  // destroyed without the lock
  const std::lock_guard lock(mutex);
  if (abandoned) kept->push_back(std::move(impl_));
  for (auto it = kept->begin(); it != kept->end();) {
    if ((*it)->computation.abandoned()) {
      ++it;
    } else {
      ended.push_back(std::move(*it));
      it = kept->erase(it);
    }
  }
  kept_count = kept->size();
}

Result<std::unique_ptr<ExecutionContext>> ExecutionContext::create(std::shared_ptr<Graph> graph,
                                                                   const ContextLimits& limits) {
  if (graph == nullptr) {
    return fail(ErrorCode::kInvalidArgument, "an execution context needs a graph, and none came");
  }
  auto backend = graph->backend_graph().create_context();
  if (!backend) return std::unexpected(std::move(backend.error()));
  const auto* text =
      static_cast<const nacre_text_table*>(graph->backend_graph().ability(kTextAbility));
  if (text != nullptr && text->struct_size < sizeof(nacre_text_table)) {
    return fail(ErrorCode::kUnsupportedOperation,
                fmt::format("the text table of the backend \"{}\" has {} bytes, and this Nacre "
                            "needs {}; build or install the module of the same release",
                            graph->backend(), text->struct_size, sizeof(nacre_text_table)));
  }
  auto impl = std::make_unique<Impl>(std::move(graph), std::move(*backend), limits);
  if (text != nullptr) {
    const auto* chat =
        static_cast<const nacre_chat_table*>(impl->graph->backend_graph().ability(kChatAbility));
    if (chat != nullptr && chat->struct_size < sizeof(nacre_chat_table)) chat = nullptr;
    impl->text.reset(new TextContext(*text, chat, impl->backend->raw(), impl->computation, limits,
                                     impl->graph->counters()));
  }
  return std::unique_ptr<ExecutionContext>(new ExecutionContext(std::move(impl)));
}

TextContext* ExecutionContext::text() noexcept {
  return impl_->text.get();
}

const Graph& ExecutionContext::graph() const noexcept {
  return *impl_->graph;
}

namespace {

Result<std::size_t> find_index(std::string_view kind, std::string_view name,
                               const std::vector<TensorDescription>& descriptions,
                               std::size_t count) {
  for (std::size_t i = 0; i < descriptions.size(); ++i) {
    if (!descriptions[i].name.empty() && descriptions[i].name == name) return i;
  }
  std::size_t index = 0;
  const auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), index);
  if (error == std::errc{} && end == name.data() + name.size() && index < count) return index;
  // A guest's name may be long, and is not to be trusted in a sentence.
  constexpr std::size_t kShown = 80;
  return fail(ErrorCode::kInvalidArgument,
              fmt::format("there is no {0} \"{1}{2}\"; the graph's {0}s: {3}", kind,
                          name.substr(0, kShown), name.size() > kShown ? "…" : "",
                          descriptions.empty() && count != 0 ? "names unknown, use an index"
                                                             : list_names(descriptions)));
}

}  // namespace

Result<std::size_t> ExecutionContext::input_index(std::string_view name) const {
  return find_index("input", name, impl_->description.inputs, impl_->max_inputs());
}

Result<std::size_t> ExecutionContext::output_index(std::string_view name) const {
  return find_index("output", name, impl_->description.outputs, impl_->max_outputs());
}

Result<void> ExecutionContext::set_input(std::size_t index, const TensorView& tensor) {
  CheckedInput checked;
  if (auto ok = impl_->prepare(index, tensor, checked); !ok) return ok;
  return impl_->copy_in(index, tensor, checked);
}

Result<void> ExecutionContext::set_input(std::size_t index, const Tensor& tensor) {
  CheckedInput checked;
  if (auto ok = impl_->prepare(index, tensor.view(), checked); !ok) return ok;
  const bool aligned = reinterpret_cast<std::uintptr_t>(tensor.data.data()) % 64 == 0;
  if (!tensor.buffer || !aligned) return impl_->copy_in(index, tensor.view(), checked);
  const std::uint64_t size = tensor.data.size();
  if (!impl_->slots[index].lent.hold(tensor.buffer, size, impl_->limits.budget.get())) {
    return std::unexpected(impl_->no_memory(size, impl_->place_name(index)));
  }
  impl_->place(index, checked, tensor.data.data(), tensor.data.size(), tensor.buffer.get());
  return {};
}

void ExecutionContext::clear_inputs() noexcept {
  Impl& impl = *impl_;
  if (impl.computation.abandoned()) return;
  for (InputSlot& slot : impl.slots)
    slot.lent.drop();
  impl.tensors.clear();
  if (impl.description.inputs_known) impl.tensors.resize(impl.description.inputs.size());
}

Result<void> ExecutionContext::compute(Deadline deadline) {
  ModelCounters* const counters = impl_->graph->counters();
  if (counters == nullptr) return impl_->compute(deadline);
  if (impl_->not_timed > 0) {
    --impl_->not_timed;
    auto result = impl_->compute(deadline);
    counters->computed(result.has_value(), impl_->last_took);
    return result;
  }
  const auto begun = std::chrono::steady_clock::now();
  auto result = impl_->compute(deadline);
  impl_->last_took = std::chrono::steady_clock::now() - begun;
  if (impl_->text != nullptr && !impl_->computation.was_abandoned()) {
    impl_->last_took -= std::min(impl_->last_took, impl_->text->note_queue_time());
  }
  if (result && impl_->last_took < Impl::kShort) impl_->not_timed = Impl::kNotTimed;
  counters->computed(result.has_value(), impl_->last_took);
  return result;
}

void ExecutionContext::cancel() noexcept {
  impl_->computation.cancel();
}

std::size_t ExecutionContext::output_count() const noexcept {
  return impl_->outputs_valid ? impl_->outputs_given : 0;
}

Result<const Tensor*> ExecutionContext::output(std::size_t index) const {
  if (index >= impl_->max_outputs() || (impl_->outputs_valid && index >= impl_->outputs_given)) {
    return Impl::no_such("output", index, impl_->description.outputs,
                         impl_->outputs_valid ? impl_->outputs_given : impl_->max_outputs());
  }
  if (!impl_->outputs_valid) {
    return fail(ErrorCode::kInvalidArgument,
                fmt::format("there is no output {} yet: the last computation failed, or there was "
                            "none",
                            index));
  }
  return &impl_->outputs[index].tensor;
}

}  // namespace nacre
