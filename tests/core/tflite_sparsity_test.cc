#include "core/tflite_sparsity.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstddef>
#include <cstdint>
#include <expected>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "flat_writer.h"

namespace nacre {
namespace {

using test::Flat;
using test::flat_i32;
using test::flat_ints;
using test::flat_table;
using test::flat_u8;
using testing::HasSubstr;

Flat dense(std::int32_t size) {
  return flat_table({{0, flat_u8(0)}, {1, flat_i32(size)}});
}

// Rows of indices in i32.
Flat rows(std::vector<std::int32_t> segments, std::vector<std::int32_t> indices) {
  return flat_table({{0, flat_u8(1)},
                     {2, flat_u8(1)},
                     {3, flat_table({{0, flat_ints(std::move(segments))}})},
                     {4, flat_u8(1)},
                     {5, flat_table({{0, flat_ints(std::move(indices))}})}});
}

// The same in u8.
Flat narrow_rows(const std::string& segments, const std::string& indices) {
  return flat_table({{0, flat_u8(1)},
                     {2, flat_u8(3)},
                     {3, flat_table({{0, test::flat_bytes(segments)}})},
                     {4, flat_u8(3)},
                     {5, flat_table({{0, test::flat_bytes(indices)}})}});
}

struct Sparsity {
  std::vector<std::int32_t> order;
  std::vector<std::int32_t> blocks;
  std::vector<Flat> levels;
};

std::expected<std::uint64_t, std::string> count(const std::vector<std::int32_t>& shape,
                                                const Sparsity& s) {
  const std::string text =
      test::FlatWriter().write(flat_table({{0, flat_table({{0, flat_ints(s.order)},
                                                           {1, flat_ints(s.blocks)},
                                                           {2, test::flat_tables(s.levels)}})},
                                           {1, flat_ints(shape)}}));
  FlatBytes bytes(std::as_bytes(std::span(text)));
  const FlatTable root = FlatTable::root(bytes, "TFL3");
  return sparse_tflite_values(root.table(0), root.numbers<std::int32_t>(1));
}

void expect_wrong(const std::vector<std::int32_t>& shape, const Sparsity& s,
                  const std::string& words) {
  const auto found = count(shape, s);
  ASSERT_FALSE(found) << *found << " values";
  EXPECT_THAT(found.error(), HasSubstr(words));
}

TEST(TfliteSparsity, DenseLevelsBringEveryValue) {
  EXPECT_EQ(count({2, 3}, {{0, 1}, {}, {dense(2), dense(3)}}), 6u);
  EXPECT_EQ(count({2, 3}, {{1, 0}, {}, {dense(3), dense(2)}}), 6u) << "columns first";
}

TEST(TfliteSparsity, RowsBringAValueForEachIndex) {
  EXPECT_EQ(count({2, 4}, {{0, 1}, {}, {dense(2), rows({0, 2, 3}, {1, 3, 2})}}), 3u);
  const std::string segments("\0\2\3", 3);
  EXPECT_EQ(count({2, 4}, {{0, 1}, {}, {dense(2), narrow_rows(segments, "\1\3\2")}}), 3u);
  EXPECT_EQ(count({2, 4}, {{0, 1}, {}, {rows({0, 1}, {1}), rows({0, 2}, {0, 3})}}), 2u)
      << "rows of rows: the second row alone";
}

TEST(TfliteSparsity, BlocksBringAllOfTheirValues) {
  // Of 4 x 4, the upper left and the lower right block of 2 x 2.
  const Sparsity s{{0, 1, 2, 3}, {0, 1}, {dense(2), rows({0, 1, 2}, {0, 1}), dense(2), dense(2)}};
  EXPECT_EQ(count({4, 4}, s), 8u);
  expect_wrong({4, 5}, s, "blocks of 2 in dimension 1");
  expect_wrong({4, 4}, {{0, 1, 2, 3}, {1, 0}, s.levels}, "in dimension 0");
  expect_wrong({4, 4}, {{0, 1, 2, 3}, {0, 2}, s.levels}, "in dimension 2");
  expect_wrong({4, 4}, {{0, 1, 3, 2}, {0, 1}, s.levels}, "in the order of its dimensions");
  // An index counts blocks, not elements.
  Sparsity far = s;
  far.levels[1] = rows({0, 1, 2}, {0, 2});
  expect_wrong({4, 4}, far, "the index 2 in a dimension of 2");
  // Blocks are dense.
  Sparsity inner = s;
  inner.levels[2] = flat_table({{0, flat_u8(1)}, {1, flat_i32(2)}});
  expect_wrong({4, 4}, inner, "unknown kind 1");
}

TEST(TfliteSparsity, LevelsAndOrderFitTheShape) {
  expect_wrong({}, {{}, {}, {}}, "0 dimensions");
  expect_wrong({2, 3}, {{0, 1}, {}, {dense(2)}}, "1 levels");
  expect_wrong({2, 3}, {{0, 1}, {}, {dense(2), dense(4)}}, "has 4 at a level of 3");
  expect_wrong({2, 3}, {{0, 0}, {}, {dense(2), dense(2)}}, "has 0 in the order");
  expect_wrong({2, 3}, {{0, -1}, {}, {dense(2), dense(3)}}, "has -1 in the order");
  expect_wrong({2, 0}, {{0, 1}, {}, {dense(2), dense(0)}}, "a dimension of 0");
  expect_wrong({1 << 16, 1 << 16}, {{0, 1}, {}, {dense(1 << 16), dense(1 << 16)}},
               "more than 2147483647 elements");
  expect_wrong({1, 1, 1, 1, 1, 1, 1, 1, 1}, {{}, {}, {}}, "9 dimensions");
}

TEST(TfliteSparsity, RowsStayInside) {
  const auto second = [](Flat level) { return Sparsity{{0, 1}, {}, {dense(2), std::move(level)}}; };
  expect_wrong({2, 4}, second(rows({0, 2, 3}, {1, 4, 2})), "the index 4");
  expect_wrong({2, 4}, second(rows({0, 2, 3}, {1, -1, 2})), "the index -1");
  expect_wrong({2, 4}, second(rows({0, 2}, {1, 3})), "2 rows of indices and 2 ends");
  expect_wrong({2, 4}, second(rows({0, 4, 3}, {1, 3, 2})), "ends before itself");
  expect_wrong({2, 4}, second(rows({0, 2, 4}, {1, 3, 2})), "3 indices, and its rows have 4");
  expect_wrong({2, 4}, second(rows({1, 2, 3}, {1, 3, 2})), "rows of indices");
  expect_wrong({2, 4}, second(rows({}, {})), "0 ends");
}

}  // namespace
}  // namespace nacre
