// WasmEdge's rules for language models, one by one, on the echo backend's text: its tokens are
// words, its answer is the prompt and then "</s>".
#include "abi/witx/text.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "../../core/support.h"
#include "../../keep_cancelling.h"
#include "../fake_guest.h"

namespace nacre::test {
namespace {

using testing::Contains;
using testing::HasSubstr;

constexpr std::uint32_t kSuccess = 0;
constexpr std::uint32_t kInvalidArgument = 1;
constexpr std::uint32_t kInvalidEncoding = 2;
constexpr std::uint32_t kRuntimeError = 5;
constexpr std::uint32_t kUnsupported = 6;
constexpr std::uint32_t kTooLarge = 7;
constexpr std::uint32_t kNotFound = 8;
constexpr std::uint32_t kEndOfSequence = 100;
constexpr std::uint32_t kContextFull = 101;
constexpr std::uint32_t kPromptTooLong = 102;
constexpr std::uint32_t kGgml = 6;
constexpr std::uint32_t kConfig = 0x900;

struct TextGuest : FakeGuest {
  explicit TextGuest(std::string_view lines = "text 100\n", Dialect dialect = Dialect::kWasmedge,
                     std::function<bool(std::string_view)> standard_output = {})
      : FakeGuest(described(),
                  {.dialect = dialect, .standard_output = std::move(standard_output)}) {
    provider.add("chat", echo_graph(lines));
    provider.add("net", provider.open("chat").value());  // what a load by bytes gives
    graph = open("chat");
    context = init(graph);
  }

  std::uint32_t set_prompt(std::string_view prompt) {
    put_tensor({1}, kWitxU8, prompt);
    return call("set_input", {context, 0, kRecord});
  }
  std::uint32_t configure(std::string_view json) {
    put_tensor({1}, kWitxU8, json);
    return call("set_input", {context, 1, kRecord});
  }
  std::uint32_t open_with(std::string_view name, std::string_view config) {
    put_bytes(kName, name);
    put_bytes(kConfig, config);
    return call("load_by_name_with_config",
                {kName, static_cast<std::uint32_t>(name.size()), kConfig,
                 static_cast<std::uint32_t>(config.size()), kOut});
  }
  std::string output(std::uint32_t index, const char* function = "get_output") {
    const std::uint32_t code = call(function, {context, index, kBuffer, 0x2000, kWritten});
    return code == kSuccess ? get_bytes(kBuffer, get(kWritten)) : "errno " + std::to_string(code);
  }
  std::string piece() { return output(0, "get_output_single"); }
  std::string answer(std::string_view prompt) {
    EXPECT_EQ(set_prompt(prompt), kSuccess);
    EXPECT_EQ(call("compute", {context}), kSuccess);
    return output(0);
  }

