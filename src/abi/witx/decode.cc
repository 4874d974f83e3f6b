#include "abi/witx/decode.h"

#include <fmt/format.h>

#include "core/loader.h"

namespace nacre::witx {

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

Result<std::span<const std::int64_t>> decode_dims(std::span<std::byte> memory, GuestPtr ptr,
                                                  std::uint32_t rank, Dims& dims) {
  const auto bytes = slice_array(memory, ptr, rank, sizeof(std::uint32_t));
  if (!bytes) {
    return outside("The tensor's list of dimensions", ptr, std::uint64_t{rank} * 4, memory.size());
  }
  if (rank > kMaxRank) {
    return fail(ErrorCode::kInvalidArgument,
                fmt::format("A tensor of rank {} came; at most {} is taken.", rank, kMaxRank));
  }
  for (std::uint32_t i = 0; i < rank; ++i)
    dims[i] = *read<std::uint32_t>(*bytes, std::uint64_t{i} * 4);
  return std::span<const std::int64_t>(dims.data(), rank);
}

Result<TensorType> decode_type(std::uint8_t wire, const DialectTable& dialect) {
  const TensorType type = dialect.decode_tensor_type(wire);
  if (type != TensorType::kUnknown) [[likely]]
    return type;
  return fail(ErrorCode::kInvalidArgument, dialect.unknown_tensor_type(wire));
}

Result<TensorView> decode_tensor(std::span<std::byte> memory, GuestPtr ptr,
                                 const DialectTable& dialect, Dims& dims) {
  const auto record = slice(memory, ptr, kTensorBytes);
  if (!record) return outside("The tensor record", ptr, kTensorBytes, memory.size());
  const auto shape =
      decode_dims(memory, *read<GuestPtr>(*record, 0), *read<std::uint32_t>(*record, 4), dims);
  if (!shape) return std::unexpected(shape.error());
  const auto data_ptr = *read<GuestPtr>(*record, 12);
  const auto data_len = *read<std::uint32_t>(*record, 16);
  const auto data = slice(memory, data_ptr, data_len);
  if (!data) return outside("The tensor's data", data_ptr, data_len, memory.size());
  const auto type = decode_type(*read<std::uint8_t>(*record, 8), dialect);
  if (!type) return std::unexpected(type.error());
  return TensorView{*type, *shape, *data};
}

}  // namespace nacre::witx
