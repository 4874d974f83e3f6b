#include "abi/printable.h"

#include <gtest/gtest.h>

#include <string>

namespace nacre {
namespace {

TEST(Printable, LeavesTextAlone) {
  EXPECT_EQ(printable("net \"v2\" – größer, 模型, 🦪"), "net \"v2\" – größer, 模型, 🦪");
  EXPECT_EQ(printable(""), "");
}

TEST(Printable, WritesControlCharactersAsNumbers) {
  EXPECT_EQ(printable("a\nb\x1b[2J\x7f"), "a\\x0ab\\x1b[2J\\x7f");
  EXPECT_EQ(printable(std::string_view("a\0b", 3)), "a\\x00b");
  EXPECT_EQ(printable("\xc2\x9b"), "\\xc2\\x9b");  // U+009B begins terminal commands as well
}

TEST(Printable, WritesWhatIsNotUtf8AsNumbers) {
  EXPECT_EQ(printable("\xff"), "\\xff");
  EXPECT_EQ(printable("\xc3"), "\\xc3");                             // cut short
  EXPECT_EQ(printable("\xc3("), "\\xc3(");                           // no continuation
  EXPECT_EQ(printable("\xc0\xaf"), "\\xc0\\xaf");                    // overlong
  EXPECT_EQ(printable("\xe0\x80\xaf"), "\\xe0\\x80\\xaf");           // overlong
  EXPECT_EQ(printable("\xed\xa0\x80"), "\\xed\\xa0\\x80");           // a surrogate
  EXPECT_EQ(printable("\xf5\x80\x80\x80"), "\\xf5\\x80\\x80\\x80");  // beyond U+10FFFF
  EXPECT_EQ(printable("\xf4\x90\x80\x80"), "\\xf4\\x90\\x80\\x80");
}

TEST(Printable, CutsWhatIsLong) {
  EXPECT_EQ(printable(std::string(1000, 'x'), 10), "xxxxxxxxxx…");
  EXPECT_EQ(printable("xxxxxxxxxx", 10), "xxxxxxxxxx");
}

TEST(Printable, LinesStayLinesWhereTheyAreWanted) {
  EXPECT_EQ(printable_lines("a\n\tb\x1b\n"), "a\n\tb\\x1b\n");
  EXPECT_EQ(printable_lines(std::string(100, '\n'), 3), "\n\n\n…");
}

}  // namespace
}  // namespace nacre
