#include "context.h"

#include <ATen/ops/from_blob.h>
#include <ATen/ops/scalar_tensor.h>
#include <ATen/ops/tensor.h>
#include <ATen/ops/zeros.h>
#include <c10/core/InferenceMode.h>

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "base/stacks.h"
#include "element_types.h"
#include "explain.h"

namespace nacre::torch {
namespace {

using Kind = Parameter::Kind;

std::unexpected<Error> refused() {
  return fail(ErrorCode::kTooLarge, "The host refused the buffer of an output.");
}

std::unexpected<Error> stopped() {
  return fail(ErrorCode::kTimeout, "The computation was stopped, or its time was up.");
}

std::string sentence(std::size_t index, const std::string& name, const std::string& what) {
  return "Input " + std::to_string(index) + (name.empty() ? "" : " (\"" + name + "\")") + " " +
         what;
}

// A tensor over the host's memory; it holds the buffer, so neither a module that keeps the tensor
// nor an output that shares its memory can outlive what it points to.
Result<at::Tensor> tensor_over(const nacre_tensor& input, std::size_t index,
                               const std::string& name) {
  const auto type = static_cast<TensorType>(input.type);
  const auto element = to_scalar_type(type);
  if (!element) {
    return fail(
        ErrorCode::kInvalidArgument,
        sentence(index, name,
                 "is " + std::string(to_string(type)) + ", which libtorch does not have; it has " +
                     all_element_types() + "."));
  }
  const std::span<const std::int64_t> dims{input.dims, input.rank};
  const auto count = element_count(dims);
  if (!count || *count > UINT64_MAX / 8 || *count * element_size(type) != input.size) {
    return fail(ErrorCode::kInvalidArgument,
                sentence(index, name,
                         "has " + std::to_string(input.size) + " bytes, and " + to_string(dims) +
                             " of " + std::string(to_string(type)) + " has another number."));
  }
  const at::IntArrayRef sizes(dims.data(), dims.size());
  const auto options = at::TensorOptions().dtype(*element).device(c10::kCPU);
  if (input.size == 0) return at::zeros(sizes, options);
  nacre_buffer* buffer = input.buffer;
  if (buffer == nullptr) return at::from_blob(input.data, sizes, options).clone();
  buffer->retain(buffer);
  try {
    return at::from_blob(input.data, sizes, [buffer](void*) { buffer->release(buffer); }, options);
  } catch (...) {
    buffer->release(buffer);
    throw;
  }
}

Result<c10::IValue> number_of(const nacre_tensor& input, std::size_t index, const std::string& name,
                              Kind kind) {
  auto tensor = tensor_over(input, index, name);
  if (!tensor) return std::unexpected(std::move(tensor.error()));
  const auto type = tensor->scalar_type();
  const bool is_int = c10::isIntegralType(type, /*includeBool=*/false);
  const bool is_float = c10::isFloatingType(type);
  const auto element = static_cast<TensorType>(input.type);
  bool fits = false;
  std::string_view wanted = "a number";
  switch (kind) {
    case Kind::kInt:
      fits = is_int;
      wanted = "an int: one element of i64, i32, i16, i8 or u8";
      break;
    case Kind::kFloat:
      fits = is_float;
      wanted = "a float: one element of f64, f32, f16 or bf16";
      break;
    case Kind::kBool:
      fits = element == TensorType::kBool || element == TensorType::kU8;
      wanted = "a bool: one element of bool, or of u8 that is 0 or 1";
      break;
    default:
      fits = is_int || is_float;
      wanted = "a number: one element of any number type";
      break;
  }
  const auto wrong = [&] {
    return fail(ErrorCode::kInvalidArgument,
                sentence(index, name,
                         "is " + std::string(wanted) + "; " + std::string(to_string(element)) +
                             to_string(std::span<const std::int64_t>(input.dims, input.rank)) +
                             " was given."));
  };
  if (!fits || tensor->numel() != 1) return wrong();
  if (kind == Kind::kBool) {
    const auto value = *static_cast<const std::uint8_t*>(input.data);
    if (value > 1) return wrong();
    return c10::IValue(value == 1);
  }
  if (is_int) return c10::IValue(tensor->item<std::int64_t>());
  return c10::IValue(tensor->item<double>());
}

// Makes the arguments of forward() out of the inputs, in order.
class ArgumentMaker {
 public:
  ArgumentMaker(const Model& model, std::span<const nacre_tensor> inputs)
      : model_(model), inputs_(inputs) {}

