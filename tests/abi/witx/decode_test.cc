#include "abi/witx/decode.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstring>
#include <vector>

#include "core/loader.h"

namespace nacre::witx {
namespace {

using testing::HasSubstr;

class Decode : public testing::Test {
 protected:
  template <typename T>
  void put(std::size_t at, T value) {
    std::memcpy(bytes_.data() + at, &value, sizeof value);
  }
  Result<TensorView> tensor(GuestPtr at, Dialect dialect = Dialect::kWitx) {
    return decode_tensor(bytes_, at, dialect_table(dialect), dims_);
  }

  std::vector<std::byte> bytes_ = std::vector<std::byte>(1024);
  Dims dims_ = {};
};

TEST_F(Decode, ATensorAtItsOffsets) {
  put<std::uint32_t>(100 + 0, 200);  // dims
  put<std::uint32_t>(100 + 4, 3);
  put<std::uint8_t>(100 + 8, 1);
  for (int i = 9; i < 12; ++i)
    put<std::uint8_t>(100 + i, 0xff);
  put<std::uint32_t>(100 + 12, 300);  // data
  put<std::uint32_t>(100 + 16, 24);
  put<std::uint32_t>(200, 1);
  put<std::uint32_t>(204, 0xffffffff);
  put<std::uint32_t>(208, 6);
  const auto view = tensor(100);
  ASSERT_TRUE(view.has_value());
  EXPECT_EQ(view->type, TensorType::kF32);
  EXPECT_THAT(view->dims, testing::ElementsAre(1, 0xffffffffLL, 6));  // unsigned, never negative
  EXPECT_EQ(view->data.data(), bytes_.data() + 300);
  EXPECT_EQ(view->data.size(), 24u);
}

TEST_F(Decode, ATensorOfTheLargestRankAndOneMore) {
  for (const std::uint32_t rank : {std::uint32_t{kMaxRank}, std::uint32_t{kMaxRank} + 1}) {
    put<std::uint32_t>(0, 200);
    put<std::uint32_t>(4, rank);
    put<std::uint8_t>(8, 3);
    const auto view = tensor(0);
    EXPECT_EQ(view.has_value(), rank == kMaxRank);
    if (!view) {
      EXPECT_EQ(view.error().code, ErrorCode::kInvalidArgument);
      EXPECT_THAT(view.error().message, HasSubstr("rank 33"));
    }
  }
}

TEST_F(Decode, ARecordThatJustFitsAndOneThatDoesNot) {
  EXPECT_TRUE(tensor(1024 - 20).has_value());
  for (const GuestPtr at : {1024u - 19, 1024u, 0xffffffffu - 19, 0xffffffffu}) {
    const auto view = tensor(at);
    ASSERT_FALSE(view.has_value()) << at;
    EXPECT_EQ(view.error().code, ErrorCode::kInvalidArgument);
    EXPECT_THAT(view.error().message, HasSubstr("tensor record would be 20 bytes"));
    EXPECT_THAT(view.error().message, HasSubstr("1024 bytes"));
  }
}

TEST_F(Decode, TheTypeIsReadInTheDialect) {
  put<std::uint8_t>(8, 2);
  EXPECT_EQ(tensor(0, Dialect::kWitx)->type, TensorType::kF64);
  EXPECT_EQ(tensor(0, Dialect::kLegacy)->type, TensorType::kU8);
  put<std::uint8_t>(8, 4);
  EXPECT_EQ(tensor(0, Dialect::kWitx)->type, TensorType::kI32);
  EXPECT_FALSE(tensor(0, Dialect::kLegacy).has_value());
}

TEST_F(Decode, BuildersInOrder) {
  for (std::uint32_t i = 0; i < 3; ++i) {
    put<std::uint32_t>(11 + 8 * i, 500 + i);  // misaligned
    put<std::uint32_t>(15 + 8 * i, i);
  }
  const auto parts = decode_builders(bytes_, 11, 3);
  ASSERT_TRUE(parts.has_value());
  ASSERT_EQ(parts->size(), 3u);
  for (std::size_t i = 0; i < 3; ++i) {
    EXPECT_EQ((*parts)[i].data(), bytes_.data() + 500 + i);
    EXPECT_EQ((*parts)[i].size(), i);
  }
  EXPECT_TRUE(decode_builders(bytes_, 0, 0)->empty());
}

TEST_F(Decode, BuildersBeyondWhatAnyModelHas) {
  EXPECT_TRUE(decode_builders(bytes_, 0, kMaxModelParts).has_value());
  const auto parts = decode_builders(bytes_, 0, kMaxModelParts + 1);
  ASSERT_FALSE(parts.has_value());
  EXPECT_EQ(parts.error().code, ErrorCode::kTooLarge);
}

TEST_F(Decode, AnEmptyMemoryHoldsNothing) {
  const std::span<std::byte> none;
  EXPECT_FALSE(decode_tensor(none, 0, dialect_table(Dialect::kWitx), dims_).has_value());
  EXPECT_FALSE(decode_builders(none, 0, 1).has_value());
  EXPECT_FALSE(can_write_u32(none, 0, "It").has_value());
}

}  // namespace
}  // namespace nacre::witx
