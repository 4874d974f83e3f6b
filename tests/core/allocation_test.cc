// In the steady state of set_input, compute and output Nacre allocates nothing.

#include "support.h"

#include <gtest/gtest.h>
#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <new>

namespace {

std::atomic<std::uint64_t> allocations{0};

void* counted(std::size_t size, std::size_t alignment) {
  allocations.fetch_add(1, std::memory_order_relaxed);
  const std::size_t rounded = (size + alignment - 1) / alignment * alignment;
  return std::aligned_alloc(alignment, rounded == 0 ? alignment : rounded);
}

}  // namespace

// GCC sees the C functions through the replaced operators and calls them a mismatch.
#pragma GCC diagnostic ignored "-Wmismatched-new-delete"

void* operator new(std::size_t size) {
  if (void* block = counted(size, 16)) return block;
  throw std::bad_alloc();
}
void* operator new(std::size_t size, const std::nothrow_t&) noexcept {
  return counted(size, 16);
}
void* operator new(std::size_t size, std::align_val_t alignment) {
  if (void* block = counted(size, static_cast<std::size_t>(alignment))) return block;
  throw std::bad_alloc();
}
void* operator new(std::size_t size, std::align_val_t alignment, const std::nothrow_t&) noexcept {
  return counted(size, static_cast<std::size_t>(alignment));
}
void operator delete(void* block) noexcept {
  std::free(block);
}
void operator delete(void* block, std::size_t) noexcept {
  std::free(block);
}
void operator delete(void* block, std::align_val_t) noexcept {
  std::free(block);
}
void operator delete(void* block, std::size_t, std::align_val_t) noexcept {
  std::free(block);
}
void operator delete(void* block, std::align_val_t, const std::nothrow_t&) noexcept {
  std::free(block);
}

namespace nacre {
namespace {

std::uint64_t allocations_of(ExecutionContext& context, const TensorView& tensor, int rounds) {
  const std::uint64_t before = allocations.load();
  for (int i = 0; i < rounds; ++i) {
    EXPECT_TRUE(context.set_input(0, tensor));
    EXPECT_TRUE(context.compute());
    EXPECT_EQ((*context.output(0))->data.size(), tensor.data.size());
  }
  return allocations.load() - before;
}

constexpr std::array<std::int64_t, 1> kDims = {4};

TEST(Allocation, TheCounterCounts) {
  const std::uint64_t before = allocations.load();
  // Not a new-expression, which a compiler may leave out.
  ::operator delete(::operator new(16));
  EXPECT_EQ(allocations.load() - before, 1U);
}

TEST(Allocation, NoneInTheSteadyState) {
  auto context = test::echo_context("input x f32 ?\n");
  const std::vector<float> data(4, 1);
  const TensorView tensor = test::view(TensorType::kF32, kDims, data);
  allocations_of(*context, tensor, 3);
  EXPECT_EQ(allocations_of(*context, tensor, 1000), 0U);
}

TEST(Allocation, NoneWhileAReaderIsOneBehind) {
  auto context = test::echo_context("input x f32 ?\n");
  const std::vector<float> data(4, 1);
  const TensorView tensor = test::view(TensorType::kF32, kDims, data);
  Tensor kept;
  std::uint64_t before = 0;
  for (int i = 0; i < 1000; ++i) {
    if (i == 5) before = allocations.load();
    ASSERT_TRUE(context->set_input(0, tensor));
    kept = {};
    ASSERT_TRUE(context->compute());
    kept = **context->output(0);
  }
  EXPECT_EQ(allocations.load() - before, 0U);
}

TEST(Allocation, NoneWhenSizesChangeBelowTheLargest) {
  auto context = test::echo_context("input x f32 ?\n");
  const std::vector<float> data(64, 1);
  const auto round = [&](std::int64_t count) {
    const std::array<std::int64_t, 1> dims = {count};
    const std::vector<float>::size_type bytes = static_cast<std::size_t>(count) * sizeof(float);
    return allocations_of(*context,
                          {TensorType::kF32, dims, std::as_bytes(std::span(data)).first(bytes)}, 2);
  };
  round(64);
  std::uint64_t sum = 0;
  for (std::int64_t count = 0; count < 64; ++count)
    sum += round(count);
  EXPECT_EQ(sum, 0U);
}

// Not an assertion on time, which a busy machine would break: bench/ measures it against its floor.
TEST(Allocation, TimeOfOneRoundIsPrinted) {
  auto context = test::echo_context("input x f32 ?\n");
  const std::vector<float> data(4, 1);
  const TensorView tensor = test::view(TensorType::kF32, kDims, data);
  constexpr int kBatches = 200;
  constexpr int kRounds = 5000;
  float sum = 0;
  double best = 1e9;
  for (int batch = 0; batch < kBatches; ++batch) {
    const auto start = std::chrono::steady_clock::now();
    for (int i = 0; i < kRounds; ++i) {
      if (!context->set_input(0, tensor) || !context->compute()) FAIL();
      sum += *reinterpret_cast<const float*>((*context->output(0))->data.data());
    }
    const std::chrono::duration<double, std::nano> time = std::chrono::steady_clock::now() - start;
    best = std::min(best, time.count() / kRounds);
  }
  EXPECT_EQ(sum, kBatches * kRounds);
  std::printf("set_input + compute + output of 16 bytes: %.1f ns (best of %d batches)\n", best,
              kBatches);
}

}  // namespace
}  // namespace nacre
