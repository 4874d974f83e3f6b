// nacre backends, nacre inspect, and how run offers models.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "cli/process.h"

namespace nacre::test {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

TEST(Backends, EchoIsAlwaysThere) {
  const Ended text = nacre({"backends"});
  EXPECT_EQ(text.exit_code, 0) << text.err;
  EXPECT_THAT(text.out, HasSubstr("echo: available\n"));
  const Ended ended = nacre({"backends", "echo", "--json"});
  ASSERT_EQ(ended.exit_code, 0) << ended.err;
  const auto json = nlohmann::json::parse(ended.out);
  ASSERT_EQ(json.size(), 1u);
  EXPECT_EQ(json[0]["name"], "echo");
  EXPECT_EQ(json[0]["available"], true);
  EXPECT_EQ(json[0]["encodings"], nlohmann::json::array({"echo"}));
  EXPECT_EQ(json[0]["devices"], nlohmann::json::array({"cpu"}));
  EXPECT_TRUE(json[0].contains("version"));
}

TEST(Backends, WhatWasBuiltIsThereAndTheRestSaysHowToGetIt) {
  const auto json = nlohmann::json::parse(nacre({"backends", "--json"}).out);
  const std::string built = NACRE_TEST_BACKENDS;
  for (const char* name : {"onnxruntime", "openvino", "tflite", "torch"}) {
    bool found = false;
    for (const auto& backend : json) {
      if (backend["name"] != name) continue;
      found = true;
      const bool wanted = built.find(name) != std::string::npos;
      EXPECT_EQ(backend["available"], wanted) << backend.dump(2);
      if (wanted) {
        EXPECT_NE(backend["version"], "") << name;
      } else {
        EXPECT_NE(backend["why_not"], "") << name;
      }
    }
    EXPECT_TRUE(found) << name;
  }
}

TEST(Backends, AnUnknownNameIsAnswered) {
  const Ended ended = nacre({"backends", "ecko"});
  EXPECT_EQ(ended.exit_code, 1);
  EXPECT_THAT(ended.err, HasSubstr("did you mean \"echo\"?"));
}

TEST(Inspect, ShowsAnEchoModel) {
  const ScratchDir dir;
  write_text(dir / "m.echo", "nacre-echo v1\ninput image f32 1,3,?,4\ninput mask u8 2\n");
  const Ended ended = nacre({"inspect", "--json", dir / "m.echo"});
  ASSERT_EQ(ended.exit_code, 0) << ended.err;
  const auto json = nlohmann::json::parse(ended.out);
  EXPECT_EQ(json["backend"], "echo");
  EXPECT_EQ(json["encoding"], "echo");
  ASSERT_EQ(json["inputs"].size(), 2u);
  EXPECT_EQ(json["inputs"][0]["name"], "image");
  EXPECT_EQ(json["inputs"][0]["type"], "f32");
  EXPECT_EQ(json["inputs"][0]["shape"], nlohmann::json::array({1, 3, -1, 4}));
  EXPECT_EQ(json["inputs"][1]["type"], "u8");
  const Ended text = nacre({"inspect", dir / "m.echo"});
  EXPECT_THAT(text.out, AllOf(HasSubstr("image"), HasSubstr("[1,3,?,4]"), HasSubstr("mask")));
}

TEST(Inspect, SaysWhatIsWrong) {
  const ScratchDir dir;
  write_text(dir / "m.bin", "nothing that anyone reads");
  const Ended odd = nacre({"inspect", dir / "m.bin"});
  EXPECT_EQ(odd.exit_code, 1);
  EXPECT_THAT(odd.err, HasSubstr("nacre inspect: "));
  const Ended missing = nacre({"inspect", dir / "missing.onnx"});
  EXPECT_EQ(missing.exit_code, 1);
  EXPECT_THAT(missing.err, HasSubstr("missing.onnx"));
  const Ended gpu = nacre({"inspect", "--target", "gpu", echo_model(dir).substr(5)});
  EXPECT_EQ(gpu.exit_code, 1);
  EXPECT_THAT(gpu.err, HasSubstr("cpu"));
}

TEST(Models, ByNameAndModelsOnly) {
  const ScratchDir dir;
  const std::string model = echo_model(dir);
  EXPECT_EQ(nacre({"run", "--model", model, guest("echo_by_name.wasm")}).exit_code, 0);
  EXPECT_EQ(nacre({"run", "--models-only", "--model", model, guest("echo_by_name.wasm")}).exit_code,
            0);
  // Without the model the guest's load_by_name fails; it exits with 1.
  EXPECT_EQ(nacre({"run", guest("echo_by_name.wasm")}).exit_code, 1);
  // Models by bytes are refused.
  const Ended refused = nacre({"run", "-v", "--models-only", guest("bad_indices.wasm")});
  EXPECT_EQ(refused.exit_code, 1);
  EXPECT_THAT(refused.err, HasSubstr("load"));
}

TEST(Models, EveryHostsSpellingOffersIt) {
  const ScratchDir dir;
  const std::string file = echo_model(dir).substr(5);
  write_text(dir / "models.toml", "[[model]]\nname = 'echo'\npath = '" + file + "'\n");
  const std::vector<std::vector<std::string>> spellings = {
      {"--model", "echo=" + file},
      {"--models", dir / "models.toml"},
      {"--nn-preload", "echo:AutoDetect:AUTO:" + file},
      {"--nn-preload=echo:autodetect:cpu:" + file},
      {"--wasi-nn-graph=echo:autodetect:cpu:" + file},
  };
  for (std::vector<std::string> words : spellings) {
    words.insert(words.begin(), "run");
    words.push_back(guest("echo_by_name.wasm"));
    const Ended ended = nacre(words);
    EXPECT_EQ(ended.exit_code, 0) << words[1] << words[2] << ended.out << ended.err;
  }
}

TEST(Models, OfTwoPreloadsTheFirstCounts) {
  const ScratchDir dir;
  const std::string file = echo_model(dir).substr(5);
  const std::string good = "echo:AutoDetect:AUTO:" + file;
  const std::string bad = "echo:AutoDetect:AUTO:/no/such.echo";
  const auto run = [&](const std::string& first, const std::string& second) {
    return nacre({"run", "--nn-preload", first, "--nn-preload", second, guest("echo_by_name.wasm")})
        .exit_code;
  };
  EXPECT_EQ(run(good, bad), 0);
  EXPECT_EQ(run(bad, good), 1);
}

TEST(Models, AMistakeInTheListPointsAtItsPlace) {
  const ScratchDir dir;
  write_text(dir / "models.toml", "[[model]]\nname = 'echo'\npth = '@echo'\n");
  for (const std::string command : {"run", "check"}) {
    const Ended ended =
        nacre({command, "--models", dir / "models.toml", guest("echo_by_name.wasm")});
    EXPECT_EQ(ended.exit_code, 2);
    EXPECT_THAT(ended.err,
                HasSubstr((dir / "models.toml") + ":3: key \"pth\": there is no such key; did you "
                                                  "mean \"path\"?"));
  }
}

// What a guest is told of a model that it may not use is what it is told of none, in both ABIs.
TEST(Models, AnothersModelIsAsIfItWereNotThere) {
  const ScratchDir dir;
  write_text(dir / "models.toml",
             "[[model]]\nname = 'secret'\npath = '@echo'\nguests = ['other.wasm']\n"
             "[[model]]\nname = 'common'\npath = '@echo'\n");
  for (const char* file :
       {"bench_infer.wasm", "bench_infer.component.wasm", "bench_infer.2024-08-19.component.wasm",
        "bench_infer.2024-06-25.component.wasm"}) {
    const auto run = [&](const std::string& name, std::vector<std::string> more = {}) {
      std::vector<std::string> words = {"run", "-v", "--stats=json", "--models",
                                        dir / "models.toml"};
      words.insert(words.end(), more.begin(), more.end());
      words.insert(words.end(), {guest(file), name, "1", "0", "2,2"});
      return nacre(words).err;
    };
    const std::string forbidden = run("secret");
    EXPECT_THAT(forbidden, HasSubstr("there is no model named \"secret\"")) << file;
    std::string absent = run("absent");
    for (std::size_t at = absent.find("absent"); at != std::string::npos;
         at = absent.find("absent"))
      absent.replace(at, 6, "secret");
    EXPECT_EQ(forbidden, absent) << file;
    EXPECT_THAT(run("common"), Not(HasSubstr("there is no model"))) << file;
    EXPECT_THAT(run("common", {"--grant", "secret"}), HasSubstr("no model named \"common\""));
    EXPECT_THAT(run("secret", {"--grant", "secret"}), HasSubstr("no model named \"secret\""))
        << "a grant narrows";
  }
}

TEST(Models, StatsAreATableOrJson) {
  const ScratchDir dir;
  const std::vector<std::string> words = {"--model", echo_model(dir), "--model", "idle=@echo",
                                          guest("echo_by_name.wasm")};
  const auto run = [&](const std::string& flag) {
    std::vector<std::string> all = {"run", flag};
    all.insert(all.end(), words.begin(), words.end());
    const Ended ended = nacre(all);
    EXPECT_EQ(ended.exit_code, 0);
    return ended.err;
  };
  const std::string table = run("--stats");
  EXPECT_THAT(table, AllOf(HasSubstr("model   requests     errors    compute       mean"),
                           HasSubstr("\necho "), HasSubstr("\nidle ")));
  const auto json = nlohmann::json::parse(run("--stats=json"));
  ASSERT_EQ(json["models"].size(), 2u);
  EXPECT_EQ(json["models"][0]["name"], "echo");
  EXPECT_EQ(json["models"][0]["loaded"], true);
  EXPECT_EQ(json["models"][0]["loads"], 1);
  EXPECT_GE(json["models"][0]["requests"], 1);
  EXPECT_EQ(json["models"][0]["errors"], 0);
  EXPECT_EQ(json["models"][1]["loads"], 0);
  EXPECT_EQ(json["models"][1]["requests"], 0);
}

TEST(Models, TwoOfOneNameAreRefused) {
  const ScratchDir dir;
  const std::string model = echo_model(dir);
  const Ended ended =
      nacre({"run", "--model", model, "--model", model, guest("echo_by_name.wasm")});
  EXPECT_EQ(ended.exit_code, 125);
  EXPECT_THAT(ended.err, HasSubstr("echo"));
}

TEST(Models, AMissingFileIsToldToTheGuestUnlessPreloaded) {
  EXPECT_EQ(nacre({"run", "--model", "echo=/no/such.echo", guest("echo_by_name.wasm")}).exit_code,
            1);
  const Ended ended =
      nacre({"run", "--model", "echo=/no/such.echo,preload=true", guest("stdio.wasm"), "args"});
  EXPECT_EQ(ended.exit_code, 125);
  EXPECT_THAT(ended.err, HasSubstr("/no/such.echo"));
}

TEST(Backends, OneByNameSaysAllThatItFinds) {
  const std::string built = NACRE_TEST_BACKENDS;
  for (const auto& [name, keys] :
       {std::pair{std::string("onnxruntime"),
                  std::vector<std::string>{"build", "onnx.opset", "onnx.ir_version",
                                           "limits.model_bytes"}},
        {"openvino", {"build", "onnx.opset", "openvino.ir_version"}},
        {"torch", {"build", "pytorch.format_version", "limits.rank"}},
        {"echo", {"limits.inputs"}}}) {
    if (name != "echo" && built.find(name) == std::string::npos) continue;
    const Ended ended = nacre({"backends", name, "--json"});
    ASSERT_EQ(ended.exit_code, 0) << ended.err;
    const auto json = nlohmann::json::parse(ended.out);
    for (const std::string& key : keys)
      EXPECT_FALSE(json[0]["properties"].value(key, "").empty()) << name << " " << key;
    EXPECT_THAT(nacre({"backends", name}).out, HasSubstr("  " + keys[0] + ": "));
  }
}

TEST(Inspect, ShowsHowTypesWithoutANameTravel) {
  const ScratchDir dir;
  write_text(dir / "m.echo",
             "nacre-echo v1\ninput ids u64 2,?\ninput flag bool scalar\ninput words string 3\n"
             "input half bf16 4\ninput plain f32 2\ninput any i16 any\n");
  const Ended text = nacre({"inspect", dir / "m.echo"});
  ASSERT_EQ(text.exit_code, 0) << text.err;
  for (const char* line :
       {"u64     [2,?]  as u8 [2,?,8]\n", "bool    []  as u8 []\n",
        "string  [3]  as u8 [?], length-prefixed\n", "bf16    [4]  as u8 [4,2] in core modules\n",
        "f32     [2]\n", "i16     any shape  as u8 any shape\n"}) {
    EXPECT_THAT(text.out, HasSubstr(line));
  }
  const auto json = nlohmann::json::parse(nacre({"inspect", "--json", dir / "m.echo"}).out);
  EXPECT_EQ(json["inputs"][0]["carrier"],
            nlohmann::json::parse(
                R"({"type": "u8", "shape": [2, -1, 8], "guests": ["module", "component"]})"));
  EXPECT_EQ(json["inputs"][3]["carrier"]["guests"], nlohmann::json::array({"module"}));
  EXPECT_FALSE(json["inputs"][4].contains("carrier"));
  EXPECT_EQ(json["inputs"][5]["carrier"]["shape"], nullptr);
}

TEST(Run, DefaultBackendsAreChecked) {
  const std::string any = guest("echo_by_name.wasm");
  for (const char* wrong : {"onnx", "onnx=", "nothing=echo", "autodetect=echo", "=echo"}) {
    const Ended ended = nacre({"run", "--backend", wrong, any});
    EXPECT_EQ(ended.exit_code, 2) << wrong;
    EXPECT_THAT(ended.err, HasSubstr("ENCODING=NAME")) << wrong;
  }
  const Ended unknown = nacre({"run", "--backend", "onnx=openvin", any});
  EXPECT_EQ(unknown.exit_code, 125);
  EXPECT_THAT(unknown.err, HasSubstr("did you mean \"openvino\"?"));
  // One that does not read the format is found out where a model comes.
  const Ended echo = nacre({"run", "--backend", "onnx=echo", "--model",
                            "net=" NACRE_TEST_SOURCE_DIR "/tests/data/onnx/many.onnx",
                            guest("describe.wasm"), "net"});
  EXPECT_EQ(echo.exit_code, 1);
  EXPECT_THAT(echo.err, HasSubstr("\"echo\" does not read onnx"));
}

}  // namespace
}  // namespace nacre::test
