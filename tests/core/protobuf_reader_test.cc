#include "core/protobuf_reader.h"

#include <gtest/gtest.h>

#include <array>
#include <string>
#include <string_view>

namespace nacre {
namespace {

using namespace std::string_view_literals;

ProtobufReader reader_of(std::string_view bytes) {
  return ProtobufReader(std::as_bytes(std::span(bytes)));
}

TEST(Protobuf, ReadsEveryWireType) {
  ProtobufReader reader = reader_of(
      "\x08\xac\x02"  // 1: varint 300
      "\x11"
      "12345678"  // 2: eight bytes
      "\x1a\x03"
      "abc"  // 3: bytes
      "\x25"
      "1234"sv);  // 4: four bytes
  ProtobufField field;
  ASSERT_TRUE(reader.next(field));
  EXPECT_EQ(field.number, 1U);
  EXPECT_EQ(field.wire, kVarint);
  EXPECT_EQ(field.value, 300U);
  constexpr std::array<std::size_t, 3> kSizes = {8, 3, 4};
  for (std::size_t i = 0; i < kSizes.size(); ++i) {
    ASSERT_TRUE(reader.next(field));
    EXPECT_EQ(field.number, i + 2);
    EXPECT_EQ(field.bytes.size(), kSizes[i]);
    EXPECT_EQ(field.value, 0U);
  }
  EXPECT_FALSE(reader.next(field));
  EXPECT_EQ(reader.problem(), nullptr);
}

TEST(Protobuf, WhatIsWrongIsSaidAndEndsIt) {
  struct Row {
    std::string_view bytes;
    std::string_view says;
  };
  const std::array<Row, 9> table = {{
      {"\x08"sv, "cut off"},
      {"\x08\x80"sv, "cut off"},
      {"\x00\x01"sv, "number 0"},
      {"\xf8\xff\xff\xff\x7f\x01"sv, "29 bits"},
      {"\x08\xff\xff\xff\xff\xff\xff\xff\xff\xff\x02"sv, "64 bits"},
      {"\x0a\x05"
       "abcd"sv,
       "longer than what holds it"},
      {"\x0a\x80\x80\x80\x80\x08"sv, "2 GiB"},
      {"\x0b"sv, "wire type"},
      {"\x0f"sv, "wire type"},
  }};
  for (const Row& row : table) {
    ProtobufReader reader = reader_of(row.bytes);
    ProtobufField field;
    EXPECT_FALSE(reader.next(field)) << row.says;
    ASSERT_NE(reader.problem(), nullptr) << row.says;
    EXPECT_NE(std::string_view(reader.problem()).find(row.says), std::string_view::npos)
        << reader.problem();
    EXPECT_FALSE(reader.next(field));
  }
}

}  // namespace
}  // namespace nacre