  Result<c10::IValue> make(const Parameter& parameter, bool written) {
    switch (parameter.kind) {
      case Kind::kDefault:
        return parameter.value;
      case Kind::kTensor:
        return next_tensor(written);
      case Kind::kTuple: {
        std::vector<c10::IValue> members;
        members.reserve(parameter.members.size());
        for (const Parameter& member : parameter.members) {
          auto value = make(member, written);
          if (!value) return value;
          members.push_back(std::move(*value));
        }
        return c10::IValue(c10::ivalue::Tuple::create(std::move(members)));
      }
      case Kind::kList: {
        c10::List<at::Tensor> list;
        const std::size_t count =
            parameter.counted ? parameter.count : inputs_.size() - std::min(next_, inputs_.size());
        for (std::size_t i = 0; i < count; ++i) {
          auto value = next_tensor(written);
          if (!value) return value;
          list.push_back(value->toTensor());
        }
        return c10::IValue(std::move(list));
      }
      default: {
        if (next_ >= inputs_.size()) return missing();
        const std::size_t index = next_++;
        return number_of(inputs_[index], index, name(index), parameter.kind);
      }
    }
  }

  [[nodiscard]] std::size_t used() const noexcept { return next_; }

 private:
  Result<c10::IValue> next_tensor(bool written) {
    if (next_ >= inputs_.size()) return missing();
    const std::size_t index = next_++;
    auto tensor = tensor_over(inputs_[index], index, name(index));
    if (!tensor) return std::unexpected(std::move(tensor.error()));
    // The host's memory is the guest's input, which stays as it was set.
    if (written) return c10::IValue(tensor->clone());
    return c10::IValue(std::move(*tensor));
  }

  [[nodiscard]] std::string name(std::size_t index) const {
    const auto& known = model_.signature.description.inputs;
    return index < known.size() ? known[index].name : std::string();
  }

  [[nodiscard]] Result<c10::IValue> missing() const {
    return fail(ErrorCode::kInvalidArgument, "The model takes more inputs than the " +
                                                 std::to_string(inputs_.size()) + " that are set.");
  }

  const Model& model_;
  std::span<const nacre_tensor> inputs_;
  std::size_t next_ = 0;
};

bool overlaps(const at::Tensor& tensor, std::span<const nacre_tensor> inputs) {
  const auto* data = static_cast<const std::byte*>(tensor.storage().data());
  return std::ranges::any_of(inputs, [&](const nacre_tensor& input) {
    const auto* first = static_cast<const std::byte*>(input.data);
    return data >= first && data < first + input.size;
  });
}

}  // namespace

// A tensor of libtorch's that others hold by reference count. The context keeps one reference, so
// when it is the only one, the object can be used again.
class LentTensor final : public nacre_buffer {
 public:
  LentTensor() : nacre_buffer{nullptr, 0, on_retain, on_release, on_unique} {}

  at::Tensor tensor;

 private:
  static void on_retain(nacre_buffer* b) {
    static_cast<LentTensor*>(b)->references_.fetch_add(1, std::memory_order_relaxed);
  }
  static void on_release(nacre_buffer* b) {
    auto* self = static_cast<LentTensor*>(b);
    if (self->references_.fetch_sub(1, std::memory_order_acq_rel) == 1) delete self;
  }
  static int on_unique(const nacre_buffer* b) {
    return static_cast<const LentTensor*>(b)->references_.load(std::memory_order_acquire) == 1;
  }

