#include <nacre/execution_context.h>
#include <nacre/model_stats.h>
#include <nacre/text_context.h>

#include "../keep_cancelling.h"
#include "support.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <chrono>
#include <string>
#include <vector>

namespace nacre::test {
namespace {

using testing::HasSubstr;
using namespace std::chrono_literals;

/// The same promises with the backend on the caller's thread and on one of its own.
class TextContextTest : public testing::TestWithParam<std::string> {
 protected:
  std::unique_ptr<ExecutionContext> make(std::string lines = "text 100\n") {
    auto context = echo_context(lines + GetParam());
    EXPECT_NE(context->text(), nullptr);
    return context;
  }
};

INSTANTIATE_TEST_SUITE_P(Threads, TextContextTest, testing::Values("", "async\n"),
                         [](const auto& each) { return each.param.empty() ? "Inline" : "Async"; });

TEST(TextContext, TensorGraphsHaveNone) {
  EXPECT_EQ(echo_context("input a f32 1\n")->text(), nullptr);
}

TEST_P(TextContextTest, GeneratesTheWholeAnswer) {
  auto context = make();
  TextContext& text = *context->text();
  ASSERT_TRUE(text.set_prompt("one two three"));
  ASSERT_TRUE(text.generate());
  EXPECT_EQ(text.output().value(), "one two three</s>");
  // And again, from the same prompt.
  ASSERT_TRUE(text.generate());
  EXPECT_EQ(text.output().value(), "one two three</s>");
}

TEST_P(TextContextTest, StreamsPieceByPieceToTheEndToken) {
  auto context = make();
  TextContext& text = *context->text();
  ASSERT_TRUE(text.set_prompt("one two"));
  for (int round = 0; round < 2; ++round) {
    ASSERT_TRUE(text.next());
    EXPECT_EQ(text.piece(), "one");
    ASSERT_TRUE(text.next());
    EXPECT_EQ(text.piece(), " two");
    auto end = text.next();
    ASSERT_FALSE(end);
    EXPECT_EQ(end.error().code, ErrorCode::kEndOfSequence);
    EXPECT_EQ(text.piece(), "</s>");
    EXPECT_EQ(text.next().error().code, ErrorCode::kEndOfSequence);
    EXPECT_EQ(text.piece(), "");
    EXPECT_EQ(text.output().value(), "one two</s>");
    text.finish();
    EXPECT_EQ(text.output().value(), "one two</s>");
  }
}

TEST_P(TextContextTest, NothingIsGeneratedWithoutAPrompt) {
  auto context = make();
  TextContext& text = *context->text();
  EXPECT_EQ(text.next().error().code, ErrorCode::kInvalidArgument);
  auto generated = text.generate();
  ASSERT_FALSE(generated);
  EXPECT_EQ(generated.error().code, ErrorCode::kInvalidArgument);
  EXPECT_THAT(generated.error().message, HasSubstr("prompt"));
  EXPECT_EQ(text.output().value(), "");
  EXPECT_THAT(text.metadata().value(), HasSubstr("\"input_tokens\": 0"));
}

TEST_P(TextContextTest, APromptThatIsTooLongLeavesNoneAndIsCounted) {
  auto context = make("text 10\n");
  TextContext& text = *context->text();
  ASSERT_TRUE(text.set_prompt("one"));
  auto set = text.set_prompt("1 2 3 4 5 6 7");
  ASSERT_FALSE(set);
  EXPECT_EQ(set.error().code, ErrorCode::kPromptTooLong);
  EXPECT_THAT(text.metadata().value(), HasSubstr("\"input_tokens\": 7"));
  EXPECT_EQ(text.generate().error().code, ErrorCode::kInvalidArgument);
  EXPECT_TRUE(text.set_prompt("1 2 3 4 5 6"));
}

TEST_P(TextContextTest, AFullContextLeavesTheTextReadable) {
  auto context = make("text 10\n");
  TextContext& text = *context->text();
  ASSERT_TRUE(text.set_prompt("1 2 3 4 5 6"));
  EXPECT_EQ(text.generate().error().code, ErrorCode::kContextFull);
  EXPECT_EQ(text.output().value(), "1 2 3 4");
}

TEST_P(TextContextTest, ConfigurationsAreReadByTheBackendAndBoundedHere) {
  auto context = make();
  TextContext& text = *context->text();
  EXPECT_EQ(text.configure("nonsense").error().code, ErrorCode::kInvalidEncoding);
  auto wrong = text.configure(R"({"n-predict": "many"})");
  ASSERT_FALSE(wrong);
  EXPECT_EQ(wrong.error().code, ErrorCode::kInvalidArgument);
  EXPECT_THAT(wrong.error().message, HasSubstr("n-predict"));
  EXPECT_EQ(text.configure(std::string(kMaxTextConfigBytes + 1, ' ')).error().code,
            ErrorCode::kTooLarge);
  ASSERT_TRUE(text.configure(R"({"n-predict": 1})"));
  ASSERT_TRUE(text.set_prompt("one two"));
  ASSERT_TRUE(text.generate());
  EXPECT_EQ(text.output().value(), "one");
}

TEST_P(TextContextTest, ADeadlineEndsIt) {
  auto context = make("text 100\nhang\n");
  TextContext& text = *context->text();
  ASSERT_TRUE(text.set_prompt("one"));
  EXPECT_EQ(text.next(std::chrono::steady_clock::now() + 20ms).error().code, ErrorCode::kTimeout);
  EXPECT_EQ(text.generate(std::chrono::steady_clock::now() + 20ms).error().code,
            ErrorCode::kTimeout);
}

TEST_P(TextContextTest, CancelFromAnotherThreadEndsIt) {
  auto context = make("text 100\nhang\n");
  TextContext& text = *context->text();
  ASSERT_TRUE(text.set_prompt("one"));
  for (int round = 0; round < 3; ++round) {
    const KeepCancelling other([&] { context->cancel(); }, 20ms);
    EXPECT_EQ(text.next().error().code, ErrorCode::kTimeout);
    EXPECT_EQ(text.piece(), "");
  }
}

TEST_P(TextContextTest, ServesWhoKnowsTensorsOnly) {
  auto context = make("text 10\n");
  // Guests write [1] whatever the prompt's length.
  const std::vector<std::int64_t> one{1};
  const std::string prompt = "one two";
  const auto tensor = TensorView{TensorType::kU8, one, bytes_of(prompt)};
  ASSERT_TRUE(context->set_input(0, tensor));
  ASSERT_TRUE(context->compute());
  const auto output = context->output(0);
  ASSERT_TRUE(output);
  EXPECT_EQ((*output)->type, TensorType::kU8);
  EXPECT_EQ(std::string_view(reinterpret_cast<const char*>((*output)->data.data()),
                             (*output)->data.size()),
            "one two</s>");
  EXPECT_EQ(context->input_index("prompt").value(), 0U);
  EXPECT_EQ(context->output_index("response").value(), 0U);
  // Other types and indices are refused as on any graph.
  EXPECT_EQ(context->set_input(1, tensor).error().code, ErrorCode::kInvalidArgument);
  const std::vector<std::int64_t> two{2};
  EXPECT_EQ(
      context->set_input(0, view(TensorType::kF32, two, std::vector<float>{1, 2})).error().code,
      ErrorCode::kInvalidArgument);
}

TEST_P(TextContextTest, ATextIsOneRequestHoweverManyPiecesItHas) {
  const auto graph = echo_graph("text 100\n" + GetParam());
  const auto counters = std::make_shared<ModelCounters>();
  graph->count_in(counters);
  auto context = ExecutionContext::create(graph, {});
  ASSERT_TRUE(context);
  TextContext& text = *(*context)->text();
  const auto requests = [&] { return counters->read().requests; };
  ASSERT_TRUE(text.set_prompt("one two three"));
  ASSERT_TRUE(text.generate());
  EXPECT_EQ(requests(), 1U);
  while (text.next()) {
  }
  EXPECT_EQ(requests(), 2U);
  EXPECT_FALSE(text.next());  // what has ended is not asked again
  text.finish();
  EXPECT_EQ(requests(), 2U);
  ASSERT_TRUE(text.next());
  EXPECT_EQ(requests(), 2U);
  text.finish();
  EXPECT_EQ(requests(), 3U);
  ASSERT_TRUE(text.next());
  ASSERT_TRUE(text.set_prompt("four"));
  EXPECT_EQ(requests(), 4U);
  ASSERT_TRUE(text.next());
  context->reset();
  EXPECT_EQ(requests(), 5U);
  EXPECT_EQ(counters->read().errors, 0U);
  EXPECT_GT(counters->read().compute_time.count(), 0);
}

TEST_P(TextContextTest, ATextThatFailsIsCountedAsAnError) {
  const auto graph = echo_graph("text 100\nhang\n" + GetParam());
  const auto counters = std::make_shared<ModelCounters>();
  graph->count_in(counters);
  auto context = ExecutionContext::create(graph, {});
  ASSERT_TRUE(context);
  TextContext& text = *(*context)->text();
  EXPECT_FALSE(text.generate());  // no prompt: nothing was asked of the model
  ASSERT_TRUE(text.set_prompt("one"));
  EXPECT_FALSE(text.next(std::chrono::steady_clock::now() + 20ms));
  EXPECT_FALSE(text.generate(std::chrono::steady_clock::now() + 20ms));
  EXPECT_EQ(counters->read().requests, 2U);
  EXPECT_EQ(counters->read().errors, 2U);
  EXPECT_GE(counters->read().compute_time, 40ms);
}

}  // namespace
}  // namespace nacre::test
