// What guests can do to other hosts: here each is an error, and the model serves on.
#include "fixture.h"

#include "core/loader.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <chrono>
#include <cstdint>
#include <cstring>
#include <random>
#include <string>
#include <vector>

namespace nacre::test {
namespace {

using testing::HasSubstr;

class Hostile : public testing::Test {
 protected:
  void TearDown() override {
    // Whatever was sent: the model still answers.
    const auto context = text_context(graph_);
    TextContext& text = *context->text();
    ASSERT_OK(text.configure(R"({"temp": 0, "n-predict": 10})"));
    ASSERT_OK(text.set_prompt(question("What is the capital of France?")));
    ASSERT_OK(text.generate());
    EXPECT_THAT(text.output().value(), HasSubstr("Paris"));
  }

  Result<void> configure(const std::string& json) { return context_->text()->configure(json); }

  /// The configuration is refused with this code, in a sentence that has `says`.
  void refused(const std::string& json, ErrorCode code, std::string_view says) {
    const auto result = configure(json);
    ASSERT_FALSE(result) << json.substr(0, 200);
    EXPECT_EQ(result.error().code, code) << result.error().message;
    EXPECT_THAT(result.error().message, HasSubstr(says)) << json.substr(0, 200);
  }

  std::shared_ptr<Graph> graph_ = language_model("slots=2,ctx-size=256,engines=2");
  std::unique_ptr<ExecutionContext> context_ = text_context(graph_);
};

std::string quoted(const std::string& text) {
  return nlohmann::json(text).dump();
}

TEST_F(Hostile, WhatIsNoConfiguration) {
  for (const char* json : {"", "{", "nonsense", "{\"temp\": }", "{\"temp\": 1,}", "\xff\xfe"})
    refused(json, ErrorCode::kInvalidEncoding, "not JSON");
  for (const char* json : {"[]", "1", "\"x\"", "null", "true"})
    refused(json, ErrorCode::kInvalidArgument, "object");
  refused(std::string(500'000, '['), ErrorCode::kInvalidEncoding, "not JSON");
}

TEST_F(Hostile, EveryKeyRefusesOtherTypesByName) {
  const char* integers[] = {"n-predict",     "embd-normalize", "n-gpu-layers",   "main-gpu",
                            "ctx-size",      "batch-size",     "ubatch-size",    "threads",
                            "threads-batch", "top-k",          "last-n-penalty", "seed",
                            "yarn-orig-ctx"};
  const char* reals[] = {"temp",
                         "top-p",
                         "min-p",
                         "typ-p",
                         "repeat-penalty",
                         "presence-penalty",
                         "frequency-penalty",
                         "rope-freq-base",
                         "rope-freq-scale",
                         "yarn-ext-factor",
                         "yarn-attn-factor",
                         "yarn-beta-fast",
                         "yarn-beta-slow"};
  const char* booleans[] = {"enable-log", "enable-debug-log", "stream-stdout", "embedding",
                            "use-mmap",   "use-mlock",        "ignore-eos"};
  const char* strings[] = {"reverse-prompt", "grammar",      "json-schema",  "tensor-split",
                           "split-mode",     "cache-type-k", "cache-type-v", "rope-scaling",
                           "pooling-type",   "flash-attn",   "mmproj",       "image",
                           "model-vocoder"};
  const auto refuses = [this](std::string_view key, std::string_view value) {
    const std::string name(key);
    refused("{\"" + name + "\": " + std::string(value) + "}", ErrorCode::kInvalidArgument,
            "\"" + name + "\"");
  };
  for (const char* key : integers)
    for (const char* value : {"\"1\"", "1.5", "true", "[]", "null", "{}", "1e300",
                              "18446744073709551615", "-9223372036854775808"})
      refuses(key, value);
  for (const char* key : reals)
    for (const char* value : {"\"1\"", "true", "[1]", "null", "1e300", "-1e300"})
      refuses(key, value);
  for (const char* key : booleans)
    for (const char* value : {"1", "\"true\"", "null"})
      refuses(key, value);
  for (const char* key : strings)
    for (const char* value : {"1", "[]", "null"})
      refuses(key, value);
}

TEST_F(Hostile, EveryKeyIsTaken) {
  for (const char* json :
       {R"({"enable-log": true, "enable_debug_log": true, "stream-stdout": false})",
        R"({"n-predict": -1, "reverse-prompt": "</s>", "embd-normalize": 2})",
        R"({"n-gpu-layers": 35, "main-gpu": 0, "tensor-split": "3,2", "split-mode": "row"})",
        R"({"use-mmap": true, "use-mlock": false, "mmproj": "", "image": ""})",
        R"({"ctx-size": 4096, "batch-size": 2048, "ubatch-size": 512, "threads": 8})",
        R"({"threads-batch": 8, "flash-attn": "off", "cache-type-k": "f32"})",
        R"({"flash-attn": true, "cache-type-v": "q8_0", "cache_type_k": "q8_0"})",
        R"({"rope-scaling": "linear", "rope-freq-base": 10000, "rope-freq-scale": 0.5})",
        R"({"yarn-ext-factor": -1, "yarn-attn-factor": 1, "yarn-beta-fast": 32})",
        R"({"yarn-beta-slow": 1, "yarn-orig-ctx": 0, "pooling-type": "mean"})",
        R"({"temp": 0.8, "top-k": 40, "top-p": 0.95, "min-p": 0.05, "typ-p": 1})",
        R"({"repeat-penalty": 1.1, "presence-penalty": 0.1, "frequency-penalty": 0.1})",
        R"({"last-n-penalty": 64, "seed": 42, "ignore-eos": false, "grammar": ""})",
        R"({"json_schema": "", "unknown": {"a": [1]}, "mirostat": 3})"}) {
    const auto taken = configure(json);
    EXPECT_TRUE(taken) << json << ": " << taken.error().message;
  }
  EXPECT_EQ(metadata(*context_->text())["last_error"], "");
  // An error changes nothing.
  ASSERT_OK(configure(R"({"temp": 0, "n-predict": 2})"));
  EXPECT_FALSE(configure(R"({"n-predict": 50, "temp": "hot"})"));
  ASSERT_OK(configure(R"({"flash-attn": "auto", "cache-type-k": "f16", "cache-type-v": "f16",
                          "rope-scaling": "none", "rope-freq-base": 0, "rope-freq-scale": 0})"));
  ASSERT_OK(context_->text()->set_prompt("Once upon a time"));
  ASSERT_OK(context_->text()->generate());
  EXPECT_EQ(metadata(*context_->text())["output_tokens"], 2);
}

TEST_F(Hostile, SamplingIsAsConfigured) {
  TextContext& text = *context_->text();
  const auto sample = [&](const std::string& json) {
    EXPECT_TRUE(configure(json));
    EXPECT_TRUE(text.set_prompt("Once upon a time"));
    const auto made = text.generate();
    EXPECT_TRUE(made) << made.error().message;
    return std::string(text.output().value());
  };
  const std::string greedy = sample(R"({"n-predict": 12, "temp": 0, "seed": 1})");
  const std::string hot = sample(R"({"temp": 1.5, "seed": 1})");
  EXPECT_NE(hot, greedy);
  EXPECT_EQ(sample(R"({"seed": 1})"), hot);
  EXPECT_NE(sample(R"({"seed": 2})"), hot);
  EXPECT_EQ(sample(R"({"top-k": 1})"), greedy);
  EXPECT_EQ(sample(R"({"top-k": 0, "top-p": 0})"), greedy);
  EXPECT_EQ(sample(R"({"top-p": 1, "min-p": 1})"), greedy);
  EXPECT_NE(sample(R"({"temp": 0, "min-p": 0.05, "repeat-penalty": 5, "n-predict": 40})"),
            sample(R"({"repeat-penalty": 1})"));
}

TEST_F(Hostile, TensorSplitOfAThousandNumbers) {
  std::string split = "1";
  for (int i = 0; i < 1000; ++i)
    split += ",1";
  refused("{\"tensor-split\": \"" + split + "\"}", ErrorCode::kInvalidArgument, "128");
  refused(R"({"tensor-split": "a,b"})", ErrorCode::kInvalidArgument, "numbers");
}

TEST_F(Hostile, FilesOfTheHostAreNeverOpened) {
  for (const char* key : {"mmproj", "image", "model-vocoder"})
    refused("{\"" + std::string(key) + "\": \"/etc/passwd\"}", ErrorCode::kUnsupportedOperation,
            "opens no file");
  const std::string path = "preload:" + std::string(kModelFile);
  const auto part = std::as_bytes(std::span(path));
  const auto loaded = load_guest_model(llama_catalog(), {&part, 1}, GraphEncoding::kGgml,
                                       ExecutionTarget::kAuto, GuestLimits{});
  ASSERT_FALSE(loaded);
  EXPECT_EQ(loaded.error().code, ErrorCode::kInvalidEncoding);
}

TEST_F(Hostile, Grammars) {
  const auto grammar = [](const std::string& text) {
    return "{\"grammar\": " + quoted(text) + "}";
  };
  refused(grammar("root = \"a\""), ErrorCode::kInvalidArgument, "::=");
  refused(grammar("%llguidance {}"), ErrorCode::kInvalidArgument, "grammar");
  refused(grammar("root ::= (\"a\""), ErrorCode::kInvalidArgument, "grammar, line 1");
  refused(grammar("root ::= " + std::string(20'000, '(')), ErrorCode::kTooLarge, "64");
  refused(grammar("root ::= \"a\"{5,3}"), ErrorCode::kInvalidArgument, "smaller");
  // One that can be read and then leads nowhere: the generation ends with an error.
  ASSERT_OK(configure(grammar("root ::= s\ns ::= [a-z ] s \"b\" | [a-z ] s \"c\" | [a-z ]")));
  ASSERT_OK(configure(R"({"temp": 0, "n-predict": 100})"));
  ASSERT_OK(context_->text()->set_prompt("Once upon a time"));
  const auto made = context_->text()->generate();
  ASSERT_FALSE(made);
  EXPECT_EQ(made.error().code, ErrorCode::kInvalidArgument);
  EXPECT_THAT(made.error().message, HasSubstr("ambiguous"));
  // A good one is kept to.
  ASSERT_OK(configure(grammar("root ::= \"yes\" | \"no\"")));
  ASSERT_OK(context_->text()->set_prompt(question("Is water wet?")));
  ASSERT_OK(context_->text()->generate());
  const std::string text(context_->text()->output().value());
  EXPECT_TRUE(text.starts_with("yes") || text.starts_with("no")) << text;
  EXPECT_LE(text.size(), 3 + std::strlen("<|endoftext|>"));
}

TEST_F(Hostile, Schemas) {
  const auto schema = [](const std::string& text) {
    return "{\"json-schema\": " + quoted(text) + "}";
  };
  refused(schema("{"), ErrorCode::kInvalidArgument, "not JSON");
  refused(schema("nonsense"), ErrorCode::kInvalidArgument, "not JSON");
  refused(schema(R"({"type": "nonsense"})"), ErrorCode::kInvalidArgument, "json-schema");
  refused(schema(R"({"$ref": "#/nowhere"})"), ErrorCode::kInvalidArgument, "json-schema");
  refused(schema(std::string(10'000, '[') + std::string(10'000, ']')), ErrorCode::kTooLarge, "64");
  refused(schema("{\"type\": \"string\", \"pattern\": \"^" + std::string(20'000, '(') + "$\"}"),
          ErrorCode::kTooLarge, "64");
  refused(schema(std::string(70'000, ' ')), ErrorCode::kTooLarge, "65536");
  // What does not end elsewhere ends the throwaway process, or is refused by it.
  for (const char* endless : {R"({"allOf": [{"$ref": "#"}]})", R"({"$ref": "#"})",
                              R"({"type": "string", "minLength": 1000000000})"}) {
    const auto begun = std::chrono::steady_clock::now();
    EXPECT_FALSE(configure(schema(endless))) << endless;
    EXPECT_LT(std::chrono::steady_clock::now() - begun, std::chrono::seconds(15)) << endless;
  }
  ASSERT_OK(configure(schema(R"({"type": "object", "required": ["city", "days"],
      "properties": {"city": {"enum": ["Paris", "Rome"]}, "days": {"type": "integer"}}})")));
  ASSERT_OK(configure(R"({"temp": 0, "n-predict": 100})"));
  ASSERT_OK(context_->text()->set_prompt(question("Where do I go, and for how long?")));
  ASSERT_OK(context_->text()->generate());
  std::string text(context_->text()->output().value());
  EXPECT_NE(text.find('}'), std::string::npos) << text;
  text = text.substr(0, text.find('}') + 1);
  const auto json = nlohmann::json::parse(text, nullptr, false);
  ASSERT_FALSE(json.is_discarded()) << text;
  EXPECT_TRUE(json["city"] == "Paris" || json["city"] == "Rome") << text;
  EXPECT_TRUE(json["days"].is_number_integer()) << text;
}

TEST_F(Hostile, NothingSetIsNothingGenerated) {
  EXPECT_EQ(context_->text()->generate().error().code, ErrorCode::kInvalidArgument);
  EXPECT_EQ(context_->text()->next().error().code, ErrorCode::kInvalidArgument);
  EXPECT_EQ(context_->compute().error().code, ErrorCode::kInvalidArgument);
}

TEST_F(Hostile, ChangingTheModelsKeysWithTwoContextsOpen) {
  const auto other = text_context(graph_);
  ASSERT_OK(other->text()->configure(R"({"temp": 0, "n-predict": 4})"));
  ASSERT_OK(other->text()->set_prompt("Once upon a time"));
  ASSERT_OK(other->text()->next());
  ASSERT_OK(configure(R"({"n-gpu-layers": 7, "use-mmap": false})"));
  ASSERT_OK(context_->text()->set_prompt("Once upon a time"));
  ASSERT_OK(context_->text()->next());
  ASSERT_OK(other->text()->next());
}

TEST_F(Hostile, ContextParametersThatTheModelRefuses) {
  // A quantised cache of values needs flash attention.
  ASSERT_OK(configure(R"({"flash-attn": "off", "cache-type-v": "q4_0", "n-predict": 1})"));
  ASSERT_OK(context_->text()->set_prompt("Once upon a time"));
  const auto made = context_->text()->generate();
  ASSERT_FALSE(made);
  EXPECT_EQ(made.error().code, ErrorCode::kInvalidArgument) << made.error().message;
}

TEST_F(Hostile, NoContextParameterEndsTheProcess) {
  std::vector<std::string> sets;
  for (const char* type :
       {"f32", "f16", "bf16", "q8_0", "q4_0", "q4_1", "iq4_nl", "q5_0", "q5_1"}) {
    for (const char* flash : {"on", "off", "auto"}) {
      const std::string name(type);
      sets.push_back(R"("cache-type-k": ")" + name + R"(", "flash-attn": ")" + flash + "\"");
      sets.push_back(R"("cache-type-v": ")" + name + R"(", "flash-attn": ")" + flash + "\"");
    }
  }
  for (const char* rope : {"none", "linear", "yarn", "longrope"}) {
    sets.push_back(R"("rope-scaling": ")" + std::string(rope) +
                   R"(", "rope-freq-base": 1e9, "rope-freq-scale": 100, "yarn-ext-factor": 100,
                      "yarn-attn-factor": 100, "yarn-beta-fast": 10000, "yarn-beta-slow": 10000,
                      "yarn-orig-ctx": 2147483647)");
    sets.push_back(R"("rope-scaling": ")" + std::string(rope) +
                   R"(", "rope-freq-base": 1e-30, "rope-freq-scale": 1e-30, "yarn-ext-factor": 0,
                      "yarn-attn-factor": 0, "yarn-beta-fast": 0, "yarn-beta-slow": 0,
                      "yarn-orig-ctx": 1)");
  }
  for (const char* pooling : {"none", "mean", "cls", "last"}) {
    const std::string name = R"("pooling-type": ")" + std::string(pooling) + "\"";
    sets.push_back(name);
    sets.push_back(R"("embedding": true, )" + name);
    sets.push_back(R"("embedding": true, "embd-normalize": 0, "cache-type-k": "q8_0", )" + name);
  }
  for (const char* odd :
       {R"("top-k": 2147483647, "top-p": 0, "min-p": 1, "typ-p": 0, "temp": 100)",
        R"("repeat-penalty": 0.01, "presence-penalty": 100, "last-n-penalty": -1)",
        R"("last-n-penalty": 65536, "frequency-penalty": -100, "temp": 1e-30)", R"("ctx-size": 1)",
        R"("ctx-size": 2147483647)"}) {
    sets.emplace_back(odd);
  }
  for (const std::string& set : sets) {
    const auto context = text_context(graph_);
    TextContext& text = *context->text();
    ASSERT_OK(text.configure("{\"n-predict\": 2, " + set + "}"));
    if (!text.set_prompt("Once upon a time")) continue;  // "ctx-size": 1
    const auto made = text.generate();
    // It works, or the model refuses it, with a reason.
    if (!made) {
      EXPECT_EQ(made.error().code, ErrorCode::kInvalidArgument) << set;
      EXPECT_FALSE(made.error().message.ends_with(": ")) << set;
    }
  }
}

TEST_F(Hostile, MoreEnginesThanThereMayBe) {
  std::vector<std::unique_ptr<ExecutionContext>> contexts;
  ErrorCode last{};
  for (const char* json : {R"({"rope-freq-base": 10001})", R"({"rope-freq-base": 10002})",
                           R"({"rope-freq-base": 10003})"}) {
    contexts.push_back(text_context(graph_));
    ASSERT_OK(contexts.back()->text()->configure(json));
    ASSERT_OK(contexts.back()->text()->configure(R"({"n-predict": 1})"));
    ASSERT_OK(contexts.back()->text()->set_prompt("Once"));
    const auto made = contexts.back()->text()->generate();
    last = made ? ErrorCode{} : made.error().code;
  }
  EXPECT_EQ(last, ErrorCode::kBusy);
  contexts.clear();  // then there is room again: TearDown
}

TEST_F(Hostile, ModelBytes) {
  const std::string model = model_bytes();
  const auto load = [](const std::string& bytes, ExecutionTarget target = ExecutionTarget::kAuto) {
    const auto part = std::as_bytes(std::span(bytes));
    return load_guest_model(llama_catalog(), {&part, 1}, GraphEncoding::kGgml, target,
                            GuestLimits{});
  };
  for (const ExecutionTarget target : {ExecutionTarget::kGpu, ExecutionTarget::kTpu}) {
    const auto elsewhere = load(model, target);
    ASSERT_FALSE(elsewhere);
    EXPECT_EQ(elsewhere.error().code, ErrorCode::kUnsupportedOperation);
    EXPECT_NE(elsewhere.error().message.find("cpu"), std::string::npos);
  }
  EXPECT_EQ(load("GGUF").error().code, ErrorCode::kInvalidEncoding);
  EXPECT_EQ(load(model.substr(0, 100'000)).error().code, ErrorCode::kInvalidEncoding);
  EXPECT_EQ(load(model.substr(0, model.size() - 1000)).error().code, ErrorCode::kInvalidEncoding);
  std::string architecture = model;
  const auto name = architecture.find("general.architecture");
  ASSERT_NE(name, std::string::npos);
  architecture.replace(name + std::strlen("general.architecture") + 12, 5, "lemma");
  EXPECT_EQ(load(architecture).error().code, ErrorCode::kInvalidEncoding);
  // The number of layers, which the weights do not have.
  std::string layers = model;
  const auto at = layers.find("llama.block_count");
  ASSERT_NE(at, std::string::npos);
  for (const std::uint32_t count : {0U, 29U, 31U, 100'000U, 0xffffffffU}) {
    std::memcpy(layers.data() + at + std::strlen("llama.block_count") + 4, &count, 4);
    const auto loaded = load(layers);
    if (count == 29) continue;  // it may well do without one
    EXPECT_FALSE(loaded) << count;
  }
  std::mt19937 random(1);
  std::string mutated;
  for (int i = 0; i < 6; ++i) {
    mutated = model;
    for (int j = 0; j < 20; ++j)
      mutated[random() % 4000] = static_cast<char>(random());
    static_cast<void>(load(mutated));  // whatever: we are still here
  }
}

}  // namespace
}  // namespace nacre::test
