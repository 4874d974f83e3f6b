#include "abi/witx/decode.h"

#include <fmt/format.h>

#include <optional>

#include "base/checked_math.h"
#include "core/loader.h"

namespace nacre::witx {
namespace {

// Nothing beyond 64 bits.
std::optional<std::uint64_t> bytes_of(TensorType type, std::span<const std::int64_t> dims) {
  std::optional<std::uint64_t> bytes = element_size(type);
  for (const std::int64_t dim : dims) {
    if (bytes) bytes = checked_mul(*bytes, static_cast<std::uint64_t>(dim));
  }
  return bytes;
}

// A number that old guests mean otherwise is theirs where the data's length fits theirs alone.
TensorView as_it_fits(TensorView view, std::uint8_t wire_type) {
  const TensorType old = dialect_table(Dialect::kLegacy).decode_tensor_type(wire_type);
  if (old == view.type || old == TensorType::kUnknown) return view;
  const std::uint64_t size = view.data.size();
  if (bytes_of(view.type, view.dims) != size && bytes_of(old, view.dims) == size) view.type = old;
  return view;
}

}  // namespace

std::unexpected<Error> outside(std::string_view what, GuestPtr ptr, std::uint64_t len,
                               std::size_t memory_size) {
  return fail(
      ErrorCode::kInvalidArgument,
      fmt::format("{} would be {} bytes at {:#x}, which is not inside the guest's memory of "
                  "{} bytes.",
                  what, len, ptr, memory_size));
}

Result<Parts> decode_builders(std::span<std::byte> memory, GuestPtr ptr, std::uint32_t count) {
  const auto array = range(memory, ptr, std::uint64_t{count} * kBuilderBytes, "The builder array");
  if (!array) return std::unexpected(array.error());
  if (count > kMaxModelParts) {
    return fail(ErrorCode::kTooLarge, fmt::format("A model of {} parts came; at most {} are taken.",
                                                  count, kMaxModelParts));
  }
  Parts parts;
  parts.reserve(count);
  for (std::uint64_t at = 0; at < array->size(); at += kBuilderBytes) {
    const auto bytes = range(memory, *read<GuestPtr>(*array, at),
                             *read<std::uint32_t>(*array, at + 4), "A part of the model");
    if (!bytes) return std::unexpected(bytes.error());
    parts.push_back(*bytes);
  }
  return parts;
}

Result<TensorView> decode_tensor(std::span<std::byte> memory, GuestPtr ptr,
                                 const DialectTable& dialect, Dims& dims) {
  const auto record = slice(memory, ptr, kTensorBytes);
  if (!record) return outside("The tensor record", ptr, kTensorBytes, memory.size());
  const auto dims_ptr = *read<GuestPtr>(*record, 0);
  const auto rank = *read<std::uint32_t>(*record, 4);
  const auto wire_type = *read<std::uint8_t>(*record, 8);
  const auto data_ptr = *read<GuestPtr>(*record, 12);
  const auto data_len = *read<std::uint32_t>(*record, 16);

  const auto dims_bytes = slice_array(memory, dims_ptr, rank, sizeof(std::uint32_t));
  if (!dims_bytes) {
    return outside("The tensor's list of dimensions", dims_ptr, std::uint64_t{rank} * 4,
                   memory.size());
  }
  const auto data = slice(memory, data_ptr, data_len);
  if (!data) return outside("The tensor's data", data_ptr, data_len, memory.size());
  if (rank > kMaxRank) {
    return fail(ErrorCode::kInvalidArgument,
                fmt::format("A tensor of rank {} came; at most {} is taken.", rank, kMaxRank));
  }
  const TensorType type = dialect.decode_tensor_type(wire_type);
  if (type == TensorType::kUnknown) {
    return fail(ErrorCode::kInvalidArgument, dialect.unknown_tensor_type(wire_type));
  }
  for (std::uint32_t i = 0; i < rank; ++i) {
    dims[i] = *read<std::uint32_t>(*dims_bytes, std::uint64_t{i} * 4);
  }
  const TensorView view{type, {dims.data(), rank}, *data};
  return dialect.dialect == Dialect::kUndecided ? as_it_fits(view, wire_type) : view;
}

}  // namespace nacre::witx
