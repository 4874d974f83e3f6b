#include "base/sha256.h"

#include <gtest/gtest.h>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

namespace nacre {
namespace {

// The two vectors of FIPS 180-4's examples that are short, and the one of a million letters.
constexpr const char* kEmpty = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
constexpr const char* kAbc = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
constexpr const char* kMillion = "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0";

std::string hash(std::initializer_list<std::string> pieces) {
  Sha256 sha;
  for (const std::string& piece : pieces)
    sha.update(std::as_bytes(std::span(piece)));
  const auto digest = sha.finish();
  return digest ? to_hex(*digest) : "none";
}

TEST(Sha256, KnownAnswers) {
  EXPECT_EQ(hash({}), kEmpty);
  EXPECT_EQ(hash({"abc"}), kAbc);
  EXPECT_EQ(hash({"a", "", "bc"}), kAbc);
}

TEST(Sha256, FinishesOnce) {
  Sha256 sha;
  EXPECT_TRUE(sha.finish());
  EXPECT_FALSE(sha.finish());
}

TEST(Sha256, TextIsReadInEitherCaseAndNothingElse) {
  const auto digest = parse_sha256(kAbc);
  ASSERT_TRUE(digest);
  EXPECT_EQ(to_hex(*digest), kAbc);
  std::string upper = kAbc;
  for (char& c : upper)
    c = static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  EXPECT_EQ(parse_sha256(upper), digest);
  EXPECT_FALSE(parse_sha256(""));
  EXPECT_FALSE(parse_sha256(std::string(kAbc).substr(1)));
  EXPECT_FALSE(parse_sha256(std::string(kAbc) + "0"));
  EXPECT_FALSE(parse_sha256("x" + std::string(kAbc).substr(1)));
}

TEST(Sha256OfFile, ReadsItPieceByPiece) {
  const std::string path = testing::TempDir() + "sha256_million";
  std::ofstream(path) << std::string(1'000'000, 'a');
  const auto hashed = sha256_of_file(path);
  ASSERT_TRUE(hashed);
  EXPECT_EQ(to_hex(hashed->digest), kMillion);
  EXPECT_EQ(hashed->identity.size, 1'000'000U);
  EXPECT_EQ(identity_of(path).value(), hashed->identity);
  std::ofstream(path, std::ios::app) << 'b';
  EXPECT_NE(identity_of(path).value(), hashed->identity);
  std::filesystem::remove(path);
}

TEST(Sha256OfFile, OnlyRegularFiles) {
  EXPECT_EQ(sha256_of_file("/nonexistent/file").error(), std::errc::no_such_file_or_directory);
  EXPECT_EQ(sha256_of_file("/dev/zero").error(), std::errc::invalid_argument);
  EXPECT_EQ(sha256_of_file("/").error(), std::errc::is_a_directory);
}

}  // namespace
}  // namespace nacre
