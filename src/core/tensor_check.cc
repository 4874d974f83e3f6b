#include "core/tensor_check.h"

#include "base/checked_math.h"
#include "core/carrier.h"

#include <fmt/format.h>
#include <cstring>

namespace nacre {
namespace {

using Dims = std::span<const std::int64_t>;

/// What an error sentence says of the place; built only when one is needed.
struct Place {
  const TensorDescription* description;
  std::size_t index;
  std::string_view kind;

  [[nodiscard]] std::string text() const {
    return describe_place(kind, index,
                          description == nullptr ? std::string_view{} : description->name);
  }
};

[[gnu::cold]] std::unexpected<Error> wrong(const Place& place, std::string_view what) {
  return fail(ErrorCode::kInvalidArgument, fmt::format("{}: {}", place.text(), what));
}

[[gnu::cold]] std::unexpected<Error> wrong_type(const Place& place, TensorType wanted,
                                                TensorType given) {
  if (given == TensorType::kU8 && may_be_carried(wanted)) {
    return wrong(place, fmt::format("u8 stands for {0} when the element's size, {1}, is the last "
                                    "dimension; it is not",
                                    to_string(wanted), element_size(wanted)));
  }
  std::string carried;
  if (may_be_carried(wanted)) {
    carried = wanted == TensorType::kString
                  ? " (or u8: length-prefixed rows of bytes)"
                  : fmt::format(" (or u8 with the {} bytes of an element as the last dimension)",
                                element_size(wanted));
    if (element_size(wanted) == 1) carried = " (or u8 of the same dimensions)";
  }
  return wrong(place, fmt::format("the graph wants elements of type {}{}, and {} was given",
                                  to_string(wanted), carried, to_string(given)));
}

[[gnu::cold]] std::unexpected<Error> wrong_bytes(const Place& place, ErrorCode code,
                                                 TensorType type, Dims dims,
                                                 std::optional<std::uint64_t> wanted,
                                                 std::uint64_t given) {
  if (!wanted) {
    return fail(code, fmt::format("{}: {} of {} is more than 64 bits can count", place.text(),
                                  to_string(dims), to_string(type)));
  }
  return fail(code, fmt::format("{}: {} of {} takes {} bytes, and {} were given", place.text(),
                                to_string(dims), to_string(type), *wanted, given));
}

[[gnu::cold]] std::unexpected<Error> too_large(const Place& place, std::uint64_t given,
                                               std::uint64_t limit) {
  return fail(ErrorCode::kTooLarge, fmt::format("{}: {} bytes, and the limit for one tensor is {}",
                                                place.text(), given, limit));
}

std::optional<std::uint64_t> byte_size(TensorType type, Dims dims) noexcept {
  const auto count = element_count(dims);
  return count ? checked_mul(*count, element_size(type)) : std::nullopt;
}

bool dims_fit(Dims wanted, Dims given) noexcept {
  if (wanted.size() != given.size()) return false;
  for (std::size_t i = 0; i < wanted.size(); ++i) {
    if (given[i] != wanted[i] && (wanted[i] >= 0 || given[i] < 0)) return false;
  }
  return true;
}

Result<void> check_dims(const Place& place, const TensorDescription* wanted, Dims given,
                        Shape& out) {
  for (const std::int64_t dim : given) {
    if (dim < 0) return wrong(place, fmt::format("a dimension is {}", dim));
  }
  if (wanted != nullptr && wanted->shape) {
    const Dims dims = wanted->shape->dims();
    if (dims.empty() && given.size() == 1 && given[0] == 1) {
      out = Shape{};
      return {};
    }
    if (!dims_fit(dims, given)) {
      return wrong(place, fmt::format("the graph wants the shape {}, and {} was given",
                                      to_string(dims), to_string(given)));
    }
  }
  out = Shape(given);
  return {};
}

// Elements of a bool other than 0 and 1 are undefined behaviour in more than one runtime.
Result<void> check_bools(const Place& place, std::span<const std::byte> data) {
  for (std::size_t i = 0; i < data.size(); ++i) {
    if (std::to_integer<unsigned>(data[i]) > 1) {
      return wrong(place, fmt::format("element {} of a bool tensor is {}; 0 and 1 are bools", i,
                                      std::to_integer<unsigned>(data[i])));
    }
  }
  return {};
}

// A carrier of strings does not say their dimensions: they follow from the graph and the number of
// rows, as long as at most one dimension is open.
Result<void> shape_of_strings(const Place& place, const TensorDescription* wanted,
                              std::uint64_t rows, Shape& out) {
  out = Shape{static_cast<std::int64_t>(rows)};
  if (wanted == nullptr || !wanted->shape) return {};
  const Dims dims = wanted->shape->dims();
  std::optional<std::size_t> open;
  std::uint64_t known = 1;
  bool solvable = true;
  for (std::size_t i = 0; i < dims.size(); ++i) {
    if (dims[i] < 0) {
      solvable = solvable && !open;
      open = i;
    } else {
      const auto product = checked_mul(known, static_cast<std::uint64_t>(dims[i]));
      solvable = solvable && product;
      known = product.value_or(0);
    }
  }
  if (solvable && !open && rows == known) {
    out = *wanted->shape;
    return {};
  }
  if (solvable && open && known != 0 && rows % known == 0) {
    Shape shape;
    for (std::size_t i = 0; i < dims.size(); ++i) {
      shape.push_back(i == *open ? static_cast<std::int64_t>(rows / known) : dims[i]);
    }
    out = shape;
    return {};
  }
  return wrong(place, fmt::format("the graph wants strings of shape {}, and {} rows were given",
                                  to_string(dims), rows));
}

Result<void> check_strings(const Place& place, const TensorDescription* wanted, bool carried,
                           const TensorView& tensor, const TensorLimits& limits, Shape& out) {
  if (tensor.data.size() > limits.string_bytes) {
    return fail(ErrorCode::kTooLarge,
                fmt::format("{}: strings of {} bytes in all, and the limit for one tensor is {}",
                            place.text(), tensor.data.size(), limits.string_bytes));
  }
  const auto rows = count_strings(tensor.data);
  if (!rows) {
    return wrong(place,
                 "a string tensor is rows of a u32 length (little-endian) and that many bytes; "
                 "the last row does not end where the data does");
  }
  if (*rows > limits.strings) {
    return fail(ErrorCode::kTooLarge,
                fmt::format("{}: {} strings, and the limit for one tensor is {}", place.text(),
                            *rows, limits.strings));
  }
  if (carried) {
    if (tensor.dims.size() != 1 || std::cmp_not_equal(tensor.dims[0], tensor.data.size())) {
      return wrong(place, fmt::format("strings carried as u8 have one dimension, their {} bytes, "
                                      "and {} was given",
                                      tensor.data.size(), to_string(tensor.dims)));
    }
    return shape_of_strings(place, wanted, *rows, out);
  }
  if (auto ok = check_dims(place, wanted, tensor.dims, out); !ok) return ok;
  if (element_count(out.dims()) != rows) {
    return wrong(place, fmt::format("{} wants as many strings as it has elements, and {} rows "
                                    "were given",
                                    to_string(out), *rows));
  }
  return {};
}

}  // namespace

std::string describe_place(std::string_view kind, std::size_t index, std::string_view name) {
  return name.empty() ? fmt::format("{} {}", kind, index)
                      : fmt::format("{} {} (\"{}\")", kind, index, name);
}

std::optional<std::uint64_t> count_strings(std::span<const std::byte> rows) noexcept {
  std::uint64_t count = 0;
  std::size_t at = 0;
  while (at != rows.size()) {
    std::uint32_t length = 0;
    if (rows.size() - at < sizeof length) return std::nullopt;
    std::memcpy(&length, rows.data() + at, sizeof length);
    at += sizeof length;
    if (rows.size() - at < length) return std::nullopt;
    at += length;
    ++count;
  }
  return count;
}

Result<void> check_input(const TensorDescription* wanted, std::size_t index,
                         const TensorView& tensor, const TensorLimits& limits, CheckedInput& out) {
  const Place place{wanted, index, "input"};
  if (tensor.data.size() > limits.bytes) return too_large(place, tensor.data.size(), limits.bytes);
  if (!is_tensor_type(static_cast<std::uint32_t>(tensor.type))) {
    return wrong(place,
                 fmt::format("{} is no element type", static_cast<std::uint32_t>(tensor.type)));
  }
  // One more than kMaxRank: a carrier's.
  if (tensor.dims.size() > kMaxRank + 1) {
    return wrong(place,
                 fmt::format("a rank of {}, and the limit is {}", tensor.dims.size(), kMaxRank));
  }
  const bool any_type = wanted == nullptr || wanted->type == TensorType::kUnknown;
  out.type = any_type ? tensor.type : wanted->type;
  const bool carried = out.type != tensor.type;
  if (carried && (tensor.type != TensorType::kU8 || !may_be_carried(out.type))) {
    return wrong_type(place, out.type, tensor.type);
  }
  if (out.type == TensorType::kString) {
    return check_strings(place, wanted, carried, tensor, limits, out.shape);
  }
  Dims dims = tensor.dims;
  if (carried) {
    const auto own = uncarried_dims(out.type, dims);
    if (!own) return wrong_type(place, out.type, tensor.type);
    dims = *own;
  }
  if (dims.size() > kMaxRank) {
    return wrong(place, fmt::format("a rank of {}, and the limit is {}", dims.size(), kMaxRank));
  }
  if (auto ok = check_dims(place, wanted, dims, out.shape); !ok) return ok;
  const auto bytes = byte_size(out.type, dims);
  if (bytes != tensor.data.size()) {
    return wrong_bytes(place, ErrorCode::kInvalidArgument, out.type, dims, bytes,
                       tensor.data.size());
  }
  if (out.type == TensorType::kBool) return check_bools(place, tensor.data);
  return {};
}

Result<void> check_output(const TensorDescription* stated, std::size_t index, std::uint32_t type,
                          Dims dims, const void* data, std::uint64_t size,
                          std::uint64_t max_bytes) {
  const Place place{stated, index, "output"};
  const auto broken = [&place](std::string_view what) {
    return fail(ErrorCode::kRuntimeError,
                fmt::format("the backend gave a wrong {}: {}", place.text(), what));
  };
  if (!is_tensor_type(type)) return broken(fmt::format("{} is no element type", type));
  const auto element = static_cast<TensorType>(type);
  if (stated != nullptr && stated->type != TensorType::kUnknown && stated->type != element) {
    return broken(fmt::format("the graph states {}, and {} came", to_string(stated->type),
                              to_string(element)));
  }
  if (dims.size() > kMaxRank) {
    return broken(fmt::format("a rank of {}, and the limit is {}", dims.size(), kMaxRank));
  }
  if (size > max_bytes) return too_large(place, size, max_bytes);
  const auto count = element_count(dims);
  if (!count) return broken(fmt::format("the shape {}", to_string(dims)));
  if (element == TensorType::kString) {
    if (data == nullptr) return {};
    const auto rows = count_strings({static_cast<const std::byte*>(data), size});
    if (rows != count) {
      return broken(fmt::format("{} of string with {} rows", to_string(dims), rows.value_or(0)));
    }
    return {};
  }
  const auto bytes = checked_mul(*count, element_size(element));
  if (bytes != size) {
    return broken(fmt::format("{} of {} takes {} bytes, and {} came", to_string(dims),
                              to_string(element), bytes.value_or(0), size));
  }
  return {};
}

}  // namespace nacre
