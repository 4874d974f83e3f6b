// nacre inspect on guests: modules, components of every version, text, compiled code, broken files.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include <algorithm>
#include <set>

#include "cli/process.h"

namespace nacre::test {
namespace {

using nlohmann::json;
using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

json inspect(const std::string& file, std::vector<std::string> options = {}) {
  std::vector<std::string> words = {"inspect", "--json"};
  words.insert(words.end(), options.begin(), options.end());
  words.push_back(file);
  const Ended ended = nacre(words);
  EXPECT_EQ(ended.exit_code, 0) << file << ": " << ended.err;
  return json::parse(ended.out, nullptr, false);
}

/// Whether an import is offered; nothing where there is none such.
std::optional<bool> offered(const json& guest, const std::string& interface,
                            const std::string& name_or_version) {
  for (const json& import : guest["imports"]) {
    if (import["interface"] != interface) continue;
    const json& word = import["name"].is_null() ? import["version"] : import["name"];
    if (word == name_or_version) return import["offered"].get<bool>();
  }
  return std::nullopt;
}

std::set<std::string> keys_of(const json& object) {
  std::set<std::string> keys;
  for (const auto& item : object.items())
    keys.insert(item.key());
  return keys;
}

/// What `nacre run` says when it refuses a guest, without its "nacre run: ".
std::string said_by_run(const std::string& file) {
  const Ended ended = nacre({"run", file});
  EXPECT_EQ(ended.exit_code, 125) << file;
  return ended.err;
}

TEST(InspectGuest, AModule) {
  const json it = inspect(guest("echo_by_name.wasm"));
  EXPECT_EQ(it["guest"], guest("echo_by_name.wasm"));
  EXPECT_EQ(it["kind"], "module");
  EXPECT_EQ(it["precompiled"], false);
  EXPECT_EQ(it["wasi"]["preview"], 1);
  EXPECT_EQ(it["entry"], "_start");
  EXPECT_EQ(it["runs"], true);
  EXPECT_EQ(it["refusal"], nullptr);
  EXPECT_EQ(offered(it, "wasi_ephemeral_nn", "load_by_name"), true);
  EXPECT_EQ(offered(it, "wasi_snapshot_preview1", "proc_exit"), true);
  ASSERT_EQ(it["memories"].size(), 1u);
  EXPECT_EQ(it["memories"][0]["address_bits"], 32);
  EXPECT_EQ(it["memories"][0]["page_bytes"], 65536);
  EXPECT_EQ(it["memories"][0]["shared"], false);
  EXPECT_GE(it["memories"][0]["min_pages"], 1);
  EXPECT_EQ(it["dialect"]["name"], "witx");
  EXPECT_NE(it["dialect"]["reason"], "");
  for (const json& import : it["imports"]) {
    EXPECT_EQ(import["offered"], true) << import;
    EXPECT_EQ(import["version"], nullptr);
    EXPECT_THAT(import["type"].get<std::string>(), HasSubstr("->"));
  }
}

TEST(InspectGuest, TheJsonHasTheseKeysAndNoOthers) {
  for (const char* file : {"classify.wasm", "classify.component.wasm", "unknown_import.wat"}) {
    const json it = inspect(guest(file));
    EXPECT_EQ(keys_of(it),
              (std::set<std::string>{"guest", "kind", "precompiled", "wasi", "entry", "memories",
                                     "dialect", "imports", "runs", "refusal"}))
        << file;
    EXPECT_EQ(keys_of(it["wasi"]), (std::set<std::string>{"preview", "versions"}));
    for (const json& memory : it["memories"]) {
      EXPECT_EQ(keys_of(memory), (std::set<std::string>{"min_pages", "max_pages", "page_bytes",
                                                        "address_bits", "shared"}));
    }
    ASSERT_FALSE(it["imports"].empty());
    for (const json& import : it["imports"]) {
      EXPECT_EQ(keys_of(import),
                (std::set<std::string>{"interface", "version", "name", "type", "offered"}));
    }
    if (!it["dialect"].is_null()) {
      EXPECT_EQ(keys_of(it["dialect"]), (std::set<std::string>{"name", "reason"}));
    }
  }
}

TEST(InspectGuest, AComponentOfEachVersion) {
  const std::vector<std::pair<std::string, std::string>> versions = {
      {".2024-06-25", "0.2.0-rc-2024-06-25"},
      {".2024-08-19", "0.2.0-rc-2024-08-19"},
      {"", "0.2.0-rc-2024-10-28"}};
  for (const auto& [suffix, version] : versions) {
    const json it = inspect(guest("classify" + suffix + ".component.wasm"));
    EXPECT_EQ(it["kind"], "component") << version;
    EXPECT_EQ(it["wasi"]["preview"], 2);
    ASSERT_FALSE(it["wasi"]["versions"].empty());
    EXPECT_THAT(it["wasi"]["versions"][0].get<std::string>(), testing::StartsWith("0.2."));
    EXPECT_THAT(it["entry"].get<std::string>(), testing::StartsWith("wasi:cli/run@0.2."));
    EXPECT_EQ(it["dialect"], nullptr);
    EXPECT_EQ(it["runs"], true) << it["refusal"];
    for (const char* interface : {"wasi:nn/tensor", "wasi:nn/graph", "wasi:nn/inference"})
      EXPECT_EQ(offered(it, interface, version), true) << interface << version;
    ASSERT_FALSE(it["memories"].empty());
    EXPECT_GE(it["memories"][0]["min_pages"], 1);
  }
}

TEST(InspectGuest, WhatIsNotOfferedIsSaidInTheWordsOfRun) {
  for (const char* file :
       {"unknown_import.wat", "wrong_signature.wat", "unknown_interfaces.wat",
        "unknown_version.wat", "wrong_type.wat", "no_start.wat", "component_no_run.wat",
        "memory_not_exported.wat", "memory64.wat", "shared_memory.wat"}) {
    const json it = inspect(guest(file));
    EXPECT_EQ(it["runs"], false) << file;
    ASSERT_TRUE(it["refusal"].is_string()) << file;
    const auto refusal = it["refusal"].get<std::string>();
    EXPECT_THAT(said_by_run(guest(file)), HasSubstr(refusal)) << file;
    const Ended text = nacre({"inspect", guest(file)});
    EXPECT_EQ(text.exit_code, 0) << text.err;
    EXPECT_THAT(text.out, HasSubstr("nacre cannot run it: " + refusal)) << file;
  }
}

TEST(InspectGuest, AStartSectionIsAnEntry) {
  const json it = inspect(guest("start_is_all.wat"));
  EXPECT_EQ(it["entry"], "(start)");
  EXPECT_EQ(it["runs"], true) << it["refusal"];
  EXPECT_EQ(inspect(guest("no_start.wat"))["entry"], nullptr);
  EXPECT_EQ(inspect(guest("start_calls_nn.wat"))["entry"], "_start");
}

TEST(InspectGuest, EachImportSaysWhetherItIsOffered) {
  const json module = inspect(guest("unknown_import.wat"));
  EXPECT_EQ(offered(module, "wasi_ephemeral_nn", "load_by_telepathy"), false);
  EXPECT_EQ(module["wasi"]["preview"], nullptr);
  const json component = inspect(guest("unknown_interfaces.wat"));
  EXPECT_EQ(offered(component, "wasi:nn/tensor", "0.2.0-rc-2024-10-28"), true);
  EXPECT_EQ(offered(component, "wasi:nn/training", "0.2.0-rc-2024-10-28"), false);
  bool spin = false;
  for (const json& import : component["imports"]) {
    if (import["interface"] != "acme:widgets/spin") continue;
    spin = true;
    EXPECT_EQ(import["offered"], false);
    EXPECT_EQ(import["version"], nullptr);
  }
  EXPECT_TRUE(spin);
  const json wrong = inspect(guest("wrong_signature.wat"));
  EXPECT_TRUE(std::ranges::any_of(wrong["imports"],
                                  [](const json& import) { return import["offered"] == false; }));
}

TEST(InspectGuest, MemoriesByTheirLimits) {
  const ScratchDir dir;
  write_text(dir / "small.wat", "  (module (memory 2 7) (func (export \"_start\")))");
  json it = inspect(dir / "small.wat");
  ASSERT_EQ(it["memories"].size(), 1u);
  EXPECT_EQ(it["memories"][0]["min_pages"], 2);
  EXPECT_EQ(it["memories"][0]["max_pages"], 7);
  EXPECT_EQ(it["runs"], true);
  EXPECT_THAT(nacre({"inspect", dir / "small.wat"}).out, HasSubstr("32-bit, 2 to 7 pages"));
  EXPECT_EQ(inspect(guest("memory64.wat"))["memories"][0]["address_bits"], 64);
  EXPECT_EQ(inspect(guest("shared_memory.wat"))["memories"][0]["shared"], true);
  EXPECT_EQ(inspect(guest("no_memory.wat"))["memories"], json::array());

  // Every core module of a component counts, and one without any has none.
  write_text(dir / "two.wat",
             "(component (core module (memory 300)) (component (core module (memory 1 1))))");
  it = inspect(dir / "two.wat");
  ASSERT_EQ(it["memories"].size(), 2u);
  EXPECT_EQ(it["memories"][0]["min_pages"], 300);
  EXPECT_EQ(it["memories"][0]["max_pages"], nullptr);
  EXPECT_EQ(it["memories"][1]["max_pages"], 1);
}

TEST(InspectGuest, TheDialectAndWhy) {
  const ScratchDir dir;
  write_text(dir / "edge.wat",
             "(module (import \"wasi_ephemeral_nn\" \"unload\" (func (param i32) (result i32)))"
             "(memory (export \"memory\") 1) (func (export \"_start\")))");
  json it = inspect(dir / "edge.wat");
  EXPECT_EQ(it["dialect"]["name"], "wasmedge");
  EXPECT_THAT(it["dialect"]["reason"].get<std::string>(), HasSubstr("unload"));
  EXPECT_EQ(inspect(dir / "edge.wat", {"--dialect", "wamr"})["dialect"]["name"], "wamr");
  EXPECT_EQ(inspect(guest("stdio.wasm"))["dialect"], nullptr);
  const Ended odd = nacre({"inspect", "--dialect", "wamt", dir / "edge.wat"});
  EXPECT_EQ(odd.exit_code, 2);
  EXPECT_THAT(odd.err, HasSubstr("did you mean wamr?"));
}

TEST(InspectGuest, BrokenGuestsAreErrors) {
  const ScratchDir dir;
  const std::string whole = read_text(guest("stdio.wasm"));
  write_text(dir / "cut.wasm", whole.substr(0, whole.size() / 2));
  write_text(dir / "head.wasm", whole.substr(0, 4));
  write_text(dir / "odd.wat", "(module (func (nonsense)))");
  const std::string component = read_text(guest("stdio.component.wasm"));
  write_text(dir / "cut.component.wasm", component.substr(0, component.size() / 2));
  for (const char* file : {"cut.wasm", "head.wasm", "odd.wat", "cut.component.wasm"}) {
    const Ended ended = nacre({"inspect", dir / file});
    EXPECT_EQ(ended.exit_code, 1) << file;
    EXPECT_THAT(ended.err, AllOf(HasSubstr("nacre inspect: "), HasSubstr(file)));
    EXPECT_EQ(ended.out, "") << file;
  }
}

TEST(InspectGuest, CompiledCodeOnlyWhereItIsAllowed) {
  const ScratchDir dir;
  for (const char* name : {"stdio.wasm", "stdio.component.wasm"}) {
    const std::string code = dir / "code.cwasm";
    ASSERT_EQ(nacre({"compile", guest(name), "-o", code}).exit_code, 0);
    const Ended refused = nacre({"inspect", code});
    EXPECT_EQ(refused.exit_code, 1);
    EXPECT_THAT(refused.err, HasSubstr("precompiled"));
    const json it = inspect(code, {"--allow-precompiled"});
    EXPECT_EQ(it["precompiled"], true);
    EXPECT_EQ(it["kind"], std::string(name) == "stdio.wasm" ? "module" : "component");
    EXPECT_EQ(it["memories"], nullptr);
    EXPECT_EQ(it["runs"], true);
  }
}

TEST(InspectGuest, NamesAreNotForTheTerminalAsTheyAre) {
  const ScratchDir dir;
  write_text(dir / "escape.wat",
             "(module (import \"a\\1b[2Jb\" \"c\" (func)) (func (export \"_start\")))");
  const Ended text = nacre({"inspect", dir / "escape.wat"});
  EXPECT_EQ(text.exit_code, 0);
  EXPECT_THAT(text.out, Not(HasSubstr("\x1b")));
  EXPECT_EQ(offered(inspect(dir / "escape.wat"), "a\x1b[2Jb", "c"), false);
}

TEST(InspectGuest, ContentDecidesNotTheName) {
  const ScratchDir dir;
  write_text(dir / "guest.onnx", read_text(guest("stdio.wasm")));
  EXPECT_EQ(inspect(dir / "guest.onnx")["kind"], "module");
  write_text(dir / "model.wasm", "nacre-echo v1\ninput image f32 1\n");
  EXPECT_EQ(inspect(dir / "model.wasm")["backend"], "echo");
  // Words that are for models make it one.
  const Ended ended = nacre({"inspect", "--encoding", "echo", dir / "guest.onnx"});
  EXPECT_EQ(ended.exit_code, 1);
}

TEST(InspectGuest, ForAPerson) {
  const Ended text = nacre({"inspect", guest("classify.component.wasm")});
  EXPECT_EQ(text.exit_code, 0) << text.err;
  EXPECT_THAT(text.out, AllOf(HasSubstr("kind: component\n"), HasSubstr("wasi: preview 2 (0.2."),
                              HasSubstr("entry: wasi:cli/run@0.2."), HasSubstr("memory: 32-bit, "),
                              HasSubstr("wasi:nn/tensor"), HasSubstr("0.2.0-rc-2024-10-28"),
                              HasSubstr("nacre can run it\n")));
  EXPECT_THAT(nacre({"inspect", guest("classify.wasm")}).out,
              AllOf(HasSubstr("kind: core module\n"), HasSubstr("wasi: preview 1\n"),
                    HasSubstr("entry: _start\n"), HasSubstr("dialect: witx (")));
}

}  // namespace
}  // namespace nacre::test
