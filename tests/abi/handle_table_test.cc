#include "abi/handle_table.h"

#include <gtest/gtest.h>

#include <memory>
#include <set>
#include <vector>

namespace nacre {
namespace {

using Table = HandleTable<std::unique_ptr<int>>;

TEST(HandleTable, KeepsFindsAndGivesBack) {
  Table table(HandleKind::kGraph, 10);
  const auto a = table.insert(std::make_unique<int>(1));
  const auto b = table.insert(std::make_unique<int>(2));
  ASSERT_TRUE(a && b);
  EXPECT_NE(*a, *b);
  EXPECT_EQ(**table.find(*a), 1);
  EXPECT_EQ(**table.find(*b), 2);
  EXPECT_EQ(table.size(), 2u);
  auto taken = table.take(*a);
  ASSERT_TRUE(taken);
  EXPECT_EQ(**taken, 1);
  EXPECT_EQ(table.size(), 1u);
  EXPECT_EQ(**table.find(*b), 2);
}

TEST(HandleTable, AHandleIsNeverZeroNorNegative) {
  Table table(HandleKind::kContext, Table::kSlots);
  for (std::uint32_t i = 0; i < Table::kSlots; ++i) {
    const auto handle = table.insert(nullptr);
    ASSERT_TRUE(handle);
    ASSERT_GT(static_cast<std::int32_t>(*handle), 0);
  }
}

TEST(HandleTable, RefusesWhatWasNeverGiven) {
  Table table(HandleKind::kGraph, 10);
  for (const std::uint32_t handle : {0u, 1u, 0x10000000u, 0x7fffffffu, 0xffffffffu}) {
    EXPECT_EQ(table.find(handle), nullptr) << handle;
    EXPECT_FALSE(table.take(handle)) << handle;
  }
  const auto given = table.insert(nullptr);
  ASSERT_TRUE(given);
  for (std::uint32_t bit = 0; bit < 32; ++bit) {
    EXPECT_EQ(table.find(*given ^ (1u << bit)), nullptr) << bit;
  }
}

TEST(HandleTable, RefusesWhatWasGivenBackEvenWhenItsSlotIsUsedAgain) {
  Table table(HandleKind::kGraph, 1);
  const auto first = table.insert(std::make_unique<int>(1));
  ASSERT_TRUE(first && table.take(*first));
  EXPECT_EQ(table.find(*first), nullptr);
  EXPECT_FALSE(table.take(*first));
  const auto second = table.insert(std::make_unique<int>(2));
  ASSERT_TRUE(second);
  EXPECT_NE(*first, *second);
  EXPECT_EQ(table.find(*first), nullptr);
  EXPECT_FALSE(table.take(*first));
  EXPECT_EQ(**table.find(*second), 2);
}

TEST(HandleTable, RefusesTheOtherKind) {
  Table graphs(HandleKind::kGraph, 10);
  HandleTable<std::unique_ptr<long>> contexts(HandleKind::kContext, 10);
  const auto graph = graphs.insert(std::make_unique<int>(1));
  const auto context = contexts.insert(std::make_unique<long>(1));
  ASSERT_TRUE(graph && context);
  EXPECT_EQ(graphs.find(*context), nullptr);
  EXPECT_EQ(contexts.find(*graph), nullptr);
}

TEST(HandleTable, RefusesBeyondItsLimit) {
  Table table(HandleKind::kGraph, 3);
  std::vector<std::uint32_t> handles;
  for (int i = 0; i < 3; ++i)
    handles.push_back(table.insert(nullptr).value());
  EXPECT_TRUE(table.full());
  EXPECT_FALSE(table.insert(nullptr));
  ASSERT_TRUE(table.take(handles[1]));
  EXPECT_FALSE(table.full());
  EXPECT_TRUE(table.insert(nullptr));
  EXPECT_FALSE(table.insert(nullptr));

  Table none(HandleKind::kGraph, 0);
  EXPECT_FALSE(none.insert(nullptr));

  Table vast(HandleKind::kGraph, 0xffffffff);
  EXPECT_EQ(vast.limit(), Table::kSlots);
}

TEST(HandleTable, ANumberComesAgainOnlyAfterAllOthers) {
  // 4 slots of 8 generations: 32 numbers.
  HandleTable<std::unique_ptr<int>, 2, 3> table(HandleKind::kGraph, 4);
  std::vector<std::uint32_t> given;
  for (int round = 0; round < 3; ++round) {
    std::set<std::uint32_t> seen;
    for (int i = 0; i < 32; ++i) {
      const auto handle = table.insert(std::make_unique<int>(i));
      ASSERT_TRUE(handle);
      EXPECT_TRUE(seen.insert(*handle).second) << "given twice in one round: " << *handle;
      for (const auto other : given) {
        ASSERT_EQ(table.find(other) != nullptr, other == *handle);
      }
      given.push_back(*handle);
      ASSERT_EQ(**table.find(*handle), i);
      ASSERT_TRUE(table.take(*handle));
    }
  }
}

TEST(HandleTable, GenerationsWrapWhileOthersLive) {
  HandleTable<std::unique_ptr<int>, 2, 3> table(HandleKind::kGraph, 4);
  const auto lives = table.insert(std::make_unique<int>(42));
  ASSERT_TRUE(lives);
  for (int i = 0; i < 1000; ++i) {
    std::vector<std::uint32_t> batch;
    while (!table.full())
      batch.push_back(table.insert(std::make_unique<int>(i)).value());
    ASSERT_EQ(batch.size(), 3u);
    for (const auto handle : batch) {
      ASSERT_NE(handle, *lives);
      ASSERT_EQ(*table.take(handle).value(), i);
    }
    ASSERT_EQ(**table.find(*lives), 42);
  }
}

}  // namespace
}  // namespace nacre
