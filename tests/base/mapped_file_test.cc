#include "base/mapped_file.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <filesystem>
#include <fstream>
#include <string>
#include <utility>

namespace nacre {
namespace {

namespace fs = std::filesystem;

std::string text_of(const MappedFile& file) {
  return {reinterpret_cast<const char*>(file.bytes().data()), file.bytes().size()};
}

class MappedFileTest : public testing::Test {
 protected:
  void SetUp() override { fs::create_directories(dir_); }
  void TearDown() override { fs::remove_all(dir_); }

  std::string write(const std::string& name, const std::string& text) {
    std::ofstream(dir_ / name, std::ios::binary) << text;
    return (dir_ / name).string();
  }

  const fs::path dir_ =
      fs::path(testing::TempDir()) /
      ("mapped_" + std::string(testing::UnitTest::GetInstance()->current_test_info()->name()));
};

TEST_F(MappedFileTest, ReadsAllAndOutlivesTheName) {
  const std::string path = write("a", "some bytes");
  auto file = MappedFile::open(path);
  ASSERT_TRUE(file);
  fs::remove(path);
  EXPECT_EQ(text_of(*file), "some bytes");
  MappedFile moved = std::move(*file);
  EXPECT_EQ(text_of(moved), "some bytes");
}

TEST_F(MappedFileTest, EmptyFileHasNoBytes) {
  auto file = MappedFile::open(write("empty", ""));
  ASSERT_TRUE(file);
  EXPECT_TRUE(file->bytes().empty());
}

TEST_F(MappedFileTest, SaysWhyNot) {
  EXPECT_EQ(MappedFile::open((dir_ / "none").string()).error(),
            std::errc::no_such_file_or_directory);
  EXPECT_EQ(MappedFile::open(dir_.string()).error(), std::errc::is_a_directory);
}

TEST_F(MappedFileTest, APipeDoesNotBlock) {
  const std::string path = (dir_ / "pipe").string();
  ASSERT_EQ(::mkfifo(path.c_str(), 0600), 0);
  EXPECT_EQ(MappedFile::open(path).error(), std::errc::invalid_argument);
}

}  // namespace
}  // namespace nacre
