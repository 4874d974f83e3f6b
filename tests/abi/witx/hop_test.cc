// One inference through the codec and core, without a VM: set_input, compute, get_output on echo.
// It must not allocate once it runs. The time is printed, not asserted; machines differ.
#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <new>
#include <string>
#include <vector>

#include "../fake_guest.h"

namespace {
std::atomic<bool> counting = false;
std::atomic<long> allocations = 0;

[[maybe_unused]] void* counted(std::size_t size, std::size_t alignment) {
  if (counting.load(std::memory_order_relaxed)) ++allocations;
  // aligned_alloc wants a multiple of the alignment.
  void* p = std::aligned_alloc(alignment, (size + alignment - 1) / alignment * alignment);
  if (p == nullptr) throw std::bad_alloc();
  return p;
}
}  // namespace

// A sanitizer brings its own; it must see them.
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
#define NACRE_COUNTS_ALLOCATIONS
void* operator new(std::size_t size) {
  return counted(size, alignof(std::max_align_t));
}
void* operator new(std::size_t size, std::align_val_t a) {
  return counted(size, static_cast<std::size_t>(a));
}
void operator delete(void* p) noexcept {
  std::free(p);
}
void operator delete(void* p, std::size_t) noexcept {
  std::free(p);
}
void operator delete(void* p, std::align_val_t) noexcept {
  std::free(p);
}
void operator delete(void* p, std::size_t, std::align_val_t) noexcept {
  std::free(p);
}
#endif

namespace nacre::test {
namespace {

struct Hop {
  explicit Hop(std::uint32_t bytes) : guest(undescribed()) {
    guest.memory.grow(2 * bytes + 0x10000);
    context = guest.init(guest.open("net"));
    guest.put<std::uint32_t>(kDims, bytes / 4);
    guest.put_tensor_at(kRecord, kDims, 1, kWitxF32, kMemory, bytes);
    set_input_args[0] = compute_args[0] = get_output_args[0] = context;
    get_output_args[2] = kMemory + bytes;
    get_output_args[3] = bytes;
    for (std::uint32_t i = 0; i < bytes; ++i) {
      guest.memory.bytes()[kMemory + i] = static_cast<std::byte>(i * 37);
    }
  }
  std::uint32_t once() {
    return set_input(&guest.state, guest.memory, set_input_args) |
           compute(&guest.state, guest.memory, compute_args) |
           get_output(&guest.state, guest.memory, get_output_args);
  }

  FakeGuest guest;
  std::uint32_t context = 0;
  HostFunction::Fn set_input = function("set_input").fn;
  HostFunction::Fn compute = function("compute").fn;
  HostFunction::Fn get_output = function("get_output").fn;
  std::uint32_t set_input_args[3] = {0, 0, kRecord};
  std::uint32_t compute_args[1] = {0};
  std::uint32_t get_output_args[5] = {0, 0, 0, 0, kWritten};
};

#ifdef NACRE_COUNTS_ALLOCATIONS
TEST(Hop, TheSteadyStateAllocatesNothing) {
  for (const std::uint32_t bytes : {16u, 602'112u}) {
    Hop hop(bytes);
    for (int i = 0; i < 10; ++i)
      ASSERT_EQ(hop.once(), 0u);
    allocations = 0;
    counting = true;
    std::uint32_t answers = 0;
    for (int i = 0; i < 1000; ++i)
      answers |= hop.once();
    counting = false;
    EXPECT_EQ(answers, 0u);
    EXPECT_EQ(allocations, 0) << bytes;
    EXPECT_EQ(hop.guest.get_bytes(kMemory, bytes), hop.guest.get_bytes(kMemory + bytes, bytes));
  }
}

#endif

TEST(Hop, TimeOfOneInference) {
  for (const std::uint32_t bytes : {16u, 602'112u}) {
    Hop hop(bytes);
    const int calls = bytes == 16 ? 100'000 : 200;
    std::vector<double> blocks;
    for (int block = 0; block < 11; ++block) {
      const auto from = std::chrono::steady_clock::now();
      std::uint32_t answers = 0;
      for (int i = 0; i < calls; ++i)
        answers |= hop.once();
      const std::chrono::duration<double, std::nano> took = std::chrono::steady_clock::now() - from;
      ASSERT_EQ(answers, 0u);
      blocks.push_back(took.count() / calls);
    }
    std::ranges::sort(blocks);
    std::printf("  hop without VM, %u bytes: %.1f ns (median), %.1f ns (best)\n", bytes,
                blocks[blocks.size() / 2], blocks.front());
    EXPECT_EQ(hop.guest.get_bytes(kMemory, bytes), hop.guest.get_bytes(kMemory + bytes, bytes));
  }
}

}  // namespace
}  // namespace nacre::test
