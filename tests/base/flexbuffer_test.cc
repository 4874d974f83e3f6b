#include "base/flexbuffer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "flat_writer.h"

namespace nacre {
namespace {

using testing::ElementsAre;
using testing::Pair;

// The answer, its names copied, since they lie in the bytes.
std::optional<std::vector<std::pair<std::string, double>>> read(const std::string& text) {
  // Its own allocation, of its own size: a sanitizer sees a byte read beyond it.
  const std::vector<char> copy(text.begin(), text.end());
  const auto found = flex_numbers(std::as_bytes(std::span(copy)));
  if (!found) return std::nullopt;
  return std::vector<std::pair<std::string, double>>(found->begin(), found->end());
}

std::string bytes(const std::vector<std::uint8_t>& all) {
  return {all.begin(), all.end()};
}

constexpr std::uint8_t kInt = 1 << 2;
constexpr std::uint8_t kUint = 2 << 2;
constexpr std::uint8_t kFloat = 3 << 2;
constexpr std::uint8_t kText = 5 << 2;
constexpr std::uint8_t kMap = 9 << 2;
constexpr std::uint8_t kBool = 26 << 2;

/// {"a": `first`, "b": `second`}, all in single bytes as writers make it of small numbers.
std::string small(std::uint8_t first_kind, std::uint8_t first, std::uint8_t second_kind,
                  std::uint8_t second) {
  return bytes({'a', 0, 'b', 0,           // the names, at 0 and 2
                2, 5, 4,                  // keys: two, from 5 back to 0, from 6 back to 2
                2, 1, 2,                  // back from 7 to the keys at 5, in bytes; two values
                first, second,            // values, at 10
                first_kind, second_kind,  //
                4, kMap, 1});             // back from 14 to the values at 10
}

TEST(Flexbuffer, NumbersOfAMap) {
  EXPECT_THAT(read(test::flex_map({{"a", 5}, {"bc", -3}, {"d", 0.25}})).value(),
              ElementsAre(Pair("a", 5), Pair("bc", -3), Pair("d", 0.25)));
  EXPECT_TRUE(read(test::flex_map({})).value().empty());
}

TEST(Flexbuffer, SingleBytes) {
  EXPECT_THAT(read(small(kInt, 0xFF, kUint, 0xFF)).value(),
              ElementsAre(Pair("a", -1), Pair("b", 255)));
  EXPECT_THAT(read(small(kBool, 1, kBool, 0)).value(), ElementsAre(Pair("a", 1), Pair("b", 0)));
}

TEST(Flexbuffer, OnlyNumbersInPlace) {
  EXPECT_FALSE(read(small(kInt, 1, kText, 4))) << "text elsewhere";
  EXPECT_FALSE(read(small(kInt, 1, 0, 0))) << "null";
  EXPECT_FALSE(read(small(kFloat, 1, kInt, 1))) << "no float has one byte";
  std::string list = small(kInt, 1, kInt, 2);
  list[list.size() - 2] = static_cast<char>(10 << 2);
  EXPECT_FALSE(read(list)) << "a vector for a root";
}

TEST(Flexbuffer, NamesInOrder) {
  std::string same = small(kInt, 1, kInt, 2);
  same[2] = 'a';
  EXPECT_FALSE(read(same));
  std::string backwards = small(kInt, 1, kInt, 2);
  std::swap(backwards[0], backwards[2]);
  EXPECT_FALSE(read(backwards));
}

TEST(Flexbuffer, CountsThatDoNotFit) {
  std::string keys = small(kInt, 1, kInt, 2);
  keys[4] = 3;
  EXPECT_FALSE(read(keys)) << "three keys of two values";
  std::string both = keys;
  both[9] = 3;
  EXPECT_FALSE(read(both));
  std::vector<std::pair<std::string, double>> many;
  for (char first = 'a'; first <= 'z'; ++first) {
    for (const char second : {'a', 'b', 'c'})
      many.emplace_back(std::string{first, second}, 1);
  }
  EXPECT_FALSE(read(test::flex_map(many))) << "more than any operator has";
}

TEST(Flexbuffer, WhatLeadsOutOfTheBytes) {
  for (const std::size_t at : {5u, 6u, 7u, 14u}) {
    for (const int distance : {15, 16, 255}) {
      std::string far = small(kInt, 1, kInt, 2);
      far[at] = static_cast<char>(distance);
      EXPECT_FALSE(read(far)) << at << " leads back " << distance;
    }
  }
  const std::string endless = bytes({'a', 'b', 'c', 'd', 1, 5, 1, 1, 1, 7, kInt, 2, kMap, 1});
  EXPECT_FALSE(read(endless)) << "no zero byte ends the name";
  EXPECT_FALSE(read(""));
  EXPECT_FALSE(read("ab"));
}

// Whatever changes, nothing outside is read, and the answer lies inside.
TEST(Flexbuffer, AnyByteMayBeAnything) {
  const std::string good = test::flex_map({{"a", 5}, {"bc", -3}, {"d", 0.25}});
  for (std::size_t size = 0; size < good.size(); ++size)
    (void)read(good.substr(0, size));
  for (std::size_t at = 0; at < good.size(); ++at) {
    for (int value = 0; value < 256; ++value) {
      std::string changed = good;
      changed[at] = static_cast<char>(value);
      const auto found = read(changed);
      if (!found) continue;
      EXPECT_LE(found->size(), 64u);
      for (const auto& [name, _] : *found)
        EXPECT_LT(name.size(), good.size());
    }
  }
}

}  // namespace
}  // namespace nacre
