#include "strings.h"

#include <cstdint>
#include <cstring>
#include <limits>
#include <string>

#include "library.h"

namespace nacre::tflite {
namespace {

template <typename T>
T read(const std::byte* at) noexcept {
  T value;
  std::memcpy(&value, at, sizeof value);
  return value;
}

std::unexpected<Error> broken(std::size_t index) {
  return fail(ErrorCode::kRuntimeError, "TensorFlow Lite gave output " + std::to_string(index) +
                                            " strings that do not hang together.");
}

}  // namespace

Result<void> write_strings(const TensorView& from, TfLiteTensor* to) {
  if (api().tensor_realloc == nullptr) {
    return fail(ErrorCode::kUnsupportedOperation,
                "This TensorFlow Lite library takes no strings from outside.");
  }
  const auto count = static_cast<std::size_t>(element_count(from.dims).value_or(0));
  const std::size_t head = 4 * (count + 2);
  const std::size_t size = head + from.data.size() - 4 * count;
  if (size > static_cast<std::size_t>(std::numeric_limits<std::int32_t>::max())) {
    return fail(ErrorCode::kTooLarge, "TensorFlow Lite takes strings up to 2 GiB together; " +
                                          std::to_string(from.data.size()) + " bytes came.");
  }
  api().tensor_realloc(size, to);
  auto* data = static_cast<std::byte*>(api().tensor_data(to));
  if (data == nullptr || api().tensor_bytes(to) != size) {
    return fail(ErrorCode::kTooLarge,
                "There is no memory for " + std::to_string(size) + " bytes of strings.");
  }
  const auto put = [data](std::size_t i, std::size_t value) {
    const auto number = static_cast<std::int32_t>(value);
    std::memcpy(data + 4 * i, &number, sizeof number);
  };
  put(0, count);
  std::size_t offset = head;
  const std::byte* at = from.data.data();
  for (std::size_t i = 0; i < count; ++i) {
    const std::size_t length = read<std::uint32_t>(at);
    put(i + 1, offset);
    std::memcpy(data + offset, at + 4, length);
    at += 4 + length;
    offset += length;
  }
  put(count + 1, offset);
  return {};
}

Result<void> read_strings(const TfLiteTensor* from, std::size_t index, const Shape& shape,
                          const OutputSink& sink) {
  const auto* data = static_cast<const std::byte*>(api().tensor_data(from));
  const std::size_t size = api().tensor_bytes(from);
  const auto wanted = element_count(shape.dims());
  std::size_t count = 0;
  if (data != nullptr && size >= 8) {
    const auto stated = read<std::int32_t>(data);
    if (stated < 0 || static_cast<std::size_t>(stated) > size / 4 - 2) return broken(index);
    count = static_cast<std::size_t>(stated);
  }
  if (!wanted || *wanted != count) return broken(index);
  const auto offset_of = [data](std::size_t i) {
    return static_cast<std::size_t>(read<std::uint32_t>(data + 4 * (i + 1)));
  };
  std::size_t before = 4 * (count + 2);
  for (std::size_t i = 0; i <= count && count != 0; ++i) {
    if (offset_of(i) < before || offset_of(i) > size) return broken(index);
    before = offset_of(i);
  }
  const std::size_t bytes = count == 0 ? 0 : offset_of(count) - offset_of(0);
  auto* to = static_cast<std::byte*>(
      sink.allocate(index, TensorType::kString, shape.dims(), bytes + 4 * count));
  if (to == nullptr) {
    return fail(ErrorCode::kTooLarge, "The host refused the buffer of an output.");
  }
  for (std::size_t i = 0; i < count; ++i) {
    const auto length = static_cast<std::uint32_t>(offset_of(i + 1) - offset_of(i));
    std::memcpy(to, &length, sizeof length);
    std::memcpy(to + 4, data + offset_of(i), length);
    to += 4 + length;
  }
  return {};
}

}  // namespace nacre::tflite
