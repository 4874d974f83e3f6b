// Names that Rust's compiler wrote, and what a guest may write instead.
#include "engine/rust_names.h"

#include <gtest/gtest.h>

#include <chrono>
#include <random>
#include <string>
#include <vector>

namespace nacre::engine {
namespace {

TEST(RustNames, OfBacktracesAreReadable) {
  EXPECT_EQ(readable_rust_name("_RNvCsfLfy6EI15iL_7___rustc17rust_begin_unwind"),
            "__rustc::rust_begin_unwind");
  EXPECT_EQ(readable_rust_name("_RNvNtCsdHhIpgkcIfN_4core6result13unwrap_failed"),
            "core::result::unwrap_failed");
  EXPECT_EQ(readable_rust_name("_RNCNvNtCset5xJoy1xWQ_3std9panicking13panic_handler0B5_"),
            "std::panicking::panic_handler::{closure}");
  EXPECT_EQ(readable_rust_name("_RINvNtNtCset5xJoy1xWQ_3std3sys9backtrace26___rust_end_short_"
                               "backtraceNCNvNtB6_9panicking13panic_handler0zEB6_"),
            "std::sys::backtrace::__rust_end_short_backtrace");
  EXPECT_EQ(readable_rust_name("_RNvMs_NtC4mine4nodeNtB4_4Node4grow"), "<mine::node::Node>::grow");
  EXPECT_EQ(readable_rust_name("_RNvXC4mineRShNtB2_4Draw4draw"), "<&[u8] as mine::Draw>::draw");
  EXPECT_EQ(readable_rust_name("_RNvYTlFUKCmEuDNtC1a1TEL_EC1b1f"), "<(i32, fn, dyn a::T) as b>::f");
  EXPECT_EQ(readable_rust_name("_RINvC1c1fKj7b_Ahj8_PxE"), "c::f");
  EXPECT_EQ(readable_rust_name("_RNvC1c2u.."), "c::u.");
}

TEST(RustNames, OfNobodyAreNone) {
  for (const char* name : {"",
                           "_R",
                           "_R0",
                           "main",
                           "_ZN4core3fmtE",
                           "_RNv",
                           "_RNvC4core",
                           "_RNvC9core1f",
                           "_RNvC1c1",
                           "_RB_",
                           "_RNvB_1f",
                           "_RNvB0_1f",
                           "_RIC1c",
                           "_RIC1cl",
                           "_RMC1c",
                           "_RYT",
                           "_RC99999999999999",
                           "_RNvCs1f",
                           "_RNvCs~_1c1f",
                           "_RINvC1c1fKj7"}) {
    EXPECT_EQ(readable_rust_name(name), "") << name;
  }
  const std::string whole = "_RINvMs_NtC4mine4nodeNtB5_4Node4growKj7b_Ahj8_TlFUKCmEuDNtC1a1TEL_EE";
  EXPECT_NE(readable_rust_name(whole), "");
  for (std::size_t size = 0; size < whole.size(); ++size)
    EXPECT_EQ(readable_rust_name(std::string_view(whole).substr(0, size)), "") << size;
}

TEST(RustNames, ThatMeanTooMuchAreNone) {
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
  EXPECT_EQ(readable_rust_name(doubling + "EC1c1f"), "");
  EXPECT_EQ(readable_rust_name("_R" + std::string(900, 'I') + "C1c"), "");
  EXPECT_EQ(readable_rust_name("_RNvY" + std::string(900, 'S') + "lC1c1f"), "");
  EXPECT_EQ(readable_rust_name("_RNvYRRRRB2_C1c1f"), "");  // in itself
}

TEST(RustNames, AnyBytesEndSoon) {
  std::mt19937 random(7);
  const std::string whole = "_RINvMs_NtC4mine4nodeNtB5_4Node4growKj7b_Ahj8_TlFUKCmEuDNtC1a1TEL_EE";
  constexpr std::string_view kLetters = "_BEGIKLMNPRSTXYACDFQuspnlh0123456789";
  const auto start = std::chrono::steady_clock::now();
  for (int round = 0; round < 20'000; ++round) {
    std::string name = whole;
    for (unsigned changes = 1 + random() % 6; changes != 0; --changes)
      name[2 + random() % (name.size() - 2)] = kLetters[random() % kLetters.size()];
    EXPECT_LT(readable_rust_name(name).size(), 2000U);
  }
  EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds(20));
}

}  // namespace
}  // namespace nacre::engine
