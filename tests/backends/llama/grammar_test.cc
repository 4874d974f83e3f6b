#include "llama/grammar.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <chrono>
#include <string>
#include <string_view>

namespace nacre::llama {
namespace {

using testing::HasSubstr;

/// Letter by letter: whether the grammar takes all of it, and may end there.
bool takes(const std::shared_ptr<const Grammar>& grammar, std::string_view text) {
  GrammarState state(grammar);
  for (const char c : text) {
    if (!state.accepts({&c, 1})) return false;
    if (!state.accept({&c, 1})) return false;
  }
  // The same in one piece.
  GrammarState whole(grammar);
  if (!text.empty()) {
    EXPECT_TRUE(whole.accepts(text)) << text;
    EXPECT_TRUE(whole.accept(text)) << text;
  }
  EXPECT_EQ(whole.may_end(), state.may_end()) << text;
  return state.may_end();
}

std::shared_ptr<const Grammar> grammar(std::string_view text) {
  auto made = Grammar::parse(text);
  EXPECT_TRUE(made) << made.error().message;
  return made ? *made : nullptr;
}

constexpr std::string_view kJson = R"(
root   ::= value
value  ::= object | array | string | number | "true" | "false" | "null"
object ::= "{" ws ( string ":" ws value ("," ws string ":" ws value)* )? "}"
array  ::= "[" ws ( value ("," ws value)* )? "]"
string ::= "\"" ( [^"\\\x7F\x00-\x1F] | "\\" (["\\bfnrt/] | "u" [0-9a-fA-F]{4}) )* "\""
number ::= "-"? ("0" | [1-9] [0-9]{0,15}) ("." [0-9]+)?
ws     ::= | " " | "\n" [ \t]{0,20}
)";

TEST(Grammar, LiteralsAlternativesAndRepetitions) {
  const auto g = grammar("root ::= \"yes\" | \"no\" # both\n");
  EXPECT_TRUE(takes(g, "yes"));
  EXPECT_TRUE(takes(g, "no"));
  EXPECT_FALSE(takes(g, "ye"));
  EXPECT_FALSE(takes(g, "maybe"));
  const auto n = grammar("root ::= [0-9]+ (\".\" [0-9]{2,3})? sign*\nsign ::= \"!\" | [^a-z0-9.]");
  for (const char* text : {"1", "12.34", "1.234", "1!!", "7?"})
    EXPECT_TRUE(takes(n, text)) << text;
  for (const char* text : {"", "1.2", "1.2345", "a", "1a"})
    EXPECT_FALSE(takes(n, text)) << text;
  EXPECT_TRUE(takes(grammar("root ::= \"ab\"{2}"), "abab"));
  EXPECT_FALSE(takes(grammar("root ::= \"ab\"{2}"), "ab"));
  EXPECT_TRUE(takes(grammar("root ::= \"a\"{0,2} \"b\"{2,}"), "aabbbb"));
}

TEST(Grammar, NestedValuesAsJsonHasThem) {
  const auto g = grammar(kJson);
  EXPECT_TRUE(takes(g, R"({"a": [1, -2.5, {"b": "x\"yé"}], "c": null})"));
  EXPECT_FALSE(takes(g, R"({"a": [1, })"));
  EXPECT_TRUE(takes(g, std::string(500, '[') + std::string(500, ']')));
}

TEST(Grammar, CharactersMayBeCut) {
  const auto g = grammar("root ::= [α-ω]+ \"→\"");
  EXPECT_TRUE(takes(g, "αβγ→"));
  GrammarState state(g);
  EXPECT_TRUE(state.accepts("\xce"));   // α to ο begin so
  EXPECT_FALSE(state.accepts("\xc3"));  // and é
  EXPECT_TRUE(state.accept("\xce"));
  EXPECT_FALSE(state.may_end());
  EXPECT_TRUE(state.accepts("\xb1"));
  EXPECT_FALSE(state.accepts("a"));
  EXPECT_FALSE(state.accepts("\xff"));
  // An "s" in more bytes than it takes is none, cut or whole.
  GrammarState letter(grammar("root ::= \"s\""));
  for (const char* bytes : {"\xc1", "\xe0", "\xe0\x81", "\xf0", "\xc1\xb3", "\xe0\x81\xb3"}) {
    EXPECT_FALSE(letter.accepts(bytes));
  }
  EXPECT_TRUE(letter.accepts("s"));
}

