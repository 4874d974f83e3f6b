#include "core/ir_walk.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <string_view>

namespace nacre {
namespace {

using testing::HasSubstr;

Result<void> check(std::string_view xml) {
  return check_ir_depth(std::as_bytes(std::span(xml.data(), xml.size())));
}

std::string times(std::string_view text, std::size_t count) {
  std::string all;
  for (std::size_t i = 0; i < count; ++i)
    all += text;
  return all;
}

TEST(IrWalk, DepthIsLimited) {
  EXPECT_TRUE(check(times("<body>", kMaxIrDepth) + times("</body>", kMaxIrDepth)));
  const auto deep = check(times("<body>", kMaxIrDepth + 1) + times("</body>", kMaxIrDepth + 1));
  ASSERT_FALSE(deep);
  EXPECT_EQ(deep.error().code, ErrorCode::kInvalidEncoding);
  EXPECT_THAT(deep.error().message, HasSubstr("nested deeper than 100"));
  EXPECT_FALSE(check(times("<body>", 1'000'000)));
}

TEST(IrWalk, WhatStandsBesideEachOtherIsNotDeep) {
  EXPECT_TRUE(check("<net>" + times("<layer><data a='1'/></layer>", 10'000) + "</net>"));
  EXPECT_TRUE(check("<net>" + times("<dim/>", 10'000) + "</net>"));
}

// Each hides the end of an element, or the slash of an empty one, where a parser sees none.
TEST(IrWalk, NothingHidesTheDepth) {
  for (const std::string_view level :
       {"<body><!-- </body> -->", "<body><!--></body>-->", "<body a='</body>'>",
        "<body a=\"/>'</body>\">", "<body><?pi </body> ?>", "<body a='/'>", "<body a='\"'>",
        "<body>\"/>"}) {
    const auto all = check(times(level, kMaxIrDepth + 1));
    ASSERT_FALSE(all) << level;
    EXPECT_THAT(all.error().message, HasSubstr("nested deeper")) << level;
  }
}

TEST(IrWalk, WhatNoIrHasIsRefused) {
  for (const std::string_view xml :
       {"<!DOCTYPE net><net/>", "<net><![CDATA[</net>]]></net>", "<net><!-- no end", "<net a='b",
        "<net", "<?xml", "<net></net"}) {
    EXPECT_FALSE(check(xml)) << xml;
  }
  EXPECT_TRUE(check("\xEF\xBB\xBF<?xml version=\"1.0\"?><!-- made --><net a='>'/>\n"));
  EXPECT_TRUE(check(""));
}

}  // namespace
}  // namespace nacre
