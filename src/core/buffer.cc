#include "core/buffer.h"

#include "base/aligned_buffer.h"

#include <cstddef>
#include <new>
#include <utility>

namespace nacre {
namespace {

// Stands right in front of the bytes.
struct Block : nacre_buffer {
  ReferenceCount references;
};

constexpr std::size_t kHeader = kBufferAlignment;
static_assert(sizeof(Block) <= kHeader && alignof(Block) <= kBufferAlignment);

void retain(nacre_buffer* self) {
  static_cast<Block*>(self)->references.retain();
}

void release(nacre_buffer* self) {
  auto* block = static_cast<Block*>(self);
  if (!block->references.release()) return;
  auto* data = static_cast<std::byte*>(block->data);
  block->~Block();
  free_aligned(data, kHeader);
}

int unique(const nacre_buffer* self) {
  return static_cast<const Block*>(self)->references.unique() ? 1 : 0;
}

bool usable(const BufferRef& buffer, std::uint64_t size) noexcept {
  return buffer.capacity() >= size && buffer.unique();
}

}  // namespace

BufferRef allocate_buffer(std::uint64_t size) noexcept {
  std::byte* data = allocate_aligned(size, kHeader);
  if (data == nullptr) return {};
  auto* block = new (data - kHeader) Block;
  block->data = data;
  block->capacity = size;
  block->retain = retain;
  block->release = release;
  block->unique = unique;
  return BufferRef::adopt(block);
}

BufferPair::~BufferPair() {
  let_go(first_);
  let_go(second_);
}

void BufferPair::let_go(BufferRef& buffer) noexcept {
  if (budget_ != nullptr) budget_->release(buffer.capacity());
  buffer = {};
}

nacre_buffer* BufferPair::acquire(std::uint64_t size, MemoryBudget* budget) noexcept {
  if (usable(first_, size)) return first_.get();
  if (usable(second_, size)) {
    std::swap(first_, second_);
    return first_.get();
  }
  budget_ = budget;
  if (budget != nullptr && !budget->charge(size)) return nullptr;
  // Nothing goes before the new one is there: the first may be an input that stays set.
  BufferRef fresh = allocate_buffer(size);
  if (!fresh) {
    if (budget != nullptr) budget->release(size);
    return nullptr;
  }
  // A first one that is only too small goes; one that is held elsewhere may come back.
  if (first_ && !first_.unique()) std::swap(first_, second_);
  let_go(first_);
  first_ = std::move(fresh);
  return first_.get();
}

}  // namespace nacre