  std::uint32_t graph = 0;
  std::uint32_t context = 0;
};

TEST(WasmedgeText, PromptsHaveDimensionsThatLie) {
  TextGuest guest;
  EXPECT_EQ(guest.answer("what is a pearl"), "what is a pearl</s>");
}

TEST(WasmedgeText, AnyOutputButTheMetadataIsTheText) {
  TextGuest guest;
  guest.answer("one two");
  EXPECT_EQ(guest.output(7), "one two</s>");
  EXPECT_THAT(guest.output(1), HasSubstr("\"output_tokens\": 3"));
}

TEST(WasmedgeText, MetadataIsValidBeforeAnything) {
  TextGuest guest;
  EXPECT_THAT(guest.output(1), HasSubstr("\"input_tokens\": 0"));
  EXPECT_THAT(guest.output(1), HasSubstr("llama_commit"));
}

TEST(WasmedgeText, TrimmingHistoryReadsTheCountOfTokensAfterEachInput) {
  TextGuest guest("text 10\n");
  EXPECT_EQ(guest.set_prompt("1 2 3 4 5 6 7 8"), kPromptTooLong);
  EXPECT_THAT(guest.output(1), HasSubstr("\"input_tokens\": 8"));
  EXPECT_EQ(guest.set_prompt("3 4 5 6"), kSuccess);
  EXPECT_THAT(guest.output(1), HasSubstr("\"input_tokens\": 4"));
}

TEST(WasmedgeText, AFullContextKeepsItsText) {
  TextGuest guest("text 10\n");
  ASSERT_EQ(guest.set_prompt("1 2 3 4 5 6"), kSuccess);
  EXPECT_EQ(guest.call("compute", {guest.context}), kContextFull);
  EXPECT_EQ(guest.output(0), "1 2 3 4");
}

TEST(WasmedgeText, StreamsAndMayAskOnceMoreAfterTheEnd) {
  TextGuest guest;
  ASSERT_EQ(guest.set_prompt("one two"), kSuccess);
  for (int round = 0; round < 2; ++round) {
    EXPECT_EQ(guest.call("compute_single", {guest.context}), kSuccess);
    EXPECT_EQ(guest.piece(), "one");
    EXPECT_EQ(guest.call("compute_single", {guest.context}), kSuccess);
    EXPECT_EQ(guest.piece(), " two");
    EXPECT_EQ(guest.call("compute_single", {guest.context}), kEndOfSequence);
    EXPECT_EQ(guest.piece(), "</s>");
    EXPECT_THAT(guest.output(1, "get_output_single"), HasSubstr("\"output_tokens\": 3"));
    EXPECT_THAT(guest.output(1), HasSubstr("\"output_tokens\": 3"));
    EXPECT_EQ(guest.call("fini_single", {guest.context}), kSuccess);
  }
}

TEST(WasmedgeText, APieceMayBePartOfACharacter) {
  TextGuest guest;
  ASSERT_EQ(guest.set_prompt("\xF0\x9F \x90\x9A"), kSuccess);
  EXPECT_EQ(guest.call("compute_single", {guest.context}), kSuccess);
  EXPECT_EQ(guest.piece(), "\xF0\x9F");
  EXPECT_EQ(guest.call("compute_single", {guest.context}), kSuccess);
  EXPECT_EQ(guest.piece(), " \x90\x9A");
}

TEST(WasmedgeText, TwoContextsOfOneGraphStreamApart) {
  TextGuest guest;
  const std::uint32_t first = guest.context;
  const std::uint32_t second = guest.init(guest.graph);
  ASSERT_EQ(guest.set_prompt("one two"), kSuccess);
  EXPECT_EQ(guest.call("compute_single", {first}), kSuccess);
  guest.context = second;
  ASSERT_EQ(guest.set_prompt("three four"), kSuccess);
  EXPECT_EQ(guest.call("compute_single", {second}), kSuccess);
  EXPECT_EQ(guest.piece(), "three");
  guest.context = first;
  EXPECT_EQ(guest.piece(), "one");
  EXPECT_EQ(guest.call("compute_single", {first}), kSuccess);
  EXPECT_EQ(guest.piece(), " two");
}

TEST(WasmedgeText, AZeroLengthBufferMeansLarge) {
  TextGuest guest;
  guest.answer("one");
  // 245,888 bytes are not inside this memory, so nothing is written.
  EXPECT_EQ(guest.call("get_output", {guest.context, 0, kBuffer, 0, kWritten}), kInvalidArgument);
  // Nor at the very end of memory, where it would wrap, nor for a piece or for metadata.
  for (const std::uint32_t at : {kMemory - 1, kMemory, 0xffff'ff00u}) {
    EXPECT_EQ(guest.call("get_output", {guest.context, 1, at, 0, kWritten}), kInvalidArgument);
    EXPECT_EQ(guest.call("get_output_single", {guest.context, 0, at, 0, kWritten}),
              kInvalidArgument);
  }
  guest.memory.grow(250'000);
  EXPECT_EQ(guest.call("get_output", {guest.context, 0, kBuffer, 0, kWritten}), kSuccess);
  EXPECT_EQ(guest.get(kWritten), 7u);
}

TEST(WasmedgeText, ASmallBufferSaysWhatIsNeeded) {
  TextGuest guest;
  guest.answer("one two");
  guest.put<std::uint32_t>(kBuffer, 0x5555'5555);
  EXPECT_EQ(guest.call("get_output", {guest.context, 0, kBuffer, 3, kWritten}), kTooLarge);
  EXPECT_EQ(guest.get(kWritten), 11u);
  EXPECT_EQ(guest.get(kBuffer), 0x5555'5555u);
}

// --- configurations

TEST(WasmedgeText, InputOneChangesThisContext) {
  TextGuest guest;
  const std::uint32_t other = guest.init(guest.graph);
  ASSERT_EQ(guest.configure(R"({"n-predict": 1})"), kSuccess);
  EXPECT_EQ(guest.answer("one two"), "one");
  guest.context = other;
  EXPECT_EQ(guest.answer("one two"), "one two</s>");
}

TEST(WasmedgeText, ANameWithAConfigurationSharesTheModelNotTheConfiguration) {
  TextGuest guest;
  ASSERT_EQ(guest.open_with("chat", R"({"n-predict": 1})"), kSuccess);
  const std::uint32_t plain = guest.context;
  guest.context = guest.init(guest.get(kOut));
  EXPECT_EQ(guest.answer("one two"), "one");
  guest.context = plain;
  EXPECT_EQ(guest.answer("one two"), "one two</s>");
}

TEST(WasmedgeText, TheSecondPartOfALoadIsTheConfiguration) {
  TextGuest guest;
  guest.put_bytes(kData, "GGUF");
  guest.put_bytes(kConfig, R"({"n-predict": 1})");
  guest.put_builder(0, kData, 4);
  guest.put_builder(1, kConfig, 16);
  ASSERT_EQ(guest.call("load", {kBuilders, 2, kGgml, 3, kOut}), kSuccess);
  EXPECT_THAT(guest.provider.last_parts, testing::ElementsAre("GGUF"));
  guest.context = guest.init(guest.get(kOut));
  EXPECT_EQ(guest.answer("one two"), "one");
}

TEST(WasmedgeText, BadConfigurationsAreRefusedWhereTheyCome) {
  TextGuest guest;
  EXPECT_EQ(guest.open_with("chat", "{\"n-predict\""), kInvalidEncoding);
  EXPECT_EQ(guest.open_with("chat", R"({"n-predict": "many"})"), kInvalidArgument);
  EXPECT_EQ(guest.open_with("nobody", "{}"), kNotFound);
  EXPECT_EQ(guest.configure("no JSON"), kInvalidEncoding);
  EXPECT_EQ(guest.configure(R"({"n-predict": "many"})"), kInvalidArgument);
  EXPECT_THAT(guest.log, Contains(HasSubstr("n-predict")));
  EXPECT_EQ(guest.answer("one"), "one</s>") << "a refused configuration changes nothing";
}

TEST(WasmedgeText, AConfigurationForATensorModelMeansNothing) {
  TextGuest guest;
  EXPECT_EQ(guest.open_with("described", "no JSON at all"), kSuccess);
}

// --- what is wrong

TEST(WasmedgeText, NothingIsGeneratedWithoutAPrompt) {
  TextGuest guest;
  EXPECT_EQ(guest.call("compute", {guest.context}), kInvalidArgument);
  EXPECT_EQ(guest.call("compute_single", {guest.context}), kInvalidArgument);
  EXPECT_EQ(guest.piece(), "");
  EXPECT_EQ(guest.output(0), "");
}

TEST(WasmedgeText, ThereIsNoThirdInput) {
  TextGuest guest;
  guest.put_tensor({1}, kWitxU8, "x");
  EXPECT_EQ(guest.call("set_input", {guest.context, 2, kRecord}), kInvalidArgument);
}

TEST(WasmedgeText, TensorModelsHaveNoStreams) {
  TextGuest guest;
  guest.context = guest.init(guest.open("described"));
  EXPECT_EQ(guest.call("compute_single", {guest.context}), kUnsupported);
  EXPECT_EQ(guest.call("get_output_single", {guest.context, 0, kBuffer, 64, kWritten}),
            kUnsupported);
  EXPECT_EQ(guest.call("fini_single", {guest.context}), kUnsupported);
}

TEST(WasmedgeText, HandlesThatWereGivenBackAreDead) {
  TextGuest guest;
  ASSERT_EQ(guest.call("finalize_execution_context", {guest.context}), kSuccess);
  EXPECT_EQ(guest.set_prompt("one"), kInvalidArgument);
  EXPECT_EQ(guest.call("compute_single", {guest.context}), kInvalidArgument);
  EXPECT_EQ(guest.piece(), "errno 1");
  EXPECT_EQ(guest.call("fini_single", {guest.context}), kInvalidArgument);
}

TEST(WasmedgeText, UnloadLeavesOtherHoldersAlone) {
  TextGuest guest;
  ASSERT_EQ(guest.call("unload", {guest.graph}), kSuccess);
  EXPECT_EQ(guest.answer("one"), "one</s>");
}

TEST(WasmedgeText, BadPointersAreErrnos) {
  TextGuest guest;
  ASSERT_EQ(guest.set_prompt("one"), kSuccess);
  ASSERT_EQ(guest.call("compute_single", {guest.context}), kSuccess);
  for (const std::uint32_t bad : {kMemory - 3, kMemory, 0x8000'0000u, 0xffff'ffffu}) {
    const auto get = [&](std::uint32_t buffer, std::uint32_t size, std::uint32_t written) {
      return guest.call("get_output_single", {guest.context, 0, buffer, size, written});
    };
    EXPECT_EQ(get(bad, 64, kWritten), kInvalidArgument) << bad;
    EXPECT_EQ(get(kBuffer, 64, bad), kInvalidArgument) << bad;
    const auto open = [&](std::uint32_t name, std::uint32_t config, std::uint32_t out) {
      return guest.call("load_by_name_with_config", {name, 4, config, 16, out});
    };
    guest.put_bytes(kName, "chat");
    EXPECT_EQ(open(bad, kConfig, kOut), kInvalidArgument) << bad;
    EXPECT_EQ(open(kName, bad, kOut), kInvalidArgument) << bad;
    EXPECT_EQ(open(kName, kConfig, bad), kInvalidArgument) << bad;
  }
  EXPECT_EQ(guest.piece(), "one");
}

TEST(WasmedgeText, BeingStoppedEndsAStream) {
  TextGuest guest("text 100\nhang\n");
  ASSERT_EQ(guest.set_prompt("one"), kSuccess);
  const KeepCancelling stopper([&] { guest.state.cancel(); });
  EXPECT_EQ(guest.call("compute_single", {guest.context}), kRuntimeError);
  EXPECT_EQ(guest.call("compute", {guest.context}), kRuntimeError);
}

// --- "stream-stdout"

struct ShownGuest : TextGuest {
  explicit ShownGuest(std::string_view lines = "text 100\n")
      : TextGuest(lines, Dialect::kWasmedge, [this](std::string_view text) {
          shown.emplace_back(text);
          return takes_more;
        }) {}
  std::string all_shown() {
    std::string all;
    for (const std::string& one : std::exchange(shown, {}))
      all += one;
    return all;
  }
  std::vector<std::string> shown;
  bool takes_more = true;
};

TEST(WasmedgeText, AWholeTextIsShownWhileItComesWhereThatIsConfigured) {
  ShownGuest guest;
  guest.answer("not asked for");
  EXPECT_THAT(guest.shown, testing::IsEmpty());
  ASSERT_EQ(guest.configure(R"({"stream-stdout": true})"), kSuccess);
  EXPECT_EQ(guest.answer("one two"), "one two</s>");
  EXPECT_GT(guest.shown.size(), 1U);
  EXPECT_EQ(guest.all_shown(), "one two</s>");
  // Again, and a stream after it begins anew and shows nothing.
  ASSERT_EQ(guest.call("compute", {guest.context}), kSuccess);
  EXPECT_EQ(guest.all_shown(), "one two</s>");
  ASSERT_EQ(guest.call("compute_single", {guest.context}), kSuccess);
  EXPECT_EQ(guest.piece(), "one");
  EXPECT_THAT(guest.shown, testing::IsEmpty());
  ASSERT_EQ(guest.configure(R"({"stream-stdout": false})"), kSuccess);
  guest.answer("no longer");
  EXPECT_THAT(guest.shown, testing::IsEmpty());
}

TEST(WasmedgeText, WhatIsShownIsConfiguredForAHandleOrAContext) {
  ShownGuest guest;
  ASSERT_EQ(guest.open_with("chat", R"({"stream_stdout": true, "n-predict": 1})"), kSuccess);
  const std::uint32_t quiet = guest.context;
  guest.context = guest.init(guest.get(kOut));
  EXPECT_EQ(guest.answer("one two"), "one");
  EXPECT_EQ(guest.all_shown(), "one");
  ASSERT_EQ(guest.call("finalize_execution_context", {guest.context}), kSuccess);
  guest.context = quiet;
  guest.answer("of another");
  EXPECT_THAT(guest.shown, testing::IsEmpty());
  // What is refused, says nothing of it, or no boolean, changes nothing.
  EXPECT_EQ(guest.configure(R"("stream-stdout": true)"), kInvalidEncoding);
  ASSERT_EQ(guest.configure(R"({"temp": 0, "x": {"stream-stdout": true}})"), kSuccess);
  guest.answer("of another");
  EXPECT_THAT(guest.shown, testing::IsEmpty());
}

TEST(WasmedgeText, WhatIsShownEndsAsTheTextDoes) {
  ShownGuest guest("text 10\n");
  ASSERT_EQ(guest.configure(R"({"stream-stdout": true})"), kSuccess);
  EXPECT_EQ(guest.call("compute", {guest.context}), kInvalidArgument);  // no prompt
  ASSERT_EQ(guest.set_prompt("1 2 3 4 5 6"), kSuccess);
  EXPECT_EQ(guest.call("compute", {guest.context}), kContextFull);
  EXPECT_EQ(guest.all_shown(), "1 2 3 4");
  EXPECT_EQ(guest.output(0), "1 2 3 4");
  guest.takes_more = false;
  EXPECT_EQ(guest.call("compute", {guest.context}), kRuntimeError);
  EXPECT_THAT(guest.state.last_error().message, HasSubstr("stream-stdout"));
  EXPECT_EQ(guest.shown.size(), 1U);
}

// --- a guest whose imports decide nothing is read as WasmEdge's when its model speaks

TEST(UndecidedText, PromptConfigurationTextAndMetadata) {
  TextGuest guest("text 100\n", Dialect::kUndecided);
  ASSERT_EQ(guest.configure(R"({"n-predict": 2})"), kSuccess);
  EXPECT_EQ(guest.answer("one two three"), "one two");
  EXPECT_THAT(guest.output(1), HasSubstr("\"input_tokens\": 3"));
  EXPECT_EQ(guest.configure("no JSON"), kInvalidEncoding);
}

TEST(UndecidedText, ErrorsAreWasmedges) {
  TextGuest guest("text 10\n", Dialect::kUndecided);
  EXPECT_EQ(guest.set_prompt("1 2 3 4 5 6 7 8"), kPromptTooLong);
  ASSERT_EQ(guest.set_prompt("1 2 3 4 5 6"), kSuccess);
  EXPECT_EQ(guest.call("compute", {guest.context}), kContextFull);
  EXPECT_EQ(guest.output(0), "1 2 3 4");
}

TEST(UndecidedText, ALengthOfZeroAsksForTheSize) {
  TextGuest guest("text 100\n", Dialect::kUndecided);
  guest.answer("one two");
  EXPECT_EQ(guest.call("get_output", {guest.context, 0, kBuffer, 0, kWritten}), kTooLarge);
  EXPECT_EQ(guest.get(kWritten), std::string_view("one two</s>").size());
}

TEST(UndecidedText, TheSecondPartOfAGgufIsTheConfigurationAndOfAnotherModelItsWeights) {
  TextGuest guest("text 100\n", Dialect::kUndecided);
  guest.put_bytes(kData, "GGUF");
  guest.put_bytes(kConfig, R"({"n-predict": 1})");
  guest.put_builder(0, kData, 4);
  guest.put_builder(1, kConfig, 16);
  ASSERT_EQ(guest.call("load", {kBuilders, 2, kGgml, 3, kOut}), kSuccess);
  EXPECT_THAT(guest.provider.last_parts, testing::ElementsAre("GGUF"));
  guest.context = guest.init(guest.get(kOut));
  EXPECT_EQ(guest.answer("one two"), "one");

  guest.put_bytes(kData, "<xml");
  ASSERT_EQ(guest.call("load", {kBuilders, 2, /* autodetect */ 5, 0, kOut}), kSuccess);
  EXPECT_THAT(guest.provider.last_parts, testing::ElementsAre("<xml", R"({"n-predict": 1})"));
}

// --- other dialects know tensors only

TEST(WitxText, APromptIsATensorAndSoIsTheAnswer) {
  TextGuest guest("text 100\n", Dialect::kWitx);
  guest.put_tensor({7}, kWitxU8, "one two");
  ASSERT_EQ(guest.call("set_input", {guest.context, 0, kRecord}), kSuccess);
  ASSERT_EQ(guest.call("compute", {guest.context}), kSuccess);
  EXPECT_EQ(guest.output(0), "one two</s>");
  EXPECT_EQ(guest.output(1), "errno 1");
}

}  // namespace
}  // namespace nacre::test
