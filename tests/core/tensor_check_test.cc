#include "core/tensor_check.h"

#include "core/carrier.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <array>
#include <cstdint>
#include <cstring>
#include <limits>
#include <string>
#include <vector>

namespace nacre {
namespace {

using testing::HasSubstr;
constexpr std::uint64_t kNoLimit = std::numeric_limits<std::uint64_t>::max();

struct Given {
  TensorType type;
  std::vector<std::int64_t> dims;
  std::vector<std::byte> data;
};

Result<CheckedInput> check(const TensorDescription& wanted, const Given& given,
                           std::uint64_t limit = kNoLimit) {
  CheckedInput out;
  auto ok = check_input(&wanted, 2, {given.type, given.dims, given.data}, {.bytes = limit}, out);
  if (!ok) return std::unexpected(ok.error());
  return out;
}

TensorDescription wants(TensorType type, std::optional<Shape> shape) {
  return {.name = "x", .type = type, .shape = shape, .note = {}};
}

std::vector<std::byte> zeros(std::size_t count) {
  return std::vector<std::byte>(count);
}

std::vector<std::byte> rows(const std::vector<std::string>& texts) {
  std::vector<std::byte> out;
  for (const std::string& text : texts) {
    const auto size = static_cast<std::uint32_t>(text.size());
    const auto* head = reinterpret_cast<const std::byte*>(&size);
    out.insert(out.end(), head, head + sizeof size);
    const auto* body = reinterpret_cast<const std::byte*>(text.data());
    out.insert(out.end(), body, body + text.size());
  }
  return out;
}

void expect_error(const Result<CheckedInput>& result, ErrorCode code,
                  const std::vector<std::string>& parts) {
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().code, code);
  for (const std::string& part : parts)
    EXPECT_THAT(result.error().message, HasSubstr(part));
}

TEST(CheckInput, EveryTypeWithItsOwnSize) {
  for (std::uint32_t i = 1; i <= 13; ++i) {
    const auto type = static_cast<TensorType>(i);
    const auto result =
        check(wants(type, Shape{2, 3}), {type, {2, 3}, zeros(6 * element_size(type))});
    ASSERT_TRUE(result) << result.error().message;
    EXPECT_EQ(result->type, type);
    EXPECT_EQ(result->shape, (Shape{2, 3}));
  }
}

TEST(CheckInput, WrongTypeNamesBothAndTheInput) {
  expect_error(check(wants(TensorType::kF32, Shape{1}), {TensorType::kI32, {1}, zeros(4)}),
               ErrorCode::kInvalidArgument, {"input 2 (\"x\")", "type f32", "i32 was given"});
  // No silent conversion: u8 stands only for what wasi-nn cannot name.
  expect_error(check(wants(TensorType::kF32, Shape{1}), {TensorType::kU8, {1, 4}, zeros(4)}),
               ErrorCode::kInvalidArgument, {"type f32", "u8 was given"});
  expect_error(check(wants(TensorType::kUnknown, {}), {static_cast<TensorType>(99), {1}, zeros(4)}),
               ErrorCode::kInvalidArgument, {"99 is no element type"});
  expect_error(check(wants(TensorType::kUnknown, {}), {TensorType::kUnknown, {1}, zeros(4)}),
               ErrorCode::kInvalidArgument, {"0 is no element type"});
}

TEST(CheckInput, RankAndDimensions) {
  const auto wanted = wants(TensorType::kU8, Shape{1, -1, 3});
  EXPECT_TRUE(check(wanted, {TensorType::kU8, {1, 5, 3}, zeros(15)}));
  EXPECT_TRUE(check(wanted, {TensorType::kU8, {1, 0, 3}, zeros(0)}));
  expect_error(check(wanted, {TensorType::kU8, {1, 5}, zeros(5)}), ErrorCode::kInvalidArgument,
               {"[1,?,3]", "[1,5] was given"});
  expect_error(check(wanted, {TensorType::kU8, {2, 5, 3}, zeros(30)}), ErrorCode::kInvalidArgument,
               {"[1,?,3]", "[2,5,3] was given"});
  expect_error(check(wanted, {TensorType::kU8, {1, -1, 3}, zeros(0)}), ErrorCode::kInvalidArgument,
               {"a dimension is -1"});
  // A static dimension of 0 takes nothing else.
  EXPECT_FALSE(check(wants(TensorType::kU8, Shape{0}), {TensorType::kU8, {1}, zeros(1)}));
}

TEST(CheckInput, RankZeroAlsoTakesOne) {
  const auto wanted = wants(TensorType::kF32, Shape{});
  const auto plain = check(wanted, {TensorType::kF32, {}, zeros(4)});
  ASSERT_TRUE(plain);
  const auto one = check(wanted, {TensorType::kF32, {1}, zeros(4)});
  ASSERT_TRUE(one);
  EXPECT_EQ(one->shape.rank(), 0U);
  EXPECT_FALSE(check(wanted, {TensorType::kF32, {2}, zeros(8)}));
  EXPECT_FALSE(check(wanted, {TensorType::kF32, {1, 1}, zeros(4)}));
  // The other way round is no rank 0.
  EXPECT_FALSE(check(wants(TensorType::kF32, Shape{1}), {TensorType::kF32, {}, zeros(4)}));
}

TEST(CheckInput, BytesMustMatchAndSayBothNumbers) {
  expect_error(check(wants(TensorType::kF32, Shape{2, 2}), {TensorType::kF32, {2, 2}, zeros(15)}),
               ErrorCode::kInvalidArgument, {"takes 16 bytes", "15 were given"});
  expect_error(check(wants(TensorType::kF32, {}), {TensorType::kF32, {2, 2}, zeros(17)}),
               ErrorCode::kInvalidArgument, {"takes 16 bytes", "17 were given"});
}

TEST(CheckInput, ProductsThatOverflowAreRefused) {
  constexpr std::int64_t kHalf = std::int64_t{1} << 32;
  const auto any = wants(TensorType::kUnknown, {});
  expect_error(check(any, {TensorType::kU8, {kHalf, kHalf}, zeros(0)}), ErrorCode::kInvalidArgument,
               {"more than 64 bits"});
  expect_error(check(any, {TensorType::kF64, {kHalf, kHalf / 4}, zeros(0)}),
               ErrorCode::kInvalidArgument, {"more than 64 bits"});
  // A zero among them makes it a tensor without bytes.
  EXPECT_TRUE(check(any, {TensorType::kF64, {kHalf, kHalf, 0}, zeros(0)}));
}

TEST(CheckInput, RanksThatNobodyComputesAreRefused) {
  const auto any = wants(TensorType::kUnknown, {});
  EXPECT_TRUE(check(any, {TensorType::kU8, std::vector<std::int64_t>(32, 1), zeros(1)}));
  expect_error(check(any, {TensorType::kU8, std::vector<std::int64_t>(33, 1), zeros(1)}),
               ErrorCode::kInvalidArgument, {"rank of 33", "32"});
  expect_error(check(any, {TensorType::kU8, std::vector<std::int64_t>(1'000'000, 1), zeros(1)}),
               ErrorCode::kInvalidArgument, {"rank of 1000000"});
}

TEST(CheckInput, LimitOnBytes) {
  expect_error(check(wants(TensorType::kU8, {}), {TensorType::kU8, {11}, zeros(11)}, 10),
               ErrorCode::kTooLarge, {"11 bytes", "limit", "10"});
}

TEST(CheckInput, UnknownsAreNotChecked) {
  const auto result = check(wants(TensorType::kUnknown, {}), {TensorType::kI64, {4}, zeros(32)});
  ASSERT_TRUE(result);
  EXPECT_EQ(result->type, TensorType::kI64);
  CheckedInput out;
  const std::array<std::int64_t, 1> dims = {4};
  const auto data = zeros(32);
  EXPECT_TRUE(check_input(nullptr, 7, {TensorType::kI64, dims, data}, {}, out));
}

TEST(Carrier, EveryTypeThatWasiNnCannotName) {
  struct Row {
    TensorType type;
    std::vector<std::int64_t> carrier;
  };
  const std::vector<Row> table = {{TensorType::kI8, {2, 3}},      {TensorType::kBool, {2, 3}},
                                  {TensorType::kI16, {2, 3, 2}},  {TensorType::kU16, {2, 3, 2}},
                                  {TensorType::kBf16, {2, 3, 2}}, {TensorType::kU32, {2, 3, 4}},
                                  {TensorType::kU64, {2, 3, 8}}};
  for (const auto& [type, carrier] : table) {
    const auto data = zeros(6 * element_size(type));
    const auto result = check(wants(type, Shape{-1, 3}), {TensorType::kU8, carrier, data});
    ASSERT_TRUE(result) << to_string(type) << ": " << result.error().message;
    EXPECT_EQ(result->type, type);
    EXPECT_EQ(result->shape, (Shape{2, 3}));
    // And back again.
    EXPECT_EQ(carrier_shape(type, result->shape.dims(), data.size()), Shape(carrier));
  }
}

TEST(Carrier, AppendedDimensionMustBeTheSize) {
  const auto wanted = wants(TensorType::kU32, Shape{2});
  expect_error(check(wanted, {TensorType::kU8, {2}, zeros(2)}), ErrorCode::kInvalidArgument,
               {"u8 stands for u32", "4"});
  expect_error(check(wanted, {TensorType::kU8, {8}, zeros(8)}), ErrorCode::kInvalidArgument,
               {"u8 stands for u32"});
  expect_error(check(wanted, {TensorType::kU8, {}, zeros(1)}), ErrorCode::kInvalidArgument,
               {"u8 stands for u32"});
  expect_error(check(wanted, {TensorType::kU8, {3, 4}, zeros(12)}), ErrorCode::kInvalidArgument,
               {"[2]", "[3] was given"});
}

TEST(Carrier, RankZero) {
  EXPECT_TRUE(check(wants(TensorType::kU64, Shape{}), {TensorType::kU8, {8}, zeros(8)}));
  EXPECT_TRUE(check(wants(TensorType::kU64, Shape{}), {TensorType::kU8, {1, 8}, zeros(8)}));
}

TEST(Carrier, TheLargestRankHasRoomForTheSize) {
  std::vector<std::int64_t> dims(32, 1);
  EXPECT_EQ(carrier_shape(TensorType::kU64, dims, 8), std::nullopt);
  dims.push_back(8);
  EXPECT_TRUE(check(wants(TensorType::kU64, Shape(std::span(dims).first(32))),
                    {TensorType::kU8, dims, zeros(8)}));
}

TEST(Bools, OnlyZeroAndOne) {
  const auto wanted = wants(TensorType::kBool, Shape{3});
  std::vector<std::byte> data = {std::byte{0}, std::byte{1}, std::byte{1}};
  EXPECT_TRUE(check(wanted, {TensorType::kBool, {3}, data}));
  data[1] = std::byte{2};
  expect_error(check(wanted, {TensorType::kU8, {3}, data}), ErrorCode::kInvalidArgument,
               {"element 1", "is 2"});
}

TEST(Strings, RowsAreCounted) {
  EXPECT_EQ(count_strings({}), 0U);
  EXPECT_EQ(count_strings(rows({"a", "", "ccc"})), 3U);
  auto broken = rows({"a", "bb"});
  broken.pop_back();
  EXPECT_EQ(count_strings(broken), std::nullopt);
  broken = rows({"a"});
  broken.push_back(std::byte{0});
  EXPECT_EQ(count_strings(broken), std::nullopt);
  broken = rows({"a"});
  std::memset(broken.data(), 0xff, 4);
  EXPECT_EQ(count_strings(broken), std::nullopt);
}

TEST(Strings, AsThemselves) {
  const auto wanted = wants(TensorType::kString, Shape{-1, 2});
  const auto data = rows({"a", "b", "c", "d"});
  const auto result = check(wanted, {TensorType::kString, {2, 2}, data});
  ASSERT_TRUE(result) << result.error().message;
  expect_error(check(wanted, {TensorType::kString, {3, 2}, data}), ErrorCode::kInvalidArgument,
               {"[3,2]", "4 rows"});
  expect_error(check(wanted, {TensorType::kString, {2, 2}, zeros(3)}), ErrorCode::kInvalidArgument,
               {"last row"});
}

TEST(Strings, CarriedTheirShapeFollowsFromTheGraph) {
  const auto data = rows({"a", "bb", "", "d"});
  const auto bytes = static_cast<std::int64_t>(data.size());
  const Given given{TensorType::kU8, {bytes}, data};
  const auto shape = [&](std::optional<Shape> wanted) -> std::optional<Shape> {
    const auto result = check(wants(TensorType::kString, wanted), given);
    return result ? std::optional(result->shape) : std::nullopt;
  };
  EXPECT_EQ(shape({}), (Shape{4}));
  EXPECT_EQ(shape(Shape{4}), (Shape{4}));
  EXPECT_EQ(shape(Shape{2, 2}), (Shape{2, 2}));
  EXPECT_EQ(shape(Shape{-1, 2}), (Shape{2, 2}));
  EXPECT_EQ(shape(Shape{-1}), (Shape{4}));
  EXPECT_EQ(shape(Shape{3}), std::nullopt);
  EXPECT_EQ(shape(Shape{-1, 3}), std::nullopt);
  EXPECT_EQ(shape(Shape{-1, -1}), std::nullopt);
  EXPECT_EQ(shape(Shape{-1, 0}), std::nullopt);
  EXPECT_EQ(carrier_shape(TensorType::kString, Shape{2, 2}.dims(), data.size()), (Shape{bytes}));
  expect_error(check(wants(TensorType::kString, {}), {TensorType::kU8, {bytes - 1}, data}),
               ErrorCode::kInvalidArgument, {"one dimension"});
}

TEST(CheckOutput, RefusesWhatIsNoTensor) {
  const auto stated = wants(TensorType::kF32, Shape{4});
  const auto result = [&](std::uint32_t type, std::vector<std::int64_t> dims, std::uint64_t size,
                          std::uint64_t limit = kNoLimit) {
    const auto data = zeros(size);
    auto ok = check_output(&stated, 0, type, dims, data.data(), size, limit);
    return ok ? ErrorCode{} : ok.error().code;
  };
  constexpr std::uint32_t kF32 = 2;
  EXPECT_EQ(result(kF32, {4}, 16), ErrorCode{});
  // A stated shape is a hint; runtimes themselves only warn.
  EXPECT_EQ(result(kF32, {2, 1}, 8), ErrorCode{});
  EXPECT_EQ(result(kF32, {4}, 12), ErrorCode::kRuntimeError);
  EXPECT_EQ(result(kF32, {-4}, 16), ErrorCode::kRuntimeError);
  EXPECT_EQ(result(3, {2}, 16), ErrorCode::kRuntimeError);
  EXPECT_EQ(result(0, {4}, 16), ErrorCode::kRuntimeError);
  EXPECT_EQ(result(kF32, std::vector<std::int64_t>(33, 1), 4), ErrorCode::kRuntimeError);
  EXPECT_EQ(result(kF32, {4}, 16, 15), ErrorCode::kTooLarge);
}

// A runtime keeps an object for each string, so many short ones cost far more than their bytes.
TEST(CheckInput, StringsHaveLimitsOfTheirOwn) {
  const TensorDescription words = wants(TensorType::kString, Shape{-1});
  const std::vector<std::byte> four = rows({"", "a", "", "bc"});
  const std::vector<std::int64_t> dims = {4};
  const auto bytes = static_cast<std::int64_t>(four.size());
  const std::vector<std::int64_t> carrier = {bytes};
  for (const TensorView& given :
       {TensorView{TensorType::kString, dims, four}, TensorView{TensorType::kU8, carrier, four}}) {
    CheckedInput out;
    EXPECT_TRUE(check_input(&words, 0, given, {.strings = 4, .string_bytes = four.size()}, out));
    const auto many = check_input(&words, 0, given, {.strings = 3}, out);
    ASSERT_FALSE(many);
    EXPECT_EQ(many.error().code, ErrorCode::kTooLarge);
    EXPECT_THAT(many.error().message, HasSubstr("4 strings, and the limit for one tensor is 3"));
    const auto large = check_input(&words, 0, given, {.string_bytes = four.size() - 1}, out);
    ASSERT_FALSE(large);
    EXPECT_EQ(large.error().code, ErrorCode::kTooLarge);
    EXPECT_THAT(large.error().message, HasSubstr("strings of 19 bytes in all"));
  }
  // Other types do not have them.
  CheckedInput out;
  const std::vector<std::byte> data = zeros(100);
  const std::vector<std::int64_t> hundred = {100};
  EXPECT_TRUE(check_input(nullptr, 0, {TensorType::kU8, hundred, data},
                          {.strings = 0, .string_bytes = 0}, out));
}

}  // namespace
}  // namespace nacre
