// Configurations as guests send them, read without a model: every key with its limits, and what is
// no configuration. hostile_test.cc has what they do to a model.
#include "llama/config.h"

#include "llama/schema.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <chrono>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

namespace nacre::llama {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

std::vector<std::string> notes;

Result<Config> parse(const std::string& json, const Config& base = {}) {
  const ConfigServices services{
      .note = [](std::string_view line) { notes.emplace_back(line); },
      .schema_to_gbnf = [](std::string_view) -> Result<std::string> { return "root ::= \"a\""; }};
  return parse_config(json, base, services);
}

Config good(const std::string& json) {
  auto config = parse(json);
  EXPECT_TRUE(config) << json << ": " << config.error().message;
  return config ? *config : Config{};
}

void refused(const std::string& json, ErrorCode code, std::string_view says) {
  const auto config = parse(json);
  ASSERT_FALSE(config) << json.substr(0, 100);
  EXPECT_EQ(config.error().code, code) << json.substr(0, 100) << config.error().message;
  EXPECT_THAT(config.error().message, HasSubstr(says)) << json.substr(0, 100);
}

TEST(Config, WithNothingIsTheDefaults) {
  const Config none = good("{}");
  EXPECT_EQ(none.n_predict, -1);
  EXPECT_EQ(none.context_size, 0U);
  EXPECT_EQ(none.embedding_norm, 2);
  EXPECT_TRUE(none.reverse_prompt.empty() && none.chat_template.empty());
  EXPECT_FLOAT_EQ(none.sampling.temperature, 0.8F);
  EXPECT_EQ(none.sampling.top_k, 40);
  EXPECT_FLOAT_EQ(none.sampling.top_p, 0.95F);
  EXPECT_FLOAT_EQ(none.sampling.min_p, 0.05F);
  EXPECT_FLOAT_EQ(none.sampling.typical_p, 1);
  EXPECT_FLOAT_EQ(none.sampling.repeat_penalty, 1);
  EXPECT_EQ(none.sampling.last_n, 64);
  EXPECT_FALSE(none.sampling.seed || none.sampling.ignore_eos || none.engine.embedding);
  EXPECT_TRUE(none.use_mmap);
  EXPECT_FALSE(none.use_mlock);
}

TEST(Config, NumbersAtTheirLimitsAndBeyond) {
  struct Limits {
    const char* key;
    const char* low;
    const char* high;
    const char* below;
    const char* above;
  };
  for (const Limits& l : {Limits{"n-predict", "-2", "2147483647", "-3", "2147483648"},
                          {"ctx-size", "0", "2147483647", "-1", "2147483648"},
                          {"top-k", "-1", "2147483647", "-2", "2147483648"},
                          {"seed", "-1", "4294967295", "-2", "4294967296"},
                          {"last-n-penalty", "-1", "65536", "-2", "65537"},
                          {"embd-normalize", "-1", "100", "-2", "101"},
                          {"n-gpu-layers", "-1", "2147483647", "-2", "2147483648"},
                          {"main-gpu", "0", "127", "-1", "128"},
                          {"batch-size", "1", "2147483647", "0", "2147483648"},
                          {"ubatch-size", "1", "2147483647", "0", "2147483648"},
                          {"threads", "0", "1024", "-1", "1025"},
                          {"threads-batch", "0", "1024", "-1", "1025"},
                          {"yarn-orig-ctx", "0", "2147483647", "-1", "2147483648"},
                          {"temp", "-1", "100", "-1.1", "100.1"},
                          {"top-p", "0", "1", "-0.1", "1.1"},
                          {"min-p", "0", "1", "-0.1", "1.1"},
                          {"typ-p", "0", "1", "-0.1", "1.1"},
                          {"repeat-penalty", "0.01", "100", "0", "101"},
                          {"presence-penalty", "-100", "100", "-101", "101"},
                          {"frequency-penalty", "-100", "100", "-101", "101"},
                          {"rope-freq-base", "0", "1e9", "-1", "1.1e9"},
                          {"rope-freq-scale", "0", "100", "-1", "101"},
                          {"yarn-ext-factor", "-1", "100", "-2", "101"},
                          {"yarn-attn-factor", "0", "100", "-1", "101"},
                          {"yarn-beta-fast", "0", "10000", "-1", "10001"},
                          {"yarn-beta-slow", "0", "10000", "-1", "10001"}}) {
    const auto with = [&l](const std::string& value) {
      return "{\"" + std::string(l.key) + "\": " + value + "}";
    };
    good(with(l.low));
    good(with(l.high));
    refused(with(l.below), ErrorCode::kInvalidArgument, "\"" + std::string(l.key) + "\"");
    refused(with(l.above), ErrorCode::kInvalidArgument, "\"" + std::string(l.key) + "\"");
    for (const char* huge : {"18446744073709551615", "18446744073709551616", "-1e300", "1e300",
                             "-9223372036854775808", "-9223372036854775809"}) {
      refused(with(huge), ErrorCode::kInvalidArgument, "\"" + std::string(l.key) + "\"");
    }
  }
}

TEST(Config, WhatJsonHasNoNumberForIsNoJson) {
  for (const char* value : {"NaN", "Infinity", "-Infinity", "0x10", "01", "1e400", ".5", "+1"})
    refused("{\"temp\": " + std::string(value) + "}", ErrorCode::kInvalidEncoding, "not JSON");
}

TEST(Config, BothSpellingsOfEveryKey) {
  const Config dashes = good(R"({"n-predict": 7, "top-k": 3, "reverse-prompt": "x",
                                 "ctx-size": 9, "repeat-penalty": 2, "ignore-eos": true})");
  const Config lines = good(R"({"n_predict": 7, "top_k": 3, "reverse_prompt": "x",
                                "ctx_size": 9, "repeat_penalty": 2, "ignore_eos": true})");
  EXPECT_EQ(lines.n_predict, 7);
  EXPECT_EQ(lines.reverse_prompt, "x");
  EXPECT_EQ(lines.context_size, 9U);
  EXPECT_EQ(lines.sampling, dashes.sampling);
  EXPECT_EQ(good(R"({"cache_type_k": "q8_0"})").engine.cache_type_k, GGML_TYPE_Q8_0);
  EXPECT_NE(good(R"({"json_schema": "{}"})").grammar, nullptr);
  // Both at once: each is looked at, so a wrong one is never hidden behind a right one.
  refused(R"({"top-k": 3, "top_k": "three"})", ErrorCode::kInvalidArgument, "\"top-k\"");
  refused(R"({"top_k": "three", "top-k": 3})", ErrorCode::kInvalidArgument, "\"top-k\"");
}

