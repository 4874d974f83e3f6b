#include "abi/guest_memory.h"

#include <gtest/gtest.h>

#include <limits>
#include <vector>

namespace nacre {
namespace {

constexpr std::uint64_t kMax64 = std::numeric_limits<std::uint64_t>::max();

class GuestMemoryHelpers : public ::testing::Test {
 protected:
  std::span<std::byte> memory() { return storage_; }
  std::vector<std::byte> storage_ = std::vector<std::byte>(100);
};

TEST_F(GuestMemoryHelpers, SliceStaysInside) {
  EXPECT_EQ(slice(memory(), 0, 100)->size(), 100U);
  EXPECT_EQ(slice(memory(), 40, 60)->data(), storage_.data() + 40);
  EXPECT_EQ(slice(memory(), 100, 0)->size(), 0U);
  EXPECT_FALSE(slice(memory(), 101, 0));
  EXPECT_FALSE(slice(memory(), 100, 1));
  EXPECT_FALSE(slice(memory(), 1, 100));
  EXPECT_FALSE(slice(memory(), 0xffff'ffff, 1));
}

TEST_F(GuestMemoryHelpers, SliceDoesNotWrap) {
  EXPECT_FALSE(slice(memory(), 50, kMax64));
  EXPECT_FALSE(slice(memory(), 50, kMax64 - 49));  // 50 + this is 0 in 64 bits
  EXPECT_FALSE(slice(memory(), kMax64, 2));
  EXPECT_FALSE(slice(memory(), 8, 0xffff'fff8));  // the sum is 0 in 32 bits
}

TEST_F(GuestMemoryHelpers, ArraysAreCountedIn64Bits) {
  EXPECT_EQ(slice_array(memory(), 20, 20, 4)->size(), 80U);
  EXPECT_FALSE(slice_array(memory(), 24, 20, 4));
  EXPECT_FALSE(slice_array(memory(), 0, 0x4000'0000, 4));     // the product is 0 in 32 bits
  EXPECT_FALSE(slice_array(memory(), 0, kMax64 / 4 + 1, 4));  // and here in 64
}

TEST_F(GuestMemoryHelpers, ValuesNeedNoAlignmentAndKeepTheirBytes) {
  EXPECT_TRUE(write<std::uint32_t>(memory(), 3, 0x0403'0201));
  EXPECT_EQ(std::to_integer<int>(storage_[3]), 1);
  EXPECT_EQ(std::to_integer<int>(storage_[6]), 4);
  EXPECT_EQ(*read<std::uint32_t>(memory(), 3), 0x0403'0201U);
  EXPECT_EQ(*read<std::uint8_t>(memory(), 4), 2);
}

TEST_F(GuestMemoryHelpers, NothingIsWrittenThatDoesNotFitWhole) {
  EXPECT_TRUE(write<std::uint32_t>(memory(), 96, 1));
  EXPECT_FALSE(write<std::uint32_t>(memory(), 97, 0xffff'ffff));
  EXPECT_EQ(*read<std::uint32_t>(memory(), 96), 1U);
  EXPECT_FALSE(read<std::uint32_t>(memory(), 97));
  EXPECT_FALSE(read<std::uint8_t>(memory(), 100));
  EXPECT_FALSE(read<std::uint8_t>(memory(), 0xffff'ffff));
}

TEST_F(GuestMemoryHelpers, AnEmptyMemoryHasNothing) {
  const std::span<std::byte> nothing;
  EXPECT_TRUE(slice(nothing, 0, 0));
  EXPECT_FALSE(slice(nothing, 0, 1));
  EXPECT_FALSE(read<std::uint8_t>(nothing, 0));
  EXPECT_FALSE(write<std::uint8_t>(nothing, 0, 1));
}

}  // namespace
}  // namespace nacre
