#include "core/buffer.h"

#include <gtest/gtest.h>
#include <cstdint>
#include <limits>

namespace nacre {
namespace {

TEST(Buffer, IsAlignedAndCounted) {
  BufferRef a = allocate_buffer(100);
  ASSERT_TRUE(a);
  EXPECT_EQ(reinterpret_cast<std::uintptr_t>(a.data()) % 64, 0U);
  EXPECT_GE(a.capacity(), 100U);
  EXPECT_TRUE(a.unique());
  {
    const BufferRef b = a;
    EXPECT_FALSE(a.unique());
  }
  EXPECT_TRUE(a.unique());
}

TEST(Buffer, NoMemoryIsEmpty) {
  EXPECT_FALSE(allocate_buffer(std::numeric_limits<std::uint64_t>::max()));
}

TEST(BufferPair, ComesBackWithTheSameOne) {
  BufferPair pair;
  nacre_buffer* first = pair.acquire(100);
  EXPECT_EQ(pair.acquire(100), first);
  EXPECT_EQ(pair.acquire(50), first);
}

TEST(BufferPair, TakesTurnsWhileOneIsHeld) {
  BufferPair pair;
  nacre_buffer* a = pair.acquire(100);
  BufferRef held = BufferRef::retain(a);
  nacre_buffer* b = pair.acquire(100);
  EXPECT_NE(b, a);
  held = BufferRef::retain(b);
  EXPECT_EQ(pair.acquire(100), a);
  held = BufferRef::retain(a);
  EXPECT_EQ(pair.acquire(100), b);
}

TEST(BufferPair, NeverHandsOutWhatIsHeld) {
  BufferPair pair;
  const BufferRef one = BufferRef::retain(pair.acquire(10));
  const BufferRef two = BufferRef::retain(pair.acquire(10));
  const BufferRef three = BufferRef::retain(pair.acquire(10));
  EXPECT_NE(one.get(), two.get());
  EXPECT_NE(two.get(), three.get());
  EXPECT_NE(one.get(), three.get());
}

TEST(BufferPair, KeepsTheLastOneWhenThereIsNoMemory) {
  BufferPair pair;
  nacre_buffer* last = pair.acquire(10);
  ASSERT_NE(last, nullptr);
  EXPECT_EQ(pair.acquire(std::numeric_limits<std::uint64_t>::max()), nullptr);
  const BufferRef other = allocate_buffer(10);  // would take its place if it had gone
  EXPECT_NE(other.get(), last);
  EXPECT_EQ(pair.acquire(10), last);
}

TEST(BufferPair, GrowsAndForgetsWhatIsTooSmall) {
  BufferPair pair;
  ASSERT_NE(pair.acquire(10), nullptr);
  nacre_buffer* large = pair.acquire(1000);
  EXPECT_GE(large->capacity, 1000U);
  EXPECT_EQ(pair.acquire(10), large);
}

TEST(BufferPair, ChargesItsBudgetForWhatItHolds) {
  MemoryBudget budget(100);
  {
    BufferPair pair;
    ASSERT_NE(pair.acquire(60, &budget), nullptr);
    EXPECT_EQ(budget.used(), 60u);
    EXPECT_EQ(pair.acquire(61, &budget), nullptr) << "both exist until the larger one is there";
    EXPECT_EQ(budget.used(), 60u);
    nacre_buffer* small = pair.acquire(10, &budget);
    ASSERT_NE(small, nullptr);
    const BufferRef held = BufferRef::retain(small);
    BufferPair other;
    EXPECT_EQ(other.acquire(41, &budget), nullptr);
    ASSERT_NE(other.acquire(40, &budget), nullptr);
    EXPECT_EQ(budget.used(), 100u);
    EXPECT_EQ(pair.acquire(10, &budget), nullptr) << "the first is held, a second does not fit";
  }
  EXPECT_EQ(budget.used(), 0u);
}

}  // namespace
}  // namespace nacre
