#include "core/gguf_walk.h"

#include <nacre/backend.h>

#include "core/gguf_header.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>
#include <chrono>
#include <cstring>
#include <filesystem>
#include <fstream>
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

// ---- facts of a header

std::span<const std::byte> bytes_of(const std::string& text) {
  return std::as_bytes(std::span(text));
}

TEST(GgufFacts, AreReadFromTheHeaderAlone) {
  const std::string all = Model().bytes();
  const std::size_t header = all.size() - 36;  // the data, which is not needed
  const auto facts = read_gguf_facts(bytes_of(all).first(header), all.size());
  ASSERT_TRUE(facts) << facts.error().message;
  ASSERT_TRUE(*facts);
  EXPECT_EQ((*facts)->texts.find("general.name")->second, "tiny");
  EXPECT_EQ((*facts)->numbers.find("general.alignment")->second, 64U);
  EXPECT_EQ((*facts)->counts.find("tokens")->second, 2U);
  EXPECT_EQ((*facts)->parameters, 64U);
  EXPECT_EQ((*facts)->weights_bytes, 36U);
}

TEST(GgufFacts, ABeginningThatIsTooShortAsksForMore) {
  const std::string all = Model().bytes();
  for (std::size_t size = 4; size < all.size() - 36 - 64; ++size) {
    const auto facts = read_gguf_facts(bytes_of(all).first(size), all.size());
    ASSERT_TRUE(facts) << size << facts.error().message;
    EXPECT_FALSE(*facts) << size;
  }
  // But not for what no file of that size can have.
  const auto cut = read_gguf_facts(bytes_of(all).first(100), 100);
  ASSERT_FALSE(cut);
  EXPECT_EQ(cut.error().code, ErrorCode::kInvalidEncoding);
  Model far;
  far.name = text("general.name") + u32(8) + u64(std::uint64_t{1} << 60);
  EXPECT_FALSE(read_gguf_facts(bytes_of(far.bytes()), std::uint64_t{1} << 50));
}

TEST(GgufFacts, OfArraysTheLargestAndLongTextsNot) {
  Model model;
  model.list =
      text("llama.attention.head_count_kv") + u32(9) + u32(4) + u64(3) + u32(2) + u32(8) + u32(4);
  model.name = text("general.name") + u32(8) + text(std::string(kMostGgufTextBytes + 1, 'x'));
  const std::string all = model.bytes();
  const auto facts = read_gguf_facts(bytes_of(all), all.size());
  ASSERT_TRUE(facts) << facts.error().message;
  EXPECT_EQ((*facts)->numbers.find("llama.attention.head_count_kv")->second, 8U);
  EXPECT_EQ((*facts)->texts.count("general.name"), 0U);
}

class GgufFile : public testing::Test {
 protected:
  ~GgufFile() override { std::filesystem::remove(path_); }
  auto inspect(const std::string& bytes) {
    std::ofstream(path_, std::ios::binary) << bytes;
    return inspect_gguf(path_, ExecutionTarget::kCpu);
  }
  const std::string path_ = std::filesystem::temp_directory_path() /
                            ("nacre-gguf-" + std::to_string(::getpid()) + ".gguf");
};

TEST_F(GgufFile, IsDescribedAndMakesNoContext) {
  const auto read = inspect(Model().bytes());
  ASSERT_TRUE(read) << read.error().message;
  ASSERT_TRUE(*read);
  const Graph& graph = ***read;
  EXPECT_EQ(graph.encoding(), GraphEncoding::kGgml);
  EXPECT_EQ(graph.description().inputs.at(0).name, "prompt");
  EXPECT_EQ((**read)->backend_graph().create_context().error().code,
            ErrorCode::kUnsupportedOperation);
}

TEST_F(GgufFile, WeightsAreNeverRead) {
  // A file with a hole of a terabyte where its weights are.
  const std::string all = Model().bytes();
  ASSERT_TRUE(inspect(all));
  std::filesystem::resize_file(path_, std::uintmax_t{1} << 40);
  const auto begun = std::chrono::steady_clock::now();
  const auto read = inspect_gguf(path_, ExecutionTarget::kCpu);
  ASSERT_TRUE(read) << read.error().message;
  EXPECT_LT(std::chrono::steady_clock::now() - begun, std::chrono::seconds(2));
}

TEST_F(GgufFile, AHeaderWithoutAnEndIsRefused) {
  Model model;
  model.list = text("tokens") + u32(9) + u32(0) + u64(std::uint64_t{1} << 32);  // bytes
  ASSERT_FALSE(inspect(model.bytes()));
  std::filesystem::resize_file(path_, std::uintmax_t{1} << 40);
  const auto read = inspect_gguf(path_, ExecutionTarget::kCpu);
  ASSERT_FALSE(read);
  EXPECT_EQ(read.error().code, ErrorCode::kTooLarge);
}

TEST_F(GgufFile, OthersAreLeftToOthers) {
  for (const char* bytes : {"", "GG", "nacre-echo v1\n"})
    EXPECT_FALSE(inspect(bytes).value()) << bytes;
  EXPECT_FALSE(inspect_gguf("/no/such/file", ExecutionTarget::kCpu).value());
  EXPECT_EQ(inspect("GGUF").error().code, ErrorCode::kInvalidEncoding);
}

}  // namespace
}  // namespace nacre
