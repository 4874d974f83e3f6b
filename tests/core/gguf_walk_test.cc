#include "core/gguf_walk.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <cstring>
#include <string>

namespace nacre {
namespace {

using testing::HasSubstr;

template <typename T>
std::string raw(T value) {
  std::string bytes(sizeof value, '\0');
  std::memcpy(bytes.data(), &value, sizeof value);
  return bytes;
}
std::string u32(std::uint32_t v) {
  return raw(v);
}
std::string u64(std::uint64_t v) {
  return raw(v);
}
std::string text(const std::string& s) {
  return u64(s.size()) + s;
}

struct Model {
  std::uint32_t version = 3;
  std::uint64_t tensors = 1;
  std::uint64_t pairs = 3;
  std::string alignment = text("general.alignment") + u32(4) + u32(64);
  std::string name = text("general.name") + u32(8) + text("tiny");
  std::string list = text("tokens") + u32(9) + u32(8) + u64(2) + text("a") + text("b");
  std::string tensor = text("weight") + u32(2) + u64(32) + u64(2) + u32(2) + u64(0);
  std::size_t data = 36;

  [[nodiscard]] std::string bytes() const {
    std::string all =
        "GGUF" + u32(version) + u64(tensors) + u64(pairs) + alignment + name + list + tensor;
    all.resize((all.size() + 63) / 64 * 64);
    return all + std::string(data, 'x');
  }
};

Result<void> check(const std::string& bytes) {
  return check_gguf(std::as_bytes(std::span(bytes)));
}

void refused(const Model& model, std::string_view says) {
  const auto result = check(model.bytes());
  ASSERT_FALSE(result) << says;
  EXPECT_EQ(result.error().code, ErrorCode::kInvalidEncoding);
  EXPECT_THAT(result.error().message, HasSubstr(says));
}

TEST(GgufWalk, TakesAModelAndNoneOfItsBeginnings) {
  const std::string bytes = Model().bytes();
  const auto whole = check(bytes);
  ASSERT_TRUE(whole) << whole.error().message;
  for (std::size_t size = 0; size < bytes.size(); ++size)
    EXPECT_FALSE(check(bytes.substr(0, size))) << size;
}

TEST(GgufWalk, SaysWhatIsWrong) {
  refused({.version = 1}, "version is 1");
  refused({.version = 0x03000000}, "version");  // the other byte order
  refused({.tensors = 2}, "ends before");
  refused({.tensors = kMaxGgufEntries + 1}, "claims");
  refused({.pairs = UINT64_MAX}, "claims");
  refused({.alignment = text("general.alignment") + u32(4) + u32(0)}, "alignment is 0");
  refused({.alignment = text("general.alignment") + u32(4) + u32(48)}, "alignment is 48");
  refused({.alignment = text("general.alignment") + u32(8) + text("x")}, "no 32-bit number");
  refused({.name = text("") + u32(8) + text("tiny")}, "key is empty");
  refused({.name = text("a") + u32(13) + text("tiny")}, "type 13");
  refused({.name = text("a") + u32(8) + u64(UINT64_MAX)}, "ends before");
  refused({.list = text("a") + u32(9) + u32(9) + u64(1) + u32(9)}, "elements of the type 9");
  refused({.list = text("a") + u32(9) + u32(10) + u64(UINT64_MAX / 2)}, "ends before");
  refused({.list = text("a") + u32(9) + u32(8) + u64(UINT64_MAX)}, "ends before");
  refused({.tensor = text("w") + u32(5) + u64(1) + u32(0) + u64(0)}, "rank 5");
  refused({.tensor = text("w") + u32(2) + u64(UINT64_MAX) + u64(2) + u32(0) + u64(0)}, "counted");
  refused({.tensor = text("w") + u32(1) + u64(33) + u32(2) + u64(0)}, "whole blocks");
  refused({.tensor = text("w") + u32(1) + u64(320) + u32(2) + u64(0)}, "outside");
  refused({.tensor = text("w") + u32(1) + u64(32) + u32(2) + u64(64)}, "outside");
  refused({.tensor = text("w") + u32(1) + u64(32) + u32(2) + u64(UINT64_MAX - 63)}, "outside");
  refused({.tensor = text("w") + u32(1) + u64(32) + u32(2) + u64(1)}, "aligned");
  refused({.data = 35}, "outside");
}

TEST(GgufWalk, TypesOfTheFutureAreLeftToTheReader) {
  EXPECT_TRUE(check(Model{.tensor = text("w") + u32(1) + u64(32) + u32(99) + u64(0)}.bytes()));
}

}  // namespace
}  // namespace nacre