  std::atomic<std::uint64_t> references_{1};
};

void TorchContext::ReleaseLent::operator()(LentTensor* lent) const noexcept {
  lent->release(lent);
}

TorchContext::TorchContext(std::shared_ptr<const Model> model)
    : model_(std::move(model)), module_(module_for_context(*model_)) {}

TorchContext::~TorchContext() = default;

void TorchContext::start(std::span<const nacre_tensor> inputs, Deadline deadline, OutputSink sink,
                         Completion completion) {
  Result<void> done;
  const bool ran = run_with_stack(model_->stack_to_compute, [&]() noexcept {
    try {
      done = compute(inputs, deadline, sink);
    } catch (...) {
      done = std::unexpected(explain_exception(ErrorCode::kRuntimeError, "libtorch did not compute",
                                               std::current_exception()));
    }
  });
  if (!ran) {
    done = fail(ErrorCode::kTooLarge, "There is no room for the " +
                                          std::to_string(model_->stack_to_compute >> 20) +
                                          " MiB of address space that computing this model takes "
                                          "for its stack.");
  }
  if (cancelled_.load()) done = stopped();
  if (done) {
    completion.succeed();
  } else {
    completion.fail(done.error());
  }
}

Result<void> TorchContext::compute(std::span<const nacre_tensor> inputs, Deadline deadline,
                                   const OutputSink& sink) {
  // The rest cannot be stopped, so this is the last look.
  if (cancelled_.load() || (deadline != kNoDeadline && Deadline::clock::now() >= deadline)) {
    return stopped();
  }
  const OnThisThread here(model_->runtime->host, model_->threads);
  const c10::InferenceMode inference;
  // Memory that nobody looks at any more goes back before the run, which can then use it.
  for (const Lent& lent : lent_) {
    if (lent->unique(lent.get()) != 0) lent->tensor.reset();
  }
  c10::IValue result;
  {
    ArgumentMaker maker(*model_, inputs);
    std::vector<c10::IValue> arguments;
    const auto& parameters = model_->signature.parameters;
    arguments.reserve(parameters.size() + 1);  // and the module itself
    for (std::size_t i = 0; i < parameters.size(); ++i) {
      auto argument = maker.make(parameters[i], model_->facts.written[i]);
      if (!argument) return std::unexpected(std::move(argument.error()));
      arguments.push_back(std::move(*argument));
    }
    if (maker.used() != inputs.size()) {
      return fail(ErrorCode::kInvalidArgument, "The model takes " + std::to_string(maker.used()) +
                                                   " inputs; " + std::to_string(inputs.size()) +
                                                   " were given.");
    }
    result = module_.get_method("forward")(std::move(arguments));
  }
  next_output_ = 0;
  const c10::IValue held = std::move(result);
  return deliver(held, inputs, sink);
}

Result<void> TorchContext::deliver(const c10::IValue& value, std::span<const nacre_tensor> inputs,
                                   const OutputSink& sink) {
  if (value.isTensor()) return deliver_tensor(value.toTensor(), inputs, sink);
  if (value.isNone()) return deliver_tensor(at::zeros({0}), inputs, sink);
  if (value.isInt())
    return deliver_tensor(at::scalar_tensor(value.toInt(), at::kLong), inputs, sink);
  if (value.isDouble()) {
    return deliver_tensor(at::scalar_tensor(value.toDouble(), at::kDouble), inputs, sink);
  }
  if (value.isBool()) {
    return deliver_tensor(at::scalar_tensor(value.toBool(), at::kBool), inputs, sink);
  }
  if (value.isString()) {
    const std::string_view text = value.toStringRef();
    const auto length = static_cast<std::uint32_t>(text.size());
    if (text.size() > UINT32_MAX) return refused();
    const std::size_t size = sizeof length + text.size();
    void* data = sink.allocate(next_output_++, TensorType::kString, {}, size);
    if (data == nullptr) return refused();
    std::memcpy(data, &length, sizeof length);
    std::memcpy(static_cast<char*>(data) + sizeof length, text.data(), text.size());
    return {};
  }
  if (value.isIntList()) {
    return deliver_tensor(at::tensor(value.toIntVector(), at::kLong), inputs, sink);
  }
  if (value.isDoubleList()) {
    return deliver_tensor(at::tensor(value.toDoubleVector(), at::kDouble), inputs, sink);
  }
  if (value.isBoolList()) {
    const auto list = value.toBoolList();
    at::Tensor tensor = at::zeros({static_cast<std::int64_t>(list.size())}, at::kBool);
    for (std::size_t i = 0; i < list.size(); ++i)
      tensor.data_ptr<bool>()[i] = list.get(i);
    return deliver_tensor(std::move(tensor), inputs, sink);
  }
  if (value.isTuple()) {
    for (const c10::IValue& member : value.toTupleRef().elements()) {
      if (auto given = deliver(member, inputs, sink); !given) return given;
    }
    return {};
  }
  if (value.isList()) {
    const c10::ArrayRef<c10::IValue> members = value.toListRef();
    for (const c10::IValue& member : members) {
      if (auto given = deliver(member, inputs, sink); !given) return given;
    }
    return {};
  }
  if (value.isGenericDict()) {
    std::map<std::string, c10::IValue> sorted;
    for (const auto& entry : value.toGenericDict()) {
      if (!entry.key().isString()) break;
      sorted.emplace(entry.key().toStringRef(), entry.value());
    }
    if (model_->signature.output_keys.empty()) {
      for (const auto& [key, member] : sorted) {
        if (auto given = deliver(member, inputs, sink); !given) return given;
      }
      return {};
    }
    for (const std::string& key : model_->signature.output_keys) {
      const auto found = sorted.find(key);
      if (found == sorted.end()) {
        return fail(ErrorCode::kRuntimeError,
                    "The model gave no output '" + key + "', which outputs= names.");
      }
      if (auto given = deliver(found->second, inputs, sink); !given) return given;
    }
    return {};
  }
  return fail(ErrorCode::kRuntimeError, "The model gave " + value.tagKind() + " as output " +
                                            std::to_string(next_output_) +
                                            ", which Nacre does not carry.");
}

Result<void> TorchContext::deliver_tensor(at::Tensor tensor, std::span<const nacre_tensor> inputs,
                                          const OutputSink& sink) {
  const std::size_t index = next_output_++;
  const auto refuse = [&](const std::string& what) {
    return fail(ErrorCode::kRuntimeError, "Output " + std::to_string(index) + " came as " + what +
                                              ", which Nacre does not carry.");
  };
  if (!tensor.defined()) return refuse("an undefined tensor");
  if (tensor.layout() != c10::kStrided || !tensor.device().is_cpu()) {
    return refuse("a tensor that is sparse or not on the CPU");
  }
  const TensorType type = to_tensor_type(tensor.scalar_type());
  if (type == TensorType::kUnknown) {
    return refuse("a tensor of " + std::string(c10::toString(tensor.scalar_type())));
  }
  if (tensor.dim() > static_cast<std::int64_t>(kMaxRank)) {
    return refuse("a tensor of " + std::to_string(tensor.dim()) + " dimensions");
  }
  tensor = tensor.resolve_neg().contiguous();
  const std::size_t size = tensor.nbytes();
  const std::span<const std::int64_t> dims{tensor.sizes().data(), tensor.sizes().size()};
  // Whether somebody else can still write what is given out: the module, another output, a view.
  // The result itself holds the tensor once, and `tensor` here a second time.
  const auto& storage = tensor.storage();
  const bool own = tensor.use_count() <= 2 && storage.use_count() == 1 &&
                   storage.nbytes() <= 2 * size + 4096 && !overlaps(tensor, inputs);
  if (!own || size == 0) {
    void* data = sink.allocate(index, type, dims, size);
    if (data == nullptr) return refused();
    if (size != 0) std::memcpy(data, tensor.data_ptr(), size);
    return {};
  }
  auto free = std::ranges::find_if(lent_, [](const Lent& lent) {
    return lent->unique(lent.get()) != 0 && !lent->tensor.defined();
  });
  if (free == lent_.end()) {
    lent_.emplace_back(new LentTensor);
    free = lent_.end() - 1;
  }
  LentTensor& lent = **free;
  lent.data = tensor.data_ptr();
  lent.capacity = size;
  lent.tensor = tensor;
  const nacre_tensor given{.type = static_cast<std::uint32_t>(type),
                           .rank = static_cast<std::uint32_t>(dims.size()),
                           .dims = dims.data(),
                           .data = lent.data,
                           .size = size,
                           .buffer = &lent};
  if (!sink.give(index, given)) return refused();
  return {};
}

}  // namespace nacre::torch
