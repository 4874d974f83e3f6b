// Memory sections, from binaries as they are and as nobody should write them.
#include "engine/memories.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <initializer_list>
#include <vector>

namespace nacre::engine {
namespace {

using Bytes = std::vector<std::byte>;

Bytes binary(std::uint8_t layer, std::initializer_list<int> sections) {
  Bytes bytes = {std::byte{0}, std::byte{'a'}, std::byte{'s'},   std::byte{'m'},
                 std::byte{1}, std::byte{0},   std::byte{layer}, std::byte{0}};
  for (const int byte : sections)
    bytes.push_back(static_cast<std::byte>(byte));
  return bytes;
}

TEST(Memories, EveryFlag) {
  const auto all = memories_of(
      binary(0, {5, 14, 4, 0x00, 2, 0x03, 1, 0x80, 0x02, 0x04, 0xff, 0x01, 0x09, 5, 6, 0}));
  ASSERT_TRUE(all);
  ASSERT_EQ(all->size(), 4U);
  EXPECT_EQ((*all)[0].min_pages, 2U);
  EXPECT_FALSE((*all)[0].max_pages);
  EXPECT_EQ((*all)[0].page_bytes, 65536U);
  EXPECT_TRUE((*all)[1].shared);
  EXPECT_EQ((*all)[1].max_pages, 256U);
  EXPECT_TRUE((*all)[2].is_64);
  EXPECT_EQ((*all)[2].min_pages, 255U);
  EXPECT_EQ((*all)[3].max_pages, 6U);
  EXPECT_EQ((*all)[3].page_bytes, 1U);
}

TEST(Memories, BrokenBinariesAnswerNothing) {
  EXPECT_FALSE(memories_of({}));
  const Bytes whole = binary(0, {5, 3, 1, 0, 2});
  ASSERT_TRUE(memories_of(whole));
  for (std::size_t size = 0; size < whole.size(); ++size) {
    const auto cut = memories_of(std::span(whole).first(size));
    EXPECT_EQ(cut.has_value(), size == 8) << size;  // the header alone is a module
  }
  // A length beyond all bounds, a number that never ends, more memories than bytes, a silly page.
  EXPECT_FALSE(memories_of(binary(0, {5, 0xff, 0xff, 0xff, 0xff, 0x0f})));
  EXPECT_FALSE(memories_of(
      binary(0, {0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80})));
  EXPECT_FALSE(memories_of(binary(0, {5, 5, 0xff, 0xff, 0x7f, 0, 1})));
  EXPECT_FALSE(memories_of(binary(0, {5, 4, 1, 8, 0, 64})));
}

TEST(StartSection, IsFoundInWholeBinaries) {
  EXPECT_TRUE(has_start_section(binary(0, {5, 3, 1, 0, 2, 8, 1, 0})));
  EXPECT_TRUE(has_start_section(binary(0, {0, 1, 8, 8, 2, 0x80, 0})));
  EXPECT_FALSE(has_start_section(binary(0, {5, 3, 1, 0, 2})));
  EXPECT_FALSE(has_start_section(binary(0, {0, 3, 8, 1, 0})));     // inside another section
  EXPECT_FALSE(has_start_section(binary(0, {8, 2, 0})));           // cut
  EXPECT_FALSE(has_start_section(binary(0, {5, 0xff, 0x7f, 8})));  // cut before it
  EXPECT_FALSE(has_start_section({}));
}

TEST(Memories, ComponentsInComponentsHaveAnEnd) {
  Bytes inner = binary(0, {5, 3, 1, 0, 2});
  const auto wrap = [](const Bytes& body, std::uint8_t id) {
    Bytes out = binary(
        1, {id, static_cast<int>(0x80 | (body.size() & 0x7f)), static_cast<int>(body.size() >> 7)});
    out.insert(out.end(), body.begin(), body.end());
    return out;
  };
  inner = wrap(inner, 1);
  for (int depth = 0; depth < 20; ++depth)
    inner = wrap(inner, 4);
  ASSERT_TRUE(memories_of(inner));
  EXPECT_EQ(memories_of(inner)->size(), 1U);
  for (int depth = 0; depth < 100; ++depth)
    inner = wrap(inner, 4);
  EXPECT_FALSE(memories_of(inner));
}

}  // namespace
}  // namespace nacre::engine