TEST(Config, OfAKeyThatComesTwiceTheLastCounts) {
  EXPECT_EQ(good(R"({"n-predict": 1, "n-predict": 2})").n_predict, 2);
}

TEST(Config, UnknownKeysAreNotedAndIgnored) {
  notes.clear();
  good(R"({"mirostat": 3, "temperature": "hot", "": 1})");
  EXPECT_THAT(notes, testing::SizeIs(3));
  notes.clear();
  good("{\"" + std::string(100'000, 'k') + "\": 1}");
  EXPECT_LT(notes.at(0).size(), 200U);
}

TEST(Config, Seeds) {
  EXPECT_EQ(good(R"({"seed": 42})").sampling.seed, 42U);
  EXPECT_EQ(good(R"({"seed": 0})").sampling.seed, 0U);
  // Another one each time, said in two ways.
  EXPECT_FALSE(good(R"({"seed": -1})").sampling.seed);
  EXPECT_FALSE(good(R"({"seed": 4294967295})").sampling.seed);
  EXPECT_EQ(good(R"({"seed": 4294967294})").sampling.seed, 4294967294U);
  for (const char* wrong : {"1.0", "\"42\"", "null", "true", "[42]"}) {
    refused("{\"seed\": " + std::string(wrong) + "}", ErrorCode::kInvalidArgument, "\"seed\"");
  }
  // It can be taken back.
  Config seeded = good(R"({"seed": 42})");
  EXPECT_FALSE(parse(R"({"seed": -1})", seeded).value().sampling.seed);
}

TEST(Config, WordsThatAreNone) {
  for (const char* key : {"split-mode", "cache-type-k", "cache-type-v", "rope-scaling",
                          "pooling-type", "flash-attn", "chat-template"}) {
    for (const char* value : {"nonsense", "Q8_0", "on ", "\\u0000"}) {
      refused("{\"" + std::string(key) + "\": \"" + value + "\"}", ErrorCode::kInvalidArgument,
              "\"" + std::string(key) + "\" has to be one of ");
    }
  }
}

TEST(Config, ChatTemplates) {
  EXPECT_EQ(good(R"({"chat-template": "chatml"})").chat_template, "chatml");
  EXPECT_EQ(good(R"({"chat_template": ""})").chat_template, "");
  refused(R"({"chat-template": "{% for m in messages %}"})", ErrorCode::kInvalidArgument, "chatml");
}

TEST(Config, JsonThatNestsDeepIsReadOrRefusedWithoutAStack) {
  const std::string open(100'000, '[');
  const std::string close(100'000, ']');
  refused(open, ErrorCode::kInvalidEncoding, "not JSON");
  refused(open + close, ErrorCode::kInvalidArgument, "object");
  good("{\"unknown\": " + open + close + "}");
  refused("{\"temp\": " + open + close + "}", ErrorCode::kInvalidArgument, "\"temp\"");
  std::string objects;
  for (int i = 0; i < 100'000; ++i)
    objects += "{\"a\":";
  refused(objects, ErrorCode::kInvalidEncoding, "not JSON");
  good(objects + "1" + std::string(100'000, '}'));
}

TEST(Config, AMegabyteIsReadSoon) {
  const auto begun = std::chrono::steady_clock::now();
  std::string many = "{";
  for (int i = 0; i < 60'000; ++i)
    many += "\"key" + std::to_string(i) + "\":1,";
  good(many + "\"temp\": 1}");
  good("{\"reverse-prompt\": \"" + std::string(1'000'000, 'x') + "\"}");
  EXPECT_LT(std::chrono::steady_clock::now() - begun, std::chrono::seconds(20));
}

TEST(Config, TextThatIsNoUtf8IsNoJson) {
  for (const std::string bytes : {"\xff", "\xc3", "\xed\xa0\x80", "\xf5\x80\x80\x80", "\xc0\x80"}) {
    refused("{\"reverse-prompt\": \"" + bytes + "\"}", ErrorCode::kInvalidEncoding, "not JSON");
    refused("{\"" + bytes + "\": 1}", ErrorCode::kInvalidEncoding, "not JSON");
  }
  // A NUL ends the text, as it does in C.
  EXPECT_EQ(good(std::string("{\"n-predict\": 3}\0x", 18)).n_predict, 3);
  EXPECT_EQ(good("\xef\xbb\xbf{\"n-predict\": 3}").n_predict, 3);  // a byte order mark is fine
  // An escaped NUL and half a surrogate pair.
  EXPECT_EQ(good("{\"reverse-prompt\": \"a\\u0000b\"}").reverse_prompt, std::string("a\0b", 3));
  refused("{\"reverse-prompt\": \"\\ud83d\"}", ErrorCode::kInvalidEncoding, "not JSON");
}

TEST(Config, WhatWasSetStaysUnlessItIsSaid) {
  const Config base = good(R"({"temp": 0, "n-predict": 9, "grammar": "root ::= \"a\""})");
  const auto more = parse(R"({"top-k": 5})", base);
  ASSERT_TRUE(more);
  EXPECT_FLOAT_EQ(more->sampling.temperature, 0);
  EXPECT_EQ(more->n_predict, 9);
  EXPECT_EQ(more->grammar, base.grammar);
  EXPECT_EQ(parse(R"({"grammar": ""})", base).value().grammar, nullptr);
  EXPECT_EQ(parse(R"({"json-schema": ""})", base).value().grammar, nullptr);
}

TEST(Config, GrammarsAndSchemasHaveTheirLimits) {
  const auto with = [](const char* key, const std::string& text) {
    return nlohmann::json{{key, text}}.dump();
  };
  refused(with("grammar", std::string(kMaxGrammarBytes + 1, ' ')), ErrorCode::kTooLarge, "65536");
  refused(with("json-schema", std::string(kMaxSchemaBytes + 1, ' ')), ErrorCode::kTooLarge,
          "65536");
  refused(with("grammar", "root ::= " + std::string(65, '(') + "\"a\"" + std::string(65, ')')),
          ErrorCode::kTooLarge, "64");
  refused(with("json-schema", std::string(65, '[') + std::string(65, ']')), ErrorCode::kTooLarge,
          "64");
  good(with("json-schema", std::string(64, '[') + std::string(64, ']')));
  // Of both at once the schema counts, and both are looked at.
  refused(R"({"grammar": "root ::= \"a\"", "json-schema": "{"})", ErrorCode::kInvalidArgument,
          "json-schema");
}

}  // namespace
}  // namespace nacre::llama
