#include "../../keep_cancelling.h"
#include "fixture.h"
#include "native.h"

#include <nacre/registry.h>

#include "base/stacks.h"
#include "core/loader.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <chrono>
#include <cmath>
#include <cstring>
#include <mutex>
#include <thread>
#include <vector>

namespace nacre::test {
namespace {

using testing::HasSubstr;
using namespace std::chrono_literals;

TEST(Llama, GreedyTextIsTheNativeLoopsTokenForToken) {
  const auto graph = language_model("slots=1,ctx-size=1024");
  for (const int words : {1, 700}) {
    std::string prompt = "Tell me about the sea";
    for (int i = 1; i < words; ++i)
      prompt += " and the sea";
    prompt = question(prompt.substr(0, 3200));
    const auto context = text_context(graph);
    TextContext& text = *context->text();
    ASSERT_OK(text.configure(R"({"temp": 0, "n-predict": 60})"));
    ASSERT_OK(text.set_prompt(prompt));
    ASSERT_OK(text.generate());
    EXPECT_EQ(text.output().value(), native_greedy(prompt, 60));
  }
}

TEST(Llama, SampledTextIsTheNativeChains) {
  const std::string prompt = question("Tell me a story about a river.");
  const auto context = text_context(language_model());
  TextContext& text = *context->text();
  for (const std::uint32_t seed : {1U, 2U, 3U}) {
    for (const int top_k : {40, 5, 0}) {
      llama_sampler* chain = llama_sampler_chain_init({.no_perf = true});
      if (top_k > 0) llama_sampler_chain_add(chain, llama_sampler_init_top_k(top_k));
      llama_sampler_chain_add(chain, llama_sampler_init_top_p(0.95F, 1));
      llama_sampler_chain_add(chain, llama_sampler_init_min_p(0.05F, 1));
      llama_sampler_chain_add(chain, llama_sampler_init_temp(1.2F));
      llama_sampler_chain_add(chain, llama_sampler_init_dist(seed));
      Native native;
      native.read(native.tokenize(prompt));
      std::string expected;
      for (int i = 0; i < 20; ++i) {
        const llama_token token = native.sample(chain);
        expected += native.piece(token);
        if (native.ends(token)) break;
        native.read({&token, 1});
      }
      llama_sampler_free(chain);
      ASSERT_OK(text.configure(R"({"temp": 1.2, "n-predict": 20, "seed": )" + std::to_string(seed) +
                               R"(, "top-k": )" + std::to_string(top_k) + "}"));
      ASSERT_OK(text.set_prompt(prompt));
      ASSERT_OK(text.generate());
      EXPECT_EQ(text.output().value(), expected) << "seed " << seed << ", top-k " << top_k;
    }
  }
}

TEST(Llama, AStreamIsTheSameTextAsTheWhole) {
  const auto context = text_context(language_model());
  TextContext& text = *context->text();
  ASSERT_OK(text.configure(kGreedy));
  ASSERT_OK(text.set_prompt(question("What is the capital of France?")));
  ASSERT_OK(text.generate());
  const std::string whole(text.output().value());
  EXPECT_THAT(whole, HasSubstr("Paris"));
  EXPECT_TRUE(whole.ends_with("<|im_end|>")) << whole;
  EXPECT_EQ(stream(text), whole);
  EXPECT_EQ(text.output().value(), whole);
  EXPECT_EQ(metadata(text)["finish_reason"], "stop");
  text.finish();
  EXPECT_EQ(stream(text), whole);  // begins anew
}

TEST(Llama, MetadataIsThereBeforeAnyPromptAndCountsTokens) {
  const auto context = text_context(language_model());
  TextContext& text = *context->text();
  auto before = metadata(text);
  EXPECT_EQ(before["input_tokens"], 0);
  EXPECT_EQ(before["output_tokens"], 0);
  EXPECT_TRUE(before["llama_build_number"].is_number());
  EXPECT_TRUE(before["llama_commit"].is_string());
  ASSERT_OK(text.configure(R"({"temp": 0, "n-predict": 5})"));
  ASSERT_OK(text.set_prompt("Once upon a time"));
  EXPECT_EQ(metadata(text)["input_tokens"], 4);
  ASSERT_OK(text.generate());
  const auto after = metadata(text);
  EXPECT_EQ(after["output_tokens"], 5);
  EXPECT_EQ(after["finish_reason"], "length");
  EXPECT_GT(after["prompt_ms"], 0);
  EXPECT_GT(after["decode_ms"], 0);
  EXPECT_GT(after["tokens_per_second"], 0);
}

TEST(Llama, NPredictEndsTextsAndStreams) {
  const auto context = text_context(language_model());
  TextContext& text = *context->text();
  ASSERT_OK(text.configure(R"({"temp": 0, "n_predict": 3})"));  // _ for -
  ASSERT_OK(text.set_prompt("Once upon a time"));
  int pieces = 0;
  while (text.next())
    ++pieces;
  EXPECT_EQ(pieces, 3);
  EXPECT_EQ(text.piece(), "");
  EXPECT_EQ(text.next().error().code, ErrorCode::kEndOfSequence);
  // WasmEdge's other words for "to the end".
  for (const char* endless : {"-1", "-2", "2147483647"}) {
    ASSERT_OK(
        text.configure(R"({"reverse-prompt": ",", "n-predict": )" + std::string(endless) + "}"));
    ASSERT_OK(text.set_prompt("Once upon a time"));
    ASSERT_OK(text.generate());
    EXPECT_EQ(metadata(text)["finish_reason"], "reverse_prompt") << endless;
  }
  ASSERT_OK(text.configure(R"({"n-predict": 0, "reverse-prompt": ""})"));
  ASSERT_OK(text.set_prompt("Once upon a time"));
  ASSERT_OK(text.generate());
  EXPECT_EQ(text.output().value(), "");
}

TEST(Llama, AReversePromptEndsTextsAndStreams) {
  const auto context = text_context(language_model());
  TextContext& text = *context->text();
  ASSERT_OK(text.configure(R"({"temp": 0, "reverse-prompt": "is Paris"})"));
  ASSERT_OK(text.set_prompt(question("What is the capital of France?")));
  ASSERT_OK(text.generate());
  const std::string whole(text.output().value());
  EXPECT_TRUE(whole.ends_with("is Paris")) << whole;
  EXPECT_EQ(metadata(text)["finish_reason"], "reverse_prompt");
  EXPECT_EQ(stream(text), whole);
}

// What pieces make together is text, also where a character takes more than one of them.
TEST(Llama, PiecesThatAreNoUtf8MakeTextThatIs) {
  const auto context = text_context(language_model());
  TextContext& text = *context->text();
  ASSERT_OK(text.configure(R"({"temp": 0, "grammar": "root ::= \"\ud83d\udc1a\ud83e\udd80\""})"));
  ASSERT_OK(text.set_prompt(question("Say a shell and a crab.")));
  std::string whole;
  bool part = false;
  while (text.next()) {
    const auto first = static_cast<unsigned char>(text.piece().empty() ? 'a' : text.piece()[0]);
    part = part || (first & 0xc0) == 0x80;  // goes on with a character that began before
    whole += text.piece();
  }
  EXPECT_TRUE(part);
  EXPECT_EQ(whole, "\xF0\x9F\x90\x9A\xF0\x9F\xA6\x80");
}

TEST(Llama, ReversePromptsThatAreNoTextOfTheModels) {
  const auto context = text_context(language_model());
  TextContext& text = *context->text();
  for (const char* never : {R"("\u0000")", R"("\ud83d\udc1a\ud83d\udc1a")", R"("")"}) {
    ASSERT_OK(text.configure(R"({"temp": 0, "n-predict": 4, "reverse-prompt": )" +
                             std::string(never) + "}"));
    ASSERT_OK(text.set_prompt("Once upon a time"));
    ASSERT_OK(text.generate());
    EXPECT_EQ(metadata(text)["finish_reason"], "length") << never;
  }
}

TEST(Llama, APromptTooLongIsCountedAndAShorterOneFits) {
  const auto context = text_context(language_model("slots=1,ctx-size=128"));
  TextContext& text = *context->text();
  std::string prompt;
  for (int i = 0; i < 200; ++i)
    prompt += " sea";
  auto set = text.set_prompt(prompt);
  ASSERT_FALSE(set);
  EXPECT_EQ(set.error().code, ErrorCode::kPromptTooLong);
  EXPECT_EQ(metadata(text)["input_tokens"], 200);
  EXPECT_FALSE(metadata(text)["last_error"].get<std::string>().empty());
  // " sea" is a token; 4 have to stay free.
  EXPECT_TRUE(text.set_prompt(prompt.substr(0, 496)));
  set = text.set_prompt(prompt.substr(0, 500));
  EXPECT_EQ(set.error().code, ErrorCode::kPromptTooLong);
  // Megabytes are not even read.
  set = text.set_prompt(std::string(std::size_t{64} << 20, 'a'));
  EXPECT_EQ(set.error().code, ErrorCode::kPromptTooLong);
  EXPECT_GT(metadata(text)["input_tokens"], 1000);
}

TEST(Llama, AFullContextEndsTheTextAndLeavesItReadable) {
  const auto context = text_context(language_model("slots=1,ctx-size=128"));
  TextContext& text = *context->text();
  ASSERT_OK(text.configure(R"({"temp": 0, "ignore-eos": true, "ctx-size": 100})"));
  ASSERT_OK(text.set_prompt("Once upon a time"));
  EXPECT_EQ(text.generate().error().code, ErrorCode::kContextFull);
  const std::string whole(text.output().value());
  EXPECT_EQ(metadata(text)["output_tokens"], 97);  // the last needs no room any more
  EXPECT_EQ(metadata(text)["finish_reason"], "context_full");
  ErrorCode end{};
  EXPECT_EQ(stream(text, &end), whole);
  EXPECT_EQ(end, ErrorCode::kContextFull);
}

TEST(Llama, ALongWordNeedsNoLargeStack) {
  const auto context = text_context(language_model("slots=1,ctx-size=8192"));
  TextContext& text = *context->text();
  const auto set = text.set_prompt(std::string(100'000, 'a'));
  if (!set) {
    EXPECT_EQ(set.error().code, ErrorCode::kPromptTooLong) << set.error().message;
  }
  EXPECT_GT(metadata(text)["input_tokens"], 1000);
  // Nor a short one on a thread with little.
  EXPECT_TRUE(run_on_stack(std::size_t{256} << 10,
                           [&]() noexcept { ASSERT_OK(text.set_prompt(std::string(4000, 'a'))); }));
  EXPECT_GT(metadata(text)["input_tokens"], 100);
}

TEST(Llama, TensorsAlone) {
  const auto graph = language_model();
  EXPECT_EQ(graph->description().inputs.at(0).name, "prompt");
  EXPECT_EQ(graph->description().outputs.at(0).name, "response");
  const auto context = text_context(graph);
  ASSERT_OK(context->text()->configure(R"({"temp": 0, "n-predict": 8})"));
  const std::string prompt = question("What is the capital of France?");
  const std::vector<std::int64_t> lie{1};
  ASSERT_OK(context->set_input(0, {TensorType::kU8, lie, std::as_bytes(std::span(prompt))}));
  ASSERT_OK(context->compute());
  const auto output = context->output(0);
  ASSERT_OK(output);
  const auto data = (*output)->data;
  EXPECT_THAT(std::string(reinterpret_cast<const char*>(data.data()), data.size()),
              HasSubstr("Paris"));
}

TEST(Llama, EmbeddingsAreNearForNearTexts) {
  const auto context = text_context(language_model());
  TextContext& text = *context->text();
  ASSERT_OK(text.configure(R"({"embedding": true, "pooling-type": "mean"})"));
  const auto embed = [&](std::string_view of) {
    EXPECT_TRUE(text.set_prompt(of));
    const auto made = text.generate();
    EXPECT_TRUE(made) << made.error().message;
    const auto json = nlohmann::json::parse(text.output().value());
    auto values = json["embedding"].get<std::vector<double>>();
    EXPECT_EQ(json["n_embedding"], values.size());
    EXPECT_EQ(values.size(), 576U);
    return values;
  };
  const auto dot = [](const std::vector<double>& a, const std::vector<double>& b) {
    double sum = 0;
    for (std::size_t i = 0; i < a.size(); ++i)
      sum += a[i] * b[i];
    return sum;
  };
  const auto cat = embed("A cat sits on the mat.");
  const auto kitten = embed("A kitten lies on the rug.");
  const auto money = embed("int main() { return 0; }");
  EXPECT_NEAR(dot(cat, cat), 1, 1e-4);
  EXPECT_GT(dot(cat, kitten), dot(cat, money));
  EXPECT_EQ(text.next().error().code, ErrorCode::kUnsupportedOperation);
  // And back to text.
  ASSERT_OK(text.configure(R"({"embedding": false, "temp": 0, "n-predict": 2})"));
  ASSERT_OK(text.set_prompt("Once upon a time"));
  ASSERT_OK(text.generate());
}

TEST(Llama, ADeadlineAndACancelEndGenerationSoon) {
  const auto context = text_context(language_model("slots=1,ctx-size=8192"));
  TextContext& text = *context->text();
  ASSERT_OK(text.configure(R"({"temp": 0, "ignore-eos": true})"));
  ASSERT_OK(text.set_prompt("Once upon a time"));
  ASSERT_OK(text.next());  // the engine is there
  using Clock = std::chrono::steady_clock;
  auto begun = Clock::now();
  EXPECT_EQ(text.generate(begun + 300ms).error().code, ErrorCode::kTimeout);
  EXPECT_LT(Clock::now() - begun, 1300ms);
  EXPECT_EQ(metadata(text)["finish_reason"], "cancelled");
  EXPECT_FALSE(text.output().value().empty());

  // In the middle of a long prompt too.
  std::string prompt;
  for (int i = 0; i < 4000; ++i)
    prompt += " sea";
  ASSERT_OK(text.set_prompt(prompt));
  begun = Clock::now();
  {
    const KeepCancelling other([&] { context->cancel(); }, 500ms);
    EXPECT_EQ(text.generate().error().code, ErrorCode::kTimeout);
  }
  EXPECT_LT(Clock::now() - begun, 1500ms);
  // It goes on to serve.
  ASSERT_OK(text.configure(R"({"n-predict": 2})"));
  ASSERT_OK(text.set_prompt("Once upon a time"));
  ASSERT_OK(text.generate());
}

TEST(Llama, InspectSeesWhatTheModelIs) {
  const auto graph = language_model();
  const auto property = [&](std::string_view key) -> std::string {
    for (const Property& each : graph->description().properties)
      if (each.key == key) return each.value;
    return {};
  };
  EXPECT_EQ(property("architecture"), "llama");
  EXPECT_EQ(property("parameters"), "134515008");
  EXPECT_EQ(property("quantisation"), "Q4_1");
  EXPECT_EQ(property("context"), "8192");
  EXPECT_EQ(property("template"), "chatml");
  EXPECT_EQ(property("vocabulary"), "49152 tokens, BPE");
}

TEST(Llama, BytesOfAGuestAreTheSameModel) {
  const std::string bytes = model_bytes();
  const auto part = std::as_bytes(std::span(bytes));
  auto graph = load_guest_model(llama_catalog(), {&part, 1}, GraphEncoding::kGgml,
                                ExecutionTarget::kAuto, GuestLimits{});
  ASSERT_OK(graph);
  const auto context = text_context(*graph);
  TextContext& text = *context->text();
  ASSERT_OK(text.configure(R"({"temp": 0, "n-predict": 10})"));
  ASSERT_OK(text.set_prompt(question("What is the capital of France?")));
  ASSERT_OK(text.generate());
  EXPECT_THAT(text.output().value(), HasSubstr("Paris"));
}

TEST(Llama, LayersForAGpuThatIsNotThereAreAWarningOncePerModel) {
  std::mutex mutex;
  int warnings = 0;
  const auto catalog = BackendCatalog::create(
      {.module_dirs = {NACRE_TEST_BACKENDS_DIR},
       .log = std::make_shared<const LogSink>([&](LogSeverity severity, std::string_view line) {
         const std::lock_guard lock(mutex);
         if (severity == LogSeverity::kWarning && line.find("n-gpu-layers") != line.npos)
           ++warnings;
       }),
       .thread_budget = 1});
  const auto load = [&](const std::string& options) {
    auto spec =
        parse_model_spec("m=" + std::string(kModelFile) + ",slots=1,ctx-size=256" + options);
    auto graph = load_model(*catalog, spec.value());
    EXPECT_TRUE(graph);
    return *graph;
  };
  const auto by_guests = load("");
  for (int i = 0; i < 2; ++i) {
    const auto context = text_context(by_guests);
    EXPECT_EQ(warnings, i);
    ASSERT_OK(context->text()->configure(R"({"n-gpu-layers": 99})"));
    ASSERT_OK(context->text()->configure(R"({"temp": 0, "n-predict": 1})"));
    EXPECT_EQ(warnings, 1);
    ASSERT_OK(context->text()->set_prompt("Once"));
    ASSERT_OK(context->text()->generate());
  }
  const auto by_operator = load(R"(,config={"n-gpu-layers": 99})");
  EXPECT_EQ(warnings, 2);
  const auto context = text_context(by_operator);
  ASSERT_OK(context->text()->configure(R"({"temp": 0})"));
  EXPECT_EQ(warnings, 2);
}

}  // namespace
}  // namespace nacre::test
