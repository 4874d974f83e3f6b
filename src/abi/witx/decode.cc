#include "abi/witx/decode.h"

#include <fmt/format.h>

#include "base/checked_math.h"
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

namespace {

// False for what decode_dims has a sentence for.
bool read_dims(std::span<std::byte> memory, GuestPtr ptr, std::uint32_t rank, Dims& dims) noexcept {
  const auto bytes = slice_array(memory, ptr, rank, sizeof(std::uint32_t));
  if (!bytes || rank > kMaxRank) return false;
  for (std::uint32_t i = 0; i < rank; ++i)
    dims[i] = *read<std::uint32_t>(*bytes, std::uint64_t{i} * 4);
  return true;
}

}  // namespace

Result<std::span<const std::int64_t>> decode_dims(std::span<std::byte> memory, GuestPtr ptr,
                                                  std::uint32_t rank, Dims& dims) {
  if (read_dims(memory, ptr, rank, dims)) return std::span<const std::int64_t>(dims.data(), rank);
  const std::uint64_t size = std::uint64_t{rank} * sizeof(std::uint32_t);
  if (!range_fits(ptr, size, memory.size())) {
    return outside("The tensor's list of dimensions", ptr, size, memory.size());
  }
  return fail(ErrorCode::kInvalidArgument,
              fmt::format("A tensor of rank {} came; at most {} is taken.", rank, kMaxRank));
}

Result<TensorType> decode_type(std::uint8_t wire, const DialectTable& dialect) {
  const TensorType type = dialect.decode_tensor_type(wire);
  if (type != TensorType::kUnknown) return type;
  return fail(ErrorCode::kInvalidArgument, dialect.unknown_tensor_type(wire));
}

// Once per inference and input: errors are made aside, by what has the sentences.
Result<TensorView> decode_tensor(std::span<std::byte> memory, GuestPtr ptr,
                                 const DialectTable& dialect, Dims& dims) {
  const auto record = slice(memory, ptr, kTensorBytes);
  if (!record) return outside("The tensor record", ptr, kTensorBytes, memory.size());
  const auto dims_ptr = *read<GuestPtr>(*record, 0);
  const auto rank = *read<std::uint32_t>(*record, 4);
  const auto wire_type = *read<std::uint8_t>(*record, 8);
  const auto data_ptr = *read<GuestPtr>(*record, 12);
  const auto data_len = *read<std::uint32_t>(*record, 16);
  if (!read_dims(memory, dims_ptr, rank, dims)) [[unlikely]]
    return std::unexpected(decode_dims(memory, dims_ptr, rank, dims).error());
  const auto data = slice(memory, data_ptr, data_len);
  if (!data) return outside("The tensor's data", data_ptr, data_len, memory.size());
  const TensorType type = dialect.decode_tensor_type(wire_type);
  if (type == TensorType::kUnknown) [[unlikely]]
    return std::unexpected(decode_type(wire_type, dialect).error());
  return TensorView{type, {dims.data(), rank}, *data};
}

}  // namespace nacre::witx
