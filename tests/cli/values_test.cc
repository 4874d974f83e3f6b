#include "cli/values.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>

namespace nacre::cli {
namespace {

using std::chrono::nanoseconds;
using namespace std::chrono_literals;
using testing::HasSubstr;

TEST(ParseDir, WasmtimeOrderWithTwoColons) {
  const auto dir = parse_dir("photos::pics");
  ASSERT_TRUE(dir);
  EXPECT_EQ(dir->host, "photos");
  EXPECT_EQ(dir->guest, "pics");
  EXPECT_FALSE(dir->read_only);
}

TEST(ParseDir, ThirdPartMakesItReadOnly) {
  for (const char* text : {"photos::.::ro", ".:photos:readonly", ".:photos:ro"}) {
    const auto dir = parse_dir(text);
    ASSERT_TRUE(dir) << text;
    EXPECT_EQ(dir->host, "photos") << text;
    EXPECT_EQ(dir->guest, ".") << text;
    EXPECT_TRUE(dir->read_only) << text;
  }
}

TEST(ParseDir, WasmEdgeOrderWithOneColon) {
  const auto dir = parse_dir("/in:photos");
  ASSERT_TRUE(dir);
  EXPECT_EQ(dir->host, "photos");
  EXPECT_EQ(dir->guest, "/in");
}

TEST(ParseDir, AloneItKeepsItsName) {
  const auto dir = parse_dir("a/b");
  ASSERT_TRUE(dir);
  EXPECT_EQ(dir->host, "a/b");
  EXPECT_EQ(dir->guest, "a/b");
}

TEST(ParseDir, RefusesWhatItDoesNotKnow) {
  for (const char* text : {"", ":", "a:", ":a", "a::", "::a", "a::b::rw", "a:b:c", "a::b::ro::d",
                           "a:b:ro:d", "a:::b"}) {
    const auto dir = parse_dir(text);
    ASSERT_FALSE(dir) << text;
    EXPECT_THAT(dir.error().message, HasSubstr("HOST::GUEST::ro")) << text;
  }
}

TEST(ParseDuration, TakesUnitsAndFractions) {
  EXPECT_EQ(parse_duration("5s").value(), 5s);
  EXPECT_EQ(parse_duration("500ms").value(), 500ms);
  EXPECT_EQ(parse_duration("2m").value(), 2min);
  EXPECT_EQ(parse_duration("1h").value(), 1h);
  EXPECT_EQ(parse_duration("7").value(), 7s);
  EXPECT_EQ(parse_duration("1.5s").value(), 1500ms);
  EXPECT_EQ(parse_duration("0.25").value(), 250ms);
}

TEST(ParseDuration, RefusesWhatIsNoTime) {
  for (const char* text :
       {"", "s", "0", "0s", "-1s", "5 s", "5sec", "1e30h", "nan", "inf", "1s2"}) {
    const auto duration = parse_duration(text);
    ASSERT_FALSE(duration) << text;
    EXPECT_THAT(duration.error().message, HasSubstr("500ms")) << text;
  }
}

TEST(ParseByteSize, UnitsArePowersOf1024) {
  EXPECT_EQ(parse_byte_size("65536").value(), 65536u);
  EXPECT_EQ(parse_byte_size("12b").value(), 12u);
  EXPECT_EQ(parse_byte_size("64K").value(), 65536u);
  EXPECT_EQ(parse_byte_size("64M").value(), 64u << 20);
  EXPECT_EQ(parse_byte_size("1GiB").value(), 1u << 30);
  EXPECT_EQ(parse_byte_size("1g").value(), 1u << 30);
  EXPECT_EQ(parse_byte_size("2T").value(), std::uint64_t{2} << 40);
  EXPECT_EQ(parse_byte_size("0").value(), 0u);
}

TEST(ParseByteSize, RefusesWhatIsNoSizeAndWhatOverflows) {
  for (const char* text : {"", "M", "-1", "1.5G", "1 M", "64MB", "64X", "ib", "1KK",
                           "18446744073709551616", "18446744073709551615K", "16777216T"}) {
    const auto size = parse_byte_size(text);
    ASSERT_FALSE(size) << text;
    EXPECT_THAT(size.error().message, HasSubstr("powers of 1024")) << text;
  }
}

TEST(ParseCount, TakesWholeNumbersFromOne) {
  EXPECT_EQ(parse_count("1").value(), 1u);
  EXPECT_EQ(parse_count("18446744073709551615").value(), UINT64_MAX);
  for (const char* text : {"", "0", "-1", "1.0", "1e3", "18446744073709551616", "x"}) {
    EXPECT_FALSE(parse_count(text)) << text;
  }
}

TEST(ParseEnv, TakesAValueOrOurs) {
  using Pair = std::pair<std::string, std::string>;
  EXPECT_EQ(parse_env("A=b=c").value(), (Pair{"A", "b=c"}));
  EXPECT_EQ(parse_env("A=").value(), (Pair{"A", ""}));
  ::setenv("NACRE_TEST_VARIABLE", "ours", 1);
  EXPECT_EQ(parse_env("NACRE_TEST_VARIABLE").value(), (Pair{"NACRE_TEST_VARIABLE", "ours"}));
  ::unsetenv("NACRE_TEST_VARIABLE");
  EXPECT_EQ(parse_env("NACRE_TEST_VARIABLE").value(), std::nullopt);
  EXPECT_FALSE(parse_env("=b"));
  EXPECT_FALSE(parse_env(""));
}

TEST(ParseWasiOptions, AcceptsWhatIsAlwaysOnHere) {
  for (const char* text : {"nn", "cli", "common", "nn,cli=y", "nn=true,cli-exit-with-code"}) {
    const auto wasi = parse_wasi_options(text);
    ASSERT_TRUE(wasi) << text;
    EXPECT_TRUE(wasi->models.empty());
    EXPECT_FALSE(wasi->inherit_env);
  }
  EXPECT_TRUE(parse_wasi_options("inherit-env").value().inherit_env);
  EXPECT_FALSE(parse_wasi_options("inherit-env=n").value().inherit_env);
  EXPECT_TRUE(parse_wasi_options("http=n,threads=n"));
  EXPECT_FALSE(parse_wasi_options("nn").value().nn_prompt);
  EXPECT_TRUE(parse_wasi_options("nn,nn-prompt").value().nn_prompt);
  EXPECT_FALSE(parse_wasi_options("nn-prompt=n").value().nn_prompt);
}

TEST(ParseWasiOptions, ExplainsWhatIsNot) {
  EXPECT_THAT(parse_wasi_options("http").error().message, HasSubstr("not offered"));
  EXPECT_THAT(parse_wasi_options("nn,tcp=y").error().message, HasSubstr("tcp"));
  EXPECT_THAT(parse_wasi_options("nn=n").error().message, HasSubstr("always on"));
  EXPECT_THAT(parse_wasi_options("nn=maybe").error().message, HasSubstr("y or n"));
  EXPECT_THAT(parse_wasi_options("graph").error().message, HasSubstr("nn-graph=ENCODING::DIR"));
  EXPECT_FALSE(parse_wasi_options(""));
  EXPECT_FALSE(parse_wasi_options("nn,,cli"));
}

TEST(ParseDefaultBackend, AnEncodingAndAName) {
  const auto chosen = parse_default_backend("ONNX=openvino");
  ASSERT_TRUE(chosen) << chosen.error().message;
  EXPECT_EQ(chosen->first, GraphEncoding::kOnnx);
  EXPECT_EQ(chosen->second, "openvino");
  for (const char* text :
       {"", "onnx", "onnx=", "=openvino", "autodetect=openvino", "onx=openvino"}) {
    const auto wrong = parse_default_backend(text);
    ASSERT_FALSE(wrong) << text;
    EXPECT_THAT(wrong.error().message, HasSubstr("ENCODING=NAME")) << text;
  }
}

}  // namespace
}  // namespace nacre::cli