TEST(Grammar, WhatIsWrongIsSaidWithItsLine) {
  const struct {
    std::string text;
    std::string_view says;
  } cases[] = {
      {"", "root"},
      {"root", "::="},
      {"root ::= ", ""},  // may be empty: fine
      {"root ::= \"abc", "ends within"},
      {"root ::= [abc", "ends within"},
      {"root ::= \"abc\\", "line 1: an unknown escape"},
      {"\nroot ::= [\\", "line 2: an unknown escape"},
      {"root ::= (\"a\"", ")"},
      {"root ::= \"a\")", "not expected"},
      {"root ::= a\n", "not defined"},
      {"a ::= \"x\"\n", "no rule \"root\""},
      {"root ::= *", "repeat"},
      {"root ::= \"a\"{", "number"},
      {"root ::= \"a\"{2", "}"},
      {"root ::= \"a\"{5,3}", "smaller"},
      {"root ::= \"a\"{99999999999999999999}", "2000 repetitions"},
      {"root ::= \"\\q\"", "escape"},
      {"root ::= \"\\x1\"", "hexadecimal"},
      {"root ::= \"\\UFFFFFFFF\"", "no such character"},
      {"root ::= [z-a]", "before it begins"},
      {"root ::= \"\xff\"", "UTF-8"},
      {"root ::= <think>", "token"},
      {"root ::= %llguidance {}", "not expected"},
      {"%llguidance {}\n", "name of a rule"},
      {"root ::= root \"a\" | \"b\"", "left recursion"},
      {"root ::= a? root\na ::= \"a\"", "left recursion"},
      {"root ::= a\na ::= b\nb ::= c? a\nc ::= \"c\"", "left recursion"},
      {"\n\nroot ::= ]", "line 3"},
  };
  for (const auto& each : cases) {
    const auto made = Grammar::parse(each.text);
    if (each.says.empty()) {
      EXPECT_TRUE(made) << each.text;
      continue;
    }
    ASSERT_FALSE(made) << each.text;
    EXPECT_THAT(made.error().message, HasSubstr(each.says)) << each.text;
  }
}

TEST(Grammar, WhatEndsOthersIsRefusedSoon) {
  const auto begun = std::chrono::steady_clock::now();
  const auto code = [](const std::string& text) {
    const auto made = Grammar::parse(text);
    return made ? static_cast<ErrorCode>(0) : made.error().code;
  };
  EXPECT_EQ(code("root ::= " + std::string(20'000, '(')), ErrorCode::kTooLarge);
  EXPECT_EQ(code("root ::= " + std::string(kMaxGrammarBytes, 'a')), ErrorCode::kTooLarge);
  std::string repeated = "root ::= \"a\"";
  for (int i = 0; i < 5; ++i)
    repeated += "{2000}";
  EXPECT_EQ(code(repeated), ErrorCode::kTooLarge);
  // Others look for left recursion in time 2^60 here.
  std::string doubling;
  for (int i = 0; i < 60; ++i) {
    const std::string next = i == 59 ? "\"x\"" : "r" + std::to_string(i + 1);
    doubling += (i == 0 ? "root" : "r" + std::to_string(i)) + " ::= " + next + " | " + next + "\n";
  }
  EXPECT_EQ(code(doubling), static_cast<ErrorCode>(0));
  // And here every rule doubles the ways to begin.
  std::string ways;
  for (int i = 0; i < 60; ++i) {
    const std::string next = i == 59 ? "\"x\"" : "r" + std::to_string(i + 1);
    ways += (i == 0 ? "root" : "r" + std::to_string(i)) + " ::= " + next + " \"a\" | " + next +
            " \"b\"\n";
  }
  EXPECT_EQ(code(ways), ErrorCode::kTooLarge);
  EXPECT_LT(std::chrono::steady_clock::now() - begun, std::chrono::seconds(5));
}

TEST(Grammar, AmbiguityThatGrowsWithTheTextIsBounded) {
  // After n letters a text is in 2^n places of this one.
  GrammarState state(grammar("root ::= s\ns ::= \"a\" s \"b\" | \"a\" s \"c\" | \"a\""));
  const auto begun = std::chrono::steady_clock::now();
  bool went_on = true;
  for (int i = 0; i < 60 && went_on; ++i)
    went_on = state.accept("a").has_value();
  EXPECT_FALSE(went_on);
  EXPECT_TRUE(state.overflowed());
  EXPECT_LT(std::chrono::steady_clock::now() - begun, std::chrono::seconds(2));
  // Also within one token.
  GrammarState whole(grammar("root ::= s\ns ::= \"a\" s \"b\" | \"a\" s \"c\" | \"a\""));
  EXPECT_FALSE(whole.accepts(std::string(64, 'a')));
}

TEST(Grammar, TheWorkOfOneTokenIsBounded) {
  // Never more than 121 places, and each letter of each token that is tried goes to all of them.
  std::string text = "root ::= a0";
  for (int i = 1; i < 120; ++i)
    text += " | a" + std::to_string(i);
  for (int i = 0; i < 120; ++i)
    text += "\na" + std::to_string(i) + " ::= [^ ] root";
  GrammarState state(grammar(text));
  const auto begun = std::chrono::steady_clock::now();
  for (int i = 0; i < 200'000 && !state.overflowed(); ++i)
    static_cast<void>(state.accepts("token"));
  EXPECT_TRUE(state.overflowed());
  EXPECT_LT(std::chrono::steady_clock::now() - begun, std::chrono::seconds(20));
  EXPECT_FALSE(state.accepts("t"));
  EXPECT_FALSE(state.accept("t"));
}

TEST(Grammar, AVocabularyIsNotTooMuchWork) {
  GrammarState state(grammar(kJson));
  ASSERT_TRUE(state.accept("{\"key\": \""));
  for (int i = 0; i < 60'000; ++i)
    static_cast<void>(state.accepts("token"));
  EXPECT_FALSE(state.overflowed());
}

TEST(Grammar, LongTextsCostNoMemory) {
  GrammarState state(grammar("root ::= ([a-z]+ \" \")*"));
  for (int i = 0; i < 100'000; ++i)
    ASSERT_TRUE(state.accept("word "));
  EXPECT_TRUE(state.may_end());
}

}  // namespace
}  // namespace nacre::llama
