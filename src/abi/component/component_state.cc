#include "abi/component/component_state.h"

#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <utility>

#include "abi/printable.h"
#include "base/checked_math.h"
#include "base/copy_bytes.h"
#include "core/buffer.h"
#include "core/carrier.h"

namespace nacre {
namespace {

// An error's number at the limit of errors: it holds no sentence and dropping it does nothing. No
// HandleTable gives such a number.
constexpr std::uint32_t kTooManyErrors = 0xffff'ffff;

constexpr std::uint32_t kMaxErrors = 4096;

// Sentences may quote a guest, or be a guest's own. What its errors hold together stays whole up to
// here; beyond, each keeps its beginning.
constexpr std::uint64_t kMaxSentences = std::uint64_t{8} << 20;
constexpr std::size_t kMaxBeginning = 4096;

// The WIT's error-code, by number.
constexpr std::array kErrorCodes = {ErrorCode::kInvalidArgument,
                                    ErrorCode::kInvalidEncoding,
                                    ErrorCode::kTimeout,
                                    ErrorCode::kRuntimeError,
                                    ErrorCode::kUnsupportedOperation,
                                    ErrorCode::kTooLarge,
                                    ErrorCode::kNotFound,
                                    ErrorCode::kSecurity,
                                    ErrorCode::kUnknown};

const Error& too_many_errors() noexcept {
  static const Error error{
      .code = ErrorCode::kUnknown,
      .message = fmt::format("The guest holds {} errors, which is its limit; this one's sentence "
                             "was not kept. Drop errors after reading them.",
                             kMaxErrors)};
  return error;
}

/// Not through the middle of a character.
std::string_view beginning_of(std::string_view sentence) noexcept {
  if (sentence.size() <= kMaxBeginning) return sentence;
  std::size_t end = kMaxBeginning;
  while (end > 0 && (static_cast<unsigned char>(sentence[end]) & 0xc0U) == 0x80U)
    --end;
  return sentence.substr(0, end);
}

bool has_wit_name(TensorType type) noexcept {
  switch (type) {
    case TensorType::kF16:
    case TensorType::kF32:
    case TensorType::kF64:
    case TensorType::kBf16:
    case TensorType::kU8:
    case TensorType::kI32:
    case TensorType::kI64:
      return true;
    default:
      return false;
  }
}

/// Shape and size of what a guest wants to construct, or why it is no tensor.
Result<Shape> check_new_tensor(std::span<const std::uint32_t> dims, TensorType type,
                               std::size_t bytes, std::uint64_t max_bytes) {
  if (dims.size() > kMaxRank) {
    return fail(
        ErrorCode::kInvalidArgument,
        fmt::format("A tensor may have {} dimensions; this one has {}.", kMaxRank, dims.size()));
  }
  Shape shape;
  for (const std::uint32_t dim : dims)
    shape.push_back(dim);
  const auto elements = element_count(shape.dims());
  const auto wanted = elements ? checked_mul(*elements, element_size(type)) : std::nullopt;
  if (!wanted) {
    return fail(ErrorCode::kInvalidArgument,
                fmt::format("The dimensions {} of a {} tensor multiply to more than 64 bits.",
                            to_string(shape), to_string(type)));
  }
  if (*wanted != bytes) {
    return fail(ErrorCode::kInvalidArgument,
                fmt::format("A {} tensor {} has {} bytes; {} came.", to_string(type),
                            to_string(shape), *wanted, bytes));
  }
  if (bytes > max_bytes) {
    return fail(ErrorCode::kTooLarge,
                fmt::format("The tensor has {} bytes; the limit of one is {}.", bytes, max_bytes));
  }
  return shape;
}

}  // namespace

std::uint32_t wit_error_code(ErrorCode code) noexcept {
  switch (code) {
    case ErrorCode::kModelNotFound:
      code = ErrorCode::kNotFound;
      break;
    case ErrorCode::kBusy:
    case ErrorCode::kMissingMemory:
    case ErrorCode::kEndOfSequence:
    case ErrorCode::kContextFull:
    case ErrorCode::kPromptTooLong:
      code = ErrorCode::kRuntimeError;
      break;
    default:
      break;
  }
  const auto* found = std::ranges::find(kErrorCodes, code);
  return static_cast<std::uint32_t>(found == kErrorCodes.end() ? kErrorCodes.size() - 1
                                                               : found - kErrorCodes.begin());
}

ErrorCode error_code_of_wit(std::uint32_t number) noexcept {
  return number < kErrorCodes.size() ? kErrorCodes[number] : ErrorCode::kUnknown;
}

BufferRef TensorMemory::acquire(std::uint64_t size) {
  for (const BufferRef& kept : kept_) {
    // Not one of much more than is needed: a small tensor must not sit on a large one's memory.
    if (kept.capacity() >= size && kept.capacity() / 2 <= size && kept.unique()) return kept;
  }
  BufferRef fresh = allocate_buffer(size);
  if (fresh && size <= kLargestKept) kept_[next_++ % kept_.size()] = fresh;
  return fresh;
}

ComponentState::ComponentState(GuestState& guest)
    : guest_(guest),
      tensors_(HandleKind::kTensor, guest.limits().max_tensors),
      errors_(HandleKind::kError, kMaxErrors) {}

std::uint32_t ComponentState::new_tensor(std::span<const std::uint32_t> dims, TensorType type,
                                         std::span<const std::byte> data) {
  if (tensors_.full()) return kNoTensor;
  const GuestLimits& limits = guest_.limits();
  TensorResource made;
  auto shape = check_new_tensor(dims, type, data.size(), limits.max_tensor_bytes);
  if (!shape) {
    made.poison = std::move(shape.error());
  } else if (!fits(data.size())) {
    made.poison = too_many_bytes(data.size());
  } else if (BufferRef buffer = memory_.acquire(data.size()); !buffer) {
    made.poison = Error{ErrorCode::kTooLarge,
                        fmt::format("There is no memory for a tensor of {} bytes.", data.size())};
  } else {
    copy_bytes(buffer.data(), data);
    made.tensor = {type, *shape, {buffer.data(), data.size()}, std::move(buffer)};
  }
  if (made.poison) made.tensor.type = type;  // `ty` still answers what was asked for
  const std::uint64_t bytes = made.tensor.data.size();
  if (const auto number = tensors_.insert(std::move(made))) {
    tensor_bytes_ += bytes;
    return *number;
  }
  return kNoTensor;
}

bool ComponentState::fits(std::uint64_t bytes) const noexcept {
  const std::uint64_t limit = guest_.limits().max_live_tensor_bytes;
  return bytes <= limit && tensor_bytes_ <= limit - bytes;
}

Error ComponentState::too_many_bytes(std::uint64_t bytes) const {
  return {ErrorCode::kTooLarge,
          fmt::format("The guest's tensors hold {} bytes and this one has {} more; the limit of "
                      "all is {}.",
                      tensor_bytes_, bytes, guest_.limits().max_live_tensor_bytes)};
}

Result<std::uint32_t> ComponentState::give_tensor(const Tensor& output) {
  Tensor wire = output;
  if (!has_wit_name(output.type)) {
    const auto shape = carrier_shape(output.type, output.shape.dims(), output.data.size());
    if (!shape) {
      return fail(ErrorCode::kTooLarge,
                  fmt::format("A {} tensor of rank {} has no room for the dimension that carries "
                              "its element's size; {} is the largest rank.",
                              to_string(output.type), output.shape.rank(), kMaxRank));
    }
    wire.type = TensorType::kU8;
    wire.shape = *shape;
  }
  for (const std::int64_t dim : wire.shape.dims()) {
    if (!checked_cast<std::uint32_t>(dim)) {
      return fail(ErrorCode::kTooLarge,
                  fmt::format("The output's shape {} has a dimension beyond 32 bits, which wasi-nn "
                              "cannot say.",
                              to_string(wire.shape)));
    }
  }
  const std::uint64_t bytes = wire.data.size();
  if (!fits(bytes)) return std::unexpected(too_many_bytes(bytes));
  const auto number = tensors_.insert(TensorResource{std::move(wire), std::nullopt});
  if (!number) {
    return fail(
        ErrorCode::kTooLarge,
        fmt::format("The guest holds {} tensors, which is its limit; drop some.", tensors_.size()));
  }
  tensor_bytes_ += bytes;
  return *number;
}

Result<Tensor> ComponentState::take_tensor(std::uint32_t number) {
  auto taken = tensors_.take(number);
  if (!taken) {
    return fail(number == kNoTensor ? ErrorCode::kTooLarge : ErrorCode::kInvalidArgument,
                number == kNoTensor
                    ? fmt::format("The guest holds {} tensors, which is its limit; this one could "
                                  "not be made.",
                                  tensors_.limit())
                    : fmt::format("{} is no tensor.", number));
  }
  tensor_bytes_ -= taken->tensor.data.size();
  if (taken->poison) return std::unexpected(std::move(*taken->poison));
  return std::move(taken->tensor);
}

void ComponentState::drop_tensor(std::uint32_t number) noexcept {
  if (const auto taken = tensors_.take(number)) tensor_bytes_ -= taken->tensor.data.size();
}

std::string_view ComponentState::output_name(const GraphDescription& graph, std::size_t index) {
  // A model's file may hold any bytes as a name.
  if (index < graph.outputs.size() && !graph.outputs[index].name.empty() &&
      is_utf8(graph.outputs[index].name)) {
    return graph.outputs[index].name;
  }
  while (number_names_.size() <= index)
    number_names_.push_back(std::to_string(number_names_.size()));
  return number_names_[index];
}

std::uint32_t ComponentState::new_error(std::string_view function, Error error) noexcept {
  try {
    error.message = std::string(kept_of(error.message));
    static_cast<void>(guest_.refuse(function, error));
    // Names out of a model's file, or a runtime's own words.
    if (!is_utf8(error.message)) error.message = printable(error.message);
  } catch (...) {
    // Without memory for the log's copy, the guest still gets the error.
    if (!is_utf8(error.message)) error.message.clear();
  }
  return insert_error(std::move(error));
}

std::uint32_t ComponentState::keep_error(ErrorCode code, std::string_view sentence) noexcept {
  try {
    return insert_error({code, std::string(kept_of(sentence))});
  } catch (...) {
    return insert_error({code, {}});
  }
}

std::string_view ComponentState::kept_of(std::string_view sentence) const noexcept {
  const bool room = sentence.size() <= kMaxSentences - std::min(sentence_bytes_, kMaxSentences);
  return room ? sentence : beginning_of(sentence);
}

std::uint32_t ComponentState::insert_error(Error error) noexcept {
  try {
    const std::uint64_t bytes = error.message.size();
    const auto number = errors_.insert(std::move(error));
    if (number) sentence_bytes_ += bytes;
    return number.value_or(kTooManyErrors);
  } catch (...) {
    return kTooManyErrors;
  }
}

const Error& ComponentState::error(std::uint32_t number) noexcept {
  const Error* found = errors_.find(number);
  return found == nullptr ? too_many_errors() : *found;
}

void ComponentState::drop_error(std::uint32_t number) noexcept {
  if (const auto taken = errors_.take(number)) sentence_bytes_ -= taken->message.size();
}

}  // namespace nacre
