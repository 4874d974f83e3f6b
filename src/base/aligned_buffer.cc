#include "base/aligned_buffer.h"

#include "base/checked_math.h"

#include <new>

namespace nacre {
namespace {

// More than any tensor; allocators of debugging tools end the process when asked for more.
constexpr std::uint64_t kLargest = std::uint64_t{1} << 40;

}  // namespace

std::byte* allocate_aligned(std::uint64_t size, std::size_t header) noexcept {
  const auto total = checked_add(size == 0 ? 1 : size, header);
  if (!total || *total > kLargest) return nullptr;
  void* block = ::operator new(static_cast<std::size_t>(*total), std::align_val_t{kBufferAlignment},
                               std::nothrow);
  return block == nullptr ? nullptr : static_cast<std::byte*>(block) + header;
}

void free_aligned(std::byte* data, std::size_t header) noexcept {
  if (data != nullptr) ::operator delete(data - header, std::align_val_t{kBufferAlignment});
}

}  // namespace nacre
