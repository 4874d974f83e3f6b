// Names that Rust's compiler wrote, and what a guest may write instead.
#include <gtest/gtest.h>

#include <string>
#include <string_view>

#include "engine/c_api.h"

namespace nacre::engine {
namespace {

std::string readable(std::string_view name) {
  ByteVec text;
  nacre_rust_name(name.data(), name.size(), &text);
  return {text.data, text.size};
}

TEST(RustNames, OfBacktracesAreReadable) {
  EXPECT_EQ(readable("_RNvCsfLfy6EI15iL_7___rustc17rust_begin_unwind"),
            "__rustc::rust_begin_unwind");
  EXPECT_EQ(readable("_RNvNtCsdHhIpgkcIfN_4core6result13unwrap_failed"),
            "core::result::unwrap_failed");
  EXPECT_EQ(readable("_RNCNvNtCset5xJoy1xWQ_3std9panicking13panic_handler0B5_"),
            "std::panicking::panic_handler::{closure#0}");
  EXPECT_EQ(readable("_RNvMs_NtC4mine4nodeNtB4_4Node4grow"), "<mine::node::Node>::grow");
  EXPECT_EQ(readable("_RNvXC4mineRShNtB2_4Draw4draw"), "<&[u8] as mine::Draw>::draw");
}

TEST(RustNames, OfNobodyAreNone) {
  for (const char* name :
       {"", "_R", "_R0", "main", "_ZN4core3fmtE", "_RNv", "_RNvC4core", "_RNvC9core1f",
        "_RNvC99999999999999", "_RNvCs~_1c1f", "_RNvC1c\xff\xfe"})
    EXPECT_EQ(readable(name), "") << name;
}

TEST(RustNames, ThatMeanTooMuchAreCutOff) {
  // Each tuple is two of the one before.
  std::string doubling = "_RNvYTll";
  std::size_t before = 2;
  for (int i = 0; i < 60; ++i) {
    const std::size_t here = doubling.size() - 2;
    constexpr std::string_view kDigits =
        "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";
    std::string number = "_";
    for (std::size_t rest = before; rest != 0; rest = (rest - 1) / 62)
      number.insert(number.begin(), kDigits[(rest - 1) % 62]);
    doubling += "TB" + number + "B" + number + "E";
    before = here;
  }
  EXPECT_LE(readable(doubling + "EC1c1f").size(), 8000u);
  EXPECT_LE(readable("_R" + std::string(900, 'I') + "C1c").size(), 8000u);
  EXPECT_LE(readable("_RNvY" + std::string(900, 'S') + "lC1c1f").size(), 8000u);
  EXPECT_LE(readable("_RNvYRRRRB2_C1c1f").size(), 8000u);  // in itself
}

}  // namespace
}  // namespace nacre::engine
