#include "describe.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "element_types.h"

namespace nacre::tflite {
namespace {

std::string text_of(float value) {
  std::array<char, 32> text{};
  const auto end = std::to_chars(text.data(), text.data() + text.size(), value).ptr;
  return {text.data(), end};
}

std::string quantization_note(const TfLiteTensor* tensor) {
  const TfLiteQuantizationParams q = api().tensor_quantization(tensor);
  if (q.scale == 0) return {};
  return "quantised: value = " + text_of(q.scale) + " * (x - " + std::to_string(q.zero_point) + ")";
}

/// The shape that the file states with its dynamic dimensions; nullopt when it states none.
std::optional<Shape> stated_shape(const TfLiteTensor* tensor) {
  if (api().signature_rank == nullptr || api().signature_dim == nullptr) return std::nullopt;
  std::int32_t rank = 0;
  if (api().signature_rank(tensor, &rank) != kTfLiteOk || rank <= 0) return std::nullopt;
  Shape shape;
  for (std::int32_t i = 0; i < rank && shape.rank() < kMaxRank; ++i) {
    std::int32_t dim = -1;
    if (api().signature_dim(tensor, i, &dim) != kTfLiteOk) return std::nullopt;
    shape.push_back(dim < 0 ? -1 : dim);
  }
  return shape;
}

Result<TensorDescription> describe_tensor(const TfLiteTensor* tensor, std::string_view direction) {
  const char* name = api().tensor_name(tensor);
  TensorDescription d{.name = name == nullptr ? "" : name,
                      .type = to_tensor_type(api().tensor_type(tensor)),
                      .shape = stated_shape(tensor),
                      .note = quantization_note(tensor)};
  const auto refuse = [&](const std::string& what) {
    return fail(ErrorCode::kUnsupportedOperation, "The model's " + std::string(direction) + " '" +
                                                      d.name + "' is " + what +
                                                      ", which Nacre does not carry.");
  };
  if (d.type == TensorType::kUnknown) {
    return refuse("a tensor of the type " + std::string(name_of(api().tensor_type(tensor))));
  }
  const std::int32_t rank = api().tensor_rank(tensor);
  if (rank > static_cast<std::int32_t>(kMaxRank)) {
    return refuse("a tensor of " + std::to_string(rank) + " dimensions");
  }
  if (!d.shape) d.shape = shape_of(tensor);
  return d;
}

/// Renames the tensors after the model's signature, if it has one that names them all. It is
/// matched by the tensors themselves: the order of a signature is another.
void take_signature_names(TfLiteInterpreter* interpreter, GraphDescription& description) {
  const Api& a = api();
  if (a.signature_count == nullptr || a.signature_key == nullptr || a.signature_runner == nullptr ||
      a.runner_delete == nullptr || a.runner_input_count == nullptr ||
      a.runner_output_count == nullptr || a.runner_input_name == nullptr ||
      a.runner_output_name == nullptr || a.runner_input == nullptr || a.runner_output == nullptr ||
      a.signature_count(interpreter) != 1) {
    return;
  }
  const char* key = a.signature_key(interpreter, 0);
  if (key == nullptr) return;
  const RunnerHandle runner(a.signature_runner(interpreter, key));
  if (runner == nullptr) return;
  const auto collect = [](std::size_t count, auto&& name_at, auto&& tensor_of, auto&& tensor_at,
                          std::size_t wanted) -> std::vector<std::string> {
    std::vector<std::string> names(wanted);
    for (std::size_t i = 0; i < count; ++i) {
      const char* name = name_at(static_cast<std::int32_t>(i));
      if (name == nullptr) return {};
      for (std::size_t k = 0; k < wanted; ++k) {
        if (tensor_at(static_cast<std::int32_t>(k)) == tensor_of(name)) names[k] = name;
      }
    }
    return names;
  };
  const auto inputs = collect(
      a.runner_input_count(runner.get()),
      [&](std::int32_t i) { return a.runner_input_name(runner.get(), i); },
      [&](const char* name) { return a.runner_input(runner.get(), name); },
      [&](std::int32_t i) { return a.input_tensor(interpreter, i); }, description.inputs.size());
  const auto outputs = collect(
      a.runner_output_count(runner.get()),
      [&](std::int32_t i) { return a.runner_output_name(runner.get(), i); },
      [&](const char* name) { return a.runner_output(runner.get(), name); },
      [&](std::int32_t i) { return a.output_tensor(interpreter, i); }, description.outputs.size());
  const auto all_named = [](const std::vector<std::string>& names) {
    return std::ranges::none_of(names, &std::string::empty);
  };
  if (inputs.size() != description.inputs.size() || !all_named(inputs) ||
      outputs.size() != description.outputs.size() || !all_named(outputs)) {
    return;
  }
  for (std::size_t i = 0; i < inputs.size(); ++i)
    description.inputs[i].name = inputs[i];
  for (std::size_t i = 0; i < outputs.size(); ++i)
    description.outputs[i].name = outputs[i];
}

bool is_dynamic(const TensorDescription& d) {
  return d.shape && std::ranges::any_of(d.shape->dims(), [](std::int64_t n) { return n < 0; });
}

}  // namespace

Shape shape_of(const TfLiteTensor* tensor) {
  Shape shape;
  const std::int32_t rank = api().tensor_rank(tensor);
  for (std::int32_t i = 0; i < rank && shape.rank() < kMaxRank; ++i)
    shape.push_back(api().tensor_dim(tensor, i));
  return shape;
}

bool has_dynamic_tensors(const TfLiteInterpreter* interpreter) {
  if (api().tensor == nullptr || api().allocation_type == nullptr) return true;  // who knows
  for (int i = 0; const TfLiteTensor* tensor = api().tensor(interpreter, i); ++i) {
    if (api().allocation_type(tensor) == kTfLiteDynamic) return true;
  }
  return false;
}

bool arena_is_missing(const TfLiteInterpreter* interpreter) {
  if (has_dynamic_tensors(interpreter)) return false;  // not all are allocated yet
  constexpr std::uint64_t kFew = std::uint64_t{1} << 20;
  constexpr std::uint64_t kAlignment = 64;
  std::uint64_t all = 0;
  std::uint64_t highest = 0;
  bool one_at_zero = false;
  for (int i = 0; const TfLiteTensor* tensor = api().tensor(interpreter, i); ++i) {
    if (api().allocation_type(tensor) != kTfLiteArenaRw || api().tensor_bytes(tensor) == 0)
      continue;
    const auto address = reinterpret_cast<std::uintptr_t>(api().tensor_data(tensor));
    all += api().tensor_bytes(tensor) + kAlignment;
    highest = std::max<std::uint64_t>(highest, address);
    one_at_zero = one_at_zero || address == 0;
  }
  return one_at_zero && highest < all && all > kFew;
}

std::uint64_t bytes_of_tensors(const TfLiteInterpreter* interpreter) {
  std::uint64_t bytes = 0;
  if (api().tensor == nullptr || api().allocation_type == nullptr) return bytes;
  for (int i = 0; const TfLiteTensor* tensor = api().tensor(interpreter, i); ++i) {
    if (api().allocation_type(tensor) != kTfLiteMmapRo) bytes += api().tensor_bytes(tensor);
  }
  return bytes;
}

Result<GraphDescription> describe_interpreter(TfLiteInterpreter* interpreter) {
  GraphDescription description;
  for (std::int32_t i = 0; i < api().input_count(interpreter); ++i) {
    auto d = describe_tensor(api().input_tensor(interpreter, i), "input");
    if (!d) return std::unexpected(std::move(d.error()));
    description.inputs.push_back(std::move(*d));
  }
  // The file's shape of an output holds for the file's shapes of the inputs only, unless it says
  // which dimensions are dynamic.
  const bool shapes_vary = std::ranges::any_of(description.inputs, is_dynamic);
  const bool sizes_vary = has_dynamic_tensors(interpreter);
  for (std::int32_t i = 0; i < api().output_count(interpreter); ++i) {
    const TfLiteTensor* tensor = api().output_tensor(interpreter, i);
    auto d = describe_tensor(tensor, "output");
    if (!d) return std::unexpected(std::move(d.error()));
    if (!stated_shape(tensor)) {
      if (sizes_vary) {
        d->shape.reset();
      } else if (shapes_vary) {
        const std::vector<std::int64_t> any(d->shape->rank(), -1);
        d->shape = Shape(any);
      }
    }
    description.outputs.push_back(std::move(*d));
  }
  take_signature_names(interpreter, description);
  return description;
}

}  // namespace nacre::tflite
