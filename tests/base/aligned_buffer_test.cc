#include "base/aligned_buffer.h"

#include <gtest/gtest.h>
#include <cstdint>
#include <cstring>
#include <limits>
#include <thread>
#include <vector>

namespace nacre {
namespace {

TEST(AlignedBuffer, AlignsAndIsWritableToItsEnd) {
  for (const std::uint64_t size : {0, 1, 63, 64, 65, 4096, 602112}) {
    std::byte* data = allocate_aligned(size, 64);
    ASSERT_NE(data, nullptr);
    EXPECT_EQ(reinterpret_cast<std::uintptr_t>(data) % kBufferAlignment, 0U) << size;
    std::memset(data - 64, 1, size + 64);
    free_aligned(data, 64);
  }
}

TEST(AlignedBuffer, SaysNoToWhatNoMachineHas) {
  EXPECT_EQ(allocate_aligned(std::numeric_limits<std::uint64_t>::max(), 64), nullptr);
  EXPECT_EQ(allocate_aligned(std::numeric_limits<std::uint64_t>::max() - 64, 64), nullptr);
  EXPECT_EQ(allocate_aligned(std::uint64_t{1} << 62, 0), nullptr);
  free_aligned(nullptr, 64);
}

TEST(ReferenceCount, LastOneIsToldOnce) {
  ReferenceCount count;
  EXPECT_TRUE(count.unique());
  count.retain();
  EXPECT_FALSE(count.unique());
  EXPECT_FALSE(count.release());
  EXPECT_TRUE(count.unique());
  EXPECT_TRUE(count.release());
}

TEST(ReferenceCount, CountsAcrossThreads) {
  constexpr int kThreads = 4;
  ReferenceCount count;
  for (int i = 0; i < kThreads; ++i)
    count.retain();
  std::vector<std::thread> threads;
  for (int i = 0; i < kThreads; ++i) {
    threads.emplace_back([&count] {
      for (int j = 0; j < 10000; ++j) {
        count.retain();
        EXPECT_FALSE(count.release());
      }
      EXPECT_FALSE(count.release());
    });
  }
  for (auto& thread : threads)
    thread.join();
  EXPECT_TRUE(count.unique());
}

}  // namespace
}  // namespace nacre
