// nacre check: exit code, words and JSON. The reasons themselves: tests/host/check_test.cc.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include <filesystem>
#include <set>
#include <string>
#include <vector>

#include "cli/process.h"

namespace nacre::test {
namespace {

using nlohmann::json;
using testing::AllOf;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

Ended check(std::vector<std::string> words) {
  words.insert(words.begin(), "check");
  return nacre(std::move(words));
}

json check_json(std::vector<std::string> words, int exit_code) {
  words.emplace_back("--json");
  const Ended ended = check(std::move(words));
  EXPECT_EQ(ended.exit_code, exit_code) << ended.err;
  EXPECT_THAT(ended.err, IsEmpty());
  return json::parse(ended.out, nullptr, false);
}

std::set<std::string> keys_of(const json& object) {
  std::set<std::string> keys;
  for (const auto& item : object.items())
    keys.insert(item.key());
  return keys;
}

TEST(Check, AGuestThatWillRun) {
  const ScratchDir dir;
  for (const char* file : {"echo_by_name.wasm", "classify.component.wasm"}) {
    const Ended ended = check({"--model", echo_model(dir), guest(file)});
    EXPECT_EQ(ended.exit_code, 0) << ended.err;
    EXPECT_THAT(ended.out,
                AllOf(HasSubstr("nacre can run it\n"),
                      HasSubstr("model echo: echo, backend echo, target cpu\n"), HasSubstr(file)));
    EXPECT_THAT(ended.err, IsEmpty());
  }
}

TEST(Check, NothingOfTheGuestRuns) {
  const Ended ended = check({guest("print_for_ever.wasm")});
  EXPECT_EQ(ended.exit_code, 0);
  EXPECT_THAT(ended.out, HasSubstr("nacre can run it\n"));
}

TEST(Check, TheJsonHasTheseKeysAndNoOthers) {
  const ScratchDir dir;
  for (const auto& [file, code] : std::vector<std::pair<std::string, int>>{
           {"echo_by_name.wasm", 0}, {"unknown_import.wat", 1}, {"classify.component.wasm", 0}}) {
    const json it = check_json({"--model", echo_model(dir), guest(file)}, code);
    EXPECT_EQ(keys_of(it), (std::set<std::string>{"guest", "runs", "reasons", "description",
                                                  "memory", "models"}));
    EXPECT_EQ(it["runs"], code == 0);
    EXPECT_EQ(it["reasons"].empty(), code == 0);
    for (const json& reason : it["reasons"])
      EXPECT_EQ(keys_of(reason), (std::set<std::string>{"about", "name", "reason"}));
    EXPECT_EQ(keys_of(it["memory"]), (std::set<std::string>{"least", "limit"}));
    ASSERT_EQ(it["models"].size(), 1u);
    EXPECT_EQ(keys_of(it["models"][0]),
              (std::set<std::string>{"name", "description", "paths", "encoding", "backend",
                                     "target", "granted", "hash_checked", "loaded"}));
    // The same words as inspect has.
    json inspected = json::parse(nacre({"inspect", "--json", guest(file)}).out);
    inspected.erase("guest");
    EXPECT_EQ(it["description"], inspected);
  }
  const json none = check_json({"no-such-guest.wasm"}, 1);
  EXPECT_EQ(none["description"], nullptr);
  EXPECT_EQ(none["memory"]["least"], nullptr);
}

TEST(Check, EveryReasonIsTold) {
  const ScratchDir dir;
  write_text(dir / "models.toml",
             "[[model]]\nname = 'secret'\npath = '@echo'\nguests = ['other.wasm']\n");
  const std::vector<std::string> words = {"--dir",
                                          dir / "none",
                                          "--max-memory",
                                          "1",
                                          "--model",
                                          "gone=/no/such.onnx",
                                          "--models",
                                          dir / "models.toml",
                                          "--grant",
                                          "secret",
                                          "--grant",
                                          "gone",
                                          guest("unknown_import.wat")};
  const json it = check_json(words, 1);
  std::multiset<std::string> about;
  for (const json& reason : it["reasons"])
    about.insert(reason["about"].get<std::string>());
  EXPECT_EQ(about, (std::multiset<std::string>{"folder", "import", "memory", "model", "model"}))
      << it.dump(2);
  const Ended ended = check(words);
  EXPECT_EQ(ended.exit_code, 1);
  EXPECT_THAT(ended.out, HasSubstr("nacre cannot run it:\n- "));
  for (const json& reason : it["reasons"])
    EXPECT_THAT(ended.out, HasSubstr("\n- " + reason["reason"].get<std::string>() + "\n"));
}

TEST(Check, SaysWhatRunWouldSay) {
  // A guest that needs more from the start than it may have.
  const std::vector<std::string> words = {"--max-memory", "1", guest("stdio.wasm"), "args"};
  std::vector<std::string> run = {"run"};
  run.insert(run.end(), words.begin(), words.end());
  EXPECT_EQ(nacre(run).exit_code, 125);
  EXPECT_EQ(check({"--max-memory", "1", guest("stdio.wasm")}).exit_code, 1);
}

TEST(Check, LoadFindsWhatTheFormatDoesNotShow) {
  const ScratchDir dir;
  write_text(dir / "m.echo", "nacre-echo v1\nnonsense\n");
  const std::string model = "m=" + (dir / "m.echo") + ",preload=true";
  EXPECT_EQ(check({"--model", model, guest("stdio.wasm")}).exit_code, 0);
  const Ended ended = check({"--model", model, "--load", guest("stdio.wasm")});
  EXPECT_EQ(ended.exit_code, 1);
  EXPECT_THAT(ended.out, AllOf(HasSubstr("\"m\""), HasSubstr("nonsense")));
  write_text(dir / "m.echo", "nacre-echo v1\n");
  EXPECT_THAT(check({"--model", model, "--load", guest("stdio.wasm")}).out, HasSubstr(", loaded"));
}

TEST(Check, ABackendThatIsNotHereIsAReasonWithWhatToDo) {
  const ScratchDir dir;
  write_text(dir / "m.gguf", "GGUF");
  const Ended ended =
      check({"--nn-preload", "m:GGML:AUTO:" + (dir / "m.gguf"), guest("stdio.wasm")});
  EXPECT_EQ(ended.exit_code, 1);
  EXPECT_THAT(ended.out, HasSubstr("llama"));
}

TEST(Check, AFileThatIsNoGuest) {
  for (const char* file : {"/dev/zero", "/no/such/guest.wasm", "/etc/passwd", "/"}) {
    const Ended ended = check({file});
    EXPECT_EQ(ended.exit_code, 1);
    EXPECT_THAT(ended.out, AllOf(HasSubstr("nacre cannot run it:"), HasSubstr(file)));
  }
}

}  // namespace
}  // namespace nacre::test
